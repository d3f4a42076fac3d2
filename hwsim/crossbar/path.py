"""What signals pass on their ways through a circuit, and what they lose there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Losses(Protocol):
    """The losses of light in a switch technology, in dB; any object with these three numbers will do."""

    @property
    def bar_loss(self) -> float:
        """Return the loss of a switch in bar, or of a crosspoint passed by."""

    @property
    def cross_loss(self) -> float:
        """Return the loss of a switch in cross, or of a crosspoint that is turned in."""

    @property
    def crossing_loss(self) -> float:
        """Return the loss of one crossing of two wires."""


@dataclass(frozen=True, eq=False)
class Paths:
    """The switches and crossings that each output's signal passes; three arrays int64 (banks, ports).

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("benes", 4)
        >>> paths = fabric.paths_many(fabric.route([1, 0, 2, 3]).state[None, :])
        >>> paths.bar.tolist(), paths.cross.tolist(), paths.crossings.tolist()
        ([[2, 2, 3, 3]], [[1, 1, 0, 0]], [[1, 1, 2, 0]])
    """

    bar: NDArray[np.int64]
    """Switches passed in bar; crosspoints passed by."""
    cross: NDArray[np.int64]
    """Switches passed in cross; crosspoints turned in."""
    crossings: NDArray[np.int64]
    """Crossings of two wires, as the topology is drawn."""

    def loss(self, losses: Losses) -> NDArray[np.float64]:
        """Compute the loss of every output's path in dB, float64 (banks, ports).

        Example:
            >>> from types import SimpleNamespace
            >>> paths = Paths(np.array([[2]]), np.array([[1]]), np.array([[10]]))
            >>> paths.loss(SimpleNamespace(bar_loss=0.5, cross_loss=1.0, crossing_loss=0.01)).round(3).tolist()
            [[2.1]]
        """
        found = self.bar * losses.bar_loss + self.cross * losses.cross_loss + self.crossings * losses.crossing_loss
        return np.asarray(found, np.float64)
