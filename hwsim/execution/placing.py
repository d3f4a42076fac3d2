"""What a controller wants, with its hidden units built where the fewest positions change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.execution.equivalence import Placement, assign_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model
    from hwsim.schedule import Bank, Layout

    Rows = NDArray[np.int64] | None


class Placing:
    """The places of hidden units, and the reconnections that follow from them.

    Args:
        model: the network.
        layout: its banks.
        classes: per layer, classes of its cells, int32 (banks, cells); empty where connections are fixed.
    """

    def __init__(self, model: Model, layout: Layout, classes: Sequence[NDArray[np.int32]]) -> None:
        self._model, self._layout, self._classes = model, layout, classes
        self.placement = Placement([layer.units for layer in model.layers], [self._movable(b) for b in layout.layers])

    def _movable(self, bank: Bank) -> NDArray[np.bool_] | None:
        """Tell which places of a layer can take each other's units; None where its units must stay."""
        following = bank.layer + 1
        layers = self._layout.layers
        if following == len(layers) or not (bank.learned and layers[following].learned):
            return None
        layer = self._model.layers[bank.layer]
        row = self._model.chained and all(node.kind == "dense" for node in self._model.nodes)
        plain = row and layer.activation != "look-up"
        if not layer.learned_registers or not plain:
            return None
        if bank.banks == 1:
            return np.ones((layer.units, layer.units), np.bool_)
        held = np.unique(np.sort(self._classes[bank.layer], axis=1), axis=0, return_inverse=True)[1].reshape(-1)
        return np.asarray(held[:, None] == held, np.bool_)

    def place(
        self, now: Sequence[NDArray[np.int64]], permutations: Sequence[Rows], registers: Sequence[NDArray[np.float64]]
    ) -> tuple[tuple[Rows, ...], tuple[NDArray[np.float64], ...]]:
        """Put hidden units where the fewest positions change, for good.

        The layer after them takes its inputs from there, and their registers travel along. What the network computes
        stays the same, to the last bit where sums are integers.

        Args:
            now: per layer, the permutations that stand, int64 (banks, cells).
            permutations: per layer, those wanted, units in their own places, or None where a layer stays.
            registers: per layer, those wanted, in the order of the units.

        Returns:
            Permutations and registers as they are to be carried out.
        """
        if not self.placement.moves_any:
            return tuple(permutations), tuple(registers)
        before = [place.copy() for place in self.placement.place]
        shown = [self._met(number, rows) for number, rows in enumerate(now)]
        wanted = [
            self.placement.logical(number, shown[number])
            if p is None or not shown[number].size
            else self._met(number, p)
            for number, p in enumerate(permutations)
        ]
        self.placement.assign(shown, wanted)
        place, straight = self.placement.place, [np.arange(layer.units) for layer in self._model.layers]
        found: list[Rows] = []
        for number, p in enumerate(permutations):
            near = range(max(number - 1, 0), number + 1)  # the layers whose places its matrix depends on
            usual = before if p is None else straight
            if not self._classes[number].size or all(np.array_equal(place[n], usual[n]) for n in near):
                found.append(p)
            else:
                classes = self._layout.layers[number].rows(self.placement.physical(number, wanted[number]))
                found.append(assign_values(now[number], self._classes[number], classes))
        return tuple(found), tuple(self.placement.registers(n, values) for n, values in enumerate(registers))

    def _met(self, number: int, permutations: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return classes that a layer's positions meet, (units, inputs); empty where connections are fixed."""
        classes, units = self._classes[number], self._model.layers[number].units
        if not classes.size:
            return np.zeros((0, 0), np.int32)
        return self._layout.layers[number].matrix(np.take_along_axis(classes, permutations, axis=1), units)
