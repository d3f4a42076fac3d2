"""Odd-even transposition sorter, the planar Spanke-Beneš network: N (N - 1) / 2 switches of neighbours, no crossings.

Source: R. Spanke, V. Beneš, N-stage planar optical permutation network, Applied Optics 26 (1987).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar.fabric import check_ports
from hwsim.crossbar.sorting import Sorter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.crossbar.sorting import Column

PORTS_LIMIT = 2**13
"""2^25 switches; a configuration is a byte a switch."""


def _columns(ports: int) -> Iterator[Column]:
    for stage in range(ports):
        upper = np.arange(stage % 2, ports - 1, 2, dtype=np.int32)
        yield upper, upper + 1


class _Topology:
    """The catalogue entry."""

    name = "odd-even-transposition"
    summary = "planar Spanke-Beneš network: neighbours only, no wires cross, N stages, routes itself"

    def build(self, ports: int) -> Sorter:
        """The circuit for so many ports."""
        check_ports(self.name, ports, PORTS_LIMIT)
        return Sorter(self.name, int(ports), list(_columns(int(ports))))


PLUGIN = _Topology()
