"""Local search in classes of equal values: every signal is traced anew after every turn, from the list alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Switches = Sequence[tuple[int, int]]

MASK = 2**64 - 1


def draws(seed: int) -> Callable[[], float]:
    """Numbers from 0 to below 1, one a call (splitmix64).

    Example:
        >>> first = draws(7)
        >>> 0 <= first() < 1
        True
    """
    here = seed

    def draw() -> float:
        nonlocal here
        here = (here + 0x9E3779B97F4A7C15) & MASK
        z = here
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        return (z >> 11) / 2**53

    return draw


def follow(n: int, ends: Switches, state: Sequence[int], values: Sequence[int]) -> list[int]:
    """Values at the outputs when these stand at the inputs.

    Example:
        >>> follow(2, [(0, 1)], [1], [5, 6])
        [6, 5]
    """
    wires = list(values[:n])
    for (a, b), crossed in zip(ends, state, strict=True):
        if crossed:
            wires[a], wires[b] = wires[b], wires[a]
    return wires


def meetings(n: int, ends: Switches, state: Sequence[int]) -> list[tuple[int, int]]:
    """For every switch, the outputs that its upper and its lower input lead to.

    Example:
        >>> meetings(2, [(0, 1)], [1])
        [(1, 0)]
    """
    goal = list(range(n))
    found = []
    for (a, b), crossed in zip(reversed(ends), reversed(state), strict=True):
        if crossed:
            goal[a], goal[b] = goal[b], goal[a]
        found.append((goal[a], goal[b]))
    return found[::-1]


def polish_one(
    kind: Sequence[int],
    wanted: Sequence[int],
    ends: Switches,
    before: Sequence[int],
    state: Sequence[int],
    seed: int,
    steps: int,
    limits: tuple[int, float, float],
) -> list[int]:
    """The best settings that the search finds; arguments as in the kernel.

    Args:
        kind: kind of the cell at each input.
        wanted: kind wanted at each output.
        ends: two wires a switch, in the order of signals.
        before: states before.
        state: states that show what is wanted.
        seed: of the chance.
        steps: how many to try.
        limits: the kernel's CHAIN, HEAT and WRONG.

    Example:
        >>> polish_one([1, 1], [1, 1], [(0, 1)], [0], [1], 3, 2, (16, 0.3, 2.0))
        [0]
    """
    n = len(kind)
    chain, heat, wrong_price = limits
    draw = draws(seed)
    now, best = list(state), list(state)
    turned = [s for s in range(len(now)) if now[s] != before[s]]
    least = len(turned)
    for step in range(steps):
        if not turned:
            break
        allowed = -math.log(1.0 - draw()) * heat * (1.0 - step / steps)
        trial = list(now)
        first = turned[int(draw() * len(turned))]
        bad = list(meetings(n, ends, trial)[first])
        trial[first] ^= 1
        journal, cost = [first], -1
        shown = follow(n, ends, trial, kind)
        bad = [o for o in bad if shown[o] != wanted[o]]
        while bad and len(journal) < chain and cost + (len(bad) + 1) // 2 <= allowed:
            o = bad[int(draw() * len(bad))]
            prices = []
            for s, pair in reversed(list(enumerate(meetings(n, ends, trial)))):
                if o not in pair or s == journal[-1]:
                    continue
                end = pair[1] if pair[0] == o else pair[0]
                mended = (shown[end] != wanted[o]) + (shown[o] != wanted[end])
                mended -= (shown[o] != wanted[o]) + (shown[end] != wanted[end])
                toggle = 1 if trial[s] == before[s] else -1
                chance = heat * math.log(-math.log(draw() + 1e-18) + 1e-18)
                prices.append((wrong_price * mended + toggle + chance, s, end, toggle))
            if not prices:
                break
            _, s, mate, toggle = min(prices, key=lambda entry: entry[0])
            trial[s] ^= 1
            journal.append(s)
            cost += toggle
            shown = follow(n, ends, trial, kind)
            known = mate in bad
            bad = [q for q in bad if shown[q] != wanted[q]]
            if not known and shown[mate] != wanted[mate]:
                bad.append(mate)
        if bad or cost > allowed:
            continue
        now = trial
        for s in journal:
            if now[s] != before[s] and s not in turned:
                turned.append(s)
            elif now[s] == before[s] and s in turned:
                last = turned.pop()
                if last != s:
                    turned[turned.index(s)] = last
        if len(turned) < least:
            least, best = len(turned), list(now)
    return best
