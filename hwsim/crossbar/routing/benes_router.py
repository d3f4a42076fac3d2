"""Route permutations through the Beneš family: from plain looping to an exact search, around stuck switches."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar.fabric import BlockedError
from hwsim.crossbar.routing.blocks import NONE, BlockTree
from hwsim.crossbar.routing.effort import EFFORTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRIALS = 2_000_000
"""Settings of loops that a search looks at before it gives up; some seconds."""

PORTS_EXACT = 160
"""Ports of the largest circuit that is searched exactly."""

FREE = 4
"""Known of a switch that changing it costs nothing; see ``hwsim.kernels.routing.benes.WEIGHT``."""

NAMED = 8
"""Stuck switches that a message names."""


def realise_base_cases() -> NDArray[np.uint8]:
    """List the permutations that blocks of 2, 3 and 4 wires realise in 64 states, uint8 (3, 64); 255 for none.

    Bits of a state: two switches in front, two behind, the upper block's one, the lower block's one. A permutation is
    told by the inputs that outputs 0, 1 and 2 take, two bits each.

    Example:
        >>> realise_base_cases()[0, :3].tolist()
        [4, 1, 255]
    """
    found = np.full((3, 64), 255, np.uint8)
    switches = {2: {0: (0, 1)}, 3: {0: (0, 1), 5: (1, 2), 2: (0, 1)}}
    switches[4] = {0: (0, 2), 1: (1, 3), 4: (0, 1), 5: (2, 3), 2: (0, 2), 3: (1, 3)}
    for m, places in switches.items():
        for state in range(64):
            if any(state >> bit & 1 and bit not in places for bit in range(6)):
                continue
            wires = list(range(m))
            for bit, (a, b) in places.items():
                if state >> bit & 1:
                    wires[a], wires[b] = wires[b], wires[a]
            found[m - 2, state] = sum(i << 2 * o for o, i in enumerate(wires[:3]))
    return found


def index_tables(tree: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Give the tree two more numbers per block, as :mod:`hwsim.kernels.routing.search` reads it.

    The table index of each block of up to 16 wires that does not lie inside a block of up to 4; and whether a block of
    up to 16 wires lies in no other one.

    Example:
        >>> from hwsim.crossbar.routing.blocks import arrange
        >>> index_tables(arrange(6).tree)[:, 7:].tolist()
        [[0, 1], [1, 0], [2, 0], [4294967295, 0], [4294967295, 0]]
    """
    m = tree[:, 1].astype(np.int64)
    parent = np.full(len(tree), 2**27)
    for column in (4, 5):
        inside = tree[:, column] != NONE
        parent[tree[inside, column]] = m[inside]
    index = np.full(len(tree), NONE, np.uint32)
    has = (m <= 16) & (parent > 4)  # noqa: PLR2004 - see the kernels
    index[has] = np.arange(has.sum())
    outermost = (m <= 16) & (parent > 16)  # noqa: PLR2004 - see the kernels
    return np.ascontiguousarray(np.column_stack([tree, index, outermost.astype(np.uint32)]))


