"""Routing by values: recursion over blocks, dictionaries of states, paths found from the definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracles.benes import places
from tests.oracles.levels import draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    States = dict[tuple[int, int], int]

ROUNDS = 4


def chance(seed: int, number: int) -> float:
    """A number from -1 to 1 that hangs on a seed and a number alone.

    Example:
        >>> -1 <= chance(1, 2) <= 1
        True
    """
    start = seed * 0x9E3779B97F4A7C15 + number * 0xD1342543DE82EF95 - 0x9E3779B97F4A7C15
    return 2 * draws(start % 2**64)() - 1


class Router:
    """Finds states of one network; arguments as in the kernel.

    Example:
        >>> Router(2, [0], [1.3], [0.0], 0, 0).route([4, 5], [5, 4])
        [1]
    """

    def __init__(
        self,
        n: int,
        before: Sequence[int],
        weight: Sequence[float],
        jitter: Sequence[float],
        seed: int,
        row: int,
        start: Sequence[int] | None = None,
    ) -> None:
        self.n, self.weight, self.jitter, self.seed = n, weight, jitter, seed
        spots = [(stage, a) for stage, a, _ in places(n)]
        self.number = {spot: row * len(spots) + s for s, spot in enumerate(spots)}
        self.before: States = dict(zip(spots, before, strict=True))
        self.start: States = dict(zip(spots, before if start is None else start, strict=True))
        self.middle = max((n - 1).bit_length() - 1, 0)

    def route(self, kind: Sequence[int], wanted: Sequence[int]) -> list[int] | None:
        """States that show the wanted kinds; None where the cells are of other kinds."""
        if sorted(kind) != sorted(wanted):
            return None
        state: States = {}
        self._enter(0, 0, list(kind), list(wanted), state)
        return [state[spot] for spot in sorted(state)]

    def _enter(self, b: int, level: int, kin: list[int], kout: list[int], state: States) -> None:
        """Settle a block and what lies in it."""
        m, h = len(kin), len(kin) // 2
        if m == 2:
            spot = (min(level, self.middle), b)
            state[spot] = self.before[spot] if kin[0] == kin[1] else int(kin[0] != kout[0])
        if m <= 2:
            return
        fronts = [(level, b + k) for k in range(h)]
        backs = [(2 * self.middle - level, b + k) for k in range(h)]
        outer = self._try_all(b, level, kin, kout) if m <= 4 else self._balance(b, level, kin, kout)
        state.update(outer)
        ins = split(kin, [outer[spot] for spot in fronts])
        outs = split(kout, [outer[spot] for spot in backs])
        self._enter(b, level + 1, ins[:h], outs[:h], state)
        self._enter(b + h, level + 1, ins[h:], outs[h:], state)

    def _try_all(self, b: int, level: int, kin: list[int], kout: list[int]) -> States:
        """The first of the cheapest settings of a block of three or four wires."""
        h = len(kin) // 2
        spots = [(level, b + k) for k in range(h)] + [(2 * self.middle - level, b + k) for k in range(h)]
        found: tuple[int, States] | None = None
        for number in range(1 << (2 * h)):
            outer = {spot: (number >> bit) & 1 for bit, spot in enumerate(spots)}
            ins = split(kin, [outer[spot] for spot in spots[:h]])
            outs = split(kout, [outer[spot] for spot in spots[h:]])
            if sorted(ins[:h]) != sorted(outs[:h]):
                continue
            inner: States = {}
            self._enter(b, level + 1, ins[:h], outs[:h], inner)
            self._enter(b + h, level + 1, ins[h:], outs[h:], inner)
            toggles = sum(self.before[spot] != value for spot, value in {**outer, **inner}.items())
            if found is None or toggles < found[0]:
                found = (toggles, outer)
        if found is None:
            raise AssertionError("a block that balances has settings")
        return found[1]

    def _reaches(self, b: int, m: int, level: int) -> list[int]:
        """The output of a block that each of its inputs leads to, in the states to set out from."""
        if m == 1:
            return [0]
        if m == 2:
            return [1, 0] if self.start[min(level, self.middle), b] else [0, 1]
        h = m // 2
        ins = split(list(range(m)), [self.start[level, b + k] for k in range(h)])
        outs = split(list(range(m)), [self.start[2 * self.middle - level, b + k] for k in range(h)])
        found = [0] * m
        for first, size in ((0, h), (h, m - h)):
            for i, o in enumerate(self._reaches(b + first, size, level + 1)):
                found[ins[first + i]] = outs[first + o]
        return found

    def _balance(self, b: int, level: int, kin: list[int], kout: list[int]) -> States:
        """Turn outer switches along cheapest paths between kinds until both halves can be served."""
        m, h = len(kin), len(kin) // 2
        spots = [(level, b + k) for k in range(h)] + [(2 * self.middle - level, b + k) for k in range(h)]
        outer = {spot: self.start[spot] for spot in spots}
        upper, lower = self._reaches(b, h, level + 1), self._reaches(b + h, m - h, level + 1)
        give = upper + [h + o for o in lower]
        while True:
            ins = split(kin, [outer[spot] for spot in spots[:h]])
            outs = split(kout, [outer[spot] for spot in spots[h:]])
            kinds = sorted({*kin, *kout})
            balance = {v: ins[:h].count(v) - outs[:h].count(v) for v in kinds}
            if not any(balance.values()):
                return outer

            def wrong(ins: list[int], outs: list[int], ways: list[int]) -> int:
                return sum(ins[i] != outs[give[i]] for i in ways)

            arcs = []
            for s, spot in enumerate(spots):
                k = s % h
                pair = [k, h + k]
                if s < h:
                    turned, ways = swap(ins, k, h + k), pair
                    change = wrong(turned, outs, ways) - wrong(ins, outs, ways)
                    head, tail = ins[k], ins[h + k]
                else:
                    turned, ways = swap(outs, k, h + k), [give.index(o) for o in pair]
                    change = wrong(ins, turned, ways) - wrong(ins, outs, ways)
                    head, tail = outs[h + k], outs[k]
                price = (1.0 if outer[spot] == self.before[spot] else -1.0) + 0.5 * self.weight[level] * change
                if self.jitter[level] > 0:
                    price += self.jitter[level] * chance(self.seed, self.number[spot])
                arcs.append((head, tail, price))
            for s in cheapest_path(arcs, balance, max(*kin, *kout) + 1):
                outer[spots[s]] ^= 1


def split(values: list[int], states: list[int]) -> list[int]:
    """What the outer switches of a block hand to its upper and then to its lower half.

    Example:
        >>> split([1, 2, 3, 4, 5], [0, 1])
        [1, 4, 3, 2, 5]
    """
    h = len(states)
    found = list(values)
    for k, crossed in enumerate(states):
        if crossed:
            found[k], found[h + k] = found[h + k], found[k]
    return found


def swap(values: list[int], i: int, j: int) -> list[int]:
    """A copy with two entries exchanged.

    Example:
        >>> swap([1, 2, 3], 0, 2)
        [3, 2, 1]
    """
    found = list(values)
    found[i], found[j] = found[j], found[i]
    return found


def cheapest_path(arcs: list[tuple[int, int, float]], balance: dict[int, int], kinds: int) -> list[int]:
    """Arcs of a cheapest path from a kind in surplus to one in want, last arc first, of few arcs where there is one.

    Args:
        arcs: from kind, to kind, price.
        balance: surplus of each kind.
        kinds: limit of a path's length.

    Example:
        >>> cheapest_path([(0, 1, 5.0), (0, 2, 1.0), (2, 1, 1.0)], {0: 1, 1: -1, 2: 0}, 3)
        [2, 1]
    """
    reached = [{v: 0.0 for v, surplus in balance.items() if surplus > 0}]
    parents: list[dict[int, int]] = [{}]
    while len(reached) <= ROUNDS or (len(reached) <= kinds and not any(balance[v] < 0 for v in reached[-1])):
        last, now, parent = reached[-1], dict(reached[-1]), {}
        for s, (head, tail, price) in enumerate(arcs):
            if head != tail and head in last and last[head] + price < now.get(tail, 1e300) - 1e-9:
                now[tail] = last[head] + price
                parent[tail] = s
        reached.append(now)
        parents.append(parent)
        if not parent:
            break
    here = min((v for v in sorted(balance) if balance[v] < 0 and v in reached[-1]), key=lambda v: reached[-1][v])
    path: list[int] = []
    for parent in reversed(parents):
        if here not in parent:
            continue
        s = parent[here]
        path.append(s)
        here = arcs[s][0]
        tails = [arcs[p][1] for p in path]
        if here in tails:
            del path[tails.index(here) :]
    return path
