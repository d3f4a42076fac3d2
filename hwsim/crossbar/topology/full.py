"""Full crossbar: one crosspoint for every input and output, one closed in every output's row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.crosspoints import CrosspointNetwork
from hwsim.crossbar.fabric import BlockedError
from hwsim.crossbar.shapes import check_ports
from hwsim.crossbar.topology import BYTES_A_TERMINAL, Topology, check_room
from hwsim.crossbar.wiring import BlockStage, BlockWiring

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Blocking


class FullCrossbar(CrosspointNetwork):
    """N x N crosspoints. A state is int32 (ports,): the input each output is joined to, -1 = open.

    Configuration bits are those of coded selects, N ceil(log2 N). A permutation has one configuration only, so cost and
    effort change nothing.

    Example:
        >>> fabric = FullCrossbar(4)
        >>> first = fabric.route([0, 1, 2, 3])
        >>> first.toggles(None), fabric.route([1, 0, 2, 3]).toggles(first)
        (4, 4)
    """

    blocking: Blocking = "strict"

    def __init__(self, ports: int) -> None:
        check_ports("full", ports)
        check_room("full", int(ports), int(ports), BYTES_A_TERMINAL)
        size = np.array([int(ports)])
        super().__init__("crossbar", BlockWiring(int(ports), (BlockStage(size, size),)))

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.int32]:
        """Close the crosspoint that each output asks for."""
        del previous, effort
        self._refuse_stuck(p, cost)
        return p.astype(np.int32)

    def _refuse_stuck(self, rows: NDArray[np.int64], cost: NDArray[np.float64] | None) -> None:
        """Refuse crosspoints that cannot close where they must, or cannot open: there is no other configuration."""
        if cost is None or not np.isinf(cost).any():
            return
        for bank, row in enumerate(rows):
            stuck = np.isposinf(np.broadcast_to(cost, (len(rows), self.switches, 2))[bank])
            closed = np.arange(self.ports) * self.ports + row
            open_ = np.ones(self.switches, np.bool_)
            open_[closed] = False
            wrong = np.flatnonzero(np.where(open_, stuck[:, 0], stuck[:, 1]))
            if wrong.size:
                output, given = divmod(int(wrong[0]), self.ports)
                word = "close" if row[output] == given else "open"
                raise BlockedError(
                    f"bank {bank}: crosspoint {wrong[0]} (output {output}, input {given}) cannot {word}, and a full "
                    "crossbar has one configuration for each permutation; ask for another permutation or topology"
                )


PLUGIN = Topology(
    "crossbar",
    "full crossbar: N x N crosspoints, strictly non-blocking, two toggles for every moved output",
    FullCrossbar,
)
