"""Sorting networks: switches set themselves by comparing the destinations of their signals.

Reference implementation: ``tests/oracles/stages.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@parallel_kernel
def sort_tags(
    n: int,
    tags: NDArray[np.int32],
    wire_a: NDArray[np.int32],
    wire_b: NDArray[np.int32],
    state: NDArray[np.uint8],
) -> None:
    """Send tags through comparators in order: a switch crosses where the tag on its wire a is the larger one.

    Args:
        n: wires, at least 1.
        tags: one row of n tags a bank, overwritten.
        wire_a: one wire of each switch, stage by stage.
        wire_b: the other wire.
        state: one row of states per bank, overwritten.

    Example:
        >>> tags, one, other = (np.array(v, np.int32) for v in ([7, 5], [0], [1]))
        >>> state = np.zeros(1, np.uint8)
        >>> sort_tags(2, tags, one, other, state)
        >>> tags.tolist(), state.tolist()
        ([5, 7], [1])
    """
    switches, wires = np.uint64(len(wire_a)), np.uint64(n)
    for bank in prange(len(tags) // n):
        first, base = np.uint64(bank) * wires, np.uint64(bank) * switches
        for number in range(switches):
            s = np.uint64(number)
            a, b = first + np.uint64(wire_a[s]), first + np.uint64(wire_b[s])
            one, other = tags[a], tags[b]
            crossed = one > other
            state[base + s] = np.uint8(crossed)
            tags[a], tags[b] = (other, one) if crossed else (one, other)
