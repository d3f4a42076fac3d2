"""Waksman network of any size: a Beneš network less the switches that looping never turns.

The first switch in front of every block of an even number of wires, 4 or more, is left out. Switches: W(n) = n - 1 +
W(floor(n/2)) + W(ceil(n/2)) = the sum of ceil(log2 i) for i = 1 .. n, the least that is known; depth as a Beneš. Less
equivalence: where toggles count, the Beneš does with fewer.

Source: A. Waksman, A permutation network, Journal of the ACM 15 (1968); B. Beauquier, E. Darrot, On arbitrary size
Waksman networks and their vulnerability, Parallel Processing Letters 12 (2002).
"""

from __future__ import annotations

from hwsim.crossbar.routing.benes_router import BenesRouter
from hwsim.crossbar.routing.blocks import arrange, count_switches
from hwsim.crossbar.shapes import check_ports
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology import Topology, check_room
from hwsim.crossbar.topology.benes import Benes
from hwsim.crossbar.wiring import wire_up


class Waksman(Benes):
    """A Waksman network; see :class:`hwsim.crossbar.Fabric`.

    Example:
        >>> Waksman(8).switches, Waksman(5).switches, Waksman(8).depth
        (17, 8, 5)
    """

    def __init__(self, ports: int) -> None:
        check_ports("waksman", ports)
        check_room("waksman", int(ports), count_switches(int(ports)))
        blocks = arrange(int(ports))
        wires = blocks.tree[:, 1]
        removed = blocks.tree[(wires >= 4) & (wires % 2 == 0), 2].astype(int)  # noqa: PLR2004 - smaller ones need all
        self._router = BenesRouter(int(ports), blocks, removed)
        kept = self._router.kept
        SwitchNetwork.__init__(
            self, "waksman", wire_up(int(ports), blocks.stage[kept], blocks.wire_a[kept], blocks.wire_b[kept])
        )


PLUGIN = Topology(
    "waksman",
    "Waksman network of any size: a Beneš without the switches that can always stay in bar, rearrangeable",
    Waksman,
)
