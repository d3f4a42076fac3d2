"""Photonic read-out and its noise: one read-out after the other, from the definitions."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TAIL, LAYERS, MASK, GAMMA = 3.6541528853610088, 256, 2**64 - 1, 0x9E3779B97F4A7C15


def mix(state: int) -> int:
    """64 random bits of one place in SplitMix64's stream.

    Example:
        >>> hex(mix(GAMMA))  # its first output for seed 0
        '0xe220a8397b1dcdaf'
    """
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
    state = (state ^ state >> 27) * 0x94D049BB133111EB & MASK
    return state ^ state >> 31


@functools.cache
def ends(layers: int = LAYERS, tail: float = TAIL) -> list[float]:
    """Right ends of a ziggurat's layers of equal area, the lowest first."""
    area = tail * math.exp(-tail * tail / 2) + math.sqrt(math.pi / 2) * math.erfc(tail / math.sqrt(2))
    found = [area / math.exp(-tail * tail / 2), tail]
    while len(found) < layers:
        found.append(math.sqrt(-2 * math.log(area / found[-1] + math.exp(-(found[-1] ** 2) / 2))))
    return [*found, 0.0]


def normal(key: int, number: int) -> float:
    """Deviate ``number`` of a key.

    Example:
        >>> abs(normal(1, 2)) < 6
        True
    """
    return shaped(mix((int(key) + (int(number) + 1) * GAMMA) & MASK))


def shaped(bits: int) -> float:
    """The deviate that 64 bits begin."""
    edge, state = ends(), bits

    def uniform() -> int:
        nonlocal state
        state = (state + GAMMA) & MASK
        return mix(state)

    while True:
        layer, u = bits & 255, (bits >> 11) * 2.0**-52 - 1
        x: float = u * edge[layer]
        if abs(x) < edge[layer + 1]:
            return x
        while layer == 0:
            a, b = ((uniform() >> 11) + 0.5) * 2.0**-53, ((uniform() >> 11) + 0.5) * 2.0**-53
            far = math.log(a) / TAIL
            if -2 * math.log(b) >= far * far:
                return far - TAIL if u < 0 else TAIL - far
        outer, inner = (math.exp(-0.5 * (e * e - x * x)) for e in edge[layer : layer + 2])
        if inner + (uniform() >> 11) * 2.0**-53 * (outer - inner) < 1:
            return x
        bits = uniform()


def pair(key: int, number: int) -> tuple[float, float]:
    """Deviates of a column and of the dark column read for it alone, from the same 64 bits.

    Example:
        >>> one, other = pair(1, 2)
        >>> abs(one) < 6 and abs(other) < 6 and one != other
        True
    """
    bits = mix((int(key) + (int(number) + 1) * GAMMA) & MASK)
    return (
        half(bits, bits & 1023, bits >> 42),
        half(bits ^ MASK, bits >> 10 & 1023, bits >> 20 & (1 << 22) - 1),
    )


def half(state: int, layer: int, part: int) -> float:
    """One deviate of a pair: the middle of one of 2^22 parts of a layer's whole width, if it is not refused."""
    edge = ends(1024, 4.038849846109505)
    x = ((part + 0.5) * 2.0**-21 - 1) * edge[layer]
    if abs(x) < edge[layer + 1]:
        return x
    state = (state + GAMMA) & MASK
    uniform = ((mix(state) >> 11) + 0.5) * 2.0**-53
    while layer == 0:
        state = (state + GAMMA) & MASK
        far = math.log(uniform) / edge[1]
        if -2 * math.log(((mix(state) >> 11) + 0.5) * 2.0**-53) >= far * far:
            return far - edge[1] if x < 0 else edge[1] - far
        state = (state + GAMMA) & MASK
        uniform = ((mix(state) >> 11) + 0.5) * 2.0**-53
    low, high = (math.exp(-0.5 * e * e) for e in edge[layer : layer + 2])
    if high - (uniform - 2.0**-54) * (high - low) < math.exp(-0.5 * x * x):
        return x
    return shaped(mix((state + GAMMA) & MASK))


