"""How often a tile of a photonic core is read: columns share rows, so units that want other light take turns.

A tile's rows lead to all its columns. Units of a group are read at once where the same inputs drive the rows of the
tile, weakened by as much and through paths that lose as much; other units wait for a read of their own. Tiles are
independent of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.reads import Ways


class Turns:
    """Numbers of the reads of a layer's tiles, kept up to date group by group.

    Args:
        shape: units and inputs of the layer.
        grid: rows and columns of a tile.

    Example:
        >>> from hwsim.kernels.reading.reads import Ways
        >>> order = np.array([[0, 1, 2], [1, 0, 2]], np.uint16)  # two units; the first tile has two rows
        >>> ways = Ways(order, np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0), np.uint16))
        >>> Turns((2, 3), (2, 4)).found(ways).tolist()
        [[0, 0], [1, 0]]
    """

    def __init__(self, shape: tuple[int, int], grid: tuple[int, int]) -> None:
        units, self._inputs = shape
        self._rows, self._columns = grid
        self._turns = np.zeros((units, -(-self._inputs // self._rows)), np.uint16)
        self._stale = np.ones(-(-units // self._columns), bool)

    def forget(self, positions: NDArray[np.int64]) -> None:
        """Note that the light on positions has changed."""
        self._stale[positions // (self._inputs * self._columns)] = True

    def found(self, ways: Ways) -> NDArray[Any]:
        """Find the number of the read of each unit's column in each tile, uint16 (units, tiles); one line per path."""
        from hwsim.kernels.reading.turns import take_turns

        if self._stale.any():
            take_turns(ways, self._columns, self._rows, self._stale, self._turns)
            self._stale[:] = False
        return self._turns

    def reads(self, ways: Ways, shares: int = 1) -> NDArray[np.int64]:
        """Count the reads of each tile, (groups, tiles); so many equal shares of the units have inputs of their own.

        Example:
            >>> from hwsim.kernels.reading.reads import Ways
            >>> order = np.array([[0, 1, 2]], np.uint16)  # all units alike
            >>> ways = Ways(order, np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0), np.uint16))
            >>> Turns((6, 3), (2, 4)).reads(ways, 3).tolist()
            [[2, 2], [1, 1]]
        """
        if shares > 1:
            units, turns = len(self._turns), self.found(ways) if len(ways.input_on) > 1 else np.zeros_like(self._turns)
            own = np.arange(units)[:, None] // (units // shares) * (1 << 16) + turns
            parts = [own[first : first + self._columns] for first in range(0, units, self._columns)]
            return np.array([[len(np.unique(column)) for column in part.T] for part in parts], np.int64)
        heads = np.arange(0, len(self._turns), self._columns)
        return np.maximum.reduceat(self.found(ways), heads, axis=0).astype(np.int64) + 1
