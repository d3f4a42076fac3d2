"""Sampled values: what their units do, that turning the data changes nothing, how errors fall, and runs with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hwsim
from hwsim.files import DiagnosticError
from hwsim.model import Layer, Model
from hwsim.model.sampling import place_units, respond, sample_pairs, sample_values
from hwsim.task import TASKS
from tests.conftest import run_here


def network(*sizes: int, activation: Any = "tanh") -> Model:
    kinds = [activation] * (len(sizes) - 2) + ["identity"]
    layers = zip(sizes[1:], sizes[:-1], kinds, strict=True)
    return Model("m", tuple(Layer(u, i, kind, "uniform", 1.0, True, "zero", 1.0, False, True) for u, i, kind in layers))


@given(seed=st.integers(0, 999), hidden=st.sampled_from(["relu", "tanh"]))
def test_units_rise_between_their_points(seed: int, hidden: Any) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(6, 3))
    weights, bias = place_units(z, np.array([0, 2]), np.array([1, 5]), hidden)
    sums = z @ weights.T + bias
    found = np.tanh(sums) if hidden == "tanh" else np.maximum(sums, 0)
    low, high = (-0.5, 0.5) if hidden == "tanh" else (0.0, 1.0)
    assert np.allclose(found[[0, 2], [0, 1]], low)
    assert np.allclose(found[[1, 5], [0, 1]], high)


def test_pairs_are_as_likely_as_the_target_is_steep() -> None:
    """Points 0, 1, 3 with values 0, 1, 1: |dy|/|dz| is 1, 1/3 and 0. 4000 draws, |z| < 4.5: false alarm 7e-6."""
    z, y = np.array([[0.0], [1.0], [3.0]]), np.array([[0.0], [1.0], [1.0]])
    first, second = sample_pairs(z, y, 4000, np.random.default_rng(0), repeats=20)
    pairs = np.sort(np.stack([first, second]), axis=0)
    assert not ((pairs[0] == 1) & (pairs[1] == 2)).any()
    near = float(((pairs[0] == 0) & (pairs[1] == 1)).mean())
    # candidates are a sample too: 80,000 of them
    assert abs(near - 0.75) < 4.5 * np.sqrt(0.75 * 0.25 * (1 / 4000 + 1 / 80_000 * 4))


@settings(max_examples=20)
@given(
    seed=st.integers(0, 999),
    scale=st.floats(0.01, 100),
    shift=st.floats(-3, 3),
    hidden=st.sampled_from(["relu", "tanh"]),
    classes=st.booleans(),
)
def test_turned_scaled_and_shifted_data(seed: int, scale: float, shift: float, hidden: Any, classes: bool) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(120, 4))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    moved = scale * (x @ turn.T + shift)
    y = rng.integers(0, 3, 120) if classes else np.sin(x[:, :3])
    model = network(4, 20, 15, 3, activation=hidden)
    one = respond(model, sample_values(model, x, y, seed), x)
    other = respond(model, sample_values(model, moved, y, seed), moved)
    assert np.abs(one - other).max() < 1e-6


@pytest.mark.parametrize(
    ("points", "widths"),
    [(1500, (16, 128)), pytest.param(3000, (16, 32, 64, 128, 256), marks=pytest.mark.slow)],
)
def test_errors_fall_at_the_rate_of_monte_carlo(points: int, widths: tuple[int, ...]) -> None:
    """A Barron function of five numbers by ReLU units: L2 error as width^-0.5 +- 0.15, median of three seeds."""
    plugin = TASKS["barron"]
    task = plugin.load(plugin.parameters(points=points, test_points=1000))  # type: ignore[call-arg]
    errors = []
    for width in widths:
        model = network(5, width, 1, activation="relu")
        found = [
            respond(model, sample_values(model, task.train_x, task.train_y, seed), task.test_x) for seed in (0, 1, 2)
        ]
        errors.append(np.median([np.sqrt(((each - task.test_y) ** 2).mean()) for each in found]))
    assert -0.65 <= np.polyfit(np.log(widths), np.log(errors), 1)[0] <= -0.35


def test_digits_without_gradients() -> None:
    plugin = TASKS["digits"]
    task = plugin.load(plugin.parameters())
    model = network(64, 200, 10)
    found = respond(model, sample_values(model, task.train_x, task.train_y, 0), task.test_x)
    assert (found.argmax(axis=1) == task.test_y).mean() > 0.95


@pytest.mark.parametrize("controller", ["none", "bias-only", "laperm"])
def test_runs(controller: str, tiny: Path, tmp_path: Path) -> None:
    """Sampled, quantised, then learned on: never far below what left the factory."""
    given = [
        "fabrication.values=sampled",
        "device.name=ideal",
        "execution.reference=false",
        "crossbar.effort=any",
        "crossbar.equivalence=none",
    ]
    more = [] if controller == "none" else ["controller.epochs=3", "controller.batch=64"]
    tiny.write_text(tiny.read_text().split("[controller]")[0] + f'[controller]\nname = "{controller}"\n')
    found = run_here(tiny, tmp_path / "run", *given, *more)
    assert found["final"]["accuracy"] > (0.3 if controller == "laperm" else 0.7)


def test_layers_that_cannot_be_sampled(tiny: Path) -> None:
    model = tiny.parent.parent / "models" / "tiny.toml"
    model.write_text(model.read_text().replace('"relu"', '"sigmoid"'))
    with pytest.raises(DiagnosticError, match=r"tiny\.toml:.*sampled values know no units of activation 'sigmoid'"):
        hwsim.load(tiny, ["fabrication.values=sampled"]).plan()


def test_points_that_are_alike() -> None:
    with pytest.raises(ValueError, match="all training samples are alike"):
        sample_pairs(np.ones((4, 2)), np.arange(4), 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="two different points"):
        sample_pairs(np.ones((1, 2)), np.arange(1), 3, np.random.default_rng(0))


def test_a_constant_target() -> None:
    first, second = sample_pairs(np.eye(3), np.zeros((3, 1)), 5, np.random.default_rng(0))
    assert (first != second).all()
