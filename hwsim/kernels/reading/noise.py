"""Normal deviates from a counter, and reads that use them: the same bits for any number of threads.

Deviate n of a key is a function of key and n alone. Bits come from SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), read
at any place of its stream; they are shaped by the ziggurat of 256 layers (Marsaglia, Tsang, J. Stat. Softw. 5(8), 2000)
in the form of Doornik (2005), which is exact and decides nearly every deviate by one look-up and one product.
"""

from __future__ import annotations

from math import erfc, exp, log, pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, sized_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.reads import Converter

LAYERS = 256
TAIL = 3.6541528853610088
"""Where the tail of 256 layers of equal area begins."""
GAMMA = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
U30, U27, U31, U11, U8 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(8)
LOW_BYTE, ONE = np.uint64(255), np.uint64(1)
SIGN, ZERO, WORD, U58 = np.uint64(1 << 63), np.uint64(0), np.uint64(64), np.uint64(58)
RULER = np.uint64(0x03F79D71B4CB0A89)
"""A de Bruijn sequence: its six bits from any place on are found at no other."""
PLACES = np.argsort([(int(RULER) << k) % 2**64 >> 58 for k in range(64)]).astype(np.uint8)
"""The place of a lone bit, by the six bits that the sequence times it begins with."""
SCALE = 2.0**-52


def edges(layers: int, tail: float) -> NDArray[np.float64]:
    """Right edges of a ziggurat's layers, float64 (layers + 1,): the base first, then where its tail begins, 0 last.

    Example:
        >>> found = edges(LAYERS, TAIL)
        >>> len(found), bool(found[1] == TAIL), float(found[-1])
        (257, True, 0.0)
    """
    area = tail * exp(-tail * tail / 2) + sqrt(pi / 2) * erfc(tail / sqrt(2))
    found = [area * exp(tail * tail / 2), tail]
    for _ in range(layers - 2):
        found.append(sqrt(-2 * log(area / found[-1] + exp(-(found[-1] ** 2) / 2))))
    return np.array([*found, 0.0])


EDGES = edges(LAYERS, TAIL)
RATIOS = EDGES[1:] / EDGES[:-1]
HEIGHTS = np.exp(-0.5 * EDGES * EDGES)
"""Density at the edges, 1 at 0."""
EDGE_BITS, LOW_HALF = 29, np.int64(0xFFFFFFFF)
ENTRIES = (np.rint(EDGES[:-1] * 2.0**EDGE_BITS).astype(np.int64) << 32) + np.maximum(
    np.floor(RATIOS * 2.0**31).astype(np.int64) - 2, 0
)
"""Layers for whole numbers: the edge in units of 2^-29, and below it, in 32 bits, up to which of 2^31 parts of it the
whole layer lies under the curve, two parts less so that rounding never decides."""
SINGLE = np.float32(2.0 ** -(31 + EDGE_BITS))


@kernel
def mix(state: np.uint64) -> np.uint64:
    """Bits of one place in the stream."""
    state = (state ^ (state >> U30)) * FIRST
    state = (state ^ (state >> U27)) * SECOND
    return np.uint64(state ^ (state >> U31))


@kernel
def slow_normal(bits: np.uint64) -> float:
    """The rare deviates: edges of layers and the tail, from further places that depend on these bits alone."""
    state = bits
    while True:
        layer = np.int64(bits & LOW_BYTE)
        u = np.float64(bits >> U11) * SCALE - 1.0
        if abs(u) < RATIOS[layer]:
            return float(u * EDGES[layer])
        if layer == 0:
            while True:
                state += GAMMA
                a = (np.float64(mix(state) >> U11) + 0.5) * (SCALE / 2)
                state += GAMMA
                b = (np.float64(mix(state) >> U11) + 0.5) * (SCALE / 2)
                x, y = np.log(a) / TAIL, np.log(b)
                if -2.0 * y >= x * x:
                    return float(x - TAIL if u < 0 else TAIL - x)
        x = u * EDGES[layer]
        low, high = HEIGHTS[layer], HEIGHTS[layer + 1]
        state += GAMMA
        if high - np.float64(mix(state) >> U11) * (SCALE / 2) * (high - low) < np.exp(-0.5 * x * x):
            return float(x)
        state += GAMMA
        bits = mix(state)


