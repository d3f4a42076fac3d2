"""How a Beneš network of any size is put together: block in block, switch by switch.

A block of m wires from b on has h = m // 2 switches in front and h behind, on wires b+k and b+k+h; between them lie an
upper block of h wires and a lower block of the rest. A block of two wires is one switch. Source: see ``benes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = 2**32 - 1
"""Stands where a block has no sub-block because a single wire is left."""


@dataclass(frozen=True, eq=False)
class BlockTree:
    """The arrangement of a Beneš network.

    Example:
        >>> found = arrange(4)
        >>> found.tree.tolist()
        [[0, 4, 0, 4, 1, 2, 0], [0, 2, 2, 0, 4294967295, 4294967295, 1], [2, 2, 3, 0, 4294967295, 4294967295, 1]]
        >>> found.stage.tolist(), found.wire_a.tolist(), found.wire_b.tolist()
        ([0, 0, 1, 1, 2, 2], [0, 1, 0, 2, 0, 1], [2, 3, 1, 3, 2, 3])
    """

    tree: NDArray[np.uint32]
    """A row a block, from the outside in: first wire, wires (2 or more), first switch in front, first behind, row of
    the upper sub-block, row of the lower one, level."""
    stage: NDArray[np.int32]
    """Of every switch, ascending."""
    wire_a: NDArray[np.int32]
    """Upper wire of every switch, ascending in a stage."""
    wire_b: NDArray[np.int32]


def divide(ports: int) -> list[NDArray[np.int64]]:
    """Return the first wires of the blocks of every level, outermost first, single wires too; ports comes last.

    Example:
        >>> [starts.tolist() for starts in divide(5)]
        [[0, 5], [0, 2, 5], [0, 1, 2, 3, 5]]
    """
    levels = [np.array([0, ports])]
    while np.diff(levels[-1]).max() > 2:  # noqa: PLR2004 - two wires are one switch
        starts = levels[-1]
        inner = np.empty(2 * len(starts) - 1, np.int64)
        inner[::2] = starts
        inner[1::2] = starts[:-1] + np.diff(starts) // 2
        levels.append(inner[np.append(np.diff(inner) > 0, True)])
    return levels


def count_switches(ports: int) -> int:
    """Count the switches of the network for so many ports, from its sizes alone.

    Example:
        >>> count_switches(1000), count_switches(2**26)
        (9376, 1711276032)
    """
    sizes, found = {ports: 1}, 0
    while sizes:
        inner: dict[int, int] = {}
        for m, blocks in sizes.items():
            found += blocks * (1 if m == 2 else 2 * (m // 2))  # noqa: PLR2004 - two wires are one switch
            for half in (m // 2, m - m // 2) if m > 2 else ():  # noqa: PLR2004 - as above
                inner[half] = inner.get(half, 0) + blocks
        sizes = {m: blocks for m, blocks in inner.items() if m > 1}
    return found if ports > 1 else 0


def arrange(ports: int) -> BlockTree:
    """Build every block and every switch of the network for so many ports.

    Example:
        >>> len(arrange(1000).stage)
        9376
    """
    levels = divide(ports)
    middle = len(levels) - 1
    columns: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = [(np.zeros(0, np.int64),) * 2] * (2 * middle + 1)
    sizes = [np.diff(starts) for starts in levels]
    for level, (starts, m) in enumerate(zip(levels, sizes, strict=True)):
        for column, least in ((2 * middle - level, 3), (level, 2)):
            here = m >= least
            columns[column] = (starts[:-1][here], m[here] // 2)
    counts = [int(h.sum()) for _, h in columns]
    first = np.concatenate([[0], np.cumsum(counts)])
    upper = [_wires(b, h) for b, h in columns]
    strides = [np.repeat(h, h).astype(np.int32) for _, h in columns]
    tree, row = [], 0
    for level, (starts, m) in enumerate(zip(levels, sizes, strict=True)):
        live = m >= 2  # noqa: PLR2004 - a single wire needs no switch
        row += int(live.sum())
        tree.append(_rows(starts[:-1], m, live, first[level], first[2 * middle - level], level, row))
    wire_a = np.concatenate(upper)
    return BlockTree(
        np.concatenate(tree),
        np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        wire_a,
        wire_a + np.concatenate(strides),
    )


def _wires(b: NDArray[np.int64], h: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return wires b .. b+h-1 of every block in a row."""
    offset = np.cumsum(h) - h
    return (np.repeat(b - offset, h) + np.arange(int(h.sum()))).astype(np.int32)


def _rows(
    b: NDArray[np.int64], m: NDArray[np.int64], live: NDArray[np.bool_], front: int, back: int, level: int, row: int
) -> NDArray[np.uint32]:
    """Return the rows of the tree for one level, whose sub-blocks' rows begin at ``row``."""
    b, m = b[live], m[live]
    h = m // 2
    behind = h * (m > 2)  # noqa: PLR2004 - two wires are one switch
    inner = np.stack([h, m - h], axis=1) * (m > 2)[:, None] >= 2  # noqa: PLR2004 - as above
    child = np.where(inner, row + np.cumsum(inner).reshape(-1, 2) - 1, NONE)
    table = np.empty((len(b), 7), np.uint32)
    table[:, 0], table[:, 1] = b, m
    table[:, 2] = front + np.cumsum(h) - h
    table[:, 3] = np.where(behind, back + np.cumsum(behind) - behind, 0)
    table[:, 4:6], table[:, 6] = child, level
    return table
