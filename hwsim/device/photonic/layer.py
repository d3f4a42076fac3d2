"""One layer of a photonic chip: its core, the range of its inputs, and which input drives which row by now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.photonic.turns import Turns
from hwsim.kernels.reading.reads import Ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device.photonic.core import Core
    from hwsim.device.photonic.path import OpticalPath
    from hwsim.model import Layer

    Array = NDArray[np.float64]

MOVES = 1 << 14
"""Connections that are changed together."""


@dataclass(frozen=True)
class CoreLayer:
    """One layer on a chip: its cells, and the light that reaches them.

    Args:
        layer: of the model.
        weights: as wanted (units, inputs), the caller's own.
        core: its cells; None where electronics computes it.
        low: input that shuts a modulator.
        span: from there to the input that opens it.
        places: products of one inference.
        grid: rows and columns of a tile.
    """

    layer: Layer
    weights: Array
    core: Core | None
    low: float
    span: float
    places: int
    grid: tuple[int, int]
    paths_before: list[OpticalPath] = field(default_factory=list)
    """The ways through an optical permutation circuit; none where there is no such circuit."""
    _orders: list[NDArray[Any]] = field(default_factory=list)
    _alike: list[bool] = field(default_factory=lambda: [True])
    _shut: list[Array] = field(default_factory=list)
    _turns: list[Turns] = field(default_factory=list)

    @property
    def input_on(self) -> NDArray[np.unsignedinteger[Any]]:
        """Return the input that drives each row of each unit (units, inputs); one line before any reconnection.

        In 16 bits, or in 32 where there are more inputs.
        """
        if not self._orders:
            inputs = self.weights.shape[1]
            self._orders.append(np.arange(inputs, dtype=np.uint16 if inputs <= 1 << 16 else np.uint32)[None])
        return self._orders[0]

    def _spread(self) -> NDArray[Any]:
        """Return ``input_on`` with a line of its own for every unit."""
        if len(self.input_on) < len(self.weights):
            self._orders[:] = [np.tile(self.input_on, (len(self.weights), 1))]
        return self.input_on

    def connect(self, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Let inputs drive other rows: the cost is in proportion to the moves."""
        inputs, table = self.weights.shape[1], self._spread()
        for first in range(0, len(positions), MOVES):
            moved, met = positions[first : first + MOVES], cells[first : first + MOVES]
            table[moved // inputs, met % inputs] = moved % inputs
        self._changed(positions)

    def update_path_loss(self, positions: NDArray[np.int64], transmissions: Array) -> None:
        """Let paths of the circuit leave other parts of the light."""
        self.paths_before[0].update_path_loss(positions, transmissions)
        self._changed(positions)

    def _changed(self, positions: NDArray[np.int64]) -> None:
        """Forget what was found of the light on some positions."""
        self._alike.clear()
        self._shut.clear()
        for turns in self._turns:
            turns.forget(positions)

    @property
    def weakened(self) -> bool:
        """Tell whether drives are weakened to what the worst path leaves."""
        return bool(self.paths_before) and self.paths_before[0].calibrated

    def shut(self) -> Array:
        """Compute the difference of a unit's columns at full drive, through its paths as they are (planes, units)."""
        if not self._shut and self.core is not None:
            self._shut.append(self.core.seen(self._spread(), self.paths_before[0].transmission))
        return self._shut[0]

    def alike(self) -> bool:
        """Tell whether all units have the same inputs on their rows, and as much of their light."""
        if not self._alike:
            tables = [self.input_on, *(way.transmission for way in self.paths_before)]
            self._alike.append(all(np.array_equal(line, table[0]) for table in tables for line in table))
        return self._alike[0]

    def order(self) -> NDArray[Any]:
        """Return ``input_on``, or one line of it where all units are alike."""
        return self.input_on[:1] if self.alike() else self._spread()

    def ways(self, kind: Any) -> Ways:
        """Return how light reaches the rows, a line for each unit, or one if all units are alike.

        Shares are empty, and of the dtype asked for, where all light reaches them, and the least ones where paths are
        not known.
        """
        found = self._paths(kind)
        return found if self.alike() else found._replace(turn=self._waiting().found(found))

    def reads(self, kind: Any) -> NDArray[np.int64]:
        """Count the reads that each tile needs for one product, (groups, tiles); ``kind`` as of :meth:`ways`.

        Units of different groups of a grouped convolution want other light, whatever their connections.
        """
        if self.layer.groups > 1:
            return self._waiting().reads(self._paths(kind), self.layer.groups)
        if self.alike():
            (units, inputs), (rows, columns) = self.weights.shape, self.grid
            return np.ones((-(-units // columns), -(-inputs // rows)), np.int64)
        return self._waiting().reads(self._paths(kind))

    def _paths(self, kind: Any) -> Ways:
        """Return the ways without turns."""
        none = np.zeros((0, 0), np.uint16)
        if not self.paths_before:
            return Ways(self.order(), np.zeros((0, 0), kind), np.zeros(0, kind), none)
        lines, way = 1 if self.alike() else len(self.weights), self.paths_before[0]
        return Ways(self.order(), way.transmission[:lines], way.least[:lines], none)

    def _waiting(self) -> Turns:
        if not self._turns:
            self._turns.append(Turns((self.weights.shape[0], self.weights.shape[1]), self.grid))
        return self._turns[0]
