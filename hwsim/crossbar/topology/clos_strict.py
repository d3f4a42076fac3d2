"""Clos network with m = 2n - 1 middle blocks: a new connection never disturbs standing ones."""

from __future__ import annotations

from hwsim.crossbar.shapes import check_ports
from hwsim.crossbar.topology import Topology
from hwsim.crossbar.topology.clos import PORTS_LIMIT, Clos, choose_size


def _build(ports: int) -> Clos:
    check_ports("clos-strict", ports, PORTS_LIMIT)
    return Clos(*choose_size(int(ports), strict=True), int(ports), "clos-strict")


PLUGIN = Topology(
    "clos-strict",
    "Clos network with m = 2n - 1: strictly non-blocking, at most 12 toggles for a transposition",
    _build,
)
