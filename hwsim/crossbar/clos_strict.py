"""Clos network with m = 2n - 1 middle blocks: a new connection never disturbs standing ones."""

from __future__ import annotations

from hwsim.crossbar.clos import PORTS_LIMIT, Clos, choose_size
from hwsim.crossbar.fabric import check_ports


class _Topology:
    """The catalogue entry."""

    name = "clos-strict"
    summary = "Clos network with m = 2n - 1: strictly non-blocking, at most 12 toggles for a transposition"

    def build(self, ports: int) -> Clos:
        """The circuit for so many ports."""
        check_ports(self.name, ports, PORTS_LIMIT)
        return Clos(*choose_size(int(ports), strict=True), int(ports), self.name)


PLUGIN = _Topology()
