"""Transmissions of many cells at several wavelengths, in as little memory as their precision needs.

Plane 0 is held in 24 bits; every other plane in 16 bits, as what it differs from plane 0 by. A row (the cells of one
column of a layer) has a step of its own, the power of two that brings its largest value just below 2^24 steps, and
differences have the least power of two of that step that fits them. So

    plane 0 = step * (65536 coarse + fine[0])
    plane v = plane 0 + step * 2^shift * (fine[v] - 32768)

Values are whole numbers of steps below 2^24: float32 holds each of them exactly. Rounding to them is at most 2^-25 of a
row's largest value in plane 0, as that of float32, and 1/32767 of the row's largest difference in the others: 1e-6 in
a 9 x 4 tile whose wavelengths differ by 3 %, where programming is off by 7e-4. It happens once, when cells are made;
all that reads them reads the same numbers.

Where reads are exact, planes are float64 as they are, in ``fine`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BITS = 24
"""Of plane 0."""
MIDDLE = 1 << 15
"""What stands in ``fine`` for no difference."""


class Planes(NamedTuple):
    """Transmissions (planes, rows, cells of a row); kernels take it as it is."""

    coarse: NDArray[np.uint8]
    """Upper bits of plane 0 (rows, cells); (0, 0) where planes are float64."""
    fine: NDArray[Any]
    """uint16: lower bits of plane 0, differences of the others; or float64 (planes, rows, cells)."""
    step: NDArray[np.float64]
    """Of each row, a power of two (rows,)."""
    shift: NDArray[np.uint8]
    """Binary logarithm of how many steps one of the differences counts (rows,)."""


def empty(shape: tuple[int, int, int], *, exact: bool) -> Planes:
    """Room for planes, rows and cells; in float64 where they are to be exact."""
    planes, rows, cells = shape
    return Planes(
        np.empty((0, 0) if exact else (rows, cells), np.uint8),
        np.empty((planes, rows, cells), np.float64 if exact else np.uint16),
        np.ones(rows),
        np.zeros(rows, np.uint8),
    )


def fill(held: Planes, first: int, values: Sequence[NDArray[np.float64]]) -> None:
    """Hold the values of rows from the first one on, (rows, cells) for each plane, none below 0.

    Example:
        >>> held = empty((2, 1, 2), exact=False)
        >>> fill(held, 0, [np.array([[0.75, 0.3]]), np.array([[0.75, 0.31]])])
        >>> values(held, 0).round(7).tolist(), values(held, 1).round(6).tolist()
        ([[0.75, 0.3]], [[0.75, 0.31]])
    """
    last = first + len(values[0])
    if not held.coarse.size:
        held.fine[:, first:last] = values
        return
    step = np.ldexp(1.0, np.frexp(np.max([v.max(axis=1) for v in values], axis=0))[1] - BITS)
    base = np.minimum(np.rint(values[0] / step[:, None]), 2**BITS - 1)
    held.step[first:last] = step
    held.coarse[first:last] = base // 65536
    held.fine[0, first:last] = base % 65536
    if len(values) == 1:
        return
    largest = np.max([np.abs(v / step[:, None] - base).max(axis=1) for v in values[1:]], axis=0)
    shift = np.maximum(np.ceil(np.log2(np.maximum(largest, 1) / (MIDDLE - 1))), 0)
    held.shift[first:last] = shift
    for plane, v in enumerate(values[1:], 1):
        steps = np.rint((v / step[:, None] - base) / 2 ** shift[:, None])
        steps = np.maximum(steps, np.ceil(-base / 2 ** shift[:, None]))  # nothing falls below 0
        held.fine[plane, first:last] = steps + MIDDLE


def values(held: Planes, plane: int, rows: slice = slice(None)) -> NDArray[np.float64]:
    """What is held, (rows, cells), exactly."""
    if not held.coarse.size:
        return np.array(held.fine[plane, rows], np.float64)
    steps = (held.coarse[rows].astype(np.int32) << 16) + held.fine[0, rows]
    if plane > 0:
        steps += (held.fine[plane, rows].astype(np.int32) - MIDDLE) << held.shift[rows, None].astype(np.int32)
    return np.asarray(steps * held.step[rows, None])
