"""Find the cheapest configuration of blocks of up to 16 wires, whose permutation is packed into one number.

Bits 4 o .. 4 o + 3 of a packed permutation are the input that output o takes. See :mod:`hwsim.kernels.routing.search`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.routing.benes import TOGGLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROW = 9
"""Numbers of a block: first wire, wires, first switch in front, first behind, upper block, lower block, level, table
index (which table; of blocks of up to 16 wires), and 1 where it is such a block inside a larger one."""

PACKED = 16
"""Wires of the largest block whose permutation is packed into one number of 64 bits."""

TABLE = 64
"""Numbers of one table: the cost of each permutation of a block of up to 4 wires, by its first three outputs; or
of each setting of four switches: in front 2 x 16, behind 2 x 16."""

MEMO = 8
"""Permutations remembered for each block of 5 to 16 wires, with their price."""

LOOPS = 36
"""Numbers that searching two packed permutations scribbles on: two of each loop, four of the best setting, twice."""

_0, _1, _2, _3, _4 = (np.uint64(value) for value in range(5))
_15, _16, _ROW, _TABLE, _MEMO = (np.uint64(value) for value in (15, 16, ROW, TABLE, MEMO))
_NONE = np.uint64(2**32 - 1)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@kernel
def price(
    law: int,
    before: NDArray[np.uint8],
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    s: np.uint64,
    v: np.uint64,
) -> float:
    """What switch s costs in state v, by what stood before under ``TOGGLES``, else by the table of costs.

    Example:
        >>> from hwsim.kernels.routing.benes import WEIGHT
        >>> price(TOGGLES, np.ones(1, np.uint8), np.zeros(0), WEIGHT, np.uint64(0), np.uint64(0))
        1.0
    """
    if law == TOGGLES:
        return float(weight[(np.uint64(before[s]) << _1) | v])
    return float(cost[(s << _1) | v])


@kernel
def fill(
    tree: NDArray[np.uint32],
    realised: NDArray[np.uint8],
    law: int,
    before: NDArray[np.uint8],
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    table: NDArray[np.float64],
    base_case: NDArray[np.uint8],
) -> None:
    """Price what blocks of up to 16 wires look up.

    Args:
        tree: the blocks.
        realised: the permutation of a block of 2, 3 and 4 wires in each of 64 states, 255 where it has none.
        law: see :func:`price`.
        before: see there.
        cost: see there.
        weight: see there.
        table: rows of ``TABLE``, one per table index, overwritten.
        base_case: rows of ``TABLE``: the cheapest state of each permutation of a block of up to 4 wires, overwritten.
    """
    part = np.empty(12)
    for number in range(len(tree) // ROW):
        at = np.uint64(number) * _ROW
        index = np.uint64(tree[at + np.uint64(7)])
        if index == _NONE:
            continue
        m, front, back = np.uint64(tree[at + _1]), np.uint64(tree[at + _2]), np.uint64(tree[at + _3])
        own = index * _TABLE
        if m <= 4:
            upper, lower = np.uint64(tree[at + _4]), np.uint64(tree[at + np.uint64(5)])
            for w in range(2):
                v = np.uint64(w)
                part[v] = price(law, before, cost, weight, front, v)
                part[_2 + v] = price(law, before, cost, weight, front + _1, v) if m == 4 else 0.0
                part[_4 + v] = price(law, before, cost, weight, back, v) if m > 2 else 0.0
                part[np.uint64(6) + v] = price(law, before, cost, weight, back + _1, v) if m == 4 else 0.0
                part[np.uint64(8) + v] = (
                    price(law, before, cost, weight, np.uint64(tree[upper * _ROW + _2]), v) if m == 4 else 0.0
                )
                part[np.uint64(10) + v] = (
                    price(law, before, cost, weight, np.uint64(tree[lower * _ROW + _2]), v) if m > 2 else 0.0
                )
            for w in range(TABLE):
                table[own + np.uint64(w)] = np.inf
                base_case[own + np.uint64(w)] = np.uint8(255)
            for w in range(TABLE):
                s = np.uint64(w)
                p = np.uint64(realised[(m - _2) * _TABLE + s])
                if p >= _TABLE:
                    continue
                total = part[s & _1] + part[_2 + ((s >> _1) & _1)] + part[_4 + ((s >> _2) & _1)]
                total += part[np.uint64(6) + ((s >> _3) & _1)] + part[np.uint64(8) + ((s >> _4) & _1)]
                total += part[np.uint64(10) + (s >> np.uint64(5))]
                if total < table[own + p] or base_case[own + p] == 255:  # some state, even where all are too dear
                    table[own + p] = total
                    base_case[own + p] = np.uint8(s)
            continue
        h = m >> _1
        for w in range(4):
            group = np.uint64(w)
            first = (front if group < _2 else back) + _4 * (group & _1)
            here = own + _16 * group
            table[here] = 0.0
            for k in range(4):
                size = _1 << np.uint64(k)
                there = _4 * (group & _1) + np.uint64(k) < h
                zero = price(law, before, cost, weight, first + np.uint64(k), _0) if there else 0.0
                one = price(law, before, cost, weight, first + np.uint64(k), _1) if there else 0.0
                for x in range(size):
                    table[here + size + np.uint64(x)] = table[here + np.uint64(x)] + one
                    table[here + np.uint64(x)] += zero


@kernel
def trace_packed(packed: np.uint64, m: np.uint64, off: np.uint64, loops: NDArray[np.uint64]) -> tuple[Any, ...]:
    """Find the loops of a block of 5 to 16 wires.

    Args:
        packed: the input of output o in bits 4 o .. 4 o + 3.
        m: wires.
        off: where loops are written: switches in front and (8 bits up) behind, then four bits for each one behind.
        loops: overwritten.

    Returns:
        Canonical: switches in front that cross, switches behind, the packed permutations of the upper and lower
        block; number of loops.

    Example:
        >>> u = np.uint64
        >>> trace_packed(u(0x43210), u(5), u(0), np.zeros(36, np.uint64))
        (0, 0, 16, 528, 2)
    """
    h = m >> _1
    last = h + h
    inverse = _0
    for w in range(m):
        o = np.uint64(w)
        inverse |= o << (_4 * ((packed >> (_4 * o)) & _15))
    f, g, up, low, seen, count = _0, _0, _0, _0, _0, _0
    if m > last:
        i = last
        while True:
            o = (inverse >> (_4 * i)) & _15
            inner = i if i < h else i - h
            if o == last:
                low |= inner << (_4 * h)
                break
            k = o if o < h else o - h
            low |= inner << (_4 * k)
            g |= np.uint64(o < h) << k
            j = (packed >> (_4 * (o + h if o < h else k))) & _15
            inner = j if j < h else j - h
            up |= inner << (_4 * k)
            f |= np.uint64(j >= h) << inner
            seen |= _1 << inner
            i = j + h if j < h else inner
    for w in range(h):
        start = np.uint64(w)
        if (seen >> start) & _1:
            continue
        ahead, behind, wide, i = _0, _0, _0, start
        while True:
            inner = i if i < h else i - h
            o = (inverse >> (_4 * i)) & _15
            k = o if o < h else o - h
            f |= np.uint64(i >= h) << inner
            g |= np.uint64(o >= h) << k
            ahead |= _1 << inner
            behind |= _1 << k
            wide |= _15 << (_4 * k)
            up |= inner << (_4 * k)
            j = (packed >> (_4 * (o + h if o < h else k))) & _15
            inner = j if j < h else j - h
            low |= inner << (_4 * k)
            i = j + h if j < h else inner
            if i == start:
                break
        seen |= ahead
        loops[off + _2 * count] = ahead | (behind << np.uint64(8))
        loops[off + _2 * count + _1] = wide
        count += _1
    return f, g, up, low, count


@kernel
def search_eight(
    packed: np.uint64, r: np.uint64, tree: NDArray[np.uint32], table: NDArray[np.float64], loops: NDArray[np.uint64]
) -> float:
    """Price the cheapest configuration of a block of up to 8 wires; its setting is left at loops[32:36].

    Args:
        packed: see :func:`trace_packed`.
        r: the block.
        tree: the blocks.
        table: what :func:`fill` filled.
        loops: ``LOOPS`` numbers, overwritten from 16 on.
    """
    at = r * _ROW
    m = np.uint64(tree[at + _1])
    own = np.uint64(tree[at + np.uint64(7)]) * _TABLE
    if m <= 4:
        return float(table[own + ((packed & _3) | ((packed >> _2) & np.uint64(12)) | ((packed >> _4) & np.uint64(48)))])
    first = np.uint64(tree[np.uint64(tree[at + _4]) * _ROW + np.uint64(7)]) * _TABLE
    second = np.uint64(tree[np.uint64(tree[at + np.uint64(5)]) * _ROW + np.uint64(7)]) * _TABLE
    f, g, up, low, count = trace_packed(packed, m, _16, loops)
    best = np.inf
    for t in range(_1 << count):
        turn = np.uint64(t)
        if turn:
            at = _16
            while not turn & _1:
                turn >>= _1
                at += _2
            f ^= loops[at] & np.uint64(255)
            g ^= loops[at] >> np.uint64(8)
            exchange = (up ^ low) & loops[at + _1]
            up ^= exchange
            low ^= exchange
        total = (
            table[own + f]
            + table[own + np.uint64(32) + g]
            + table[first + ((up & _3) | ((up >> _2) & np.uint64(12)) | ((up >> _4) & np.uint64(48)))]
            + table[second + ((low & _3) | ((low >> _2) & np.uint64(12)) | ((low >> _4) & np.uint64(48)))]
        )
        if total < best or t == 0:
            best = total
            loops[32], loops[33], loops[34], loops[35] = f, g, up, low
    return best


@kernel
def search_sixteen(
    packed: np.uint64,
    r: np.uint64,
    tree: NDArray[np.uint32],
    table: NDArray[np.float64],
    loops: NDArray[np.uint64],
    best_of: NDArray[np.uint64],
) -> float:
    """Price the cheapest configuration of a block of up to 16 wires; its setting is left in best_of."""
    at = r * _ROW
    m = np.uint64(tree[at + _1])
    if m <= 8:
        best = search_eight(packed, r, tree, table, loops)
        for k in range(4):
            best_of[k] = loops[32 + k]
        return best
    own = np.uint64(tree[at + np.uint64(7)]) * _TABLE
    upper, lower = np.uint64(tree[at + _4]), np.uint64(tree[at + np.uint64(5)])
    f, g, up, low, count = trace_packed(packed, m, _0, loops)
    best = np.inf
    for t in range(_1 << count):
        turn = np.uint64(t)
        if turn:
            at = _0
            while not turn & _1:
                turn >>= _1
                at += _2
            f ^= loops[at] & np.uint64(255)
            g ^= loops[at] >> np.uint64(8)
            exchange = (up ^ low) & loops[at + _1]
            up ^= exchange
            low ^= exchange
        total = table[own + (f & _15)] + table[own + _16 + (f >> _4)]
        total += table[own + np.uint64(32) + (g & _15)] + table[own + np.uint64(48) + (g >> _4)]
        if total < best:
            total += search_eight(up, upper, tree, table, loops)
        if total < best:
            total += search_eight(low, lower, tree, table, loops)
        if total < best or t == 0:
            best = total
            best_of[0], best_of[1], best_of[2], best_of[3] = f, g, up, low
    return best


@kernel
def pack(n: np.uint64, r: np.uint64, tree: NDArray[np.uint32], perm: NDArray[np.uint32]) -> np.uint64:
    """Pack the permutation of a block of up to 16 wires into one number."""
    at = r * _ROW
    first = np.uint64(tree[at + np.uint64(6)]) * n + np.uint64(tree[at])
    packed = _0
    for w in range(tree[at + _1]):
        o = np.uint64(w)
        packed |= np.uint64(perm[first + o]) << (_4 * o)
    return packed


@kernel
def assign_packed(
    packed: np.uint64,
    r: np.uint64,
    tree: NDArray[np.uint32],
    table: NDArray[np.float64],
    base_case: NDArray[np.uint8],
    loops: NDArray[np.uint64],
    best_of: NDArray[np.uint64],
    state: NDArray[np.uint8],
) -> None:
    """Set the switches of a block of up to 16 wires as cheaply as can be."""
    packs, rows = np.zeros(7, np.uint64), np.zeros(7, np.uint64)
    packs[0], rows[0] = packed, r
    for number in range(7):  # the block, its two sub-blocks, their four
        if number and not packs[number]:
            continue
        packed, at = packs[number], rows[number] * _ROW
        m, front, back = np.uint64(tree[at + _1]), np.uint64(tree[at + _2]), np.uint64(tree[at + _3])
        upper, lower = np.uint64(tree[at + _4]), np.uint64(tree[at + np.uint64(5)])
        if m <= 4:
            key = (packed & _3) | ((packed >> _2) & np.uint64(12)) | ((packed >> _4) & np.uint64(48))
            s = base_case[np.uint64(tree[at + np.uint64(7)]) * _TABLE + key]
            state[front] = s & 1
            if m > 2:
                state[back] = s >> 2 & 1
                state[np.uint64(tree[lower * _ROW + _2])] = s >> 5
            if m == 4:
                state[front + _1] = s >> 1 & 1
                state[back + _1] = s >> 3 & 1
                state[np.uint64(tree[upper * _ROW + _2])] = s >> 4 & 1
            continue
        search_sixteen(packed, rows[number], tree, table, loops, best_of)
        for w in range(m >> _1):
            k = np.uint64(w)
            state[front + k] = np.uint8(best_of[0] >> k & _1)
            state[back + k] = np.uint8(best_of[1] >> k & _1)
        packs[2 * number + 1], rows[2 * number + 1] = best_of[2], upper
        packs[2 * number + 2], rows[2 * number + 2] = best_of[3], lower


@kernel
def price_packed(
    n: np.uint64,
    r: np.uint64,
    tree: NDArray[np.uint32],
    perm: NDArray[np.uint32],
    table: NDArray[np.float64],
    loops: NDArray[np.uint64],
    best_of: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    prices: NDArray[np.float64],
) -> float:
    """Price a block of up to 16 wires, from memory where it was priced with the same connections lately."""
    packed = pack(n, r, tree, perm)
    slot = np.uint64(tree[r * _ROW + np.uint64(7)]) * _MEMO + ((packed * _MIX) >> np.uint64(61))
    if keys[slot] == packed:
        return float(prices[slot])
    found = search_sixteen(packed, r, tree, table, loops, best_of)
    keys[slot], prices[slot] = packed, found
    return found
