"""Ideal device: cells hold the weights as drawn, float32 arithmetic, no noise, no cost.

What remains is the method: how far a controller gets by reconnection or by biases alone when the hardware is perfect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hwsim.device.number import NumberChip, finish, side_by_side
from hwsim.device.technology import Bill, Resources, Technology
from hwsim.device.variation import EXACT, Variation
from hwsim.files.datasheet import Datasheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model, Registers, Start

LARGE = 1 << 18
"""Cells from which on products are a twentieth quicker where inputs lie one after the other in memory."""


class IdealDatasheet(Datasheet):
    """A datasheet of the technology ``ideal``: it has no numbers."""

    kind: Literal["device"]
    """This is a device."""


@dataclass(frozen=True)
class Ideal:
    """Describes an ideal device; fabricates chips of it."""

    varied: Variation = EXACT
    """Variation of the cells, for studies."""

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """Return an empty list: every model can be built."""
        del model
        return []

    def fabricate(self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int) -> IdealChip:
        """Keep every weight as it was drawn, or off by the variation that is asked for."""
        del calibration
        design = tuple(values.weights.astype(np.float32) for values in start)
        if not self.varied:
            return IdealChip(model, design)
        real = []
        for number, (layer, values) in enumerate(zip(model.layers, start, strict=True)):
            scale = float(np.abs(values.weights).max())
            if layer.electronic or not scale:
                real.append(design[number])
                continue
            faults = self.varied.draws(seed, number).take((layer.units, layer.inputs))
            real.append((faults.applied(values.weights / scale) * scale).astype(np.float32))
        return IdealChip(model, tuple(real), design)


@dataclass(frozen=True)
class IdealChip(NumberChip):
    """Holds the weights as drawn."""

    model: Model
    weights: tuple[NDArray[np.float32], ...]
    design: tuple[NDArray[np.float32], ...] | None = None
    """The weights that were wanted, where cells vary."""
    precision = np.float32
    together = 1
    met: tuple[NDArray[np.float32], ...] = field(init=False)
    """The weight that each position meets."""

    def __post_init__(self) -> None:
        met = (side_by_side(weights) if weights.size >= LARGE else weights.copy() for weights in self.weights)
        object.__setattr__(self, "met", tuple(met))

    @property
    def noisy(self) -> bool:
        """Return false: reading draws no noise."""
        return False

    @property
    def data_bits(self) -> int:
        """Return 32: the width of a float32."""
        return 32

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Return the weights as they were wanted."""
        return (self.weights if self.design is None else self.design)[layer].astype(np.float64)

    def cells(self, layer: int) -> NDArray[np.float32]:
        """Return the weights as they are."""
        return self.weights[layer]

    def programmed(self, layer: int) -> dict[str, tuple[NDArray[Any], str]]:
        """Return the weights as they are."""
        return {"weight": (self.weights[layer], "as the network has it")}

    def classes(self, layer: int) -> NDArray[np.float32]:
        """Return the weights: those equal to the last bit do the same in every place."""
        return self.weights[layer].copy()

    def kill(self, layer: int, cell: int, value: float) -> None:
        """Let a cell be read as a constant from now on."""
        if self.design is None:
            object.__setattr__(self, "design", tuple(weights.copy() for weights in self.weights))
        self.weights[layer].reshape(-1)[cell] = value

    def register_codes(self, layer: int, registers: Registers) -> NDArray[np.float64]:
        """Return biases, and the gain if there is one, as they are."""
        return registers.flat(self.model.layers[layer].gains)

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Gather the weights of the positions that move."""
        self.met[layer][np.divmod(positions, self.met[layer].shape[1])] = self.weights[layer].reshape(-1)[cells]

    def matmul(self, layer: int, activations: NDArray[Any], rng: np.random.Generator | None) -> NDArray[Any]:
        """Multiply with the linear algebra library, in its order of sums."""
        del rng
        with np.errstate(over="ignore", invalid="ignore"):  # what is evaluated is checked to be finite
            return np.asarray(activations @ self.met[layer].T)

    def activate(self, layer: int, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Apply gain, bias and activation."""
        return finish(self.model.layers[layer], accumulators, registers)

    def inference_bill(self) -> Bill:
        """Return a bill of zero: an ideal device costs nothing."""
        return Bill(energy_j=0.0, time_s=0.0)

    def resources(self) -> Resources:
        """Count cells, and nothing else."""
        return Resources(cells=sum(weights.size for weights in self.weights))


def _build(values: Mapping[str, float]) -> Ideal:
    del values
    return Ideal()


PLUGIN = Technology(
    name="ideal",
    summary="ideal cells: weights as drawn, float32 arithmetic, no noise, no cost",
    datasheet=IdealDatasheet,
    build=_build,
    electronics=True,
)
