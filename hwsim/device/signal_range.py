"""The range of the signals that enter each layer, found by running the exact network on samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from hwsim.device.inference import infer, samples_at_once
from hwsim.device.number import NumberChip, finish
from hwsim.device.technology import Registers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.device.technology import Chip
    from hwsim.model import Model, Start


class _Witness(NumberChip):
    """A chip of exact products that notes what it sees."""

    def __init__(self, model: Model, start: Sequence[Start]) -> None:
        self.model, self.start = model, start
        self.ranges = [(0.0, 0.0)] * len(model.layers)

    def products(self, layer: int, signals: NDArray[np.float64], rng: None) -> NDArray[np.float64]:
        del rng
        low, high = self.ranges[layer]
        self.ranges[layer] = min(low, float(signals.min())), max(high, float(signals.max()))
        return signals @ self.start[layer].weights.T

    def settle(self, layer: int, sums: NDArray[np.float64], registers: Registers) -> NDArray[np.float64]:
        return finish(self.model.layers[layer], sums, registers)


def ranges_of(model: Model, start: Sequence[Start], samples: NDArray[np.float32]) -> list[tuple[float, float]]:
    """Least and largest signal that enters each layer; zero is always within.

    Args:
        model: the network.
        start: its values.
        samples: (samples, features); the engine's first part of them is run.
    """
    witness = _Witness(model, start)
    registers = [Registers(values.bias, values.gain) for values in start]
    infer(model, cast("Chip", witness), samples[: samples_at_once(model)], registers, None)
    return witness.ranges
