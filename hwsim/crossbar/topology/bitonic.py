"""Bitonic sorter: N/4 L (L + 1) comparators for N = 2^L, all the same way up, for every N.

A block of 2^q wires is merged by comparing each wire of its upper half with its mirror image, then by strides
2^(q-2) ... 1. Other sizes are cut out of the next power of two: wires beyond N would carry tags that never move.

Source: K. Batcher, Sorting networks and their applications (1968).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar.topology import Topology
from hwsim.crossbar.topology.sorting import Sorter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.crossbar.topology.sorting import Column


def _columns(ports: int) -> Iterator[Column]:
    wires = np.arange(ports, dtype=np.int32)
    for level in range((ports - 1).bit_length()):
        stride = 1 << level
        upper = wires[wires & stride == 0]
        mirror = upper ^ (2 * stride - 1)
        yield upper[mirror < ports], mirror[mirror < ports]
        while stride > 1:
            stride //= 2
            upper = wires[(wires & stride == 0) & (wires + stride < ports)]
            yield upper, upper + stride


PLUGIN = Topology(
    "bitonic",
    "Batcher's bitonic sorter: routes itself by destination tags, cheap for small changes",
    lambda ports: Sorter("bitonic", ports, _columns),
)
