"""Permutations built for functions: every cell once, errors as told, and how they fall with the width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.controller.construction import Basis, construct, interpolate, read_basis, tabulate
from hwsim.controller.construction.signs import flip

Function = Callable[[np.ndarray], np.ndarray]


def sine(x: np.ndarray) -> np.ndarray:
    return -np.sin(2 * np.pi * x)


def legendre(x: np.ndarray) -> np.ndarray:
    return np.asarray((5 * x**3 - 3 * x) / 2)


def equidistant(n: int) -> tuple[Basis, np.ndarray]:
    b = np.linspace(-1, 1, n)
    return Basis(np.concatenate([-b, b]), np.arange(2 * n) < n), np.concatenate([b, -b])


def pairwise(n: int, seed: int) -> tuple[Basis, np.ndarray]:
    rng = np.random.default_rng(seed)
    b, c = rng.uniform(-1, 1, (2, n))
    return Basis(np.concatenate([-b, b]), np.arange(2 * n) < n), np.concatenate([c, -c])


@settings(max_examples=12)
@given(
    n=st.integers(8, 16),
    seed=st.integers(0, 1000),
    draw=st.sampled_from(["equidistant", "pairwise", "total", "equal"]),
    free=st.booleans(),
    norm=st.sampled_from(["largest", "root-mean-square"]),
)
def test_every_cell_is_used_once(n: int, seed: int, draw: str, free: bool, norm: Any) -> None:
    basis, values = equidistant(n) if draw == "equidistant" else pairwise(n, seed)
    rng = np.random.default_rng(seed)
    values = {"total": rng.uniform(-1, 1, 2 * n), "equal": np.repeat([1.0, -1.0], n)}.get(draw, values)
    values = rng.permutation(values)
    registers: dict[str, Any] = {} if free else {"gain": 1.0, "shift": 0.0}
    found = construct(basis, values, tabulate(sine, -1, 1), norm=norm, **registers)
    assert np.array_equal(np.sort(found.permutation), np.arange(2 * n))
    x = np.linspace(-1, 1, 2001)
    ahead = x[:, None] - basis.breakpoints
    phi = np.maximum(np.where(basis.right, ahead, -ahead), 0)
    error = found.gain * (phi @ values[found.permutation]) + found.shift - sine(x)
    assert np.abs(error).max() == pytest.approx(found.largest, rel=0.02)
    assert np.sqrt((error**2).mean()) == pytest.approx(found.root_mean_square, rel=0.02)
    assert free or (found.gain, found.shift) == (1.0, 0.0)


@pytest.mark.parametrize("method", ["breakpoints", "step-functions"])
@pytest.mark.parametrize("function", [sine, legendre])
def test_errors_fall_with_the_width(method: Any, function: Function) -> None:
    widths = (15, 30, 60) if method == "breakpoints" else (40, 80, 160, 320)
    found = [construct(*equidistant(n), tabulate(function, -1, 1), method=method) for n in widths]
    for errors in ([each.largest for each in found], [each.root_mean_square for each in found]):
        slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
        assert slope <= (-1.5 if method == "breakpoints" else -0.45)


@pytest.mark.parametrize("gain", [1.0, -1.0])
def test_fixed_registers(gain: float) -> None:
    """Theorem 2.2: no scale and no shift to choose, and still close; steps are low without a scale."""
    for method, height, most in (("breakpoints", 1.0, 0.02), ("step-functions", 0.1, 0.06)):
        target = tabulate(lambda x, height=height: height * sine(x), -1, 1)  # type: ignore[misc]
        found = construct(*equidistant(120), target, method=method, gain=gain, shift=0.0)  # type: ignore[arg-type]
        assert (found.gain, found.shift) == (gain, 0.0)
        assert found.largest < most


def test_random_bases() -> None:
    """Theorem 2.3: pairwise random fixed values, at errors below those of trained networks (0.256 at n = 40)."""
    errors = [construct(*pairwise(40, seed), tabulate(sine, -1, 1)).largest for seed in range(3)]
    assert max(errors) < 0.15


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((4, 2)), "a function"),
        (np.array([[1.0], [-2.0]]), "weights must all be"),
        (np.ones((2, 1)), "one sign alone"),
    ],
)
def test_layers_of_another_form(weights: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("a function", "takes functions of one input")):
        read_basis(weights, np.zeros(len(weights)))


def test_targets_without_values() -> None:
    with pytest.raises(ValueError, match="not finite numbers"), np.errstate(divide="ignore"):
        tabulate(lambda x: 1 / (x - x[0]), 0, 1)
    found = interpolate(np.array([0.5, 0.25]), np.array([2.0, 1.0]), 0.0, 1.0)
    assert found.at(np.array([0.0, 0.375, 1.0])).tolist() == [1.0, 1.5, 2.0]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=9), st.floats(-4, 4))
def test_flips_never_make_it_worse(effects: list[float], wanted: float) -> None:
    table = np.array(effects)[:, None]
    chosen = flip(table, np.array([wanted]), np.arange(len(effects)))
    assert abs(wanted - table[chosen, 0].sum()) <= abs(wanted) + 1e-12


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=20), st.integers(0, 99))
def test_sums_of_functions(points: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    basis = Basis(rng.uniform(-1, 1, 7), rng.random(7) < 0.5, 1.5)
    c = rng.normal(size=7)
    assert np.allclose(basis.sum(c, np.array(points)), basis.values(np.array(points)) @ c)
