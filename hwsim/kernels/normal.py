"""Standard normals by counter: the draw of a read depends on its key and number alone, not on who draws it when.

A 64-bit mix (the finaliser of SplitMix64) of key and counter feeds a ziggurat of 256 layers (Marsaglia & Tsang, J.
Stat. Softw. 5(8), 2000). Each half of the 64 bits gives a draw, on a grid of 2^-23 of its layer's width.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYERS = 256
TAIL = 3.6541528853610088
"""Where the lowest layer's tail begins, for 256 layers."""
AREA = 0.00492867323399
"""Area of a layer."""


def _edges() -> NDArray[np.float64]:
    """Right ends of the layers, the lowest first, with the height of each beside it (2, 257)."""
    x = np.empty(LAYERS + 1)
    x[0], x[1] = AREA / math.exp(-TAIL * TAIL / 2), TAIL
    for layer in range(2, LAYERS):
        x[layer] = math.sqrt(-2 * math.log(AREA / x[layer - 1] + math.exp(-(x[layer - 1] ** 2) / 2)))
    x[LAYERS] = 0.0
    return np.stack([x, np.exp(-x * x / 2)])


EDGES = _edges()


@kernel
def mixed(key: np.uint64, counter: np.uint64) -> np.uint64:
    """64 random bits of a key and a counter.

    Example:
        >>> int(mixed(np.uint64(0), np.uint64(0))) == 0xE220A8397B1DCDAF  # SplitMix64's first output for seed 0
        True
    """
    z = key + (counter + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def slow(half: np.uint64, edges: NDArray[np.float64]) -> float:
    """What the ziggurat does in 1.2 % of its draws: edges and tail of a layer, from further bits of the same half."""
    bits = mixed(half, np.uint64(0))
    layer, sign = np.int64(half & np.uint64(255)), 1.0 if half & np.uint64(256) else -1.0
    x = (np.float64(half >> np.uint64(9)) + 0.5) * 1.1920928955078125e-07 * edges[0, layer]
    while True:
        share = np.float64(bits >> np.uint64(11)) * 1.1102230246251565e-16
        if layer == 0:
            while True:
                bits = mixed(bits, np.uint64(2))
                other = np.float64(bits >> np.uint64(11)) * 1.1102230246251565e-16
                beyond = -math.log(1.0 - share) / 3.6541528853610088
                if -2 * math.log(1.0 - other) > beyond * beyond:
                    return float(sign * (3.6541528853610088 + beyond))
                bits = mixed(bits, np.uint64(3))
                share = np.float64(bits >> np.uint64(11)) * 1.1102230246251565e-16
        low, high = edges[1, layer], edges[1, layer + 1]
        if low + share * (high - low) < math.exp(-x * x / 2):
            return float(sign * x)
        bits = mixed(bits, np.uint64(4))
        layer, sign = np.int64(bits & np.uint64(255)), 1.0 if bits & np.uint64(256) else -1.0
        x = np.float64(bits >> np.uint64(11)) * 1.1102230246251565e-16 * edges[0, layer]
        if x < edges[0, layer + 1]:
            return float(sign * x)
        bits = mixed(bits, np.uint64(1))


@kernel
def normal(key: np.uint64, counter: np.uint64, edges: NDArray[np.float64]) -> float:
    """One standard normal: counters 2c and 2c + 1 take the lower and the upper half of the same 64 bits.

    Args:
        key: the stream; any 64 bits.
        counter: number of the draw in the stream.
        edges: ``EDGES``.

    Example:
        >>> draws = [normal(np.uint64(1), np.uint64(i), EDGES) for i in range(2000)]
        >>> bool(abs(np.mean(draws)) < 0.1 and abs(np.std(draws) - 1) < 0.1)
        True
    """
    bits = mixed(key, counter >> np.uint64(1))
    return from_half(bits >> np.uint64(32) if counter & np.uint64(1) else bits & np.uint64(0xFFFFFFFF), edges)


@kernel
def from_half(half: np.uint64, edges: NDArray[np.float64]) -> float:
    """A standard normal from 32 random bits: 8 choose the layer, one the sign, 23 the place in it.

    Example:
        >>> float(from_half(np.uint64(255), EDGES)) < 0
        True
    """
    layer = np.int64(half & np.uint64(255))
    x = (np.float64(np.int64(half >> np.uint64(9))) + 0.5) * 1.1920928955078125e-07 * edges[0, layer]
    if x < edges[0, layer + 1]:
        return float(x if half & np.uint64(256) else -x)
    return float(slow(half, edges))
