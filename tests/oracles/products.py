"""Matrix products of every device, from the definitions, slowly, without a compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def dense_integer(signals: NDArray[np.int32], weights: NDArray[np.int32], bias: NDArray[np.int64]) -> list[list[int]]:
    """Sums of products and a bias in integers of any length: (samples, units).

    Example:
        >>> dense_integer(np.array([[2, 3]], np.int32), np.array([[5, -7]], np.int32), np.array([1]))
        [[-10]]
    """
    return [
        [b + sum(w * x for w, x in zip(row, sample, strict=True)) for row, b in zip(rows, biases, strict=True)]
        for rows, biases in [(weights.tolist(), bias.tolist())]
        for sample in signals.tolist()
    ]


def dense_float(signals: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of products from the first input to the last: (samples, units).

    Example:
        >>> dense_float(np.array([[1.0, 2.0]]), np.array([[3.0, 0.5]])).tolist()
        [[4.0]]
    """
    found = np.zeros((len(signals), len(weights)))
    for signal, weight in zip(signals.T, weights.T, strict=True):
        found += np.outer(signal, weight)
    return found


def read_tiles(
    drive: NDArray[np.float64],
    cells: NDArray[np.float64],
    reference: NDArray[np.float64],
    row_of: NDArray[np.int64],
    noise: NDArray[np.float64],
    law: Sequence[float],
    shape: Sequence[int],
) -> NDArray[np.float64]:
    """Current differences (samples, units) of a photonic core, one tile's read-out after the other.

    Arguments as of the kernel of this name; every tile is cut out as a matrix, and its noise by its own name.

    Example:
        >>> one = np.ones((1, 1))
        >>> read_tiles(one, 0.75 * one, 0.5 * one, np.array([[0]]), one, [1.0, 0.0, 0.0, 0.0, 0.25], [1, 1, 0])
        array([[0.25]])
    """
    full, shot, thermal, rin, row_step = law
    rows, columns, noisy = shape
    (samples, inputs), units = drive.shape, len(cells)
    groups, tiles = len(reference), -(-inputs // rows)
    found = np.zeros((samples, units))
    for unit in range(units):
        by_row = np.zeros((samples, inputs))
        by_row[:, row_of[unit]] = drive
        for tile in range(tiles):
            used = slice(tile * rows, min((tile + 1) * rows, inputs))
            step = row_step * (used.stop - used.start)
            bright = full * by_row[:, used] @ cells[unit, used]
            dark = full * by_row[:, used] @ reference[unit // columns, used]
            if noisy:
                own, theirs, common = np.split(noise, [units * tiles, (units + groups) * tiles], axis=1)
                at = unit // columns * tiles + tile
                wave = 1 + rin * common[:, at]
                bright = wave * bright + np.sqrt(shot * bright + thermal) * own[:, unit * tiles + tile]
                dark = wave * dark + np.sqrt(shot * dark + thermal) * theirs[:, at]
            found[:, unit] += step * (np.rint(bright / step) - np.rint(dark / step))
    return found
