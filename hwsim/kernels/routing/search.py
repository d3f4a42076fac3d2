"""Search Beneš networks of any size for configurations that cost little, under a cost of every switch.

For the routing levels ``blocks``, ``descent`` and ``exact``.

A block's connections fall into loops, each with two settings; what the outer switches cost is a sum over loops, and
each choice of settings gives the two sub-blocks other permutations. Sub-blocks of up to 16 wires are searched whole,
their permutation packed into one number; outside, ``BLOCKS`` lets each loop take its cheaper side, ``DESCENT`` turns
loops as long as the price found further in falls, ``EXACT`` branches and bounds.

Layout and convention as in :mod:`hwsim.kernels.routing.benes`. Costs must not be negative; +inf: the switch cannot take
the state. Reference implementation: ``tests/oracles/cheapest.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel
from hwsim.kernels.routing.search_large import TRIES, descend, divide, price_exact
from hwsim.kernels.routing.search_small import LOOPS, MEMO, PACKED, ROW, TABLE, assign_packed, fill, pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCKS, DESCENT, EXACT, FIRST = 0, 1, 2, 3
"""How blocks of more than 16 wires are assigned; ``FIRST``: the first configuration without an infinite cost."""

DEEP = 64
"""``DESCENT`` searches blocks of up to so many wires whole."""

DEEP_TRIALS = 2000
"""Settings of the loops of such a block that are looked at, at most."""

_0, _1 = np.uint64(0), np.uint64(1)
_ROW, _PACKED = np.uint64(ROW), np.uint64(PACKED)


@kernel
def route_one(
    n: int,
    effort: int,
    goal: float,
    trials: int,
    permutation: NDArray[np.int64],
    tree: NDArray[np.uint32],
    realised: NDArray[np.uint8],
    law: int,
    before: NDArray[np.uint8],
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    perm: NDArray[np.uint32],
    path: NDArray[np.uint32],
    first: NDArray[np.uint32],
    delta: NDArray[np.float64],
    flags: NDArray[np.uint8],
    inverse: NDArray[np.uint32],
    table: NDArray[np.float64],
    base_case: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    prices: NDArray[np.float64],
    state: NDArray[np.uint8],
) -> int:
    """Route one permutation and return the trials that are left, 0 where the search gave up."""
    ports = np.uint64(n)
    loops, best_of, order = np.zeros(LOOPS, np.uint64), np.zeros(4, np.uint64), np.zeros(TRIES, np.int64)
    budget, few = np.full(1, trials, np.int64), np.zeros(1, np.int64)
    for o in range(n):
        perm[o] = np.uint32(permutation[o])
    fill(tree, realised, law, before, cost, weight, table, base_case)
    keys[:] = _0
    for number in range(len(tree) // ROW):
        r = np.uint64(number)
        m = np.uint64(tree[r * _ROW + _1])
        if m <= _PACKED:
            if tree[r * _ROW + np.uint64(8)]:
                assign_packed(pack(ports, r, tree, perm), r, tree, table, base_case, loops, best_of, state)
        elif effort == BLOCKS:
            divide(ports, r, tree, law, before, cost, weight, perm, path, first, delta, inverse, state)
        elif effort == DESCENT and m > DEEP:
            descend(
                ports, r, tree, law, before, cost, weight, perm, path, first, delta, flags, inverse, state, table,
                loops, best_of, keys, prices, order,
            )  # fmt: skip
        elif effort == DESCENT:
            few[0] = DEEP_TRIALS
            price_exact(
                ports, r, np.inf, few, goal, tree, law, before, cost, weight, perm, path, first, delta, flags,
                inverse, state, table, loops, best_of, keys, prices,
            )  # fmt: skip
        else:
            price_exact(
                ports, r, np.inf, budget, goal, tree, law, before, cost, weight, perm, path, first, delta, flags,
                inverse, state, table, loops, best_of, keys, prices,
            )  # fmt: skip
            if budget[0] <= 0:
                break
    return int(budget[0])


def _route_many(
    n: int,
    effort: int,
    goal: float,
    trials: int,
    switches: int,
    levels: int,
    tables: int,
    chunks: int,
    permutation: NDArray[np.int64],
    tree: NDArray[np.uint32],
    realised: NDArray[np.uint8],
    law: int,
    before: NDArray[np.uint8],
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    state: NDArray[np.uint8],
    left: NDArray[np.int64],
) -> None:
    """Route one permutation per bank, chunks of banks in parallel: the same bits for any number of chunks and threads.

    Args:
        n: ports, 2 or more.
        effort: ``BLOCKS``, ``DESCENT``, ``EXACT`` or ``FIRST``.
        goal: what ``FIRST`` is satisfied with, -inf for the others.
        trials: settings of loops that a search looks at before it gives up.
        switches: switches of the network.
        levels: levels of the tree.
        tables: tables of the tree.
        chunks: rows of work that may go on at once.
        permutation: rows of n.
        tree: the blocks.
        realised: see :func:`fill`.
        law: ``TOGGLES`` or ``COST``.
        before: rows of states before, under ``TOGGLES``.
        cost: rows of two per switch, one table for all banks or one per bank, under ``COST``.
        weight: see :func:`price`.
        state: rows, overwritten.
        left: trials left of each bank, overwritten; 0: gave up.
    """
    banks = len(left)
    rows = (levels + 1) * n
    for chunk in prange(chunks):
        perm, path, first = np.empty(rows, np.uint32), np.empty(rows, np.uint32), np.empty(rows + 1, np.uint32)
        delta, flags = np.empty(rows), np.empty(2 * rows, np.uint8)
        inverse, table = np.empty(n, np.uint32), np.empty(tables * TABLE)
        base_case = np.empty(tables * TABLE, np.uint8)
        keys, prices = np.empty(tables * MEMO, np.uint64), np.empty(tables * MEMO)
        for bank in range(chunk, banks, chunks):
            prior = before[bank * switches : (bank + 1) * switches]
            own = cost if len(cost) <= 2 * switches else cost[2 * bank * switches : 2 * (bank + 1) * switches]
            left[bank] = route_one(
                n, effort, goal, trials, permutation[bank * n : (bank + 1) * n], tree, realised, law, prior, own,
                weight, perm, path, first, delta, flags, inverse, table, base_case, keys, prices,
                state[bank * switches : (bank + 1) * switches],
            )  # fmt: skip


route_rows = kernel(_route_many)
"""One row after the other."""


route_many = parallel_kernel(_route_many)
"""Chunks of rows in parallel."""
