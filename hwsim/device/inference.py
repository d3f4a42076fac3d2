"""The inference engine: a model's graph of layers over the matrix products of a chip.

Devices know cells, reads and registers; networks are known here and nowhere else in this room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.device.technology import Chip, Registers
    from hwsim.model import Model


def infer(
    model: Model,
    chip: Chip,
    x: NDArray[np.float32],
    registers: Sequence[Registers],
    rng: np.random.Generator | None,
) -> NDArray[np.float64]:
    """Run samples through a chip as it is connected now.

    Args:
        model: the network that the chip was fabricated for.
        chip: the chip.
        x: float32 (samples, features).
        registers: contents of the registers of each layer.
        rng: source of event noise; None for a quiet read.

    Returns:
        float64 (samples, outputs).
    """
    signals = chip.encode(x)
    for number in range(len(model.layers)):
        signals = chip.settle(number, chip.products(number, signals, rng), registers[number])
    return np.asarray(signals, np.float64)
