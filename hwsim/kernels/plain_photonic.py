"""Plain twins of the photonic kernels and their normals: one read-out after the other, from the definitions."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TAIL, AREA = 3.6541528853610088, 0.00492867323399
"""Start of the lowest layer's tail and area of a layer, for 256 layers."""


def mixed(key: int, counter: int) -> int:
    """64 random bits of a key and a counter: SplitMix64.

    Example:
        >>> hex(mixed(0, 0))
        '0xe220a8397b1dcdaf'
    """
    z = (int(key) + (int(counter) + 1) * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


@functools.cache
def _ends() -> list[float]:
    """Right ends of the ziggurat's layers, the lowest first."""
    ends = [AREA / math.exp(-TAIL * TAIL / 2), TAIL]
    while len(ends) < 256:
        ends.append(math.sqrt(-2 * math.log(AREA / ends[-1] + math.exp(-(ends[-1] ** 2) / 2))))
    return [*ends, 0.0]


def normal(key: int, counter: int) -> float:
    """One standard normal of the ziggurat whose layers are computed on the way.

    Example:
        >>> abs(normal(1, 2)) < 6
        True
    """
    ends = _ends()
    both = mixed(key, int(counter) // 2)
    half = both >> 32 if counter % 2 else both % 2**32
    layer, sign, place = half % 256, 1.0 if half >> 8 & 1 else -1.0, ((half >> 9) + 0.5) / 2**23
    bits = mixed(half, 0)
    fresh = False
    while True:
        x = place * ends[layer]
        if x < ends[layer + 1]:
            return sign * x
        bits = mixed(bits, 1) if fresh else bits
        share = (bits >> 11) / 2**53
        while layer == 0:
            bits = mixed(bits, 2)
            beyond = -math.log(1 - share) / TAIL
            if -2 * math.log(1 - (bits >> 11) / 2**53) > beyond**2:
                return sign * (TAIL + beyond)
            bits = mixed(bits, 3)
            share = (bits >> 11) / 2**53
        low, high = math.exp(-(ends[layer] ** 2) / 2), math.exp(-(ends[layer + 1] ** 2) / 2)
        if low + share * (high - low) < math.exp(-x * x / 2):
            return sign * x
        bits, fresh = mixed(bits, 4), True
        layer, sign, place = bits % 256, 1.0 if bits >> 8 & 1 else -1.0, (bits >> 11) / 2**53


def read_tiles(
    drive: NDArray[np.float64],
    bright: NDArray[np.float64],
    dark: NDArray[np.float64],
    input_on: NDArray[np.int64],
    law: Sequence[float],
    shape: Sequence[int],
    key: Sequence[int],
) -> NDArray[np.float64]:
    """Current differences (samples, units) of a photonic core, one read-out of one column after the other.

    Arguments as of the kernel of this name.

    Example:
        >>> one = np.ones((1, 1, 1))
        >>> law, shape = [1.0, 0.0, 0.0, 0.0, 0.25, 0.0], [1, 1, 1, 0]
        >>> read_tiles(one[0], 0.75 * one, 0.5 * one, np.array([[0]]), law, shape, [0, 0])
        array([[0.25]])
    """
    full, shot, thermal, rin, row_step, leak = law
    rows, columns, vectors, noisy = map(int, shape)
    (samples, inputs), units, darks = drive.shape, bright.shape[1], dark.shape[1]
    tiles = -(-inputs // rows)
    found = np.zeros((samples, units))

    def light(plane: NDArray[np.float64], column: int, unit: int, used: slice, sample: int) -> float:
        """What reaches a column for a vector, and what leaks in from the others of the same read."""
        order, first = input_on[unit % len(input_on), used], sample - sample % vectors
        own = [
            float(drive[s, order] @ plane[(s % vectors) % len(plane), column, used])
            for s in range(first, min(first + vectors, samples))
        ]
        return full * (own[sample - first] * (1 - leak) + leak * sum(own))

    for sample in range(samples):
        swing = 1 + rin * normal(int(key[1]), sample // vectors) if noisy else 1.0
        for unit in range(units):
            shade = unit if darks == units else unit // columns
            for tile in range(tiles):
                used = slice(tile * rows, min((tile + 1) * rows, inputs))
                step = row_step * (used.stop - used.start)
                read = (sample // 2 * tiles + tile) * (units + darks)
                sides = []
                for plane, column, number in ((bright, unit, unit), (dark, shade, units + shade)):
                    current = light(plane, column, unit, used, sample)
                    if noisy:
                        spread = math.sqrt(shot * max(current, 0) + thermal)
                        current = current * swing + spread * normal(int(key[0]), 2 * (read + number) + sample % 2)
                    sides.append(float(np.rint(current / step)) * step if step > 0 else current)
                found[sample, unit] += sides[0] - sides[1]
    return found
