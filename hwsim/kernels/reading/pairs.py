"""Two independent normal deviates from the bits of one: what a column and its own dark column are read with.

A ziggurat of 1024 layers needs ten bits for the layer; the other 22 of a half of the bits are the place within it, so
that a pair costs little more than one deviate of :mod:`hwsim.kernels.reading.noise`. More layers also mean that fewer
deviates (3 of 1000 instead of 12) are not decided by the first look-up. A place is the middle of one of 2^22 parts of
a layer: a deviate is off by at most 2^-20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.reading.noise import (
    GAMMA,
    LOW_HALF,
    ONE,
    PLACES,
    RULER,
    SIGN,
    U11,
    U58,
    WORD,
    ZERO,
    edges,
    mix,
    slow_normal,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYER_BITS, PLACE_BITS, EDGE_BITS = 10, 22, 28
TAIL = 4.038849846109505
"""Where the tail of 1024 layers of equal area begins."""
EDGES = edges(1 << LAYER_BITS, TAIL)
HEIGHTS = np.exp(-0.5 * EDGES * EDGES)
ENTRIES = (np.rint(EDGES[:-1] * 2.0**EDGE_BITS).astype(np.int64) << 32) + np.floor(
    EDGES[1:] / EDGES[:-1] * 2.0**PLACE_BITS
).astype(np.int64)
"""Layers: the edge in units of 2^-28, and below it, in 32 bits, up to which of 2^22 parts of it all is accepted."""
SCALE, UNIFORM = 2.0 ** -(PLACE_BITS + EDGE_BITS), 2.0**-53
LAYER_MASK, SECOND_LAYER = np.uint64((1 << LAYER_BITS) - 1), np.uint64(LAYER_BITS)
SECOND_PLACE, DOWN, ODD = np.uint64(PLACE_BITS), np.int64(63 - PLACE_BITS), np.int64(1)
FIRST_HALF = np.int64(32)


@kernel
def rare_normal(state: np.uint64, place: np.int64, layer: np.uint64) -> float:
    """A deviate that the first look-up leaves open: the edge of a layer, or the tail.

    Args:
        state: where further bits are taken from.
        place: within the layer, an odd number of 2^-22 of its edge, -2^22 to 2^22.
        layer: its number.
    """
    if layer == 0:
        while True:
            state += GAMMA
            a = (np.float64(mix(state) >> U11) + 0.5) * UNIFORM
            state += GAMMA
            b = (np.float64(mix(state) >> U11) + 0.5) * UNIFORM
            x, y = np.log(a) / TAIL, np.log(b)
            if -2.0 * y >= x * x:
                return float(x - TAIL if place < 0 else TAIL - x)
    x = np.float64(place * (ENTRIES[layer] >> FIRST_HALF)) * SCALE
    low, high = HEIGHTS[layer], HEIGHTS[layer + ONE]
    state += GAMMA
    if high - np.float64(mix(state) >> U11) * UNIFORM * (high - low) < np.exp(-0.5 * x * x):
        return float(x)
    return float(slow_normal(mix(state + GAMMA)))  # refused: any other deviate


@kernel
def fill_pairs(begin: np.uint64, step: np.uint64, ones: NDArray[Any], others: NDArray[Any]) -> None:
    """Pairs of deviates whose bits are those of the places ``begin``, ``begin + step`` and so on.

    Args:
        begin: place of the first pair in the stream of :func:`hwsim.kernels.reading.noise.mix`.
        step: distance of two places.
        ones: float32 or float64 (size,), overwritten with the first of each pair.
        others: likewise, with the second.
    """
    kind, size, first = ones.dtype.type, np.uint64(ones.size), ZERO
    scale = kind(SCALE)
    while first < size:
        many, begun, rare, odd = min(WORD, size - first), begin + first * step, ZERO, ZERO
        for k in range(many):
            bits = mix(begun + k * step)
            entry, second = ENTRIES[bits & LAYER_MASK], ENTRIES[(bits >> SECOND_LAYER) & LAYER_MASK]
            place = (np.int64(bits ^ SIGN) >> DOWN) | ODD
            other = (np.int64((bits << SECOND_PLACE) ^ SIGN) >> DOWN) | ODD
            ones[first + k] = kind(place * (entry >> FIRST_HALF)) * scale
            others[first + k] = kind(other * (second >> FIRST_HALF)) * scale
            rare |= (ZERO if abs(place) < (entry & LOW_HALF) else ONE) << k
            odd |= (ZERO if abs(other) < (second & LOW_HALF) else ONE) << k
        while rare != ZERO:
            bit = rare & (~rare + ONE)
            rare ^= bit
            at = np.uint64(PLACES[(bit * RULER) >> U58])
            bits = mix(begun + at * step)
            ones[first + at] = rare_normal(bits, (np.int64(bits ^ SIGN) >> DOWN) | ODD, bits & LAYER_MASK)
        while odd != ZERO:
            bit = odd & (~odd + ONE)
            odd ^= bit
            at = np.uint64(PLACES[(bit * RULER) >> U58])
            bits = mix(begun + at * step)
            place, layer = (np.int64((bits << SECOND_PLACE) ^ SIGN) >> DOWN) | ODD, (bits >> SECOND_LAYER) & LAYER_MASK
            others[first + at] = rare_normal(~bits, place, layer)
        first += WORD
