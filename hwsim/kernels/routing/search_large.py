"""Search the settings of the loops in blocks of more than 16 wires.

See :mod:`hwsim.kernels.routing.search`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.routing.search_small import PACKED, ROW, price, price_packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRS = 256
"""``DESCENT`` also tries to turn two loops at once in blocks of up to so many wires."""

PAIRED = 5
"""Loops of which it takes two."""

TRIES = 32
"""Loops of a block that ``DESCENT`` tries to turn in one pass, those first that cost least to turn."""

_0, _1, _2, _3, _4 = (np.uint64(value) for value in range(5))
_ROW, _PACKED = np.uint64(ROW), np.uint64(PACKED)


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
        perm: the input of each output, a row of n per level; the block's is read, the sub-blocks' overwritten.
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
def price_exact(
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
    if m <= _PACKED:
        return price_packed(n, r, tree, perm, table, loops, best_of, keys, prices)
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
            total += price_exact(
                n, upper, best - total, budget, goal - total, tree, law, before, cost, weight, perm, path, first,
                delta, flags, inverse, state, table, loops, best_of, keys, prices,
            )  # fmt: skip
            if total < best:
                total += price_exact(
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
def price_blocks(
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
    """Price a block as ``BLOCKS`` would assign its switches; bound or more as soon as it is that much."""
    total, low, high = 0.0, r, r
    while True:
        inside = True
        for x in range(low, high + _1):
            block = np.uint64(x)
            if np.uint64(tree[block * _ROW + _1]) > _PACKED:
                inside = False
                total += divide(n, block, tree, law, before, cost, weight, perm, path, first, delta, inverse, state)[0]
            elif tree[block * _ROW + np.uint64(8)]:
                total += price_packed(n, block, tree, perm, table, loops, best_of, keys, prices)
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
    """Assign the outer switches of a block: turn loops, one at a time, as long as the price of the whole falls."""
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
                    total += price_blocks(
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
