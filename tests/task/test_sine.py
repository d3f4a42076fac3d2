"""The sine: its closed form, its grid, its points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hwsim.task.sine import SineParameters, load


@given(points=st.integers(1, 300), grid=st.integers(2, 300), seed=st.integers(0, 2**63))
def test_the_closed_form(points: int, grid: int, seed: int) -> None:
    """The target of the point before rounding: half a ulp of 1 by a slope of 2 pi, and half a ulp of the target."""
    task = load(SineParameters(points=points, grid=grid, data_seed=seed))
    assert (task.train_x.shape, task.test_x.shape) == ((points, 1), (grid, 1))
    bound = (2 * math.pi + 1) * 2.0**-25
    for x, y in ((task.train_x, task.train_y), (task.test_x, task.test_y)):
        assert x.dtype == y.dtype == np.float32
        wanted = [-math.sin(2 * math.pi * value) for value in x[:, 0].astype(float)]
        assert np.abs(y[:, 0] - wanted).max() <= bound
        assert np.abs(x).max() <= 1


def test_the_grid() -> None:
    grid = load(SineParameters(grid=5)).test_x[:, 0]
    assert grid.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    whole = load(SineParameters()).test_x[:, 0].astype(float)
    assert (len(whole), whole[0], whole[-1]) == (400, -1, 1)
    assert np.diff(whole) == pytest.approx(np.full(399, 2 / 399), abs=1e-7)


def test_points_are_uniform() -> None:
    """H0: 1600 points uniform on [-1, 1]; Kolmogorov-Smirnov, false alarms 1e-3, seed fixed."""
    points = load(SineParameters()).train_x[:, 0]
    assert stats.kstest(points, stats.uniform(-1, 2).cdf).pvalue > 1e-3


def test_more_points_begin_with_the_fewer() -> None:
    few, many = load(SineParameters(points=10)), load(SineParameters(points=20))
    assert np.array_equal(few.train_x, many.train_x[:10])
