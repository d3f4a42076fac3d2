"""What the cheapest settings of a Beneš network cost, found by trying them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from tests.oracles.benes import places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray


def least_cost(p: Sequence[int], cost: NDArray[np.float64], whole: int) -> float:
    """What a configuration of a Beneš network costs that realises p.

    Args:
        p: output o takes from input p[o].
        cost: float64 (switches, 2), cost of each state.
        whole: in blocks of up to so many wires all settings of all loops are tried; in larger ones, each loop takes its
            cheaper side, the canonical one where both cost the same.

    Example:
        >>> import numpy as np
        >>> least_cost([1, 0], np.array([[0.0, 2.0]]), 16)
        2.0
    """
    n = len(p)
    middle = max((n - 1).bit_length() - 1, 0)
    number = {(stage, a): s for s, (stage, a, _) in enumerate(places(n))}

    def enter(b: int, take: list[int], depth: int) -> float:
        m, h = len(take), len(take) // 2
        if m <= 2:
            return float(cost[number[min(depth, middle), b], take[0]]) if m == 2 else 0.0
        give = {i: o for o, i in enumerate(take)}

        def price(upper: dict[int, bool]) -> float:
            total = 0.0
            for i, up in upper.items():
                if up:  # each switch is passed by one signal that goes up, but for the odd wires, which have none
                    o = give[i]
                    total += cost[number[depth, b + i % h], int(i >= h)] if i < 2 * h else 0.0
                    total += cost[number[2 * middle - depth, b + o % h], int(o >= h)] if o < 2 * h else 0.0
            return total

        choices = [
            [loop] if forced else [loop, {i: not up for i, up in loop.items()}] for loop, forced in _loops(take, give)
        ]
        if m > whole:
            choices = [[min(sides, key=price)] for sides in choices]
        best = float("inf")
        for sides in product(*choices):
            upper = {i: up for side in sides for i, up in side.items()}
            halves: tuple[dict[int, int], dict[int, int]] = ({}, {})
            for o, i in enumerate(take):
                inner_o, inner_i = (h if wire == 2 * h else wire % h for wire in (o, i))
                halves[0 if upper[i] else 1][inner_o] = inner_i
            total = sum(price(side) for side in sides)
            total += enter(b, [halves[0][o] for o in range(h)], depth + 1)
            total += enter(b + h, [halves[1][o] for o in range(m - h)], depth + 1)
            best = min(best, total)
        return best

    return enter(0, list(p), 0)


def _loops(take: list[int], give: dict[int, int]) -> Iterator[tuple[dict[int, bool], bool]]:
    """Which inputs of each loop go up, canonically, and whether that is forced by an odd wire."""
    m, h = len(take), len(take) // 2
    upper: dict[int, bool] = {}
    for first in [m - 1] * (m % 2) + list(range(m)):
        if first in upper:
            continue
        loop, todo = {}, [(first, not (m % 2 and first == m - 1))]
        while todo:
            i, up = todo.pop()
            if i in loop:
                continue
            loop[i] = up
            if i < 2 * h:
                todo.append(((i + h) % (2 * h), not up))
            if give[i] < 2 * h:
                todo.append((take[(give[i] + h) % (2 * h)], not up))
        upper |= loop
        yield loop, bool(m % 2) and m - 1 in loop
