"""Routing of Beneš networks of any size, by looping.

In-place layout: a block of m wires from b on has h = m // 2 switches in front and h behind; switch k exchanges wires
b+k and b+k+h. Wires b .. b+h-1 lead to the upper sub-block, the rest to the lower one, which also takes the last wire
of an odd block. A block of two wires is one switch. Convention: output o takes from input p[o]. State 1 = cross.

Kernels take flat contiguous arrays: row r of an array of rows of length n starts at r n. Reference
implementation: ``tests/oracles/benes.py``.

Source: looping after Opferman & Tsao-Wu (1971); odd sizes after Chang & Melhem, Arbitrary size Benes networks (1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

ANY, TOGGLES, COST = 0, 1, 2
"""What turns a loop: nothing, the toggles against the states before, or a cost of every switch and state."""

WEIGHT = np.array([0, 1, 1, 0, 0, np.inf, np.inf, 0, 0, 0], np.float64)
"""What state v of a switch costs under ``TOGGLES``, at 2 b + v, by what is known of it before: b = 0 or 1, the state it
was in; 2 or 3, that it is stuck there; 4, that changing it costs nothing."""

ROW = 7
"""Numbers of a block in the table of blocks, four of which are read here."""

SCRATCH = 4
"""Rows of n numbers that routing one permutation scribbles on."""

# unsigned indices spare the compiler the branch for negative ones; mixed with signed numbers they would become floats
_0, _1, _2, _4, _ROW = (np.uint64(value) for value in (0, 1, 2, 4, ROW))


@kernel
def route_one(
    n: np.uint64,
    row: np.uint64,
    permutation: NDArray[np.int64],
    blocks: NDArray[np.uint32],
    law: int,
    before: NDArray[np.uint8],
    weight: NDArray[np.float64],
    cost: NDArray[np.float64],
    table: np.uint64,
    lane: np.uint64,
    scratch: NDArray[np.uint32],
    switches: np.uint64,
    state: NDArray[np.uint8],
) -> None:
    """Route one permutation through a whole network, block by block from the outside in.

    Each free loop of connections that share switches has two settings. The canonical one leaves the loop's first
    switch in bar; the other is taken only where it costs less. The path of an odd block's last wire has one setting.

    Args:
        n: ports.
        row: which row of permutation, before and state.
        permutation: rows of n numbers, each a permutation.
        blocks: rows of ``ROW``: first wire, wires (2 or more), first switch in front, first switch behind; outer first.
        law: ``ANY``, ``TOGGLES`` or ``COST``.
        before: rows of states before, read under ``TOGGLES``.
        weight: see ``WEIGHT``.
        cost: rows of two, cost of state 0 and of state 1 of each switch, read under ``COST``.
        table: where in cost the circuit's own table begins.
        lane: which row of scratch.
        scratch: rows of 4 n numbers.
        switches: switches of the network.
        state: rows of states, overwritten.

    Example:
        >>> u, tree = np.uint64, np.array([0, 2, 0, 0, 0, 0, 0], np.uint32)
        >>> scratch, state, none = np.zeros(8, np.uint32), np.zeros(1, np.uint8), np.zeros(0)
        >>> p = np.array([1, 0])
        >>> route_one(u(2), u(0), p, tree, ANY, state, WEIGHT, none, u(0), u(0), scratch, u(1), state)
        >>> state.tolist()
        [1]
    """
    base = row * switches
    wanted = lane * _4 * n  # what each block must do, in place
    take = wanted + n  # of the block at hand: input of each output
    give = take + n  # output of each input
    path = give + n  # switches behind, in the order of the loop at hand
    for w in range(n):
        o = np.uint64(w)
        scratch[wanted + o] = np.uint32(permutation[row * n + o])
    for number in range(np.uint64(len(blocks)) // _ROW):
        at = np.uint64(number) * _ROW
        b, m = wanted + np.uint64(blocks[at]), np.uint64(blocks[at + _1])
        front, back = np.uint64(blocks[at + _2]), np.uint64(blocks[at + _2 + _1])
        if m == _2:
            state[base + front] = np.uint8(scratch[b])
            continue
        h = m // _2
        last = h + h  # the odd wire, where there is one
        for w in range(m):
            o = np.uint64(w)
            i = np.uint64(scratch[b + o])
            scratch[take + o] = np.uint32(i)
            scratch[give + i] = np.uint32(o)
        for w in range(h):
            state[base + front + np.uint64(w)] = np.uint8(2)
        if m > last:
            i = last
            while True:  # i and its output take the lower sub-block
                o = np.uint64(scratch[give + i])
                inner = i if i < h else i - h
                if o == last:
                    scratch[b + last] = np.uint32(inner)
                    break
                k = o if o < h else o - h
                scratch[b + h + k] = np.uint32(inner)
                state[base + back + k] = np.uint8(o < h)
                j = np.uint64(scratch[take + (o + h if o < h else k)])
                inner = j if j < h else j - h
                scratch[b + k] = np.uint32(inner)
                state[base + front + inner] = np.uint8(j >= h)
                i = j + h if j < h else inner
        for w in range(h):
            start = np.uint64(w)
            if state[base + front + start] != 2:
                continue
            i, count, stay, turn = start, _0, 0.0, 0.0
            while True:  # i and its output take the upper sub-block, the outputs' mates the lower one
                inner = i if i < h else i - h
                o = np.uint64(scratch[give + i])
                k = o if o < h else o - h
                f, g = np.uint64(i >= h), np.uint64(o >= h)
                state[base + front + inner] = np.uint8(f)
                state[base + back + k] = np.uint8(g)
                scratch[b + k] = np.uint32(inner)
                j = np.uint64(scratch[take + (o + h if o < h else k)])
                inner_j = j if j < h else j - h
                scratch[b + h + k] = np.uint32(inner_j)
                if law != ANY:
                    scratch[path + count] = np.uint32(k)
                    count += _1
                    if law == TOGGLES:
                        c = np.uint64(before[base + front + inner]) << _1
                        d = np.uint64(before[base + back + k]) << _1
                        stay += weight[c + f] + weight[d + g]
                        turn += weight[c + _1 - f] + weight[d + _1 - g]
                    else:
                        c, d = table + _2 * (front + inner), table + _2 * (back + k)
                        stay += cost[c + f] + cost[d + g]
                        turn += cost[c + _1 - f] + cost[d + _1 - g]
                i = j + h if j < h else inner_j
                if i == start:
                    break
            if turn < stay:
                for w2 in range(count):
                    k = np.uint64(scratch[path + np.uint64(w2)])
                    up, low = scratch[b + k], scratch[b + h + k]
                    scratch[b + k], scratch[b + h + k] = low, up
                    state[base + back + k] ^= np.uint8(1)
                    state[base + front + np.uint64(up)] ^= np.uint8(1)


def _route_many(
    n: int,
    permutation: NDArray[np.int64],
    blocks: NDArray[np.uint32],
    law: int,
    before: NDArray[np.uint8],
    weight: NDArray[np.float64],
    cost: NDArray[np.float64],
    scratch: NDArray[np.uint32],
    switches: int,
    state: NDArray[np.uint8],
) -> None:
    """Route one permutation a bank, lanes of banks in parallel: the same bits for any number of lanes and threads.

    Args:
        n: ports, at least 1.
        permutation: one row a bank; the rest as in :func:`route_one`.
        blocks: the network's blocks.
        law: what turns a loop.
        before: one row a bank, or empty.
        weight: see ``WEIGHT``.
        cost: one row a switch for all banks, or that for each bank, or empty.
        scratch: one row of 4 n numbers a lane, at least one lane.
        switches: switches of the network.
        state: one row a bank, overwritten.

    Example:
        >>> tree, state, none = np.array([0, 2, 0, 0, 0, 0, 0], np.uint32), np.zeros(2, np.uint8), np.zeros(0)
        >>> p, scratch = np.array([1, 0, 0, 1]), np.zeros(8, np.uint32)
        >>> route_rows(2, p, tree, ANY, state, WEIGHT, none, scratch, 1, state)
        >>> state.tolist()
        [1, 0]
    """
    banks, lanes = len(permutation) // n, len(scratch) // (4 * n)
    ports, settings = np.uint64(n), np.uint64(switches)
    for lane in prange(lanes):
        for bank in range(lane, banks, lanes):
            row, own = np.uint64(bank), np.uint64(lane)
            table = _0 if len(cost) <= 2 * switches else row * settings * _2
            route_one(ports, row, permutation, blocks, law, before, weight, cost, table, own, scratch, settings, state)


route_rows = kernel(_route_many)
"""One row after the other."""

route_many = parallel_kernel(_route_many)
"""Lanes of rows in parallel."""
