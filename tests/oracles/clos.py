"""What a colouring of a Clos network must fulfil, from the definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_colours(p: Sequence[int], n: int, m: int, middle: Sequence[int]) -> bool:
    """Whether no two connections of an input block, and no two of an output block, share a middle block.

    Example:
        >>> check_colours([0, 2, 1, 3], 2, 2, [0, 1, 1, 0]), check_colours([0, 2, 1, 3], 2, 2, [0, 1, 0, 1])
        (True, False)
    """
    wanted = [{(side, block, c) for side, block in ends} for ends, c in _ends(p, n, middle)]
    return all(0 <= c < m for c in middle) and len(set().union(*wanted)) == 2 * len(p)


def _ends(p: Sequence[int], n: int, middle: Sequence[int]) -> list[tuple[list[tuple[str, int]], int]]:
    return [([("u", i // n), ("v", o // n)], c) for o, (i, c) in enumerate(zip(p, middle, strict=True))]
