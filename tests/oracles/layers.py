"""What stands between matrix products (windows, pooling, integer activations), in NumPy from the definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def gather_windows(image: NDArray[Any], geometry: Sequence[int]) -> NDArray[Any]:
    """Every window as a row, in the order channel, row, column; arguments as of the kernel.

    Example:
        >>> gather_windows(np.arange(4).reshape(1, 2, 2, 1), [2, 2, 1, 1, 0, 0, 1, 1]).tolist()
        [[0, 1, 2, 3]]
    """
    kh, kw, sh, sw, top, left, oh, ow = geometry
    samples, rows, columns, channels = image.shape
    far = ((oh - 1) * sh + kh, (ow - 1) * sw + kw)
    wide = np.zeros((samples, max(far[0], rows + top), max(far[1], columns + left), channels), image.dtype)
    wide[:, top : top + rows, left : left + columns] = image
    found = [
        wide[s, y * sh : y * sh + kh, x * sw : x * sw + kw].transpose(2, 0, 1).reshape(-1)
        for s in range(samples)
        for y in range(oh)
        for x in range(ow)
    ]
    return np.array(found, image.dtype).reshape(samples * oh * ow, channels * kh * kw)


def _windows(image: NDArray[Any], geometry: Sequence[int]) -> NDArray[Any]:
    kh, kw, _, _, _, _, oh, ow = geometry
    rows = gather_windows(image, geometry)
    return rows.reshape(len(image), oh, ow, image.shape[3], kh * kw)


def pool_largest(image: NDArray[Any], geometry: Sequence[int]) -> NDArray[Any]:
    """Largest value of every window (samples, places down, places right, channels).

    Example:
        >>> pool_largest(np.arange(4).reshape(1, 2, 2, 1), [2, 2, 2, 2, 0, 0, 1, 1]).tolist()
        [[[[3]]]]
    """
    return np.asarray(_windows(image, geometry).max(axis=-1))


def pool_sum(image: NDArray[Any], geometry: Sequence[int]) -> NDArray[Any]:
    """Sum of every window (samples, places down, places right, channels).

    Example:
        >>> pool_sum(np.arange(4).reshape(1, 2, 2, 1), [2, 2, 2, 2, 0, 0, 1, 1]).tolist()
        [[[[6]]]]
    """
    return np.asarray(_windows(image, geometry).sum(axis=-1))


def settle_integers(
    sums: NDArray[Any], bias: NDArray[np.int64], law: Sequence[int], tables: NDArray[np.int32]
) -> list[list[int]]:
    """Requantised accumulators in integers of any length; arguments as of the kernel.

    Example:
        >>> settle_integers(np.array([[6, -3]]), np.array([0, 0]), [0, 2, 0, 255, 0], np.zeros((1, 1), np.int32))
        [[2, 0]]
    """
    kind, shift, least, largest, slope = map(int, law)
    found = []
    for row in sums.astype(object).tolist():
        line = []
        for unit, (total, b) in enumerate(zip(row, bias.tolist(), strict=True)):
            s = int(total) + b
            if kind == 2:
                line.append(int(s > 0))
                continue
            s = s // 2**slope if kind == 1 and s < 0 else s
            code = min(max((2 * s + 2**shift) // 2 ** (shift + 1) if shift else s, least), largest)
            line.append(int(tables[unit % len(tables), code - least]) if kind == 3 else code)
        found.append(line)
    return found