@kernel
def fill_normals(begin: np.uint64, step: np.uint64, out: NDArray[np.float64]) -> None:
    """Deviates whose bits are those of the places ``begin``, ``begin + step`` and so on.

    The look-ups that settle nearly all of them come first, in a loop without branches; the rare rest after it.

    Args:
        begin: place of the first in the stream.
        step: distance of two places.
        out: (size,), overwritten.
    """
    rare, size = 0, np.uint64(out.size)
    for k in range(size):
        bits = mix(begin + k * step)
        layer = bits & LOW_BYTE
        u = np.float64(bits >> U11) * SCALE - 1.0
        near = abs(u) < RATIOS[layer]
        out[k] = u * EDGES[layer] if near else np.nan
        rare += 0 if near else 1
    if rare > 0:
        for k in range(size):
            if np.isnan(out[k]):
                out[k] = slow_normal(mix(begin + k * step))


@kernel
def fill_singles(begin: np.uint64, step: np.uint64, out: NDArray[np.float32]) -> None:
    """The deviates of :func:`fill_normals`, rounded: in whole numbers until the last step, one look-up each.

    A deviate's place within its layer is taken from 32 of its bits instead of 53, and its edge from 29 bits behind the
    point: it is off by at most 2^-29 and by float32's own rounding, 2^-24 of itself. Which deviates are rare is decided
    as in float64: what is next to a decision counts as rare, and the rare are worked out in float64.

    Args:
        begin: place of the first in the stream.
        step: distance of two places.
        out: float32 (size,), overwritten.
    """
    size, first = np.uint64(out.size), ZERO
    while first < size:
        many, begun, rare = min(WORD, size - first), begin + first * step, ZERO
        for k in range(many):
            bits = mix(begun + k * step)
            entry = ENTRIES[bits & LOW_BYTE]
            u = np.int64(bits ^ SIGN) >> np.int64(32)
            out[first + k] = np.float32(u * (entry >> np.int64(32))) * SINGLE
            rare |= (ZERO if abs(u) < (entry & LOW_HALF) else ONE) << k
        while rare != ZERO:
            bit = rare & (~rare + ONE)
            rare ^= bit
            place = np.uint64(PLACES[(bit * RULER) >> U58])
            out[first + place] = slow_normal(mix(begun + place * step))
        first += WORD


@sized_kernel
def draw_normals(out: NDArray[np.float64], key: np.uint64) -> None:
    """Fill rows with the first deviates of a key, row by row.

    Args:
        out: (rows, columns), overwritten.
        key: uint64, drawn from a named stream.
    """
    rows, columns = out.shape
    for r in prange(rows):
        fill_normals(key + (np.uint64(r) * np.uint64(columns) + ONE) * GAMMA, GAMMA, out[r])


@sized_kernel
def convert_inputs(signals: NDArray[Any], converter: Converter, out: NDArray[Any], squares: NDArray[Any]) -> None:
    """Digital-to-analogue conversion: rounded to a step, clipped to a range.

    Args:
        signals: (rows, inputs).
        converter: float32; its step is not 0.
        out: (rows, inputs), overwritten with the values converted.
        squares: (rows, inputs), overwritten with their squares; any array without rows where none are wanted.
    """
    rows, inputs = signals.shape
    step, least, largest = converter.step, converter.least, converter.largest
    inverse = np.float32(1.0) / step
    for r in prange(rows):
        for i in range(inputs):
            out[r, i] = min(max(np.rint(signals[r, i] * inverse), least), largest) * step
        if len(squares) > 0:
            for i in range(inputs):
                squares[r, i] = out[r, i] * out[r, i]


@sized_kernel
def convert_outputs(
    sums: NDArray[Any], variances: NDArray[Any], common: np.float32, key: np.uint64, converter: Converter, noisy: int
) -> None:
    """Add Gaussian read noise to sums and convert them from analogue to digital, in place.

    Args:
        sums: (rows, units).
        variances: (rows, units) of the noise, beside what is common to all; (0, 0) where there is no other.
        common: variance common to all reads.
        key: uint64 of the deviates.
        converter: float32; a step of 0 converts nothing.
        noisy: 1 where noise is drawn.
    """
    rows, units = sums.shape
    step, least, largest = converter.step, converter.least, converter.largest
    inverse = np.float32(1.0) / step if step > 0 else np.float32(0.0)
    own = len(variances) > 0
    for r in prange(rows):
        if noisy == 1:
            normals = np.empty(units, np.float32)
            fill_singles(key + (np.uint64(r) * np.uint64(units) + ONE) * GAMMA, GAMMA, normals)
            if own:
                for u in range(units):
                    sums[r, u] += normals[u] * np.sqrt(variances[r, u] + common)
            else:
                for u in range(units):
                    sums[r, u] += normals[u] * np.sqrt(common)
        if step > 0:
            for u in range(units):
                sums[r, u] = min(max(np.rint(sums[r, u] * inverse), least), largest) * step
