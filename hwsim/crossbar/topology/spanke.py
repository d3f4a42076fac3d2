"""Spanke's switch-and-select network: a tree of 1x2 switches behind every input and before every output.

2 N (N - 1) switches, N^2 wires between the trees, each of which joins one input to one output: strictly non-blocking.
An unwanted signal must leak in a tree of its input and again in the tree of the output: crosstalk of second order.

Source: R. Spanke, Architectures for large nonblocking optical space switches, IEEE J. Quantum Electronics 22 (1986).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.shapes import check_ports
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology import Topology, check_room
from hwsim.crossbar.wiring import wire_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Blocking

PORTS_LIMIT = 2**11
"""2^22 wires between the trees."""


def grow(leaves: int) -> list[NDArray[np.int64]]:
    """Split leaves side by side into a binary tree; list its levels from the root: rows (first leaf, middle, end).

    Example:
        >>> [level.tolist() for level in grow(3)]
        [[[0, 2, 3]], [[0, 1, 2]]]
    """
    levels, here = [], [(0, leaves)]
    while here := [(b, e) for b, e in here if e - b > 1]:
        rows = [(b, (b + e + 1) // 2, e) for b, e in here]
        levels.append(np.array(rows))
        here = [half for b, middle, e in rows for half in ((b, middle), (middle, e))]
    return levels


class Spanke(SwitchNetwork):
    """Input tree i spreads to wires i N ... i N + N - 1, output tree o gathers from wires o, N + o, ...

    Elements that carry nothing keep their state (with effort ``any``, or a cost, they are in bar, or in the cheaper
    state).

    Example:
        >>> fabric = Spanke(4)
        >>> fabric.switches, fabric.path_lengths, fabric.crossings, fabric.leaks
        (24, (4, 4), (36, 9), (3, 2))
    """

    blocking: Blocking = "strict"

    def __init__(self, ports: int) -> None:
        check_ports("spanke", ports, PORTS_LIMIT)
        check_room("spanke", int(ports), 2 * int(ports) * (int(ports) - 1))
        n = int(ports)
        self._levels = grow(n)
        each = np.arange(n)
        # wires ascend within a stage: tree by tree in front, element by element behind
        front = [(each[:, None] * n + level[None, :, w]).reshape(-1) for level in self._levels for w in (0, 1)]
        behind = [(level[:, None, w] * n + each).reshape(-1) for level in self._levels[::-1] for w in (0, 1)]
        uppers, lowers = (front + behind)[::2], (front + behind)[1::2]
        none = np.zeros(0, np.int64)
        super().__init__(
            "spanke",
            wire_up(
                n,
                np.repeat(np.arange(len(uppers)), [len(wires) for wires in uppers]),
                np.concatenate([none, *uppers]),
                np.concatenate([none, *lowers]),
                wires=n * n,
                inputs=each * n,
                outputs=each,
            ),
        )

    @property
    def leaks(self) -> tuple[int, int]:
        """Count leaks: every other signal leaks in, through two switches."""
        return self.ports - 1, 2

    def draw(self) -> Iterator[NDArray[np.int32]]:
        """Draw trees without crossings; all crossings are between them."""
        wires = np.arange(self.wires, dtype=np.int32)
        middle = self.depth // 2
        for column in range(self.depth + 2):
            yield wires if column <= middle else wires.reshape(self.ports, self.ports).T.reshape(-1)

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.uint8]:
        """Set the elements on the only path of every connection.

        Raises:
            BlockedError: an element on such a path is stuck.
        """
        states = self.power_up(len(p)) if previous is None or effort == "any" else previous.copy()
        if cost is not None:
            each = np.broadcast_to(cost, (*states.shape, 2))
            states[:] = np.isposinf(each[..., 0]) if effort == "any" else each[..., 1] < each[..., 0]
        bank, output, given = np.arange(len(p))[:, None], np.arange(self.ports), p
        stages = len(self._levels)
        for level, rows in enumerate(self._levels):
            for stage, tree, leaf in ((level, given, output), (2 * stages - 1 - level, output, given)):
                at = np.searchsorted(rows[:, 0], leaf, side="right") - 1
                used = (at >= 0) & (leaf < rows[at, 2])
                index = tree * len(rows) + at if stage < stages else at * self.ports + tree
                wanted = (leaf >= rows[at, 1]).astype(np.uint8)
                rank = np.broadcast_to(used, p.shape)
                switch = np.broadcast_to(self.starts[stage] + index, p.shape)
                turn = np.broadcast_to(wanted, p.shape)
                states[np.broadcast_to(bank, p.shape)[rank], switch[rank]] = turn[rank]
        self.refuse_stuck(states, cost, "{} network has one path from an input to an output")
        return states


PLUGIN = Topology(
    "spanke",
    "Spanke's switch-and-select trees: strictly non-blocking, crosstalk of second order, N^2 wires",
    Spanke,
)
