"""Clos network: r input blocks of n x m crosspoints, m middle blocks of r x r, r output blocks of m x n.

2 N m + m r^2 crosspoints for N = n r; rearrangeable for m >= n, strictly non-blocking for m >= 2n - 1. Other N leave
ports of the last blocks out.

Source: C. Clos, A study of non-blocking switching networks, Bell System Technical Journal 32 (1953).
"""

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

PORTS_LIMIT = 2**20
TRIES = 64
"""Orders of connections that are tried where crosspoints are stuck."""


def choose_size(ports: int, *, strict: bool) -> tuple[int, int, int]:
    """Choose the m, n and r that need fewest crosspoints for so many ports; n is at least 2 from 2 ports on.

    Example:
        >>> choose_size(1024, strict=False), choose_size(1024, strict=True)
        ((25, 25, 41), (41, 21, 49))
    """
    n = np.arange(min(2, ports), ports + 1, dtype=np.int64)
    m = 2 * n - 1 if strict else n
    r = -(-ports // n)
    at = int(np.argmin(2 * ports * m + m * r * r))
    return int(m[at]), int(n[at]), int(r[at])


class Clos(CrosspointNetwork):
    """A Clos network; connections that stay keep their middle block where the colouring can keep them.

    Args:
        m: middle blocks, at least n.
        n: ports of an input block.
        r: input blocks.
        ports: ports in use, n r when None; more than n (r - 1).
        topology: its name in the catalogue.

    Raises:
        ValueError: sizes that do not fit together.

    Example:
        >>> fabric = Clos(3, 2, 4)
        >>> fabric.ports, fabric.switches, fabric.blocking
        (8, 96, 'strict')
        >>> first = fabric.route([3, 1, 4, 0, 5, 2, 6, 7])
        >>> fabric.route([3, 1, 4, 0, 5, 6, 2, 7], first).toggles(first)
        8
    """

    def __init__(self, m: int, n: int, r: int, ports: int | None = None, topology: str = "clos") -> None:
        ports = n * r if ports is None else ports
        check_ports(topology, ports, PORTS_LIMIT)
        if not (m >= n >= 1 and n * (r - 1) < ports <= n * r):
            raise ValueError(
                f"a Clos network cannot have m = {m}, n = {n}, r = {r} and {ports} ports; "
                "use m >= n >= 1 and n (r - 1) < ports <= n r"
            )
        check_room(topology, ports, 2 * r * m + ports, BYTES_A_TERMINAL)
        self.m, self.n, self.r = m, n, r
        self.blocking = "strict" if m >= 2 * n - 1 else "rearrangeable"
        outer = np.full(r, n)
        outer[-1] = ports - n * (r - 1)
        ones = np.ones(r, np.int64)
        across = np.arange(m)[:, None] + m * np.arange(r)  # middle block c takes output c of every input block
        back = np.arange(r)[:, None] + r * np.arange(m)
        stages = (
            BlockStage(outer, m * ones, idle=m > n or n * r > ports),
            BlockStage(np.full(m, r), np.full(m, r), across.reshape(-1), idle=m > n or n * r > ports),
            BlockStage(m * ones, outer, back.reshape(-1)),
        )
        super().__init__(topology, BlockWiring(ports, stages))

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.int32]:
        """Route by edge colouring; efforts above ``any`` keep standing connections and prefer closed crosspoints."""
        states = self.power_up(len(p))
        before = self.power_up(len(p)) if previous is None else previous
        had = np.full(p.shape, -1, np.int64)
        if effort != "any" and cost is None and previous is not None:
            had, _, _ = self.trace(before)
        for bank, row in enumerate(p):
            price = None if cost is None else cost if cost.ndim == 2 else cost[bank]  # noqa: PLR2004 - one for all
            states[bank] = self._connect(bank, row, before[bank], had[bank], effort, price)
        return states

    def _connect(
        self,
        bank: int,
        p: NDArray[np.int64],
        before: NDArray[np.int32],
        had: NDArray[np.int64],
        effort: str,
        cost: NDArray[np.float64] | None,
    ) -> NDArray[np.int32]:
        from hwsim.kernels.routing.clos import Prices, Sizes, colour

        outputs, third = np.arange(self.ports), 2 * self.r * self.m
        middle = np.where(had == p, before[third:], -1).astype(np.int32)
        forced = self._forced(bank, cost)
        sums = np.zeros(0)
        if cost is not None and (effort != "any" or forced.size):
            sums = (cost if effort != "any" else np.where(np.isinf(cost), cost, 0.0)).reshape(-1)
        sizes = Sizes(self.n, self.r, self.ports, self.m)
        seen = before if effort != "any" and cost is None else before[:0]
        prices = Prices(seen, forced, sums)
        at_u, at_v = np.empty((2, self.r * self.m), np.int32)
        order = outputs
        for _ in range(TRIES):
            failed = colour(p, sizes, order, prices, at_u, at_v, middle)
            if failed < 0:
                return self._close(p, middle, forced)
            order = np.concatenate([[failed], order[order != failed]])  # who found nothing chooses first
            middle[:] = -1
        raise BlockedError(
            f"bank {bank}: no middle block found for output {failed} and input {p[failed]} around the crosspoints that "
            f"are stuck, of which crosspoint {self._example(cost)} is one; ask for another permutation or topology"
        )

    def _forced(self, bank: int, cost: NDArray[np.float64] | None) -> NDArray[np.int32]:
        """Return the select that each terminal is stuck in, -1 for none; empty if no crosspoint is stuck."""
        if cost is None or not np.isposinf(cost).any():
            return np.zeros(0, np.int32)
        forced = np.full(int(self.starts[-1]), -1, np.int32)
        stuck = np.flatnonzero(np.isposinf(cost[:, 0]))
        terminal = np.searchsorted(self.rows, stuck, side="right") - 1
        twice = np.flatnonzero(np.diff(terminal) == 0)
        if twice.size:
            raise BlockedError(
                f"bank {bank}: crosspoints {stuck[twice[0]]} and {stuck[twice[0] + 1]} cannot open and join two wires "
                "to one; no permutation can be routed"
            )
        forced[terminal] = stuck - self.rows[terminal]
        return forced

    def _close(self, p: NDArray[np.int64], middle: NDArray[np.int32], forced: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the state that takes every connection through its middle block."""
        outputs = np.arange(self.ports)
        state = forced.copy() if forced.size else np.full(int(self.starts[-1]), -1, np.int32)
        u, v = p // self.n, outputs // self.n
        state[u * self.m + middle] = p - u * self.n
        state[self.r * self.m + middle * self.r + v] = u
        state[2 * self.r * self.m + outputs] = middle
        return state

    def _example(self, cost: NDArray[np.float64] | None) -> int:
        return -1 if cost is None else int(np.argwhere(np.isposinf(cost))[0, 0])


def _build(ports: int) -> Clos:
    check_ports("clos", ports, PORTS_LIMIT)
    return Clos(*choose_size(int(ports), strict=False), int(ports))


PLUGIN = Topology(
    "clos",
    "Clos network with m = n: three stages of small crossbars, rearrangeable",
    _build,
)
