"""Varied images: against scipy's affine transform, exact cases, and the ranges of the draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from hwsim.task.distortion import Reach, distort, place

SIDES = st.integers(2, 12)
SEEDS = st.integers(0, 2**32)


def pictures(count: int, side: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, side * side), np.float32)


@given(side=SIDES, seed=SEEDS)
def test_no_reach_is_the_identity(side: int, seed: int) -> None:
    images = pictures(3, side, seed)
    found = distort(images, np.random.default_rng(seed), Reach())
    assert found.dtype == np.float32
    assert found == pytest.approx(images, abs=1e-5)


@given(side=SIDES, seed=SEEDS, rows=st.integers(-3, 3), columns=st.integers(-3, 3))
def test_whole_pixels_move_exactly(side: int, seed: int, rows: int, columns: int) -> None:
    """Pixel (r, c) shows pixel (r + rows, c + columns) of before, or the nearest one inside."""
    images = pictures(2, side, seed)
    found = place(images, np.zeros(2), np.ones((2, 2)), np.tile([[float(rows), float(columns)]], (2, 1)))
    row = np.clip(np.arange(side) + rows, 0, side - 1)
    column = np.clip(np.arange(side) + columns, 0, side - 1)
    wanted = images.reshape(2, side, side)[:, row[:, None], column]
    assert found.reshape(wanted.shape) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_right_angles(quarters: int) -> None:
    """Positive angles turn with the clock, rows counted downwards."""
    images = pictures(1, 7, 0)
    found = place(images, np.full(1, quarters * np.pi / 2), np.ones((1, 2)), np.zeros((1, 2)))
    assert found.reshape(7, 7) == pytest.approx(np.rot90(images.reshape(7, 7), -quarters), abs=1e-5)


@given(
    side=SIDES,
    seed=SEEDS,
    angle=st.floats(-3, 3),
    stretch=st.tuples(st.floats(0.5, 1.5), st.floats(0.5, 1.5)),
    move=st.tuples(st.floats(-4, 4), st.floats(-4, 4)),
)
def test_against_scipy(
    side: int, seed: int, angle: float, stretch: tuple[float, float], move: tuple[float, float]
) -> None:
    """The law of Keras: input = centre + R (Z (output - centre) + t), bilinear, nearest pixel outside."""
    images = pictures(1, side, seed)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag(stretch)
    centre = np.full(2, (side - 1) / 2)
    offset = centre - matrix @ centre + turn @ np.array(move)
    wanted = ndimage.affine_transform(images.reshape(side, side), matrix, offset, order=1, mode="nearest")
    found = place(images, np.array([angle]), np.array([stretch]), np.array([move]))
    assert found.reshape(side, side) == pytest.approx(wanted, abs=2e-4)


def test_draws_fill_their_range_and_differ_from_image_to_image() -> None:
    """A spot in the middle of 1000 images: its centre moves uniformly in plus and minus 10 % of the side.

    H0: rows and columns uniform in -2.9..2.9; Kolmogorov-Smirnov, false alarms 1e-3 each, seed fixed.
    """
    from scipy import stats

    side, count = 29, 1000
    y, x = np.mgrid[:side, :side] - side // 2
    spot = np.exp(-(x**2 + y**2) / 8).astype(np.float32).reshape(1, -1)
    found = distort(np.tile(spot, (count, 1)), np.random.default_rng(1), Reach(shift=0.1)).reshape(count, side, side)
    mass = found.sum(axis=(1, 2))
    assert mass == pytest.approx(float(spot.sum()), rel=1e-3)
    for axis in (y, x):
        centres = (found * axis).sum(axis=(1, 2)) / mass
        assert stats.kstest(centres, stats.uniform(-2.9, 5.8).cdf).pvalue > 1e-3


@given(seed=SEEDS, rows=st.floats(0.9, 1.1), columns=st.floats(0.9, 1.1))
def test_stretching_spreads_mass(seed: int, rows: float, columns: float) -> None:
    """A spot far from the border has its mass divided by both factors."""
    y, x = np.mgrid[:28, :28] - 13.5
    spot = np.exp(-(x**2 + y**2) / 18).astype(np.float32).reshape(1, -1)
    turned = place(spot, np.array([seed % 7]), np.array([[rows, columns]]), np.zeros((1, 2)))
    assert turned.sum() == pytest.approx(spot.sum() / (rows * columns), rel=0.01)


def test_rotated_images_keep_their_ranges() -> None:
    images = pictures(64, 28, 3)
    found = distort(images, np.random.default_rng(0), Reach(rotation=10, zoom=0.1, shift=0.1))
    assert found.shape == images.shape
    assert 0 <= found.min() <= found.max() <= 1 + 1e-6
    assert not np.array_equal(found[0], found[1])
