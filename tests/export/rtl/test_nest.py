"""Loops walk the very windows they were found in, whatever lies outside, and their lists are short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.export.netlist import OUTSIDE, NetlistError
from hwsim.export.rtl.nest import nest


def walks(windows: NDArray[np.int64]) -> int:
    """Hold loops to their windows; return the length of their lists."""
    found = nest(windows)
    assert sorted(found.order) == list(range(windows.shape[2]))
    np.testing.assert_array_equal(found.windows(len(windows)), windows[:, :, found.order])
    assert found.channels * found.taps.shape[1] == windows.shape[2]
    return int(found.taps.shape[1])


@given(
    groups=st.integers(1, 3),
    channels=st.integers(1, 3),
    image=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    before=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    places=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    last=st.booleans(),
)
def test_windows_over_an_image(
    groups: int,
    channels: int,
    image: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    dilation: int,
    before: tuple[int, int],
    places: tuple[int, int],
    last: bool,
) -> None:
    """Channels stand one after another or, with ``last``, side by side at every pixel."""
    rows, columns = image
    windows = np.full((groups, *places, channels, *kernel), OUTSIDE)
    for group, down, right, channel, row, column in np.ndindex(windows.shape):
        y, x = (
            at * stride - skipped + k * dilation
            for at, skipped, k in zip((down, right), before, (row, column), strict=True)
        )
        if 0 <= y < rows and 0 <= x < columns:
            c, pixel = group * channels + channel, y * columns + x
            windows[group, down, right, channel, row, column] = (
                pixel * groups * channels + c if last else c * rows * columns + pixel
            )
    assert walks(windows.reshape(groups, -1, channels * kernel[0] * kernel[1])) <= kernel[0] * kernel[1]


@given(st.integers(1, 5), st.integers(1, 6), st.data())
def test_any_windows_of_one_group(places: int, inputs: int, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(-1, 9), min_size=places * inputs, max_size=places * inputs))
    walks(np.array(numbers).reshape(1, places, inputs))


def test_all_of_a_map_is_one_run_of_addresses() -> None:
    assert walks(np.random.default_rng(0).permutation(30).reshape(1, 1, 30)) == 1


def test_groups_that_are_not_equally_far_apart() -> None:
    with pytest.raises(NetlistError, match="not equally far apart"):
        nest(np.array([[[0, 1]], [[2, 3]], [[5, 6]]]))
