"""Beneš networks switch by switch: settings, paths and tables from the definitions, slowly, without a compiler.

They share no code and no tables with the kernels: switches are numbered by sorting them, blocks are recursion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Place = tuple[int, int]
"""A switch: its stage and its upper wire; in this order switches are numbered."""


def places(n: int) -> list[tuple[int, int, int]]:
    """Stage and both wires of every switch of a Beneš network, in the order of their numbers.

    Example:
        >>> places(3)
        [(0, 0, 1), (1, 1, 2), (2, 0, 1)]
    """
    found: list[tuple[int, int, int]] = []
    middle = max((n - 1).bit_length() - 1, 0)

    def enter(b: int, m: int, depth: int) -> None:
        h = m // 2
        if m == 2:
            found.append((min(depth, middle), b, b + 1))
        elif m > 2:
            found.extend((stage, b + k, b + k + h) for stage in (depth, 2 * middle - depth) for k in range(h))
            enter(b, h, depth + 1)
            enter(b + h, m - h, depth + 1)

    enter(0, n, 0)
    return sorted(found)


def route_one(
    p: Sequence[int], before: Sequence[int] | None = None, cost: NDArray[np.float64] | None = None
) -> list[int]:
    """States of a Beneš network that realise one permutation; a free loop is turned where that costs less.

    Args:
        p: output o takes from input p[o].
        before: states before, whose changes count 1 each; None: no toggles are counted.
        cost: float64 (switches, 2), cost of each state; None: no cost is consulted.

    Example:
        >>> route_one([2, 0, 1])
        [0, 1, 1]
    """
    n = len(p)
    middle = max((n - 1).bit_length() - 1, 0)
    number = {(stage, a): s for s, (stage, a, _) in enumerate(places(n))}
    state = [0] * len(number)

    def price(place: Place, value: int) -> float:
        s = number[place]
        if cost is not None:
            return float(cost[s, value])
        return 0.0 if before is None else float(before[s] != value)

    def enter(b: int, take: list[int], depth: int) -> None:
        m, h = len(take), len(take) // 2
        if m == 2:
            state[number[min(depth, middle), b]] = take[0]
        if m <= 2:
            return
        give = {i: o for o, i in enumerate(take)}
        upper: dict[int, bool] = {}  # input: it takes the upper sub-block
        settings: dict[Place, int] = {}

        def activate(inputs: list[int], *, high: bool) -> dict[Place, int]:
            """Let these inputs take one sub-block, in turn with their mates; return the switches this sets."""
            found: dict[Place, int] = {}
            for i in inputs:
                o = give[i]
                upper[i] = high
                if i < 2 * h:
                    found[depth, b + i % h] = int((i < h) != high)
                if o < 2 * h:
                    found[2 * middle - depth, b + o % h] = int((o < h) != high)
            return found

        def follow(i: int) -> tuple[list[int], list[int]]:
            """The inputs that must go with i, and those that must go the other way."""
            same, other = [], []
            while i not in same:
                same.append(i)
                o = give[i]
                if o == 2 * h:
                    break
                other.append(take[(o + h) % (2 * h)])
                i = (other[-1] + h) % (2 * h)
            return same, other

        if m % 2:
            same, other = follow(m - 1)
            settings |= activate(same, high=False) | activate(other, high=True)
        for k in range(h):
            if k in upper:
                continue
            same, other = follow(k)
            stay = activate(same, high=True) | activate(other, high=False)
            if sum(price(s, 1 - v) for s, v in stay.items()) < sum(price(s, v) for s, v in stay.items()):
                stay = activate(same, high=False) | activate(other, high=True)
            settings |= stay
        for place, value in settings.items():
            state[number[place]] = value
        halves: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for o, i in enumerate(take):
            inner_o, inner_i = (h if wire == 2 * h else wire % h for wire in (o, i))
            halves[0 if upper[i] else 1][inner_o] = inner_i
        enter(b, [halves[0][o] for o in range(h)], depth + 1)
        enter(b + h, [halves[1][o] for o in range(m - h)], depth + 1)

    enter(0, list(p), 0)
    return state


def route_many(
    permutations: NDArray[np.int64],
    before: NDArray[np.uint8] | None = None,
    cost: NDArray[np.float64] | None = None,
) -> NDArray[np.uint8]:
    """Route one permutation per bank: states uint8 (banks, switches); arguments as in :func:`route_one`.

    Example:
        >>> route_many(np.array([[1, 0], [0, 1]])).tolist()
        [[1], [0]]
    """
    banks, n = permutations.shape
    rows = [
        route_one(row, None if before is None else before[bank].tolist(), cost)
        for bank, row in enumerate(permutations.tolist())
    ]
    return np.array(rows, np.uint8).reshape(banks, len(places(n)))
