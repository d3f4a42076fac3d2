"""Dilated Beneš network: 2 N log2 N switches on 2 N wires, each of which carries one signal at most.

A signal that leaks runs on a wire without one and must leak again to reach another: no crosstalk of first order.
In place: strides N, N/2, ..., 2 in front, where each switch sends its signal to the upper or the lower sub-block as a
Beneš would; behind strides 1, 4, 8, ..., N.

Source: K. Padmanabhan, A. Netravali, Dilated networks for photonic switching, IEEE Trans. Communications 35 (1987).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology import Topology, check_room
from hwsim.crossbar.topology.banyan import check_power_of_two
from hwsim.crossbar.wiring import wire_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

PORTS_LIMIT = 2**20


class DilatedBenes(SwitchNetwork):
    """A dilated Beneš network; loops are turned to their cheaper side, from the outside in, for efforts above ``any``.

    Example:
        >>> fabric = DilatedBenes(8)
        >>> fabric.switches, fabric.strides, fabric.path_lengths, fabric.leaks
        (48, (8, 4, 2, 1, 4, 8), (6, 6), (15, 2))
    """

    def __init__(self, ports: int) -> None:
        length = check_power_of_two("dilated-benes", ports, PORTS_LIMIT)
        n = int(ports)
        check_room("dilated-benes", n, 2 * n * length)
        wires = np.arange(2 * n, dtype=np.int32)
        bits = [*range(1, length + 1)[::-1], *([0] if length else []), *range(2, length + 1)]
        upper = [wires[wires >> bit & 1 == 0] for bit in bits]
        none = wires[:0]
        super().__init__(
            "dilated-benes",
            wire_up(
                n,
                np.repeat(np.arange(len(bits), dtype=np.int32), n),
                np.concatenate([none, *upper]),
                np.concatenate([none, *(wire + (1 << bit) for wire, bit in zip(upper, bits, strict=True))]),
                wires=2 * n if length else 1,
                outputs=np.array([0, 3]) if length == 1 else None,
            ),
        )

    @property
    def leaks(self) -> tuple[int, int]:
        """Count leaks: each switch of a path adds what all switches before it leaked onto the wire beside it."""
        return self.depth * (self.depth - 1) // 2, 2

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.uint8]:
        """Route by looping, block by block from the outside in.

        Raises:
            BlockedError: switches are stuck, and the loops could not be turned around them.
        """
        from hwsim.kernels.compile import threading
        from hwsim.kernels.routing.dilated import SCRATCH, route_many

        states = self.power_up(len(p))
        before = self.power_up(len(p)) if previous is None else previous
        if cost is None and effort != "any":
            prices = np.stack([before != 0, before != 1], axis=2).astype(np.float64)
        elif cost is None:
            prices = np.zeros((0, self.switches, 2))
        else:
            prices = cost.reshape(-1, self.switches, 2)
            prices = np.where(np.isinf(prices), prices, 0.0) if effort == "any" else prices
        if self.switches and len(p):
            chunks = max(min(len(p), 4 * threading()["threads"]), 1)
            scratch = np.empty(chunks * SCRATCH * self.ports, np.int32)
            tables = len(prices)
            route_many(self.ports, p.reshape(-1), prices.reshape(-1), tables, scratch, states.reshape(-1))
        self.refuse_stuck(states, cost, "no way around it was found in {} network")
        return states


PLUGIN = Topology(
    "dilated-benes",
    "dilated Beneš network: one signal a switch, no crosstalk of first order, rearrangeable",
    DilatedBenes,
)
