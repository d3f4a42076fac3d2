"""The router's ladder on Beneš networks of any size: configurations that cost little, under a cost of every switch.

A block's connections fall into loops, each with two settings; what the outer switches cost is a sum over loops, and
each choice of settings gives the two sub-blocks other permutations. Sub-blocks of up to 16 wires are searched whole,
their connections in one word of 4 bits each; outside, ``BLOCKS`` lets each loop take its cheaper side, ``DESCENT`` turns
loops as long as the price found further in falls, ``EXACT`` branches and bounds.

Layout and convention as in :mod:`hwsim.kernels.benes`. Costs must not be negative; +inf: the switch cannot take the
state. Plain twins: ``plain_ladder``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from hwsim.kernels.benes import TOGGLES
from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCKS, DESCENT, EXACT, FIRST = 0, 1, 2, 3
"""How the blocks of more than 16 wires are settled; ``FIRST``: the first configuration without an infinite cost."""

ROW = 9
"""Numbers of a block: first wire, wires, first switch in front, first behind, upper block, lower block, level, ticket
(which table; of blocks of up to 16 wires), and 1 where it is such a block inside a larger one."""

WORD = 16
"""Wires of the largest block whose connections fit a word."""

TABLE = 64
"""Numbers of a ticket's table: the cost of each permutation of a block of up to 4 wires, by its first three outputs; or
of each setting of four switches: in front 2 x 16, behind 2 x 16."""

MEMO = 8
"""Permutations remembered for each block of 5 to 16 wires, with their price."""

LOOPS = 36
"""Numbers that tracing and searching two words scribble on: two of each loop, four of the best setting, twice."""

DEEP = 64
"""``DESCENT`` searches blocks of up to so many wires whole."""

DEEP_TRIALS = 2000
"""Settings of the loops of such a block that are looked at, at most."""

PAIRS = 256
"""``DESCENT`` also tries to turn two loops at once in blocks of up to so many wires."""

PAIRED = 5
"""Loops of which it takes two."""

TRIES = 32
"""Loops of a block that ``DESCENT`` tries to turn in one pass, those first that cost least to turn."""

_0, _1, _2, _3, _4 = (np.uint64(value) for value in range(5))
_15, _16, _ROW, _TABLE, _MEMO, _WORD = (np.uint64(value) for value in (15, 16, ROW, TABLE, MEMO, WORD))
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
        >>> from hwsim.kernels.benes import WEIGHT
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
    leaf: NDArray[np.uint8],
) -> None:
    """Price what blocks of up to 16 wires look up.

    Args:
        tree: the blocks.
        realised: the permutation of a block of 2, 3 and 4 wires in each of 64 states, 255 where it has none.
        law: see :func:`price`.
        before: see there.
        cost: see there.
        weight: see there.
        table: rows of ``TABLE``, one a ticket, overwritten.
        leaf: rows of ``TABLE``: the cheapest state of each permutation of a block of up to 4 wires, overwritten.
    """
    part = np.empty(12)
    for number in range(len(tree) // ROW):
        at = np.uint64(number) * _ROW
        ticket = np.uint64(tree[at + np.uint64(7)])
        if ticket == _NONE:
            continue
        m, front, back = np.uint64(tree[at + _1]), np.uint64(tree[at + _2]), np.uint64(tree[at + _3])
        own = ticket * _TABLE
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
                leaf[own + np.uint64(w)] = np.uint8(255)
            for w in range(TABLE):
                s = np.uint64(w)
                p = np.uint64(realised[(m - _2) * _TABLE + s])
                if p >= _TABLE:
                    continue
                total = part[s & _1] + part[_2 + ((s >> _1) & _1)] + part[_4 + ((s >> _2) & _1)]
                total += part[np.uint64(6) + ((s >> _3) & _1)] + part[np.uint64(8) + ((s >> _4) & _1)]
                total += part[np.uint64(10) + (s >> np.uint64(5))]
                if total < table[own + p] or leaf[own + p] == 255:  # some state, even where all are too dear
                    table[own + p] = total
                    leaf[own + p] = np.uint8(s)
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
def trace_word(word: np.uint64, m: np.uint64, off: np.uint64, loops: NDArray[np.uint64]) -> tuple[Any, ...]:
    """Find the loops of a block of 5 to 16 wires.

    Args:
        word: the input of output o in bits 4 o .. 4 o + 3.
        m: wires.
        off: where loops are written: switches in front and (8 bits up) behind, then four bits for each one behind.
        loops: overwritten.

    Returns:
        Canonical: switches in front that cross, switches behind, the words of the upper and lower block; loops.

    Example:
        >>> u = np.uint64
        >>> trace_word(u(0x43210), u(5), u(0), np.zeros(36, np.uint64))
        (0, 0, 16, 528, 2)
    """
    h = m >> _1
    last = h + h
    inverse = _0
    for w in range(m):
        o = np.uint64(w)
        inverse |= o << (_4 * ((word >> (_4 * o)) & _15))
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
            j = (word >> (_4 * (o + h if o < h else k))) & _15
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
            j = (word >> (_4 * (o + h if o < h else k))) & _15
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
    word: np.uint64, r: np.uint64, tree: NDArray[np.uint32], table: NDArray[np.float64], loops: NDArray[np.uint64]
) -> float:
    """Price the cheapest configuration of a block of up to 8 wires; its setting is left at loops[32:36].

    Args:
        word: see :func:`trace_word`.
        r: the block.
        tree: the blocks.
        table: what :func:`fill` filled.
        loops: ``LOOPS`` numbers, overwritten from 16 on.
    """
    at = r * _ROW
    m = np.uint64(tree[at + _1])
    own = np.uint64(tree[at + np.uint64(7)]) * _TABLE
    if m <= 4:
        return float(table[own + ((word & _3) | ((word >> _2) & np.uint64(12)) | ((word >> _4) & np.uint64(48)))])
    first = np.uint64(tree[np.uint64(tree[at + _4]) * _ROW + np.uint64(7)]) * _TABLE
    second = np.uint64(tree[np.uint64(tree[at + np.uint64(5)]) * _ROW + np.uint64(7)]) * _TABLE
    f, g, up, low, count = trace_word(word, m, _16, loops)
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
    word: np.uint64,
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
        best = search_eight(word, r, tree, table, loops)
        for k in range(4):
            best_of[k] = loops[32 + k]
        return best
    own = np.uint64(tree[at + np.uint64(7)]) * _TABLE
    upper, lower = np.uint64(tree[at + _4]), np.uint64(tree[at + np.uint64(5)])
    f, g, up, low, count = trace_word(word, m, _0, loops)
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
    """The connections of a block of up to 16 wires as one word."""
    at = r * _ROW
    first = np.uint64(tree[at + np.uint64(6)]) * n + np.uint64(tree[at])
    word = _0
    for w in range(tree[at + _1]):
        o = np.uint64(w)
        word |= np.uint64(perm[first + o]) << (_4 * o)
    return word


@kernel
def settle_word(
    word: np.uint64,
    r: np.uint64,
    tree: NDArray[np.uint32],
    table: NDArray[np.float64],
    leaf: NDArray[np.uint8],
    loops: NDArray[np.uint64],
    best_of: NDArray[np.uint64],
    state: NDArray[np.uint8],
) -> None:
    """Set the switches of a block of up to 16 wires as cheaply as can be."""
    words, rows = np.zeros(7, np.uint64), np.zeros(7, np.uint64)
    words[0], rows[0] = word, r
    for number in range(7):  # the block, its two sub-blocks, their four
        if number and not words[number]:
            continue
        word, at = words[number], rows[number] * _ROW
        m, front, back = np.uint64(tree[at + _1]), np.uint64(tree[at + _2]), np.uint64(tree[at + _3])
        upper, lower = np.uint64(tree[at + _4]), np.uint64(tree[at + np.uint64(5)])
        if m <= 4:
            key = (word & _3) | ((word >> _2) & np.uint64(12)) | ((word >> _4) & np.uint64(48))
            s = leaf[np.uint64(tree[at + np.uint64(7)]) * _TABLE + key]
            state[front] = s & 1
            if m > 2:
                state[back] = s >> 2 & 1
                state[np.uint64(tree[lower * _ROW + _2])] = s >> 5
            if m == 4:
                state[front + _1] = s >> 1 & 1
                state[back + _1] = s >> 3 & 1
                state[np.uint64(tree[upper * _ROW + _2])] = s >> 4 & 1
            continue
        search_sixteen(word, rows[number], tree, table, loops, best_of)
        for w in range(m >> _1):
            k = np.uint64(w)
            state[front + k] = np.uint8(best_of[0] >> k & _1)
            state[back + k] = np.uint8(best_of[1] >> k & _1)
        words[2 * number + 1], rows[2 * number + 1] = best_of[2], upper
        words[2 * number + 2], rows[2 * number + 2] = best_of[3], lower


@kernel
def worth_word(
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
    word = pack(n, r, tree, perm)
    slot = np.uint64(tree[r * _ROW + np.uint64(7)]) * _MEMO + ((word * _MIX) >> np.uint64(61))
    if keys[slot] == word:
        return float(prices[slot])
    found = search_sixteen(word, r, tree, table, loops, best_of)
    keys[slot], prices[slot] = word, found
    return found


@kernel
def turn_loop(
    h: np.uint64,
    front: np.uint64,
    back: np.uint64,
    own: np.uint64,
    inner: np.uint64,
    number: np.uint64,
    path: NDArray[np.uint32],
    first: NDArray[np.uint32],
    perm: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> None:
    """Give a loop its other setting: exchange what it asks of the two sub-blocks, turn its switches."""
    for t in range(first[own + number], first[own + number + _1]):
        k = np.uint64(path[own + np.uint64(t)])
        up, low = perm[inner + k], perm[inner + h + k]
        perm[inner + k], perm[inner + h + k] = low, up
        state[back + k] ^= np.uint8(1)
        state[front + np.uint64(up)] ^= np.uint8(1)


@kernel
def divide(
    n: np.uint64,
    r: np.uint64,
    tree: NDArray[np.uint32],
    law: int,
    before: NDArray[np.uint8],
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    perm: NDArray[np.uint32],
    path: NDArray[np.uint32],
    first: NDArray[np.uint32],
    delta: NDArray[np.float64],
    inverse: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> tuple[float, Any]:
    """Give each loop of a block its cheaper setting, and find what the two sub-blocks must do then.

    Args:
        n: ports.
        r: the block.
        tree: the blocks.
        law: see :func:`price`.
        before: see there.
        cost: see there.
        weight: see there.
        perm: the input of each output, a row of n a level; the block's is read, the sub-blocks' overwritten.
        path: switches behind, loop after loop; overwritten, as is the rest, in the block's place in its level's row.
        first: where each loop begins in path, and where the last one ends.
        delta: what turning each loop costs.
        inverse: n numbers.
        state: overwritten for the block's own switches.

    Returns:
        What the outer switches cost, and the number of loops.
    """
    at = r * _ROW
    b, m = np.uint64(tree[at]), np.uint64(tree[at + _1])
    front, back = np.uint64(tree[at + _2]), np.uint64(tree[at + _3])
    own = np.uint64(tree[at + np.uint64(6)]) * n + b
    inner, h = own + n, m >> _1
    last = h + h
    outer, count, t = 0.0, _0, _0
    for w in range(m):
        o = np.uint64(w)
        inverse[b + np.uint64(perm[own + o])] = np.uint32(o)
    for w in range(h):
        state[front + np.uint64(w)] = np.uint8(2)
    if m > last:
        i = last
        while True:
            o = np.uint64(inverse[b + i])
            a = i if i < h else i - h
            if o == last:
                perm[inner + last] = np.uint32(a)
                break
            k = o if o < h else o - h
            g = np.uint64(o < h)
            perm[inner + h + k] = np.uint32(a)
            state[back + k] = np.uint8(g)
            j = np.uint64(perm[own + (o + h if o < h else k)])
            a = j if j < h else j - h
            f = np.uint64(j >= h)
            perm[inner + k] = np.uint32(a)
            state[front + a] = np.uint8(f)
            outer += price(law, before, cost, weight, front + a, f) + price(law, before, cost, weight, back + k, g)
            i = j + h if j < h else a
    for w in range(h):
        start = np.uint64(w)
        if state[front + start] != 2:
            continue
        first[own + count] = np.uint32(t)
        i, stay, turn = start, 0.0, 0.0
        while True:
            a = i if i < h else i - h
            o = np.uint64(inverse[b + i])
            k = o if o < h else o - h
            f, g = np.uint64(i >= h), np.uint64(o >= h)
            state[front + a], state[back + k] = np.uint8(f), np.uint8(g)
            j = np.uint64(perm[own + (o + h if o < h else k)])
            z = j if j < h else j - h
            perm[inner + k], perm[inner + h + k] = np.uint32(a), np.uint32(z)
            path[own + t] = np.uint32(k)
            t += _1
            stay += price(law, before, cost, weight, front + a, f) + price(law, before, cost, weight, back + k, g)
            turn += price(law, before, cost, weight, front + a, f ^ _1)
            turn += price(law, before, cost, weight, back + k, g ^ _1)
            i = j + h if j < h else z
            if i == start:
                break
        first[own + count + _1] = np.uint32(t)
        if turn < stay:
            turn_loop(h, front, back, own, inner, count, path, first, perm, state)
            stay, turn = turn, stay
        outer += stay
        delta[own + count] = turn - stay if turn < np.inf else np.inf
        count += _1
    return outer, count


@kernel
def worth_exact(
    n: np.uint64,
    r: np.uint64,
    bound: float,
    budget: NDArray[np.int64],
    goal: float,
    tree: NDArray[np.uint32],
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
    state: NDArray[np.uint8],
    table: NDArray[np.float64],
    loops: NDArray[np.uint64],
    best_of: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    prices: NDArray[np.float64],
) -> float:
    """Price the cheapest configuration of a block if that is below the bound; else bound or more.

    ``bound`` is what is too dear; ``budget`` the trials left, counted down, and at 0 the best found so far is given;
    anything cheaper than ``goal`` is taken at once. ``flags`` are two a loop: turned now, and turned in the best
    setting, in which the block's switches and its sub-blocks' permutations are left. The rest as elsewhere.
    """
    at = r * _ROW
    m = np.uint64(tree[at + _1])
    if m <= _WORD:
        return worth_word(n, r, tree, perm, table, loops, best_of, keys, prices)
    front, back = np.uint64(tree[at + _2]), np.uint64(tree[at + _3])
    upper, lower = np.uint64(tree[at + _4]), np.uint64(tree[at + np.uint64(5)])
    own = np.uint64(tree[at + np.uint64(6)]) * n + np.uint64(tree[at])
    inner, h = own + n, m >> _1
    outer, count = divide(n, r, tree, law, before, cost, weight, perm, path, first, delta, inverse, state)
    for loop in range(count):
        flags[_2 * (own + np.uint64(loop))] = flags[_2 * (own + np.uint64(loop)) + _1] = np.uint8(0)
    best = bound
    while True:
        if outer < best:
            budget[0] -= 1
            total = outer
            total += worth_exact(
                n, upper, best - total, budget, goal - total, tree, law, before, cost, weight, perm, path, first,
                delta, flags, inverse, state, table, loops, best_of, keys, prices,
            )  # fmt: skip
            if total < best:
                total += worth_exact(
                    n, lower, best - total, budget, goal - total, tree, law, before, cost, weight, perm, path, first,
                    delta, flags, inverse, state, table, loops, best_of, keys, prices,
                )  # fmt: skip
            if total < best:
                best = total
                for loop in range(count):
                    x = _2 * (own + np.uint64(loop))
                    flags[x + _1] = flags[x]
        if best < goal or budget[0] <= 0:
            break
        t = count
        while t:
            x = own + t - _1
            if flags[_2 * x]:
                outer -= delta[x]
            elif outer + delta[x] < best:
                break
            else:
                t -= _1
                continue
            flags[_2 * x] = np.uint8(0)
            turn_loop(h, front, back, own, inner, t - _1, path, first, perm, state)
            t -= _1
        if not t:
            break
        outer += delta[own + t - _1]
        flags[_2 * (own + t - _1)] = np.uint8(1)
        turn_loop(h, front, back, own, inner, t - _1, path, first, perm, state)
    for loop in range(count):
        x = _2 * (own + np.uint64(loop))
        if flags[x] != flags[x + _1]:
            turn_loop(h, front, back, own, inner, np.uint64(loop), path, first, perm, state)
    return best


@kernel
def worth_blocks(
    n: np.uint64,
    r: np.uint64,
    bound: float,
    tree: NDArray[np.uint32],
    law: int,
    before: NDArray[np.uint8],
    cost: NDArray[np.float64],
    weight: NDArray[np.float64],
    perm: NDArray[np.uint32],
    path: NDArray[np.uint32],
    first: NDArray[np.uint32],
    delta: NDArray[np.float64],
    inverse: NDArray[np.uint32],
    state: NDArray[np.uint8],
    table: NDArray[np.float64],
    loops: NDArray[np.uint64],
    best_of: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    prices: NDArray[np.float64],
) -> float:
    """Price a block as ``BLOCKS`` would settle it; bound or more as soon as it is that much."""
    total, low, high = 0.0, r, r
    while True:
        inside = True
        for x in range(low, high + _1):
            block = np.uint64(x)
            if np.uint64(tree[block * _ROW + _1]) > _WORD:
                inside = False
                total += divide(n, block, tree, law, before, cost, weight, perm, path, first, delta, inverse, state)[0]
            elif tree[block * _ROW + np.uint64(8)]:
                total += worth_word(n, block, tree, perm, table, loops, best_of, keys, prices)
            if total >= bound:
                return total
        if inside:
            return total
        low, high = np.uint64(tree[low * _ROW + _4]), np.uint64(tree[high * _ROW + np.uint64(5)])


@kernel
def descend(
    n: np.uint64,
    r: np.uint64,
    tree: NDArray[np.uint32],
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
    state: NDArray[np.uint8],
    table: NDArray[np.float64],
    loops: NDArray[np.uint64],
    best_of: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    prices: NDArray[np.float64],
    order: NDArray[np.int64],
) -> None:
    """Settle the outer switches of a block: turn loops, one at a time, as long as the price of the whole falls."""
    at = r * _ROW
    m = np.uint64(tree[at + _1])
    front, back = np.uint64(tree[at + _2]), np.uint64(tree[at + _3])
    upper, lower = np.uint64(tree[at + _4]), np.uint64(tree[at + np.uint64(5)])
    own = np.uint64(tree[at + np.uint64(6)]) * n + np.uint64(tree[at])
    inner, h = own + n, m >> _1
    outer, count = divide(n, r, tree, law, before, cost, weight, perm, path, first, delta, inverse, state)
    tries = np.uint64(min(count, np.uint64(TRIES)))
    for loop in range(tries):  # the loops that cost least to turn, in order
        order[loop] = -1
    for loop in range(count):
        t = tries
        while t and (order[t - _1] < 0 or delta[own + np.uint64(order[t - _1])] > delta[own + np.uint64(loop)]):
            if t < tries:
                order[t] = order[t - _1]
            t -= _1
        if t < tries:
            order[t] = loop
    few_loops = min(tries, np.uint64(PAIRED)) if m <= PAIRS else _0
    trials = tries + (few_loops * (few_loops - _1)) // _2 if few_loops else tries
    for loop in range(count):
        flags[_2 * (own + np.uint64(loop))] = np.uint8(0)
    best = np.inf
    since, t = _0, trials  # trials since the last fall; the first one is the setting that stands
    while since <= trials and (trials or best == np.inf):
        total, x, y = outer, own, own
        if t < tries:  # one loop
            x = y = own + np.uint64(order[t])
        elif t < trials:  # two of the first few
            z, one = t - tries, _1
            while z >= one:
                z -= one
                one += _1
            x, y = own + np.uint64(order[z]), own + np.uint64(order[one])
        if t < trials:
            total += -delta[x] if flags[_2 * x] else delta[x]
            if x != y:
                total += -delta[y] if flags[_2 * y] else delta[y]
        since += _1
        if total < best:
            changed = total
            if t < trials:
                turn_loop(h, front, back, own, inner, x - own, path, first, perm, state)
                if x != y:
                    turn_loop(h, front, back, own, inner, y - own, path, first, perm, state)
            for side in range(2):
                if total < best:
                    block = upper if side == 0 else lower
                    total += worth_blocks(
                        n, block, best - total, tree, law, before, cost, weight, perm, path, first, delta, inverse,
                        state, table, loops, best_of, keys, prices,
                    )  # fmt: skip
            if total < best:
                best, outer, since = total, changed, _1
                if t < trials:
                    flags[_2 * x] ^= np.uint8(1)
                    if x != y:
                        flags[_2 * y] ^= np.uint8(1)
            elif t < trials:
                turn_loop(h, front, back, own, inner, x - own, path, first, perm, state)
                if x != y:
                    turn_loop(h, front, back, own, inner, y - own, path, first, perm, state)
        t = t + _1 if t + _1 < trials else _0


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
    leaf: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    prices: NDArray[np.float64],
    state: NDArray[np.uint8],
) -> int:
    """Route one permutation; the trials that are left, 0 where the search gave up."""
    ports = np.uint64(n)
    loops, best_of, order = np.zeros(LOOPS, np.uint64), np.zeros(4, np.uint64), np.zeros(TRIES, np.int64)
    budget, few = np.full(1, trials, np.int64), np.zeros(1, np.int64)
    for o in range(n):
        perm[o] = np.uint32(permutation[o])
    fill(tree, realised, law, before, cost, weight, table, leaf)
    keys[:] = _0
    for number in range(len(tree) // ROW):
        r = np.uint64(number)
        m = np.uint64(tree[r * _ROW + _1])
        if m <= _WORD:
            if tree[r * _ROW + np.uint64(8)]:
                settle_word(pack(ports, r, tree, perm), r, tree, table, leaf, loops, best_of, state)
        elif effort == BLOCKS:
            divide(ports, r, tree, law, before, cost, weight, perm, path, first, delta, inverse, state)
        elif effort == DESCENT and m > DEEP:
            descend(
                ports, r, tree, law, before, cost, weight, perm, path, first, delta, flags, inverse, state, table,
                loops, best_of, keys, prices, order,
            )  # fmt: skip
        elif effort == DESCENT:
            few[0] = DEEP_TRIALS
            worth_exact(
                ports, r, np.inf, few, goal, tree, law, before, cost, weight, perm, path, first, delta, flags,
                inverse, state, table, loops, best_of, keys, prices,
            )  # fmt: skip
        else:
            worth_exact(
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
    tickets: int,
    lanes: int,
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
    """Route one permutation a bank, lanes of banks in parallel: the same bits for any number of lanes and threads.

    Args:
        n: ports, 2 or more.
        effort: ``BLOCKS``, ``DESCENT``, ``EXACT`` or ``FIRST``.
        goal: what ``FIRST`` is satisfied with, -inf for the others.
        trials: settings of loops that a search looks at before it gives up.
        switches: switches of the network.
        levels: levels of the tree.
        tickets: tables of the tree.
        lanes: rows of work that may go on at once.
        permutation: rows of n.
        tree: the blocks.
        realised: see :func:`fill`.
        law: ``TOGGLES`` or ``COST``.
        before: rows of states before, under ``TOGGLES``.
        cost: rows of two a switch, one table for all banks or one a bank, under ``COST``.
        weight: see :func:`price`.
        state: rows, overwritten.
        left: trials left of each bank, overwritten; 0: gave up.
    """
    banks = len(left)
    rows = (levels + 1) * n
    for lane in prange(lanes):
        perm, path, first = np.empty(rows, np.uint32), np.empty(rows, np.uint32), np.empty(rows + 1, np.uint32)
        delta, flags = np.empty(rows), np.empty(2 * rows, np.uint8)
        inverse, table = np.empty(n, np.uint32), np.empty(tickets * TABLE)
        leaf = np.empty(tickets * TABLE, np.uint8)
        keys, prices = np.empty(tickets * MEMO, np.uint64), np.empty(tickets * MEMO)
        for bank in range(lane, banks, lanes):
            prior = before[bank * switches : (bank + 1) * switches]
            own = cost if len(cost) <= 2 * switches else cost[2 * bank * switches : 2 * (bank + 1) * switches]
            left[bank] = route_one(
                n, effort, goal, trials, permutation[bank * n : (bank + 1) * n], tree, realised, law, prior, own,
                weight, perm, path, first, delta, flags, inverse, table, leaf, keys, prices,
                state[bank * switches : (bank + 1) * switches],
            )  # fmt: skip


route_rows = kernel(_route_many)
"""One row after the other."""

route_many = parallel_kernel(_route_many)
"""Lanes of rows in parallel."""
