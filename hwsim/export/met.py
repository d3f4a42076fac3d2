"""What every position of a run's network meets: the values fixed at fabrication, gathered by the permutations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from hwsim.export.logic import WholeNumbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.snapshot import Snapshot


@runtime_checkable
class WeighingChip(Protocol):
    """A chip whose cells hold something else than weights, and that tells what its layers compute."""

    def means(self, layer: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return weights (units, inputs) as connected now, and what is added to each sum (units,), without noise."""


def met(snapshot: Snapshot, layer: int) -> NDArray[Any]:
    """Return what the positions of a layer meet (units, inputs), in the numbers of the chip's cells.

    Args:
        snapshot: the run.
        layer: number of the layer with cells; where connections are fixed, position k meets cell k.
    """
    cells = np.asarray(snapshot.chip.cells(layer))
    found = next((one for one in snapshot.layers if one.layer == layer), None)
    if found is None:
        return cells
    rows = cells.reshape(len(found.permutations), -1)
    return np.take_along_axis(rows, found.permutations[:, : rows.shape[1]], axis=1).reshape(cells.shape)


def effective(snapshot: Snapshot, layer: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (units, inputs) and biases (units,) of a layer as numbers, its gains folded into the weights.

    Of a chip of whole numbers too: codes times what a step of them is worth.
    """
    chip, made = snapshot.chip, snapshot.model.layers[layer]
    registers = np.asarray(snapshot.registers[layer], np.float64)
    bias, gains = registers[: made.units], registers[made.units :]
    if isinstance(chip, WholeNumbers):
        law = chip.layers[layer]
        return met(snapshot, layer) * law.weight_scale, bias * law.unit
    weights, added = chip.means(layer) if isinstance(chip, WeighingChip) else (met(snapshot, layer), 0.0)
    gain = gains if gains.size else np.ones(1)
    return np.asarray(weights, np.float64) * gain[:, None], bias + gain * added
