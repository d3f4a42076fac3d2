"""How a circuit of 2x2 switches lies on a chip, and which of its wires cross there.

A drawing has columns: the input ports, each stage, the output ports. Each column has an order of wires, from top to
bottom, in which the two wires of a switch are neighbours. Between two columns wires run straight, so that two of them
cross where their orders differ. Wires that lead to no output, or from no input, are not there.

Unless a topology draws itself otherwise, one stage (its middle) has wires in the order of their numbers, and every
other column follows from its neighbour towards that stage: switches in the order in which they meet it. A Beneš then
becomes the recursive drawing of perfect unshuffles, with its ports in bit-reversed order; a planar one stays planar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.crossbar.wiring import Wiring


@dataclass(frozen=True)
class Crossings:
    """Crossings of the wires between neighbouring columns."""

    rows: NDArray[np.int32]
    """Row of the table for each gap (before each stage, and after the last), -1 where no wires cross."""
    table: NDArray[np.int32]
    """(rows, wires): how many others each wire crosses in that gap."""

    def at(self, gap: int, wire: int) -> int:
        """Count crossings on one wire in one gap.

        Example:
            >>> Crossings(np.array([-1, 0], np.int32), np.array([[1, 1]], np.int32)).at(1, 0)
            1
        """
        row = self.rows[gap]
        return 0 if row < 0 else int(self.table[row, wire])


def find_live(wiring: Wiring) -> NDArray[np.bool_]:
    """Tell whether a wire is there in a gap: reached from an input and reaching an output; bool (depth + 1, wires).

    Example:
        >>> from hwsim.crossbar.topology.benes import Benes
        >>> find_live(Benes(2).wiring).tolist()
        [[True, True], [True, True]]
    """
    shape = (wiring.depth + 1, wiring.wires)
    if wiring.wires == wiring.ports:
        return np.broadcast_to(np.True_, shape)
    forth, back = np.zeros((2, *shape), np.bool_)
    forth[0, wiring.inputs] = back[-1, wiring.outputs] = True
    for stage in range(wiring.depth):
        _join(wiring, stage, forth[stage], forth[stage + 1])
    for stage in reversed(range(wiring.depth)):
        _join(wiring, stage, back[stage + 1], back[stage])
    forth &= back
    return forth


def _join(wiring: Wiring, stage: int, here: NDArray[np.bool_], there: NDArray[np.bool_]) -> None:
    there[:] = here
    a, b = wiring.pairs(stage)
    there[a] = there[b] = here[a] | here[b]


def draw_stage(wiring: Wiring, stage: int, order: NDArray[np.int32]) -> NDArray[np.int32]:
    """Order the wires of one stage, given the order of the column beside it: switches in the order they meet it.

    Example:
        >>> from hwsim.crossbar.topology.benes import Benes
        >>> draw_stage(Benes(4).wiring, 0, np.arange(4, dtype=np.int32)).tolist()
        [0, 2, 1, 3]
    """
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=order.dtype)
    a, b = wiring.pairs(stage)
    first = np.minimum(place[a], place[b])
    swapped = place[a] > place[b]
    slots = np.full(2 * len(order), -1, np.int32)
    idle = np.ones(len(order), np.bool_)
    idle[a] = idle[b] = False
    rest = np.flatnonzero(idle)
    slots[2 * place[rest]] = rest
    slots[2 * first] = np.where(swapped, b, a)
    slots[2 * first + 1] = np.where(swapped, a, b)
    return slots[slots >= 0]


def draw_outwards(wiring: Wiring, middle: int) -> Iterator[NDArray[np.int32]]:
    """Yield orders of wires for all columns, from a stage in natural order outwards.

    Example:
        >>> from hwsim.crossbar.topology.benes import Benes
        >>> [order.tolist() for order in draw_outwards(Benes(4).wiring, 1)]
        [[0, 2, 1, 3], [0, 2, 1, 3], [0, 1, 2, 3], [0, 2, 1, 3], [0, 2, 1, 3]]
    """
    natural = np.arange(wiring.wires, dtype=np.int32)
    if not wiring.depth:
        yield from (natural, natural)
        return
    front = [draw_stage(wiring, middle, natural)]
    for stage in reversed(range(middle)):
        front.append(draw_stage(wiring, stage, front[-1]))
    yield front[-1]
    order = front[0]
    while front:
        yield front.pop()
    for stage in range(middle + 1, wiring.depth):
        order = draw_stage(wiring, stage, order)
        yield order
    yield order


def count_crossings(wiring: Wiring, columns: Iterator[NDArray[np.int32]], live: NDArray[np.bool_]) -> Crossings:
    """Count crossings of a network's wires in its drawing.

    Args:
        wiring: of the network.
        columns: wires from top to bottom in each column of its drawing.
        live: which wires are there; see :func:`find_live`.

    Example:
        >>> from hwsim.crossbar.topology.benes import Benes
        >>> network = Benes(4)
        >>> found = count_crossings(network.wiring, network.draw(), network.live)
        >>> found.rows.tolist(), found.table.tolist()
        ([-1, 0, 1, -1], [[0, 1, 1, 0], [0, 1, 1, 0]])
    """
    from hwsim.kernels.routing.stages import count_crossings as count

    rows = np.full(wiring.depth + 1, -1, np.int32)
    table: list[NDArray[np.int32]] = []
    tree, found = np.empty(wiring.wires + 1, np.int32), np.empty(wiring.wires, np.int32)
    place = np.empty(wiring.wires, np.int32)
    left = next(columns)
    for gap, right in enumerate(columns):
        if not np.array_equal(left, right):
            wires, ends = (
                order if wiring.wires == wiring.ports else order[live[gap, order]] for order in (left, right)
            )
            place[ends] = np.arange(len(ends), dtype=np.int32)
            count(place[wires], tree[: len(wires) + 1], found[: len(wires)])
            if found[: len(wires)].any():
                rows[gap] = len(table)
                table.append(np.zeros(wiring.wires, np.int32))
                table[-1][wires] = found[: len(wires)]
        left = right
    return Crossings(rows, np.array(table, np.int32).reshape(-1, wiring.wires))
