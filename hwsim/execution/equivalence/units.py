"""Hidden units may be built in each other's places: the banks show other rows, the next layer meets other inputs.

A place is where a unit is built: its bank (or its part of a bank) and its registers. Logical unit u of layer l stands
at ``place[l][u]``. The first layer's inputs and the last layer's units stay where they are. A unit may move only to a
bank that holds the same cells, class by class; with one bank a layer all its units may.

Which places: by assignment on the positions that would show another class than now, layer by layer, over and over until
nothing falls any more, as in weight matching (S. Ainsworth, J. Hayase, S. Srinivasa, Git Re-Basin, ICLR 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FORBIDDEN = 1e12
"""Cost of a place whose bank holds other cells."""
SWEEPS = 8
"""Passes over the layers at most; few are ever needed."""


@dataclass
class Placement:
    """The places at which the units of each layer are built.

    Args:
        units: units of every layer.
        movable: per layer, None where its units stay, else whether unit and place fit, bool (units, units): true at
            (u, v) where the cells of the banks of places u and v are equal, class by class.

    Example:
        >>> placement = Placement([2, 1], [np.ones((2, 2), bool), None])
        >>> placement.place[0].tolist()
        [0, 1]
    """

    units: Sequence[int]
    movable: Sequence[NDArray[np.bool_] | None]

    def __post_init__(self) -> None:
        self.place = [np.arange(count) for count in self.units]

    @property
    def moves_any(self) -> bool:
        """Tell whether any unit can move at all.

        Example:
            >>> Placement([2], [None]).moves_any
            False
        """
        return any(fits is not None and fits.sum() > len(fits) for fits in self.movable)

    def physical(self, layer: int, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Arrange a layer's logical matrix (units, inputs) as it stands on the chip.

        Example:
            >>> placement = Placement([2, 1], [None, None])
            >>> placement.place[0] = np.array([1, 0])
            >>> placement.physical(0, np.array([[1, 2], [3, 4]])).tolist()
            [[3, 4], [1, 2]]
            >>> placement.physical(1, np.array([[5, 6]])).tolist()
            [[6, 5]]
        """
        found = np.empty_like(rows)
        found[np.ix_(self.place[layer], self._inputs(layer, rows.shape[1]))] = rows
        return found

    def logical(self, layer: int, rows: NDArray[np.int32]) -> NDArray[np.int32]:
        """Arrange a layer's matrix on the chip as the logical one, the inverse of :meth:`physical`.

        Example:
            >>> placement = Placement([3], [None])
            >>> placement.place[0] = np.array([2, 0, 1])
            >>> rows = np.array([[1], [2], [3]])
            >>> placement.logical(0, placement.physical(0, rows)).tolist() == rows.tolist()
            True
        """
        return rows[np.ix_(self.place[layer], self._inputs(layer, rows.shape[1]))]

    def registers(self, layer: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Arrange a layer's registers, biases in order of logical units and then the rest, as they stand on the chip.

        Example:
            >>> placement = Placement([2], [None])
            >>> placement.place[0] = np.array([1, 0])
            >>> placement.registers(0, np.array([0.1, 0.2, 9.0])).tolist()
            [0.2, 0.1, 9.0]
        """
        found = values.copy()
        found[self.place[layer]] = values[: self.units[layer]]
        return found

    def _inputs(self, layer: int, count: int) -> NDArray[np.int64]:
        return self.place[layer - 1] if layer else np.arange(count)

    def assign(self, shown: Sequence[NDArray[np.int32]], wanted: Sequence[NDArray[np.int32]]) -> int:
        """Choose the places that leave the most positions as they are.

        Args:
            shown: per layer, the classes that the chip shows now, as it stands, (units, inputs).
            wanted: per layer, the classes that are wanted, by logical unit and input.

        Returns:
            Positions that will show another class than now; never more than with the places before.
        """
        best = self.wrong(shown, wanted)
        for _ in range(SWEEPS):
            before = best
            for layer, fits in enumerate(self.movable):
                if fits is not None:
                    best = self._assign_layer(layer, fits, shown, wanted, best)
            if best == before:
                break
        return best

    def wrong(self, shown: Sequence[NDArray[np.int32]], wanted: Sequence[NDArray[np.int32]]) -> int:
        """Count positions that would show another class than now with the places as they are; see :meth:`assign`.

        Example:
            >>> Placement([2], [None]).wrong([np.array([[1], [2]])], [np.array([[2], [1]])])
            2
        """
        return sum(
            int((self.physical(layer, rows) != shown[layer]).sum()) for layer, rows in enumerate(wanted) if rows.size
        )

    def _assign_layer(
        self,
        layer: int,
        fits: NDArray[np.bool_],
        shown: Sequence[NDArray[np.int32]],
        wanted: Sequence[NDArray[np.int32]],
        best: int,
    ) -> int:
        from scipy.optimize import linear_sum_assignment

        mine = shown[layer][:, self._inputs(layer, shown[layer].shape[1])]
        following = shown[layer + 1][self.place[layer + 1]].T
        cost = mismatches(wanted[layer], mine) + mismatches(wanted[layer + 1].T, following)
        # among equals a unit stays where it is; a unit's cells are those of the place it stands at
        cost = cost + 0.5 / len(cost)
        cost[np.arange(len(cost)), self.place[layer]] -= 0.5 / len(cost)
        cost[~fits[self.place[layer]]] = FORBIDDEN
        old = self.place[layer]
        self.place[layer] = np.asarray(linear_sum_assignment(cost)[1], np.int64)
        found = self.wrong(shown, wanted)
        if found >= best:
            self.place[layer] = old
            return best
        return found

    def dump(self) -> dict[str, NDArray[np.generic]]:
        """Return the places as named arrays.

        Example:
            >>> sorted(Placement([2, 1], [None, None]).dump())
            ['place/0', 'place/1']
        """
        return {f"place/{layer}": place for layer, place in enumerate(self.place)}

    def load(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take up dumped places."""
        self.place = [arrays[f"place/{layer}"].astype(np.int64) for layer in range(len(self.units))]


def mismatches(rows: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.float64]:
    """Count in how many positions each row differs from each other row, float64 (rows, others).

    Example:
        >>> mismatches(np.array([[1, 2]]), np.array([[1, 2], [2, 2]])).tolist()
        [[0.0, 1.0]]
    """
    others = np.ascontiguousarray(others)
    found = np.empty((len(rows), len(others)))
    for number, row in enumerate(rows):
        found[number] = np.count_nonzero(others != row, axis=1)
    return found
