"""Odd-even transposition sorter, the planar Spanke-Beneš network: N (N - 1) / 2 switches of neighbours, no crossings.

Source: R. Spanke, V. Beneš, N-stage planar optical permutation network, Applied Optics 26 (1987).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar.topology import Topology
from hwsim.crossbar.topology.sorting import Sorter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.crossbar.topology.sorting import Column

PORTS_LIMIT = 2**13
"""2^25 switches; a configuration is a byte a switch."""


def _columns(ports: int) -> Iterator[Column]:
    for stage in range(ports):
        upper = np.arange(stage % 2, ports - 1, 2, dtype=np.int32)
        yield upper, upper + 1


PLUGIN = Topology(
    "odd-even-transposition",
    "planar Spanke-Beneš network: neighbours only, no wires cross, N stages, routes itself",
    lambda ports: Sorter("odd-even-transposition", ports, _columns, PORTS_LIMIT),
)
