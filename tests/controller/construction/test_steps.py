"""Steps, constants and lines: toys of a few couples worked by hand, and the identities behind them.

The toys stand in the place of those of the paper's appendices F and G, whose numbers were not to be had; the equations
are the paper's (Cai, Chen, Qiao, arXiv 2407.01033).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.controller.construction import Basis, balance, construct, largest_gap, match_constant, match_step, tabulate
from hwsim.controller.construction.step_functions import place_steps

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


def test_one_couple_left_over_is_a_line_by_hand() -> None:
    """Eq. 12: at b = 1/2 with m = 1, p = 1/2 and q = -1/2.

    Right of b the first function alone is there: (1/2)(x - 1/2) = x/2 - 1/4; left of it the second alone:
    -(1/2)(1/2 - x) = x/2 - 1/4, the same line. With m = -1 it is the other way up.
    """
    basis = Basis(np.array([0.5, 0.5]), np.array([True, False]))
    for m in (1, -1):
        found = basis.sum(m * np.array([0.5, -0.5]), np.array([-1.0, 0.0, 0.25, 0.5, 1.0]))
        assert found.tolist() == [m * value for value in (-0.75, -0.25, -0.125, 0.0, 0.25)]


def test_four_couples_left_over_by_hand() -> None:
    """Eq. 13 with the signs of Lemma 3.1: b = 1/8, 2/8, 5/8, 7/8, everything below in eighths and 64ths.

    Two and two from the largest: 7 - 5 = 2 and 2 - 1 = 1. The first difference counts up, the second down: the signs of
    1, 2, 5, 7 are +, -, -, +. The slope is beta = 1 - 2 - 5 + 7 = 1 eighth, no larger than the largest gap, 5 - 2 = 3.
    The height is eta = -(1 - 4 - 25 + 49) = -21 of 64. So the eight functions, with p = m b and q = -m b, add up to
    x/8 - 21/64: at 0, 1/8, 2/8, 5/8, 7/8 and 1 that is -21, -20, -19, -16, -14 and -13 of 64.
    """
    b = np.array([1, 2, 5, 7]) / 8
    m = balance(b)
    assert m.tolist() == [1, -1, -1, 1]
    assert float(m @ b) == 1 / 8
    assert largest_gap(b) == 3 / 8
    basis = Basis(np.concatenate([b, b]), np.arange(8) < 4)
    found = basis.sum(np.concatenate([m * b, -m * b]), np.array([0, 1, 2, 5, 7, 8]) / 8)
    assert (64 * found).tolist() == [-21, -20, -19, -16, -14, -13]


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
    found = construct(basis, values, tabulate(lambda x: np.where(x < 0.5, -1.0, 1.0), 0, 1), method="step-functions")
    p, q = match_step(b)
    assert np.allclose(values[found.permutation] * np.sign(found.gain), np.concatenate([p, q]))
    assert found.shift == pytest.approx(0, abs=1e-3)  # the mean of the target over the grid


def test_eight_couples_make_a_step_and_a_flat_rest() -> None:
    """Eqs. 6, 12 and 13 in one: b = 0, 1, ..., 7 sevenths, everything below in sevenths and 49ths.

    The step in the middle takes 2, 3, 4, 5 by eq. 6: p = (-2, 3, 4, -5), q = (5, -4, -3, 2), of the height
    2 (3 - 2)(5 - 3) = 4 on either side. 0, 1, 6, 7 are left over: 7 - 6 = 1 up and 1 - 0 = 1 down gives them the signs
    +, -, -, +, so beta = 0 - 1 - 6 + 7 = 0 and eta = -(0 - 1 - 36 + 49) = -12: nothing but a constant. The sum is -16
    up to 2 and -8 from 5 on; between, as in the toy of four, a quarter of the height off the middle: -13 and -11.
    """
    b = np.arange(8) / 7
    basis = Basis(np.concatenate([b, b]), np.arange(16) < 8)
    values = np.concatenate([b, -b])
    target = tabulate(lambda x: np.where(x < 0.5, -1.0, 1.0), 0, 1)
    found = construct(basis, values, target, method="step-functions")
    chosen = values[found.permutation]
    assert (7 * chosen).round(9).tolist() == [0, -1, -2, 3, 4, -5, -6, 7, 0, 1, 5, -4, -3, 2, 6, -7]
    heights = 49 * basis.sum(chosen, np.arange(8) / 7)
    assert heights == pytest.approx([-16, -16, -16, -13, -11, -8, -8, -8])
    assert found.gain > 0
