"""Routing of Beneš networks of any size, by looping, and signals through switches.

In-place layout: a block of m wires from b on has h = m // 2 switches in front and h behind; switch k exchanges wires
b+k and b+k+h. Wires b .. b+h-1 lead to the upper sub-block, the rest to the lower one, which also takes the last wire
of an odd block. A block of two wires is one switch. Convention: output i takes from input p[i].

Source: looping after Opferman & Tsao-Wu (1971); odd sizes after Chang & Melhem, Arbitrary size Benes networks (1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def route_block(
    m: int,
    p: NDArray[np.int64],
    inverse: NDArray[np.int64],
    upper: NDArray[np.uint8],
    front: NDArray[np.uint8],
    back: NDArray[np.uint8],
    front_cost: NDArray[np.float64],
    back_cost: NDArray[np.float64],
    q: NDArray[np.int64],
) -> None:
    """Set the outer switches of one block of m >= 3 wires and find what its sub-blocks must do.

    Each loop of connections that share switches has two settings; the one of lower cost is taken, the one that leaves
    the loop's first switch in bar where they cost the same.

    Args:
        m: wires.
        p: permutation of the block (m,), local numbers.
        inverse: scratch (m,).
        upper: scratch (m,): 1 for an input that takes the upper sub-block.
        front: states of the switches in front (m // 2,), overwritten; 1 = cross.
        back: states of the switches behind, likewise.
        front_cost: cost of cross minus cost of bar of each switch in front.
        back_cost: the same of each switch behind.
        q: permutations of the upper (h,) and lower (m - h,) sub-block, one after the other, overwritten.
    """
    h = m // 2
    for o in range(m):
        inverse[p[o]] = o
    for i in range(m):
        upper[i] = 2
    if m % 2 == 1:
        # the odd wire has no front switch and its output no back switch: both take the lower block, and so the whole
        # path between them is forced
        i = m - 1
        while True:
            upper[i] = 0
            o = inverse[i]
            if o == m - 1:
                break
            mate = p[o + h if o < h else o - h]
            upper[mate] = 1
            i = mate + h if mate < h else mate - h
    for k in range(h):
        if upper[k] != 2:
            continue
        difference = 0.0
        i = k
        while True:
            upper[i] = 1
            o = inverse[i]
            wire = i if i < h else i - h
            difference += front_cost[wire] if i < h else -front_cost[wire]
            wire = o if o < h else o - h
            difference += back_cost[wire] if o < h else -back_cost[wire]
            mate = p[o + h if o < h else o - h]
            upper[mate] = 0
            i = mate + h if mate < h else mate - h
            if i == k:
                break
        if difference < 0.0:
            i = k
            while True:
                upper[i] = 0
                o = inverse[i]
                mate = p[o + h if o < h else o - h]
                upper[mate] = 1
                i = mate + h if mate < h else mate - h
                if i == k:
                    break
    for k in range(h):
        front[k] = 1 - upper[k]
    for o in range(m):
        i = p[o]
        if o < h:
            back[o] = 1 - upper[i]
        wire = i if i < h else i - h
        if i == 2 * h:
            wire = h
        target = o if o < h else o - h
        if o == 2 * h:
            target = h
        if upper[i] == 1:
            q[target] = wire
        else:
            q[h + target] = wire


@kernel
def route_one(
    n: int,
    p: NDArray[np.int64],
    blocks: NDArray[np.int64],
    cost: NDArray[np.float64],
    work: NDArray[np.int64],
    upper: NDArray[np.uint8],
    state: NDArray[np.uint8],
) -> None:
    """Route one permutation through a whole network, block by block.

    Args:
        n: ports.
        p: permutation (n,).
        blocks: (number, 4): first wire, wires, first front switch, first back switch; outer blocks first.
        cost: cost of cross minus cost of bar for every switch.
        work: scratch (3 n,).
        upper: scratch (n,).
        state: states of all switches, overwritten.
    """
    current, following, inverse = work[:n], work[n : 2 * n], work[2 * n :]
    for i in range(n):
        current[i] = p[i]
    for number in range(len(blocks)):
        b, m, front, back = blocks[number]
        if m == 2:
            state[front] = 1 if current[b] == 1 else 0
            continue
        h = m // 2
        route_block(
            m,
            current[b : b + m],
            inverse,
            upper,
            state[front : front + h],
            state[back : back + h],
            cost[front : front + h],
            cost[back : back + h],
            following[b : b + m],
        )
        for i in range(b, b + m):
            current[i] = following[i]


@parallel_kernel
def route_many(
    p: NDArray[np.int64], blocks: NDArray[np.int64], cost: NDArray[np.float64], state: NDArray[np.uint8]
) -> None:
    """Route one permutation a bank, banks in parallel.

    Args:
        p: permutations (banks, n).
        blocks: as in :func:`route_one`.
        cost: (banks, switches), cost of cross minus cost of bar.
        state: (banks, switches), overwritten.
    """
    banks, n = p.shape
    for bank in prange(banks):
        work = np.empty(3 * n, np.int64)
        upper = np.empty(n, np.uint8)
        route_one(n, p[bank], blocks, cost[bank], work, upper, state[bank])


@parallel_kernel
def pass_signals(
    state: NDArray[np.uint8], wire_a: NDArray[np.int64], wire_b: NDArray[np.int64], signals: NDArray[np.int64]
) -> None:
    """Send signals through switches in order, in place: a switch in cross exchanges its two wires.

    Args:
        state: (banks, switches).
        wire_a: one wire of each switch (switches,), stage by stage.
        wire_b: the other wire.
        signals: (banks, wires), overwritten.
    """
    for bank in prange(len(state)):
        for s in range(len(wire_a)):
            if state[bank, s] == 1:
                a, b = wire_a[s], wire_b[s]
                signals[bank, a], signals[bank, b] = signals[bank, b], signals[bank, a]