class BenesRouter:
    """Routes permutations through the blocks of one Beneš network.

    Args:
        ports: of the network.
        blocks: the network.
        fixed: switches that are not there, as if they were stuck in bar; looping never turns them. None: all are there.

    Example:
        >>> from hwsim.crossbar.routing.blocks import arrange
        >>> router = BenesRouter(2, arrange(2))
        >>> router.route(np.array([[1, 0]]), np.array([[0]], np.uint8), "exact", None).tolist()
        [[1]]
    """

    def __init__(self, ports: int, blocks: BlockTree, fixed: NDArray[np.int64] | None = None) -> None:
        self.ports, self.tree, self._all, self.fixed = ports, blocks.tree, len(blocks.stage), fixed
        self.kept = None if fixed is None else np.delete(np.arange(self._all, dtype=np.int32), fixed)
        self.switches = self._all if self.kept is None else len(self.kept)
        self._doubles = ports & (ports - 1) == 0

    @cached_property
    def _indexed(self) -> NDArray[np.uint32]:
        return index_tables(self.tree)

    @cached_property
    def _base_cases(self) -> NDArray[np.uint8]:
        return realise_base_cases().reshape(-1)

    def loop(self, p: NDArray[np.int64]) -> NDArray[np.uint8] | None:
        """Route int64 rows of a power of two of ports to canonical states; None for others, or if not a permutation.

        Example:
            >>> from hwsim.crossbar.routing.blocks import arrange
            >>> BenesRouter(16, arrange(16)).loop(np.arange(16)[None]).any()
            np.False_
        """
        from hwsim.kernels.compile import count_threads
        from hwsim.kernels.routing import fast_looping as kernels

        if not self._doubles or self.ports < kernels.LEAST:
            return None
        chunks = min(len(p), count_threads())
        states = np.empty((len(p), self._all), np.uint8)
        flat = states.reshape(-1)
        scratch = np.empty(max(chunks, 1) * kernels.SCRATCH * self.ports, np.uint32)
        route = kernels.route_chunks if chunks > 1 else kernels.route_rows
        rows = np.ascontiguousarray(p).reshape(-1)
        wrong = route(self.ports, rows, kernels.tables(), scratch, flat, flat.view(np.uint32))
        return self._keep(states) if wrong < 0 else None

    def route(
        self, p: NDArray[np.int64], before: NDArray[np.uint8], effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.uint8]:
        """Route one network per bank and return its states.

        Args:
            p: permutations (banks, ports), checked.
            before: states before, (banks, switches).
            effort: checked.
            cost: checked, or None: what changes costs 1.

        Raises:
            BlockedError: stuck switches leave no configuration, or none that was found.
            ValueError: an exact search of a circuit too large for it, or one that gave up.
        """
        if effort == "exact" and self.ports > PORTS_EXACT:
            raise ValueError(
                f"an exact search of {self.ports} ports would take too long; use effort descent, or "
                f"{PORTS_EXACT} ports at most"
            )
        if effort == "any" and cost is None and (states := self.loop(p)) is not None:
            return states
        stuck = cost is not None and not np.isfinite(cost).all()
        if effort == "any" and (cost is None or not stuck):
            return self._keep(self._run(p, Prices(), "any"))
        if effort == "any" or cost is None:
            prices = Prices(self._know(before, cost))
        else:
            prices = Prices(None, self._widen(cost - cost.min(axis=-1, keepdims=True)))
        if not stuck:
            return self._keep(self._run(p, prices, effort))
        return self._keep(self._around(p, prices, effort, np.asarray(cost)))

    def _keep(self, states: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the states of the switches that are there, from those of all."""
        return states if self.kept is None else states[:, self.kept]

    def _know(self, before: NDArray[np.uint8], cost: NDArray[np.float64] | None) -> NDArray[np.uint8]:
        """Return what is known of each switch before routing; with a cost, only which switches are stuck."""
        known = np.minimum(before, 1)
        if cost is not None:
            known = np.where(np.isposinf(cost[..., 1]), 2, np.where(np.isposinf(cost[..., 0]), 3, FREE))
            known = np.broadcast_to(known, before.shape).astype(np.uint8)
        if self.kept is None:
            return np.ascontiguousarray(known)
        wide = np.full((len(known), self._all), 2, np.uint8)
        wide[:, self.kept] = known
        return wide

    def _widen(self, cost: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add rows to the cost for the switches that are not there."""
        if self.kept is None:
            return cost
        wide = np.empty((*cost.shape[:-2], self._all, 2))
        wide[...] = 0, np.inf
        wide[..., self.kept, :] = cost
        return wide

    def _around(
        self, p: NDArray[np.int64], prices: Prices, effort: str, cost: NDArray[np.float64]
    ) -> NDArray[np.uint8]:
        """Route around stuck switches, the cheapest found on the way up to the effort."""
        states = np.zeros((len(p), self._all), np.uint8)
        total = np.full(len(p), np.inf)
        for step in EFFORTS[: EFFORTS.index(effort) + 1] if effort == "any" else EFFORTS[1 : EFFORTS.index(effort) + 1]:
            found = self._run(p, prices, step)
            spent = prices.total(found)
            better = spent < total
            states[better], total[better] = found[better], spent[better]
            blocked = np.flatnonzero(np.isposinf(total))
            if step == EFFORTS[1] or effort == "any":
                for bank in blocked:
                    states[bank] = self._search(p, prices, int(bank), cost)
                total[blocked] = prices.total(states)[blocked]
        return states

    def _search(self, p: NDArray[np.int64], prices: Prices, bank: int, cost: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Find any configuration of one bank around its stuck switches."""
        own = prices.of(bank)
        state, left = self._find(p[bank : bank + 1], own)
        if np.isfinite(own.total(state)[0]):
            return np.asarray(state[0])
        who = f"bank {bank}: " if len(p) > 1 else ""
        stuck = np.argwhere(np.isposinf(cost if cost.ndim == 2 else cost[bank]))  # noqa: PLR2004 - one table for all
        if left <= 0:
            raise BlockedError(
                f"{who}no configuration was found around {_name(stuck)} in {TRIALS} trials, though one may exist"
            )
        for number in range(len(stuck) - 1, -1, -1):  # which of them stand in the way together
            if 1 < len(stuck) <= NAMED:
                fewer = np.delete(stuck, number, axis=0)
                freed, left = self._find(p[bank : bank + 1], own.only(fewer, self.kept))
                if left > 0 and not np.isfinite(own.only(fewer, self.kept).total(freed)[0]):
                    stuck = fewer
        raise BlockedError(f"{who}no configuration realises the permutation with {_name(stuck)}")

    def _find(self, p: NDArray[np.int64], prices: Prices) -> tuple[NDArray[np.uint8], int]:
        """Find a state of one bank without infinite cost, if the search reaches it; return it and the trials left."""
        states, left = self._search_blocks(p, prices, "first")
        return states, int(left[0])

    def _run(self, p: NDArray[np.int64], prices: Prices, effort: str) -> NDArray[np.uint8]:
        """Call the kernels."""
        from hwsim.kernels.compile import count_threads
        from hwsim.kernels.routing import benes as kernels

        if effort not in EFFORTS[:2] and self.ports > 1:
            states, left = self._search_blocks(p, prices, effort)
            if (left <= 0).any():
                raise ValueError(f"an exact search gave up after {TRIALS} trials; use effort descent")
            return states
        states = np.zeros((len(p), self._all), np.uint8)
        chunks = max(min(len(p), count_threads()), 1)
        route = kernels.route_many if chunks > 1 else kernels.route_rows
        law = prices.law if prices.law or effort != EFFORTS[0] else kernels.ANY
        route(
            kernels.Network(self.ports, self._all, self.tree.reshape(-1)),
            p.reshape(-1),
            kernels.Costs(law, prices.before, kernels.WEIGHT, prices.cost),
            np.empty(chunks * kernels.SCRATCH * self.ports, np.uint32),
            states.reshape(-1),
        )
        return states

    def _search_blocks(
        self, p: NDArray[np.int64], prices: Prices, effort: str
    ) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Search sub-blocks with the kernels; return states, and the trials left."""
        from hwsim.kernels.compile import count_threads
        from hwsim.kernels.routing import benes
        from hwsim.kernels.routing import search as kernels

        states, left = np.zeros((len(p), self._all), np.uint8), np.ones(len(p), np.int64)
        chunks = max(min(len(p), count_threads()), 1)
        route = kernels.route_many if chunks > 1 else kernels.route_rows
        route(
            self.ports,
            {"blocks": kernels.BLOCKS, "descent": kernels.DESCENT, "exact": kernels.EXACT, "first": kernels.FIRST}[
                effort
            ],
            np.inf if effort == "first" else -np.inf,
            TRIALS,
            self._all,
            int(self.tree[-1, 6]) + 2,
            int(np.count_nonzero(self._indexed[:, 7] != NONE)),
            chunks,
            p.reshape(-1),
            self._indexed.reshape(-1),
            self._base_cases,
            prices.law,
            prices.before,
            prices.cost,
            benes.WEIGHT,
            states.reshape(-1),
            left,
        )
        return states, left


class Prices:
    """The prices that the kernels minimise: toggles from what is known before, or a table of costs.

    Args:
        known: codes of ``hwsim.kernels.routing.benes.WEIGHT`` (banks, switches).
        table: costs (switches, 2) or (banks, switches, 2).

    Example:
        >>> Prices(np.array([[1, 0]], np.uint8)).total(np.array([[0, 0]], np.uint8)).tolist()
        [1.0]
    """

    def __init__(self, known: NDArray[np.uint8] | None = None, table: NDArray[np.float64] | None = None) -> None:
        self.known, self.table = known, table
        self.law = 0 if known is None and table is None else 1 if table is None else 2
        self.before = np.zeros(0, np.uint8) if known is None else known.reshape(-1)
        self.cost = np.zeros(0) if table is None else np.ascontiguousarray(table).reshape(-1)

    def total(self, states: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return what states (banks, switches) cost, float64 (banks,)."""
        from hwsim.kernels.routing.benes import WEIGHT

        if self.known is not None:
            return np.asarray(WEIGHT[2 * self.known + states].sum(axis=1))
        table = np.broadcast_to(np.asarray(self.table), (len(states), states.shape[1], 2))
        return np.asarray(np.take_along_axis(table, states[:, :, None].astype(np.int64), axis=2).sum(axis=(1, 2)))

    def of(self, bank: int) -> Prices:
        """Return the prices of one bank, with only what is stuck."""
        if self.known is not None:
            return Prices(np.where(self.known[bank : bank + 1] > 1, self.known[bank : bank + 1], FREE).astype(np.uint8))
        table = np.asarray(self.table)
        own = table if table.ndim == 2 else table[bank]  # noqa: PLR2004 - one table for all
        known = np.where(np.isposinf(own[:, 1]), 2, np.where(np.isposinf(own[:, 0]), 3, FREE))
        return Prices(known[None].astype(np.uint8))

    def only(self, stuck: NDArray[np.int64], kept: NDArray[np.int32] | None) -> Prices:
        """Return the prices of one bank where only some switches are stuck, besides the ones that are not there."""
        known = np.array(self.known)
        if kept is None:
            known[:] = FREE
            kept = np.arange(known.shape[1], dtype=np.int32)
        else:
            known[:, kept] = FREE
        known[0, kept[stuck[:, 0]]] = 3 - stuck[:, 1]
        return Prices(known)


def _name(stuck: NDArray[np.int64]) -> str:
    """Name stuck switches in words, with the state that each cannot take.

    Example:
        >>> _name(np.array([[3, 1], [5, 0]]))
        'switch 3 stuck in state 0 and switch 5 stuck in state 1'
    """
    names = [f"switch {s} stuck in state {1 - v}" for s, v in stuck[:NAMED]]
    more = [f"{len(stuck) - NAMED} more"] if len(stuck) > NAMED else []
    names += more
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
