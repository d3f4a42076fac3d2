"""Batcher's odd-even merge sorter (merge exchange): (L^2 - L + 4) 2^(L-2) - 1 comparators for N = 2^L, for every N.

Source: D. Knuth, The Art of Computer Programming 3, section 5.2.2, algorithm M; after K. Batcher (1968).
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
    p = top = 1 << max((ports - 1).bit_length() - 1, 0)
    while p:
        q, r, d = top, 0, p
        while True:
            upper = wires[(wires & p == r) & (wires + d < ports)]
            yield upper, upper + d
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2


PLUGIN = Topology(
    "odd-even-merge",
    "Batcher's odd-even merge sorter: routes itself by destination tags, fewest comparators of the sorters",
    lambda ports: Sorter("odd-even-merge", ports, _columns),
)
