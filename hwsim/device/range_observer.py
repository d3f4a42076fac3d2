"""Observes which activations and accumulators a network has on calibration samples, before any device touches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.ideal import IdealChip
from hwsim.device.inference import infer
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model, Start


@dataclass
class Range:
    """Least and largest signal that enters a layer's weights, and largest magnitude of its accumulators."""

    low: float = 0.0
    high: float = 0.0
    accumulators: float = 0.0


class _Recorder(IdealChip):
    """An ideal chip that notes what passes."""

    def watch(self) -> list[Range]:
        object.__setattr__(self, "ranges", [Range() for _ in self.model.layers])
        found: list[Range] = self.ranges  # type: ignore[attr-defined]
        return found

    def matmul(self, layer: int, activations: NDArray[Any], rng: np.random.Generator | None) -> NDArray[Any]:
        accumulators = super().matmul(layer, activations, rng)
        found: Range = self.ranges[layer]  # type: ignore[attr-defined]
        found.low = min(found.low, float(activations.min()))
        found.high = max(found.high, float(activations.max()))
        return accumulators

    def activate(self, layer: int, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
        found: Range = self.ranges[layer]  # type: ignore[attr-defined]
        found.accumulators = max(found.accumulators, float(np.abs(accumulators).max()))
        return super().activate(layer, accumulators, registers)


def observe_ranges(model: Model, start: Sequence[Start], calibration: NDArray[np.float32]) -> list[Range]:
    """Run an ideal network on calibration samples and note each layer's ranges; zero always lies within them.

    No range follows from zeros alone. Where nothing else enters a layer, its inputs are taken to lie in 0..1; where its
    accumulators are all zero, they are taken to reach as far as its largest weight at full drive, 1 without weights.

    Args:
        model: the network.
        start: its initial values.
        calibration: float32 (samples, features).

    Example:
        >>> from hwsim.model import Layer, Model, Start
        >>> model = Model("t", (Layer(1, 2, "relu", "uniform", 1.0, True, "zero", 1.0, False, True),))
        >>> values = [Start(np.array([[1.0, -2.0]]), np.zeros(1), 1.0)]
        >>> observe_ranges(model, values, np.array([[0.5, 3.0]], np.float32))
        [Range(low=0.0, high=3.0, accumulators=5.5)]
    """
    chip = _Recorder(model, tuple(values.weights.astype(np.float32) for values in start))
    found = chip.watch()
    infer(model, chip, calibration, [Registers(values.bias, values.gain) for values in start], None)
    for values, seen in zip(start, found, strict=True):
        if seen.low == seen.high == 0:
            seen.high = 1.0
        seen.accumulators = seen.accumulators or float(np.abs(values.weights).max()) * max(seen.high, -seen.low) or 1.0
    return found
