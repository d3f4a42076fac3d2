"""Looping at memory speed, for Beneš networks of 16, 32, 64, ... ports: no cost consulted, every loop canonical.

What makes it quick: both ends of a loop are followed at once, two chains of loads in flight instead of one; the inverse
of each sub-permutation is written beside it, so that no level inverts; blocks of up to 128 wires keep the switches not
yet visited in the bits of one number; blocks of 8 wires, five stages of switches, are assigned by two tables; blocks
too large for the cache gather each connection's successor first, and follow one load per step.

Layout, convention and source as in :mod:`hwsim.kernels.routing.benes`, whose ``route_one`` finds the same states.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCRATCH = 4
"""Rows of n numbers that routing one permutation scribbles on."""

LEAST = 16
"""Ports of the smallest network that is routed here."""

FAR = np.uint64(2**10)
"""Blocks of more wires than this are followed by one load a step; measured best from 2^10 to 2^20 ports."""

_EMPTY = np.uint32(2**32 - 1)
_UNSET = np.uint8(2)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_3_OF_8 = np.uint64(0x03030303)
_1_OF_8 = np.uint64(0x01010101)
_SPREAD = np.uint64(0x00204081)
"""Times four bits: one bit in the lowest place of each byte, among others."""


@cache
def tables() -> NDArray[np.uint8]:
    """Make the tables that assign the switches of blocks of 8 wires, uint8 (2^15 + 64 + 64,).

    First the front switches of a block of 8 (four bits), by three of its pairs of connections: five bits a pair, front
    switch of the one, of the other, and 1 where the two switches stand alike. Then all six switches of a block of 4
    (front, behind, upper, lower), by the inputs that its first three outputs take. Then the place of the one bit in a
    word, by the leading six bits of its product with a de Bruijn number.

    Example:
        >>> len(tables())
        32896
    """
    pairs = np.arange(2**15)
    reach = np.tile(np.array([[0], [1], [2], [3]]), (1, 2**15))  # smallest switch of each switch's loop
    turned = np.zeros((4, 2**15), np.int64)  # against that one
    rows = np.arange(2**15)
    for _ in range(3):
        for edge in range(3):
            a, b, unlike = (pairs >> 5 * edge & 3), (pairs >> 5 * edge + 2 & 3), pairs >> 5 * edge + 4 & 1
            for x, y in ((a, b), (b, a)):
                better = reach[y, rows] < reach[x, rows]
                turned[x, rows] = np.where(better, turned[y, rows] ^ unlike, turned[x, rows])
                reach[x, rows] = np.minimum(reach[x, rows], reach[y, rows])
    eights = turned[0] | turned[1] << 1 | turned[2] << 2 | turned[3] << 3
    fours = np.zeros(64, np.int64)
    for state in (s for s in range(63, -1, -1) if not s & 1):  # canonical: switch 0 in bar; the last written stays
        front, behind, upper, lower = state & 3, state >> 2 & 3, state >> 4 & 1, state >> 5 & 1
        wires = [2 * (front >> k & 1) + k for k in (0, 1)] + [2 - 2 * (front >> k & 1) + k for k in (0, 1)]
        wires = [wires[upper], wires[1 - upper], wires[2 + lower], wires[3 - lower]]
        took = [wires[k + 2 * (behind >> k & 1)] for k in (0, 1)] + [
            wires[k + 2 - 2 * (behind >> k & 1)] for k in (0, 1)
        ]
        index = took[0] | took[1] << 2 | took[2] << 4
        if front < 2 or not fours[index]:
            fours[index] = state
    places = np.zeros(64, np.int64)
    for place in range(64):
        places[(int(_DE_BRUIJN) << place & 2**64 - 1) >> 58] = place
    return np.concatenate([eights, fours, places]).astype(np.uint8)


@kernel
def begin(
    n: np.uint64,
    row: np.uint64,
    permutation: NDArray[np.int64],
    take: np.uint64,
    give: np.uint64,
    scratch: NDArray[np.uint32],
) -> bool:
    """Copy a permutation and its inverse to scratch; False where a number is out of range or stands twice.

    Args:
        n: ports.
        row: which row of permutation.
        permutation: rows of n numbers.
        take: where the input of each output goes in scratch.
        give: where the output of each input goes.
        scratch: overwritten.

    Example:
        >>> u, scratch = np.uint64, np.zeros(4, np.uint32)
        >>> [begin(u(2), u(0), np.array(p), u(0), u(2), scratch) for p in ([1, 0], [1, 1])]
        [True, False]
    """
    for w in range(n):
        scratch[give + np.uint64(w)] = _EMPTY
    for w in range(n):
        o = np.uint64(w)
        i = np.uint64(permutation[row * n + o])
        if i >= n or scratch[give + i] != _EMPTY:
            return False
        scratch[give + i] = np.uint32(o)
        scratch[take + o] = np.uint32(i)
    return True


@kernel
def divide_far(
    h: np.uint64,
    take: np.uint64,
    give: np.uint64,
    sub_take: np.uint64,
    sub_give: np.uint64,
    front: np.uint64,
    back: np.uint64,
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> None:
    """Route the outer switches of a block that lies outside the cache, and find what its two sub-blocks must do.

    Args:
        h: half the block's wires, a power of two.
        take: where the input of each output stands in scratch.
        give: where the output of each input stands.
        sub_take: where to write the same of the upper sub-block, then of the lower one.
        sub_give: where to write its inverse.
        front: number of the first switch in front, in state.
        back: number of the first switch behind.
        scratch: overwritten at sub_take and sub_give.
        state: overwritten.

    Example:
        >>> u, state = np.uint64, np.zeros(4, np.uint8)
        >>> scratch = np.array([2, 0, 3, 1, 1, 3, 0, 2] + 8 * [0], np.uint32)
        >>> divide_far(u(2), u(0), u(4), u(8), u(12), u(0), u(2), scratch, state)
        >>> state.tolist(), scratch[8:].tolist()
        ([0, 1, 1, 0], [1, 0, 0, 1, 1, 0, 0, 1])
    """
    mask, wires = h - np.uint64(1), h + h
    for w in range(h):
        state[front + np.uint64(w)] = _UNSET
    for w in range(wires):  # the next input of the upper sub-block after each: loads that do not wait for each other
        i = np.uint64(w)
        o = np.uint64(scratch[give + i]) ^ h
        scratch[sub_take + i] = np.uint32(np.uint64(scratch[take + o]) ^ h)
    for w in range(h):
        first = np.uint64(w)
        if state[front + first] != _UNSET:
            continue
        i, j = first, first
        while True:
            a = i & mask
            state[front + a] = np.uint8(i >= h)
            i = np.uint64(scratch[sub_take + i])
            j = np.uint64(scratch[sub_take + (j ^ h)]) ^ h
            z = j & mask
            state[front + z] = np.uint8(j >= h)
            if z in (a, i & mask):
                break
    for w in range(h):
        k = np.uint64(w)
        i, j = np.uint64(scratch[take + k]), np.uint64(scratch[take + k + h])
        crossed = np.uint64(i >= h) ^ np.uint64(state[front + (i & mask)])
        state[back + k] = np.uint8(crossed)
        i, j = i & mask, j & mask
        exchange = (i ^ j) & (np.uint64(0) - crossed)
        scratch[sub_take + k], scratch[sub_take + h + k] = np.uint32(i ^ exchange), np.uint32(j ^ exchange)
    for w in range(h):
        k = np.uint64(w)
        o, q = np.uint64(scratch[give + k]) & mask, np.uint64(scratch[give + k + h]) & mask
        exchange = (o ^ q) & (np.uint64(0) - np.uint64(state[front + k]))
        scratch[sub_give + k], scratch[sub_give + h + k] = np.uint32(o ^ exchange), np.uint32(q ^ exchange)


@kernel
def divide_near(
    h: np.uint64,
    take: np.uint64,
    give: np.uint64,
    sub_take: np.uint64,
    sub_give: np.uint64,
    front: np.uint64,
    back: np.uint64,
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> None:
    """Do what :func:`divide_far` does, for a block inside the cache: all is written as the loop is followed.

    Example:
        >>> u, state = np.uint64, np.zeros(4, np.uint8)
        >>> scratch = np.array([2, 0, 3, 1, 1, 3, 0, 2] + 8 * [0], np.uint32)
        >>> divide_near(u(2), u(0), u(4), u(8), u(12), u(0), u(2), scratch, state)
        >>> state.tolist(), scratch[8:].tolist()
        ([0, 1, 1, 0], [1, 0, 0, 1, 1, 0, 0, 1])
    """
    mask = h - np.uint64(1)
    for w in range(h):
        state[front + np.uint64(w)] = _UNSET
    for w in range(h):
        first = np.uint64(w)
        if state[front + first] != _UNSET:
            continue
        i, j = first, first ^ h  # i goes up, its mate j goes down: follow i onwards and j backwards until they meet
        while True:
            o, q = np.uint64(scratch[give + i]), np.uint64(scratch[give + j])
            j_next, i_last = np.uint64(scratch[take + (o ^ h)]), np.uint64(scratch[take + (q ^ h)])
            a, b, k = i & mask, j_next & mask, o & mask
            z, y, c = i_last & mask, j & mask, q & mask
            state[front + a], state[back + k] = np.uint8(i >= h), np.uint8(o >= h)
            state[front + z], state[back + c] = np.uint8(i_last >= h), np.uint8(q < h)
            scratch[sub_take + k], scratch[sub_take + h + k] = np.uint32(a), np.uint32(b)
            scratch[sub_take + c], scratch[sub_take + h + c] = np.uint32(z), np.uint32(y)
            scratch[sub_give + a], scratch[sub_give + h + b] = np.uint32(k), np.uint32(k)
            scratch[sub_give + z], scratch[sub_give + h + y] = np.uint32(c), np.uint32(c)
            i, j = j_next ^ h, i_last ^ h
            if z in (a, b):
                break


@kernel
def divide_small(
    h: np.uint64,
    take: np.uint64,
    give: np.uint64,
    sub_take: np.uint64,
    sub_give: np.uint64,
    front: np.uint64,
    back: np.uint64,
    tables: NDArray[np.uint8],
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> None:
    """Do what :func:`divide_far` does, for a block of up to 128 wires; its unset switches are bits of one number.

    Example:
        >>> u, state = np.uint64, np.zeros(4, np.uint8)
        >>> scratch = np.array([2, 0, 3, 1, 1, 3, 0, 2] + 8 * [0], np.uint32)
        >>> divide_small(u(2), u(0), u(4), u(8), u(12), u(0), u(2), tables(), scratch, state)
        >>> state.tolist(), scratch[8:].tolist()
        ([0, 1, 1, 0], [1, 0, 0, 1, 1, 0, 0, 1])
    """
    mask = h - np.uint64(1)
    one = np.uint64(1)
    unset = ~np.uint64(0) >> (np.uint64(64) - h)
    while unset:
        lowest = unset & (np.uint64(0) - unset)
        i = np.uint64(tables[np.uint64(32832) + ((lowest * _DE_BRUIJN) >> np.uint64(58))])
        j = i ^ h
        while True:
            o, q = np.uint64(scratch[give + i]), np.uint64(scratch[give + j])
            j_next, i_last = np.uint64(scratch[take + (o ^ h)]), np.uint64(scratch[take + (q ^ h)])
            a, b, k = i & mask, j_next & mask, o & mask
            z, y, c = i_last & mask, j & mask, q & mask
            unset &= ~((one << a) | (one << z))
            state[front + a], state[back + k] = np.uint8(i >= h), np.uint8(o >= h)
            state[front + z], state[back + c] = np.uint8(i_last >= h), np.uint8(q < h)
            scratch[sub_take + k], scratch[sub_take + h + k] = np.uint32(a), np.uint32(b)
            scratch[sub_take + c], scratch[sub_take + h + c] = np.uint32(z), np.uint32(y)
            scratch[sub_give + a], scratch[sub_give + h + b] = np.uint32(k), np.uint32(k)
            scratch[sub_give + z], scratch[sub_give + h + y] = np.uint32(c), np.uint32(c)
            i, j = j_next ^ h, i_last ^ h
            if z in (a, b):
                break


@kernel
def assign_eights(
    n: np.uint64,
    take: np.uint64,
    first: np.uint64,
    tables: NDArray[np.uint8],
    scratch: NDArray[np.uint32],
    fours: NDArray[np.uint32],
) -> None:
    """Set the five innermost stages, block of 8 wires by block, in registers.

    Args:
        n: ports, a multiple of 8.
        take: where the input of each output stands in scratch.
        first: number of the first switch of these stages, in fours.
        tables: see :func:`tables`.
        scratch: read.
        fours: the states, four at a time; overwritten.

    Example:
        >>> u, state = np.uint64, np.zeros(20, np.uint8)
        >>> wanted = np.array([1, 0, 2, 3, 4, 5, 6, 7], np.uint32)
        >>> assign_eights(u(8), u(0), u(0), tables(), wanted, state.view(np.uint32))
        >>> state.tolist()
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    """
    stage = n >> np.uint64(3)
    two, three = np.uint64(2), np.uint64(3)
    for number in range(stage):
        r = np.uint64(number)
        at = take + np.uint64(8) * r
        up, low = np.uint64(0), np.uint64(0)  # the block's connections, a byte each
        for w in range(4):
            k = np.uint64(w)
            up |= np.uint64(scratch[at + k]) << (np.uint64(8) * k)
            low |= np.uint64(scratch[at + k + np.uint64(4)]) << (np.uint64(8) * k)
        a, c = up & _3_OF_8, low & _3_OF_8
        alike = ((up ^ low) >> two) & _1_OF_8 ^ _1_OF_8
        pair = a | (c << two) | (alike << np.uint64(4))
        f = np.uint64(
            tables[
                (pair & np.uint64(0x1F))
                | ((pair >> three) & np.uint64(0x3E0))
                | ((pair >> np.uint64(6)) & np.uint64(0x7C00))
            ]
        )
        g = np.uint64(0)
        for w in range(4):
            k = np.uint64(8 * w)
            g |= (((up >> (k + two)) ^ (f >> ((a >> k) & three))) & np.uint64(1)) << k
        exchange = (a ^ c) & (g * three)
        a, c = a ^ exchange, c ^ exchange
        x = np.uint64(
            tables[
                np.uint64(32768)
                + ((a & three) | ((a >> np.uint64(6)) & np.uint64(12)) | ((a >> np.uint64(12)) & np.uint64(48)))
            ]
        )
        y = np.uint64(
            tables[
                np.uint64(32768)
                + ((c & three) | ((c >> np.uint64(6)) & np.uint64(12)) | ((c >> np.uint64(12)) & np.uint64(48)))
            ]
        )
        s = first + r
        fours[s] = np.uint32((f * _SPREAD) & _1_OF_8)
        fours[s + stage] = np.uint32((((x & three) | ((y & three) << two)) * _SPREAD) & _1_OF_8)
        middle = ((x >> np.uint64(4)) & three) | (((y >> np.uint64(4)) & three) << two)
        fours[s + two * stage] = np.uint32((middle * _SPREAD) & _1_OF_8)
        behind = ((x >> two) & three) | (((y >> two) & three) << two)
        fours[s + three * stage] = np.uint32((behind * _SPREAD) & _1_OF_8)
        fours[s + np.uint64(4) * stage] = np.uint32(g)


@kernel
def route_row(
    n: np.uint64,
    row: np.uint64,
    permutation: NDArray[np.int64],
    tables: NDArray[np.uint8],
    chunk: np.uint64,
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
    fours: NDArray[np.uint32],
) -> bool:
    """Route one permutation through a network of n ports; False, and no states, where it is not a permutation.

    Args:
        n: ports, a power of two, 16 or more.
        row: which row of permutation and of state.
        permutation: rows of n numbers.
        tables: see :func:`tables`.
        chunk: which row of scratch.
        scratch: rows of 4 n numbers.
        state: rows of states, overwritten.
        fours: the same states, seen four at a time.

    Example:
        >>> u, state, scratch = np.uint64, np.zeros(56, np.uint8), np.zeros(64, np.uint32)
        >>> route_row(u(16), u(0), np.arange(16), tables(), u(0), scratch, state, state.view(np.uint32))
        True
    """
    one, half = np.uint64(1), n >> np.uint64(1)
    levels = np.uint64(0)
    while (one << levels) < n:
        levels += one
    take = chunk * np.uint64(SCRATCH) * n
    give, sub_take, sub_give = take + n, take + n + n, take + n + n + n
    if not begin(n, row, permutation, take, give, scratch):
        return False
    front = row * half * (levels + levels - one)
    back = front + half * (levels + levels - np.uint64(2))
    m = n
    while m > np.uint64(8):
        h = m >> one
        for number in range(n // m):
            b = np.uint64(number) * m
            f, g = front + (b >> one), back + (b >> one)
            t, v, st, sv = take + b, give + b, sub_take + b, sub_give + b
            if m > FAR:
                divide_far(h, t, v, st, sv, f, g, scratch, state)
            elif m > np.uint64(128):
                divide_near(h, t, v, st, sv, f, g, scratch, state)
            else:
                divide_small(h, t, v, st, sv, f, g, tables, scratch, state)
        take, sub_take = sub_take, take
        give, sub_give = sub_give, give
        m, front, back = h, front + half, back - half
    assign_eights(n, take, front >> np.uint64(2), tables, scratch, fours)
    return True


@kernel
def route_rows(
    n: int,
    permutation: NDArray[np.int64],
    tables: NDArray[np.uint8],
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
    fours: NDArray[np.uint32],
) -> int:
    """Route row after row; -1, or the number of the first row that is not a permutation.

    Example:
        >>> state, scratch = np.zeros(56, np.uint8), np.zeros(64, np.uint32)
        >>> route_rows(16, np.zeros(16, np.int64), tables(), scratch, state, state.view(np.uint32))
        0
    """
    ports = np.uint64(n)
    for row in range(len(permutation) // n):
        if not route_row(ports, np.uint64(row), permutation, tables, np.uint64(0), scratch, state, fours):
            return row
    return -1


@parallel_kernel
def route_chunks(
    n: int,
    permutation: NDArray[np.int64],
    tables: NDArray[np.uint8],
    scratch: NDArray[np.uint32],
    state: NDArray[np.uint8],
    fours: NDArray[np.uint32],
) -> int:
    """Do what :func:`route_rows` does, chunks of rows in parallel: the same for any number of chunks and threads.

    Example:
        >>> state, scratch = np.zeros(56, np.uint8), np.zeros(64, np.uint32)
        >>> route_chunks(16, np.arange(16), tables(), scratch, state, state.view(np.uint32))
        -1
    """
    rows, chunks = len(permutation) // n, len(scratch) // (SCRATCH * n)
    ports, wrong = np.uint64(n), np.full(chunks, rows, np.int64)
    for chunk in prange(chunks):
        for row in range(chunk, rows, chunks):
            if not route_row(ports, np.uint64(row), permutation, tables, np.uint64(chunk), scratch, state, fours):
                wrong[chunk] = row
                break
    worst = wrong.min()
    return worst if worst < rows else -1
