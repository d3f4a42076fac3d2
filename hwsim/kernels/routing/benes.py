"""Route Beneš networks of any size, by looping.

In-place layout: a block of m wires from b on has h = m // 2 switches in front and h behind; switch k exchanges wires
b+k and b+k+h. Wires b .. b+h-1 lead to the upper sub-block, the rest to the lower one, which also takes the last wire
of an odd block. A block of two wires is one switch. Convention: output o takes from input p[o]. State 1 = cross.

Kernels take flat contiguous arrays: row r of an array of rows of length n starts at r n. Reference
implementation: ``tests/oracles/benes.py``.

Source: looping after Opferman & Tsao-Wu (1971); odd sizes after Chang & Melhem, Arbitrary size Benes networks (1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel
from hwsim.kernels.walk import Block, step, turn_loop

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


class Network(NamedTuple):
    """A Beneš network."""

    ports: int
    switches: int
    blocks: NDArray[np.uint32]
    """Rows of ``ROW``: first wire, wires (2 or more), first switch in front, first switch behind; outer first."""


class Costs(NamedTuple):
    """What states of switches cost."""

    law: int
    """``ANY``, ``TOGGLES`` or ``COST``."""
    before: NDArray[np.uint8]
    """Rows of states before, read under ``TOGGLES``."""
    weight: NDArray[np.float64]
    """See ``WEIGHT``."""
    cost: NDArray[np.float64]
    """Rows of two, cost of state 0 and of state 1 of each switch, for all banks or for each; read under ``COST``."""


@kernel
def route_one(
    network: Network,
    row: np.uint64,
    permutation: NDArray[np.int64],
    costs: Costs,
    table: np.uint64,
    chunk: np.uint64,
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> None:
    """Route one permutation through a whole network, block by block from the outside in.

    Each free loop of connections that share switches has two settings. The canonical one leaves the loop's first
    switch in bar; the other is taken only where it costs less. The path of an odd block's last wire has one setting.

    Args:
        network: the circuit.
        row: which row of permutation, of states before and of state.
        permutation: rows of n numbers, each a permutation.
        costs: what turns a loop.
        table: where in the costs the circuit's own table begins.
        chunk: which row of scratch.
        scratch: rows of 4 n numbers.
        state: rows of states, overwritten.

    Example:
        >>> u, scratch, state = np.uint64, np.zeros(8, np.uint32), np.zeros(1, np.uint8)
        >>> network = Network(2, 1, np.array([0, 2, 0, 0, 0, 0, 0], np.uint32))
        >>> costs = Costs(ANY, state, WEIGHT, np.zeros(0))
        >>> route_one(network, u(0), np.array([1, 0]), costs, u(0), u(0), scratch, state)
        >>> state.tolist()
        [1]
    """
    n, blocks = np.uint64(network.ports), network.blocks
    law, before, weight, cost = costs
    base = row * np.uint64(network.switches)
    wanted = chunk * _4 * n  # what each block must do, in place
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
        block = Block(h, base + front, base + back, take, give, b)
        # what the block must do makes room for what its sub-blocks must do; no switch is set
        for w in range(m):
            o = np.uint64(w)
            i = np.uint64(scratch[b + o])
            scratch[take + o] = np.uint32(i)
            scratch[give + i] = np.uint32(o)
        for w in range(h):
            state[base + front + np.uint64(w)] = np.uint8(2)
        # the path from the odd input to the odd output: every other connection takes the lower sub-block
        if m > last:
            i = last
            while np.uint64(scratch[give + i]) != last:
                i = step(i, _1, block, scratch, scratch, scratch, state)[4]
            scratch[b + last] = np.uint32(i if i < h else i - h)
        # loops: every other connection takes the upper sub-block, the first input's first
        for w in range(h):
            start = np.uint64(w)
            if state[base + front + start] != 2:
                continue
            i, count, stay, turn = start, _0, 0.0, 0.0
            while True:
                k, inner, f, g, i = step(i, _0, block, scratch, scratch, scratch, state)
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
                if i == start:
                    break
            if turn < stay:
                turn_loop(block, scratch, path, path + count, scratch, state)


def _route_many(
    network: Network,
    permutation: NDArray[np.int64],
    costs: Costs,
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> None:
    """Route one permutation per bank, chunks of banks in parallel: the same bits for any number of chunks and threads.

    Args:
        network: the circuit, of at least 1 port.
        permutation: one row per bank.
        costs: what turns a loop.
        scratch: one row of 4 n numbers per chunk, at least one chunk.
        state: one row per bank, overwritten.

    Example:
        >>> network, state = Network(2, 1, np.array([0, 2, 0, 0, 0, 0, 0], np.uint32)), np.zeros(2, np.uint8)
        >>> costs = Costs(ANY, state, WEIGHT, np.zeros(0))
        >>> route_rows(network, np.array([1, 0, 0, 1]), costs, np.zeros(8, np.uint32), state)
        >>> state.tolist()
        [1, 0]
    """
    n, switches = network.ports, network.switches
    banks, chunks = len(permutation) // n, len(scratch) // (4 * n)
    one = len(costs.cost) <= 2 * switches  # one table for all banks, or none
    for chunk in prange(chunks):
        for bank in range(chunk, banks, chunks):
            row, own = np.uint64(bank), np.uint64(chunk)
            table = _0 if one else row * np.uint64(switches) * _2
            route_one(network, row, permutation, costs, table, own, scratch, state)


route_rows = kernel(_route_many)
"""One row after the other."""

route_many = parallel_kernel(_route_many)
"""Chunks of rows in parallel."""