def wish(
    input_on: NDArray[np.int64], share: NDArray[np.float64], least: NDArray[np.float64], unit: int, used: slice
) -> tuple[object, ...]:
    """What a unit wants on the rows of a tile; units of a group that want the same are read together."""
    order = input_on[unit, used]
    shares = tuple(share[unit, order].tolist()) if len(share) else ()
    return (*order.tolist(), shares, float(least[unit]) if len(least) else 1.0)


def read_tiles(
    drive: NDArray[np.float64],
    bright: NDArray[np.float64],
    dark: NDArray[np.float64],
    input_on: NDArray[np.int64],
    share: NDArray[np.float64],
    least: NDArray[np.float64],
    faults: NDArray[np.float64],
    law: Sequence[float],
    shape: Sequence[int],
    key: Sequence[int],
) -> NDArray[np.float64]:
    """Current differences (samples, units) of a photonic core, one read-out of one column after the other.

    Arguments as of the kernel of this name, but that drives and faults stand sample by sample, (samples, inputs) and
    (2, samples, inputs), transmissions are float64 (planes, columns, inputs), and turns are found here.

    Example:
        >>> one = np.ones((1, 1, 1))
        >>> law, shape = [1.0, 0.0, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0], [1, 1, 1, 0]
        >>> none = np.empty((2, 0, 0))
        >>> read_tiles(one[0], 0.75 * one, 0.5 * one, np.array([[0]]), none[0], none[0, 0:], none, law, shape, [0, 0])
        array([[0.25]])
    """
    full, shot, thermal, rin, row_step, leak, codes, floor = law
    rows, columns, vectors, noisy = map(int, shape)
    (samples, inputs), units, darks = drive.shape, bright.shape[1], dark.shape[1]
    tiles = -(-inputs // rows)
    found = np.zeros((samples, units))

    def light(plane: NDArray[np.float64], column: int, unit: int, used: slice, sample: int) -> float:
        """What reaches a column for a vector, and what leaks in from the others of the same read."""
        line = unit % len(input_on)
        order, first = input_on[line, used], sample - sample % vectors
        own = []
        for s in range(first, min(first + vectors, samples)):
            lit = drive[s, order]
            if len(least):
                lit = lit * (least[line] / share[line, order])
                lit = np.rint(lit * codes) / codes if codes else lit
                lit = lit * faults[0, s, order] + faults[1, s, order] if faults.size else lit
                lit = floor + (1 - floor) * lit
            if len(share):
                lit = lit * share[line, order]
            own.append(float(lit @ plane[(s % vectors) % len(plane), column, used]))
        return full * (own[sample - first] * (1 - leak) + leak * sum(own))

    together = len(input_on) == 1
    apart = 1 if together else columns
    for sample in range(samples):
        for unit in range(units):
            shade, head = unit if darks == units else unit // columns, unit - unit % columns
            for tile in range(tiles):
                used = slice(tile * rows, min((tile + 1) * rows, inputs))
                step = row_step * (used.stop - used.start)
                wanted = [] if together else [wish(input_on, share, least, u, used) for u in range(head, unit + 1)]
                turn = 0 if together else list(dict.fromkeys(wanted)).index(wanted[-1])
                swing = 1 + rin * normal(key[1], sample // vectors * apart + turn) if noisy else 1.0
                read = (sample * tiles + tile) * (units + darks)
                if together:
                    noise = (normal(key[0], read + unit), normal(key[0], read + units + shade))
                else:  # the dark column is read with the first unit that wants its light
                    first = unit if darks == units else head + wanted.index(wanted[-1])
                    own, dim = pair(key[0], read + first)
                    noise = (own if first == unit else normal(key[0], read + unit), dim)
                sides = []
                for plane, column, deviate in zip((bright, dark), (unit, shade), noise, strict=True):
                    current = light(plane, column, unit, used, sample)
                    if noisy:
                        spread = math.sqrt(shot * max(current, 0) + thermal)
                        current = current * swing + spread * deviate
                    sides.append(float(np.rint(current / step)) * step if step > 0 else current)
                found[sample, unit] += sides[0] - sides[1]
    return found
