"""Steps, constants and lines: the toy of four couples worked by hand, and the identities behind it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.construction import Basis, balance, construct, largest_gap, match_constant, match_step, tabulate
from hwsim.construction.steps import place_steps

numbers = st.floats(-10, 10, allow_nan=False)
widths = st.floats(0.1, 3)


def total(b: np.ndarray, p: np.ndarray, q: np.ndarray, x: float) -> float:
    """The sum written down: p_i ReLU(x - b_i) + q_i ReLU(b_i - x)."""
    return float(sum(p[i] * max(x - b[i], 0) + q[i] * max(b[i] - x, 0) for i in range(len(b))))


def test_a_step_by_hand() -> None:
    """b = 0, 1, 2, 3: p = (0, 1, 2, -3), q = (3, -2, -1, 0), so -4 on the left and 4 on the right.

    In between, at 1: p1 1 + q3 1 + q4 2 = -1; at 2: p1 2 + p2 1 + q4 1 = 1.
    """
    b = np.array([0.0, 1.0, 2.0, 3.0])
    p, q = match_step(b)
    assert [total(b, p, q, x) for x in (-7, 0, 1, 2, 3, 9)] == [-4, -4, -1, 1, 4, 4]


def test_a_constant_by_hand() -> None:
    b = np.array([0.0, 1.0, 2.0, 3.0])
    p, q = match_constant(b)
    assert [total(b, p, q, x) for x in (-7, 0, 1.5, 3, 9)] == [4] * 5


@given(middle=numbers, inner=widths, more=widths, beyond=st.floats(0.01, 50))
def test_steps_and_constants(middle: float, inner: float, more: float, beyond: float) -> None:
    b = middle + np.array([-inner - more, -inner, inner, inner + more])
    height = 2 * (b[1] - b[0]) * (b[3] - b[1])
    for p, q in (match_step(b), match_constant(b)):
        assert np.array_equal(np.sort(np.concatenate([p, q])), np.sort(np.concatenate([b, -b])))
    p, q = match_step(b)
    size = 1e-12 * (1 + np.abs(b).max() + beyond) ** 2
    for x in (b[0], b[0] - beyond):
        assert total(b, p, q, x) == pytest.approx(-height, abs=size)
    for x in (b[3], b[3] + beyond):
        assert total(b, p, q, x) == pytest.approx(height, abs=size)
    p, q = match_constant(b)
    for x in (b[0] - beyond, b[1], middle, b[3] + beyond):
        assert total(b, p, q, x) == pytest.approx(height, abs=size)


@given(st.lists(st.floats(-5, 5, allow_nan=False, allow_subnormal=False), max_size=40))
def test_the_residue_obeys_the_lemma(values: list[float]) -> None:
    """Lemma 3.1: with these signs the sum is no larger than the largest gap."""
    array = np.array(values)
    signs = balance(array)
    assert set(signs.tolist()) <= {1, -1}
    assert abs(float(signs @ array)) <= largest_gap(array) + 1e-12


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4), st.floats(0.05, 0.5))
def test_a_stair_is_within_half_a_jump(weights: list[float], jump: float) -> None:
    """Lemma 2.1, up to how fine the table is."""
    target = tabulate(lambda x: np.sin(np.outer(x, np.arange(1, 5))) @ np.array(weights), -2, 2)
    places, signs = place_steps(target, jump)
    x = np.linspace(-2, 2, 501)
    stair = target.values[0] + jump * np.array([signs[places <= at].sum() for at in x])
    assert np.abs(stair - target.at(x)).max() <= jump / 2 + 0.01


def test_four_couples_make_the_one_step() -> None:
    """With n = 4 on [0, 1] the construction is eq. 6 itself, to a factor that the gain takes."""
    b = np.linspace(0, 1, 4)
    basis = Basis(np.concatenate([b, b]), np.arange(8) < 4)
    values = np.concatenate([b, -b])
    found = construct(basis, values, tabulate(lambda x: np.where(x < 0.5, -1.0, 1.0), 0, 1), method="steps")
    p, q = match_step(b)
    assert np.allclose(values[found.permutation] * np.sign(found.gain), np.concatenate([p, q]))
    assert found.shift == pytest.approx(0, abs=1e-3)  # the mean of the target over the grid
