"""Route by values: switch settings of a Beneš network that show wanted classes of cells, close to those before.

Classes are whole numbers 0 .. V-1; cells of one class may be exchanged. From the outside in, a block has only to hand
as many cells of each class to its upper sub-block as the upper sub-block's outputs want: V - 1 balances in place of m
positions. So nearly all outer switches may stay as they are. A switch that is turned carries one cell of class a out of
the upper half and one of class b in, an arc a -> b between classes; the cheapest turns that restore the balance are
shortest paths. An arc costs its toggle, and what it changes in the positions that the sub-blocks, left as they are,
would show wrong.

Layout, convention and blocks as in :mod:`hwsim.kernels.routing.benes`. Reference implementation:
``tests/oracles/values.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 4
"""Arcs of a path between classes that are tried first; longer ones only where these do not suffice."""

NEVER = 1e300

BLOCK = 7
"""Numbers a block: first wire, wires, first switch in front, first switch behind, level, first switch of its upper and
of its lower sub-block (read where these have two wires)."""


class Network(NamedTuple):
    """A Beneš network."""

    ports: int
    switches: int
    blocks: NDArray[np.int64]
    """Rows of seven (:data:`BLOCK`); outer first."""


class Cells(NamedTuple):
    """Classes of cells, numbered from 0."""

    classes: int
    """How many there are, at least 1."""
    label: NDArray[np.int32]
    """Of the cell at each input, rows of n."""
    wanted: NDArray[np.int32]
    """At each output, rows of n."""


class Guide(NamedTuple):
    """What turning a switch costs besides its toggle."""

    weight: NDArray[np.float64]
    """For each level, the toggles that two wrong positions of its sub-blocks will cost."""
    jitter: NDArray[np.float64]
    """For each level, by how much at most chance changes the price of turning a switch."""
    seed: int
    """What chance is drawn from, together with bank and switch."""


class Small(NamedTuple):
    """A block of three or four wires."""

    half: int
    """Switches in front, 1 or 2."""
    front: int
    """First switch in front."""
    back: int
    """First switch behind."""
    upper: int
    """Switch of the upper sub-block (read where half = 2)."""
    lower: int
    """Switch of the lower sub-block."""


class Scratch(NamedTuple):
    """What routing scribbles on."""

    whole: NDArray[np.int32]
    """:func:`whole_numbers` for each chunk."""
    real: NDArray[np.float64]
    """:func:`real_numbers` for each chunk."""


@kernel
def whole_numbers(n: int, classes: int, levels: int) -> int:
    """Length of the scratch of whole numbers for one chunk.

    Example:
        >>> whole_numbers(8, 2, 3)
        116
    """
    return (levels + 1) * n + 9 * n + classes + (max(classes, ROUNDS) + 1) * classes


@kernel
def real_numbers(n: int, classes: int) -> int:
    """Length of the scratch of real numbers for one chunk.

    Example:
        >>> real_numbers(8, 2)
        18
    """
    return n + (max(classes, ROUNDS) + 1) * classes


@kernel
def chance(seed: int, number: int) -> float:
    """A number from -1 to 1 that hangs on a seed and a number alone (splitmix64, Steele et al. 2014).

    Example:
        >>> chance(1, 2) == chance(1, 2) != chance(1, 3)
        True
    """
    z = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(number) * np.uint64(0xD1342543DE82EF95)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.float64(z >> np.uint64(11)) * (2.0 / 9007199254740992.0) - 1.0


@kernel
def assign_pair(first: int, second: int, wanted: int, before: np.uint8) -> np.uint8:
    """State of one switch whose inputs are of two classes and whose upper output wants one of them.

    Example:
        >>> int(assign_pair(3, 5, 5, np.uint8(0))), int(assign_pair(3, 3, 3, np.uint8(1)))
        (1, 1)
    """
    if first == second:
        return before
    return np.uint8(wanted != first)


@kernel
def inner_paths(n: int, blocks: NDArray[np.int64], state: NDArray[np.uint8], inner: NDArray[np.int32]) -> None:
    """For every block, the input of the block that each of its outputs takes from, in given states.

    Args:
        n: ports.
        blocks: rows of seven (:data:`BLOCK`); outer first.
        state: states (switches,).
        inner: int32 (levels + 1) n, overwritten: level l, wire w at l n + w; blocks of one wire hold 0.

    Example:
        >>> inner = np.zeros(4, np.int32)
        >>> inner_paths(2, np.array([0, 2, 0, 0, 0, -1, -1]), np.array([1], np.uint8), inner)
        >>> inner.tolist()
        [1, 0, 0, 0]
    """
    inner[:] = 0
    for number in range(len(blocks) // BLOCK - 1, -1, -1):
        b, m = blocks[BLOCK * number], blocks[BLOCK * number + 1]
        front, back, level = blocks[BLOCK * number + 2], blocks[BLOCK * number + 3], blocks[BLOCK * number + 4]
        own, sub = level * n + b, (level + 1) * n + b
        if m == 2:
            inner[own] = state[front]
            inner[own + 1] = 1 - state[front]
            continue
        h = m // 2
        for o in range(m):
            k = o if o < h else o - h
            if o < 2 * h and (o < h) == (state[back + k] == 0):
                i = inner[sub + k]
                inner[own + o] = i if state[front + i] == 0 else i + h
            else:
                i = inner[sub + h + k]
                if i == h:
                    inner[own + o] = 2 * h
                else:
                    inner[own + o] = i + h if state[front + i] == 0 else i


@kernel
def assign_small(
    block: Small,
    kin: NDArray[np.int32],
    kout: NDArray[np.int32],
    before: NDArray[np.uint8],
    settings: NDArray[np.uint8],
) -> int:
    """The fewest toggles of a block of three or four wires, found by trying all settings.

    Args:
        block: which switches it has.
        kin: classes at the inputs.
        kout: classes wanted at the outputs.
        before: states before, of all switches.
        settings: of the switches in front, then of those behind, overwritten.

    Returns:
        Toggles, -1 where the classes do not fit each other.
    """
    h, front, back, upper, lower = block
    best, found = 1 << 30, 0
    for outer in range(1 << (2 * h)):
        toggles = 0
        for k in range(h):
            toggles += ((outer >> k) & 1) != before[front + k]
            toggles += ((outer >> (h + k)) & 1) != before[back + k]
        if toggles >= best:
            continue
        # with these outer switches: what comes to each sub-block (a, b), and what is wanted from it (c, d)
        if h == 1:
            f, g = outer & 1, outer >> 1
            if kin[f] != kout[g]:
                continue
            a, b = kin[1 - f], kin[2]
            c, d = kout[1 - g], kout[2]
        else:
            f, g = outer & 1, (outer >> 2) & 1
            f2, g2 = (outer >> 1) & 1, outer >> 3
            a, b = kin[2 * f], kin[1 + 2 * f2]
            c, d = kout[2 * g], kout[1 + 2 * g2]
            if not ((a == c and b == d) or (a == d and b == c)):
                continue
            toggles += a != b and (a != c) != before[upper]
            a, b = kin[2 - 2 * f], kin[3 - 2 * f2]
            c, d = kout[2 - 2 * g], kout[3 - 2 * g2]
        if not ((a == c and b == d) or (a == d and b == c)):
            continue
        toggles += a != b and (a != c) != before[lower]
        if toggles < best:
            best, found = toggles, outer
    if best == 1 << 30:
        return -1
    for k in range(2 * h):
        settings[k] = (found >> k) & 1
    return best


@kernel
def route_values_one(
    network: Network,
    row: int,
    cells: Cells,
    guide: Guide,
    before: NDArray[np.uint8],
    start: NDArray[np.uint8],
    scratch: Scratch,
    state: NDArray[np.uint8],
) -> bool:
    """Settings of one network that show wanted classes; see :func:`route_values_many` for the arguments.

    Returns:
        Whether the classes at the inputs are those wanted at the outputs; the states are of no use where they are not.
    """
    n, switches, blocks = network
    classes, label, wanted = cells
    weight, jitter, seed = guide
    whole, reach = scratch
    base = row * switches
    old = before[base : base + switches]
    now = start[base : base + switches]
    new = state[base : base + switches]
    levels = len(weight)
    inner = whole[: (levels + 1) * n]
    rest = whole[(levels + 1) * n :]
    kin, kout = rest[:n], rest[n : 2 * n]
    tin, tout = rest[2 * n : 3 * n], rest[3 * n : 4 * n]  # classes at the sub-blocks' ends: upper, then lower
    give, take = rest[4 * n : 5 * n], rest[5 * n : 6 * n]  # sub-block output of each sub-block input, and back
    head, tail = rest[6 * n : 7 * n], rest[7 * n : 8 * n]  # classes that an arc takes out of, and into, the upper half
    balance = rest[8 * n : 8 * n + classes]
    chosen = rest[8 * n + classes : 9 * n + classes]
    parents = rest[9 * n + classes :]  # rounds of one arc per class
    price, lengths = reach[:n], reach[n:]
    settings = np.zeros(4, np.uint8)
    inner_paths(n, blocks, now, inner)
    for w in range(n):
        kin[w] = label[row * n + w]
        kout[w] = wanted[row * n + w]
    for number in range(len(blocks) // BLOCK):
        at = BLOCK * number
        b, m, front, back, level = blocks[at], blocks[at + 1], blocks[at + 2], blocks[at + 3], blocks[at + 4]
        if m == 2:  # one switch
            new[front] = assign_pair(kin[b], kin[b + 1], kout[b], old[front])
            if not (
                (kin[b] == kout[b] and kin[b + 1] == kout[b + 1]) or (kin[b] == kout[b + 1] and kin[b + 1] == kout[b])
            ):
                return False
            continue
        h = m // 2
        # the outer switches to set out from: of a small block the best ones, else those of the start
        if m <= 4:
            small = Small(h, front, back, blocks[at + 5], blocks[at + 6])
            if assign_small(small, kin[b : b + m], kout[b : b + m], old, settings) < 0:
                return False
            for k in range(h):
                new[front + k] = settings[k]
                new[back + k] = settings[h + k]
        else:
            for k in range(h):
                new[front + k] = now[front + k]
                new[back + k] = now[back + k]
        # what the sub-blocks get with these, and what is wanted from them
        for k in range(h):
            f, g = new[front + k], new[back + k]
            tin[k] = kin[b + k + f * h]
            tin[h + k] = kin[b + k + h - f * h]
            tout[k] = kout[b + k + g * h]
            tout[h + k] = kout[b + k + h - g * h]
        if m > 2 * h:
            tin[2 * h], tout[2 * h] = kin[b + 2 * h], kout[b + 2 * h]
        if m > 4:
            # how the sub-blocks, left as they are, join their inputs and outputs
            sub = (level + 1) * n + b
            for o in range(m):
                i = inner[sub + o] + (0 if o < h else h)
                take[o] = i
                give[i] = o
            half = 0.5 * weight[level]
            # cells of each class that come to the upper half beyond those wanted from it
            for k in range(classes):
                balance[k] = 0
            for k in range(h):
                balance[tin[k]] += 1
                balance[tout[k]] -= 1
            while True:
                surplus = 0
                for k in range(classes):
                    surplus += max(balance[k], 0)
                # what turning each switch would cost now, and which arc it is
                for k in range(h):
                    o, o2 = give[k], give[h + k]
                    a, c = tin[k], tin[h + k]
                    wrong = np.int64(c != tout[o]) + np.int64(a != tout[o2])
                    wrong -= np.int64(a != tout[o]) + np.int64(c != tout[o2])
                    price[k] = (1.0 if new[front + k] == old[front + k] else -1.0) + half * wrong
                    if jitter[level] > 0:
                        price[k] += jitter[level] * chance(seed, row * switches + front + k)
                    head[k], tail[k] = a, c
                    i, i2 = take[k], take[h + k]
                    a, c = tout[k], tout[h + k]
                    wrong = np.int64(c != tin[i]) + np.int64(a != tin[i2])
                    wrong -= np.int64(a != tin[i]) + np.int64(c != tin[i2])
                    price[h + k] = (1.0 if new[back + k] == old[back + k] else -1.0) + half * wrong
                    if jitter[level] > 0:
                        price[h + k] += jitter[level] * chance(seed, row * switches + back + k)
                    head[h + k], tail[h + k] = c, a
                if surplus == 0:
                    break
                # shortest paths from classes in surplus to classes in want, round by round
                best, goal = NEVER, -1
                for k in range(classes):
                    lengths[k] = 0.0 if balance[k] > 0 else NEVER
                rounds = 0
                while rounds < ROUNDS or (goal < 0 and rounds < classes):
                    here, then = rounds * classes, (rounds + 1) * classes
                    moved = False
                    for k in range(classes):
                        lengths[then + k] = lengths[here + k]
                        parents[then + k] = -1
                    for s in range(2 * h):
                        a = head[s]
                        if a != tail[s] and lengths[here + a] < NEVER:
                            reached = lengths[here + a] + price[s]
                            if reached < lengths[then + tail[s]] - 1e-9:
                                lengths[then + tail[s]] = reached
                                parents[then + tail[s]] = s
                                moved = True
                    rounds += 1
                    if not moved:
                        break
                    for k in range(classes):
                        if balance[k] < 0 and lengths[then + k] < NEVER:
                            goal = k
                for k in range(classes):
                    if balance[k] < 0 and lengths[rounds * classes + k] < best:
                        best, goal = lengths[rounds * classes + k], k
                if goal < 0:
                    return False
                # the path, from its end
                count, v = 0, goal
                for r in range(rounds, 0, -1):
                    s = parents[r * classes + v]
                    if s < 0:
                        continue
                    a = head[s]
                    chosen[count] = s
                    count += 1
                    for t in range(count):  # a class met before closes a circle, which is left out
                        if tail[chosen[t]] == a:
                            count = t
                            break
                    v = a
                # its switches turn
                for t in range(count):
                    s = chosen[t]
                    balance[head[s]] -= 1
                    balance[tail[s]] += 1
                    if s < h:
                        new[front + s] ^= np.uint8(1)
                        tin[s], tin[h + s] = tin[h + s], tin[s]
                    else:
                        k = s - h
                        new[back + k] ^= np.uint8(1)
                        tout[k], tout[h + k] = tout[h + k], tout[k]
        for w in range(m):
            kin[b + w], kout[b + w] = tin[w], tout[w]
    return True


@parallel_kernel
def route_values_many(
    network: Network,
    cells: Cells,
    guide: Guide,
    before: NDArray[np.uint8],
    start: NDArray[np.uint8],
    scratch: Scratch,
    state: NDArray[np.uint8],
    fits: NDArray[np.uint8],
) -> None:
    """Settings that show wanted classes, one network per bank, chunks of banks in parallel.

    Args:
        network: the circuit, of at least 1 port.
        cells: which classes are where, and where they are wanted.
        guide: what turning a switch costs besides its toggle.
        before: states before, one row per bank: toggles are counted from these.
        start: states to set out from, one row per bank: those before, or some that show nearly what is wanted.
        scratch: of all chunks.
        state: states, one row per bank, overwritten.
        fits: per bank, whether the classes at the inputs are those wanted, overwritten.
    """
    chunks = len(scratch.whole) // whole_numbers(network.ports, cells.classes, len(guide.weight))
    size, room = len(scratch.whole) // chunks, len(scratch.real) // chunks
    for chunk in prange(chunks):
        for row in range(chunk, len(fits), chunks):
            fits[row] = route_values_one(
                network,
                row,
                cells,
                guide,
                before,
                start,
                Scratch(
                    scratch.whole[chunk * size : (chunk + 1) * size], scratch.real[chunk * room : (chunk + 1) * room]
                ),
                state,
            )
