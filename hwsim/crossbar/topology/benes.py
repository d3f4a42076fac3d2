"""Beneš network of any size, in the in-place layout.

Switches: B(n) = 2 floor(n/2) + B(floor(n/2)) + B(ceil(n/2)), B(2) = 1; depth 2 ceil(log2 n) - 1. For n = 2^L stages
have strides n/2 ... 1 ... n/2 and switch index block/2 + k in a stage.

Source: V. Beneš (1965); C. Chang, R. Melhem, Arbitrary size Benes networks, Parallel Processing Letters 7 (1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.routing.benes_router import BenesRouter
from hwsim.crossbar.routing.blocks import arrange, count_switches
from hwsim.crossbar.routing.lookahead import route_sequence
from hwsim.crossbar.shapes import check_ports
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology import Topology, check_room
from hwsim.crossbar.wiring import wire_up

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Benes(SwitchNetwork):
    """A Beneš network; see :class:`hwsim.crossbar.Fabric`.

    Example:
        >>> Benes(8).switches, Benes(5).switches, Benes(8).depth
        (20, 8, 5)
    """

    def __init__(self, ports: int) -> None:
        check_ports("benes", ports)
        check_room("benes", int(ports), count_switches(int(ports)))
        blocks = arrange(int(ports))
        self._router = BenesRouter(int(ports), blocks)
        super().__init__("benes", wire_up(int(ports), blocks.stage, blocks.wire_a, blocks.wire_b))

    def route_many(
        self,
        permutations: NDArray[np.int64],
        previous: NDArray[Any] | None = None,
        effort: str = "greedy",
        cost: NDArray[np.float64] | None = None,
    ) -> NDArray[np.uint8]:
        """Route as every fabric does; plain looping checks the numbers on its way, so they are not checked before."""
        if effort == "any" and cost is None and self._quick(permutations, previous):
            states = self._router.loop(permutations)
            if states is not None:
                return states
        return np.asarray(super().route_many(permutations, previous, effort, cost), np.uint8)

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.uint8]:
        """Route by looping, block by block from the outside in, with as much search as the effort says.

        Raises:
            BlockedError: stuck switches leave no configuration, or none that was found.
            ValueError: an exact search of a circuit too large for it.
        """
        before = self.power_up(len(p)) if previous is None else previous
        return self._router.route(p, before, effort, cost)

    def route_sequence(
        self,
        permutations: NDArray[np.int64],
        previous: NDArray[np.uint8] | None = None,
        effort: str = "greedy",
        beam: int = 4,
    ) -> NDArray[np.uint8]:
        """Route permutations (steps, ports) that are all known beforehand; return states (steps, switches).

        See :func:`hwsim.crossbar.routing.lookahead.route_sequence`.
        """
        return route_sequence(self, permutations, previous, effort, beam)

    def _quick(self, permutations: NDArray[np.int64], previous: NDArray[Any] | None) -> bool:
        """Tell whether all but the numbers themselves can be seen to be right, which looping checks on its way."""
        return (
            isinstance(permutations, np.ndarray)
            and permutations.dtype == np.int64
            and permutations.ndim == 2  # noqa: PLR2004 - banks and ports
            and permutations.shape[1] == self.ports
            and (previous is None or previous.shape == (len(permutations), self.switches))
        )


PLUGIN = Topology(
    "benes",
    "Beneš network of any size: 2 ceil(log2 N) - 1 stages of 2x2 switches, rearrangeable",
    Benes,
)
