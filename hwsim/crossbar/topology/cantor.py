"""Cantor network: log2 N planes of a Beneš network, and trees of 1x2 switches that choose one: strictly non-blocking.

(N/2) (2 log2 N - 1) log2 N switches in the planes, 2 N (log2 N - 1) in the trees.

Source: D. Cantor, On non-blocking switching networks, Networks 1 (1971).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import BlockedError
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology import Topology, check_room
from hwsim.crossbar.topology.banyan import check_power_of_two
from hwsim.crossbar.topology.spanke import grow
from hwsim.crossbar.wiring import wire_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Blocking

PORTS_LIMIT = 2**13
"""A new connection looks at up to N/2 paths in each plane."""
TRIES = 64
"""Orders of connections that are tried where switches are stuck."""


class Cantor(SwitchNetwork):
    """A Cantor network: connections that stay keep their paths, new ones find a free one by search.

    Switches that carry nothing keep their state, or take the cheaper one where a cost is given. Wire w of plane q is
    q N + w.

    Example:
        >>> fabric = Cantor(8)
        >>> fabric.switches, fabric.depth, fabric.path_lengths, fabric.leaks
        (92, 9, (7, 9), (5, 1))
        >>> first = fabric.route([3, 1, 4, 0, 5, 2, 6, 7])
        >>> bool((first.state != fabric.route([3, 1, 4, 0, 5, 6, 2, 7], first).state).sum() <= 18)
        True
    """

    blocking: Blocking = "strict"

    def __init__(self, ports: int) -> None:
        length = check_power_of_two("cantor", ports, PORTS_LIMIT)
        n = int(ports)
        check_room("cantor", n, length * (n // 2 * (2 * length - 1)))
        self._planes, self._levels = max(length, 1), grow(max(length, 1))
        wires, each = np.arange(self._planes * n), np.arange(n)
        bits = [*range(length)[::-1], *range(1, length)]
        demux = [(row[:, None, :2] * n + each[None, :, None]).reshape(-1, 2) for row in self._levels]
        planes = [np.stack([upper, upper + (1 << bit)], 1) for bit in bits for upper in [wires[wires >> bit & 1 == 0]]]
        columns = [*demux, *planes, *demux[::-1]]
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *columns])
        super().__init__(
            "cantor",
            wire_up(
                n,
                np.repeat(np.arange(len(columns)), [len(column) for column in columns]),
                pairs[:, 0],
                pairs[:, 1],
                wires=len(wires),
            ),
        )
        self._length = length
        tree = np.full((len(self._levels), self._planes, 2), -1, np.int32)
        for level, rows in enumerate(self._levels):
            for element, (first, middle, end) in enumerate(rows):
                tree[level, first:end, 0] = element
                tree[level, first:end, 1] = np.arange(first, end) >= middle
        self._tree = tree.reshape(-1)

    def draw(self) -> Iterator[NDArray[np.int32]]:
        """Draw planes one below the other; the trees of 1x2 switches port by port, wires to the planes between them."""
        n, planes, levels = self.ports, self._planes, len(self._levels)
        by_port = np.arange(self.wires, dtype=np.int32).reshape(planes, n).T.reshape(-1)
        orders = list(super().draw())
        first = orders[levels + 1] if len(orders) > levels + 1 else orders[0]
        ports = first[first < n]  # the order in which plane 0 has them
        trees = by_port.reshape(n, planes)[ports].reshape(-1)
        yield from [trees] * (levels + 1)
        yield from orders[levels + 1 : len(orders) - levels - 1]
        yield from [trees] * (levels + 1)

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.uint8]:
        """Search a path for every new connection, one after the other; with ``any``, or a cost, all are new.

        Raises:
            BlockedError: switches are stuck, and no paths around them were found.
        """
        before = self.power_up(len(p)) if previous is None else previous
        states = before.copy() if effort != "any" else self.power_up(len(p))
        if not self.switches:
            return states
        plane, middle = np.full((2, *p.shape), -1, np.int64)
        if effort != "any" and cost is None:
            had, places = self._standing(before)
            plane = np.where(had == p, places[0] // self.ports, -1)
            middle = places[1] % self.ports
        for bank in range(len(p)):
            price = None if cost is None else cost if cost.ndim == 2 else cost[bank]  # noqa: PLR2004 - one for all
            self._connect(bank, p[bank], effort, price, plane[bank], middle[bank], states[bank])
        return states

    def _standing(self, states: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the input of each output, and its wires before the planes and after their middle stage."""
        signals, levels, length = self._send(len(states)), len(self._levels), self._length
        kept = []
        for stage in range(self.depth + 1):
            if stage in {levels, levels + length}:
                kept.append(signals.copy())
            if stage < self.depth:
                a, b = self.pairs(stage)
                crossed = states[:, self.starts[stage] : self.starts[stage + 1]] == 1
                one, other = signals[:, a], signals[:, b]
                signals[:, a], signals[:, b] = np.where(crossed, other, one), np.where(crossed, one, other)
        had = signals[:, self.outputs].astype(np.int64)
        where = np.full((2, len(states), self.ports), -1, np.int64)
        for at, wires in enumerate(kept):
            bank, wire = np.nonzero(wires >= 0)
            where[at, bank, wires[bank, wire]] = wire
        return had, np.stack([np.take_along_axis(place, np.maximum(had, 0), axis=1) for place in where])

    def _connect(
        self,
        bank: int,
        p: NDArray[np.int64],
        effort: str,
        cost: NDArray[np.float64] | None,
        plane: NDArray[np.int64],
        middle: NDArray[np.int64],
        state: NDArray[np.uint8],
    ) -> None:
        """Find the paths of one circuit; the state given is what idle switches stay in."""
        from hwsim.kernels.routing.cantor import Network, connect

        if cost is not None:
            prices = cost if effort != "any" else np.where(np.isinf(cost), cost, 0.0)
            state[:] = prices[:, 1] < prices[:, 0]
            prices = prices - prices.min(axis=1, keepdims=True)
        elif effort == "any":
            prices = np.zeros((self.switches, 2))
        else:
            prices = np.stack([state != 0, state != 1], axis=1).astype(np.float64)
        network = Network(self.ports, self._length, self._planes, len(self._levels), self.starts, self._tree)
        taken = np.empty((2 * self._length - 2) * self.wires, np.uint8)
        order = np.arange(self.ports)
        idle = state.copy()
        for _ in range(TRIES):
            failed = connect(network, p, order, prices.reshape(-1), taken, plane, middle, state)
            if failed < 0:
                return
            order = np.concatenate([[failed], order[order != failed]])  # who found nothing chooses first
            plane[:] = -1
            state[:] = idle
        stuck = int(np.argwhere(np.isposinf(prices))[0, 0])
        raise BlockedError(
            f"bank {bank}: no free path found for output {failed} and input {p[failed]} around the switches that are "
            f"stuck, of which switch {stuck} is one; ask for another permutation or topology"
        )


PLUGIN = Topology(
    "cantor",
    "Cantor network: log2 N Beneš planes, strictly non-blocking, standing connections are not disturbed",
    Cantor,
)
