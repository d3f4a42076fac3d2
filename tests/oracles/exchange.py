"""A choice among cells of one class, from the definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def assign_one(kind: Sequence[int], wanted: Sequence[int], old: Sequence[int]) -> list[int] | None:
    """A permutation that shows wanted kinds; None where the cells are of other kinds.

    Args:
        kind: kind of each cell.
        wanted: kind wanted at each position.
        old: permutation before; a position that is right keeps its cell.

    Example:
        >>> assign_one([0, 1, 1], [1, 0, 1], [0, 1, 2])
        [1, 0, 2]
    """
    if sorted(kind) != sorted(wanted):
        return None
    new = list(old)
    arcs: dict[tuple[int, int], list[int]] = {}  # (kind given away, kind wanted): positions
    for o, cell in enumerate(old):
        if kind[cell] != wanted[o]:
            arcs.setdefault((kind[cell], wanted[o]), []).append(o)
    left: list[int] = []
    for a, b in sorted({(min(pair), max(pair)) for pair in arcs}):
        rising, falling = arcs.get((a, b), []), arcs.get((b, a), [])
        for x, y in zip(rising, falling, strict=False):
            new[x], new[y] = old[y], old[x]
        paired = min(len(rising), len(falling))
        left += rising[paired:] + falling[paired:]
    waiting: dict[int, list[int]] = {}
    for o in left:
        waiting.setdefault(wanted[o], []).append(o)
    for start in left:
        here = wanted[start]
        trail: list[int] = []
        while waiting.get(here):
            o = waiting[here].pop(0)
            trail.append(o)
            here = kind[old[o]]
            met = [wanted[p] for p in trail]
            if here in met:
                circle = trail[met.index(here) :]
                del trail[met.index(here) :]
                for t, p in enumerate(circle):
                    new[p] = old[circle[t - 1]]
    return new
