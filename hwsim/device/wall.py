"""What comes out of a chip is looked at before anything is computed from it: shapes and dtypes, and numbers.

A chip may be a third party's. What it gives must be what :class:`hwsim.device.technology.Chip` promises; else the run
ends with one line that names the chip, the method and the layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files.registry import PluginError, maker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device.technology import Chip
    from hwsim.model import Model, Registers


@dataclass(frozen=True)
class Wall:
    """The methods of a chip that inference calls; every array that they give is held to its promise.

    Args:
        chip: the chip.
        model: the network that it was fabricated for.
        finite: whether numbers are looked at too. An activation function can hide what is not one: ReLU makes it 0.
    """

    chip: Chip
    model: Model
    finite: bool = False

    def encode(self, x: NDArray[np.float32]) -> NDArray[Any]:
        """Encode samples as what enters the first layer, of the same shape."""
        return self._held(self.chip.encode(x), x.shape, "encode", "the inputs")

    def matmul(self, layer: int, activations: NDArray[Any], rng: np.random.Generator | None) -> NDArray[Any]:
        """Compute accumulators (rows, units)."""
        shape = (len(activations), self.model.layers[layer].units)
        return self._held(self.chip.matmul(layer, activations, rng), shape, "matmul", f"layer {layer}")

    def activate(self, layer: int, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Compute activations (rows, units)."""
        found = self.chip.activate(layer, accumulators, registers)
        return self._held(found, accumulators.shape, "activate", f"layer {layer}")

    def average(self, node: int, totals: NDArray[Any], count: int) -> NDArray[Any]:
        """Compute an average pool, of the shape of the sums."""
        return self._held(self.chip.average(node, totals, count), totals.shape, "average", f"node {node}")

    def add(self, node: int, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        """Add two nodes' activations, of the same shape."""
        return self._held(self.chip.add(node, one, other), one.shape, "add", f"node {node}")

    def _held(self, found: Any, shape: tuple[int, ...], method: str, place: str) -> NDArray[Any]:
        wrong = ""
        if not isinstance(found, np.ndarray):
            wrong = f"gave {type(found).__name__}, not an array {shape}"
        elif found.shape != shape:
            wrong = f"gave an array of the shape {found.shape}, not {shape}"
        elif found.dtype.kind not in "biuf":
            wrong = f"gave numbers of the dtype {found.dtype}, not integers or floats"
        elif self.finite and not np.isfinite(found).all():
            place_of = np.argwhere(~np.isfinite(found))[0]
            wrong = f"gave {found[tuple(place_of)]} at {place_of.tolist()}, not a finite number"
        if wrong:
            raise PluginError(f"device {maker(self.chip)}: {method} of {place} {wrong}")
        return np.asarray(found)


def is_foreign(chip: Chip) -> bool:
    """Tell whether a chip is not of this package, whose own are tested to give numbers."""
    return not type(chip).__module__.startswith("hwsim.")
