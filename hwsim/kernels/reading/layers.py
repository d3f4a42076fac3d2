"""What stands between matrix products: windows over images, pools, registers and activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from hwsim.kernels.compile import sized_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.reads import Windows


@sized_kernel
def gather_windows(image: NDArray[Any], windows: Windows, out: NDArray[Any]) -> None:
    """Lay every window of an image out as a row (im2col), zeros where it hangs over the edge.

    Args:
        image: (samples, rows, columns, channels).
        windows: where they lie.
        out: (samples * places, channels * kernel rows * kernel columns) in the order channel, row, column; overwritten.
    """
    samples, rows, columns, channels = image.shape
    kh, kw, sh, sw, top, left, oh, ow = windows
    for line in prange(samples * oh):
        s, y = line // oh, line % oh
        for x in range(ow):
            row = line * ow + x
            for dy in range(kh):
                r = y * sh + dy - top
                for dx in range(kw):
                    c = x * sw + dx - left
                    at = dy * kw + dx
                    inside = 0 <= r < rows and 0 <= c < columns
                    for channel in range(channels):
                        out[row, channel * kh * kw + at] = image[s, r, c, channel] if inside else 0


@sized_kernel
def pool_largest(image: NDArray[Any], windows: Windows, out: NDArray[Any]) -> None:
    """Largest value of every window.

    Args:
        image: (samples, rows, columns, channels).
        windows: as of :func:`gather_windows`, without zeros around.
        out: (samples, places down, places right, channels), overwritten.
    """
    samples, channels = image.shape[0], image.shape[3]
    kh, kw, sh, sw, _, _, oh, ow = windows
    for line in prange(samples * oh):
        s, y = line // oh, line % oh
        for x in range(ow):
            for channel in range(channels):
                largest = image[s, y * sh, x * sw, channel]
                for dy in range(kh):
                    for dx in range(kw):
                        largest = max(largest, image[s, y * sh + dy, x * sw + dx, channel])
                out[s, y, x, channel] = largest


@sized_kernel
def pool_sum(image: NDArray[Any], windows: Windows, out: NDArray[Any]) -> None:
    """Sum of every window, row by row from its upper left corner; arguments as of :func:`pool_largest`."""
    samples, channels = image.shape[0], image.shape[3]
    kh, kw, sh, sw, _, _, oh, ow = windows
    for line in prange(samples * oh):
        s, y = line // oh, line % oh
        for x in range(ow):
            for channel in range(channels):
                out[s, y, x, channel] = 0
            for dy in range(kh):
                for dx in range(kw):
                    for channel in range(channels):
                        out[s, y, x, channel] += image[s, y * sh + dy, x * sw + dx, channel]


@sized_kernel
def activate(
    sums: NDArray[Any],
    gain: NDArray[Any],
    bias: NDArray[Any],
    code: int,
    parameters: NDArray[np.float64],
    out: NDArray[Any],
) -> None:
    """Registers and activation: ``out[r, u] = f(gain[u] * sums[r, u] + bias[u])``.

    Args:
        sums: (rows, units).
        gain: (units,), of the dtype of the sums.
        bias: (units,), of the dtype of the sums.
        code: number of the activation, as in ``hwsim.model.activation.CODES``.
        parameters: of the activation, in the order given there; at least one number.
        out: (rows, units), overwritten; may be the sums themselves.
    """
    rows, units = sums.shape
    for r in prange(rows):
        if code <= 1:
            for u in range(units):
                out[r, u] = gain[u] * sums[r, u] + bias[u]
            if code == 1:
                for u in range(units):
                    if not out[r, u] > 0:
                        out[r, u] = 0
        else:
            for u in range(units):
                x = np.float64(gain[u] * sums[r, u] + bias[u])
                y = 0.0
                if code == 2:
                    y = x if x > 0 else parameters[0] * x
                elif code == 3:
                    y = 1.0 if x > 0 else 0.0
                elif code == 4:
                    y = np.tanh(x)
                elif code == 5:
                    small = np.exp(-abs(x))
                    y = 1.0 / (1.0 + small) if x >= 0 else small / (1.0 + small)
                elif code == 6:
                    entries = np.int64(parameters[2])
                    place = np.floor((x - parameters[0]) / (parameters[1] - parameters[0]) * entries)
                    at = np.int64(min(max(place, 0.0), entries - 1.0))
                    own = u * entries if len(parameters) > 3 + entries else 0
                    y = parameters[3 + own + at]
                else:  # three-term recurrences of the ortho-polynomials
                    before, now = 0.0, 1.0
                    for k in range(len(parameters)):
                        y += parameters[k] * now
                        if code == 7:
                            after = ((2 * k + 1) * x * now - k * before) / (k + 1)
                        elif code == 8:
                            after = ((2 * k + 1 - x) * now - k * before) / (k + 1)
                        else:
                            after = 2 * x * now - 2 * k * before
                        before, now = now, after
                out[r, u] = y
