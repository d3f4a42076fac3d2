"""Electronics behind the read-out of chips whose signals are numbers: it adds, averages and activates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.model import Layer, Registers

BLOCK = 64
"""Units that are turned at a time: a float32 of each fills whole lines of cache on both sides."""


class NumberChip:
    """The part of :class:`hwsim.device.Chip` that needs no device: inherit it where signals are numbers."""

    precision: Any = np.float64
    """The dtype of activations."""

    @property
    def together(self) -> int:
        """Return 0: nothing is promised of rows."""
        return 0

    def encode(self, x: NDArray[np.float32]) -> NDArray[Any]:
        """Return the numbers themselves."""
        return np.ascontiguousarray(x, self.precision)

    def average(self, node: int, totals: NDArray[Any], count: int) -> NDArray[Any]:
        """Divide sums of windows by their number of values."""
        del node
        return np.asarray(totals / totals.dtype.type(count))

    def add(self, node: int, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        """Add the activations of two layers."""
        del node
        return np.asarray(one + other)


def finish(layer: Layer, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
    """Apply gain, bias and activation of a layer to its accumulators (rows, units), which may be overwritten.

    Example:
        >>> from hwsim.model import Registers
        >>> from hwsim.model import Layer
        >>> layer = Layer(2, 1, "relu", "uniform", 1.0, True, "zero", 1.0, True, True)
        >>> finish(layer, np.array([[1.0, -1.0]]), Registers(np.array([0.5, 0.5]), 2.0)).tolist()
        [[2.5, 0.0]]
    """
    from hwsim.kernels.reading.layers import activate
    from hwsim.model.activation import CODES, activate_in

    kind = accumulators.dtype
    gain = np.broadcast_to(np.asarray(registers.gain if layer.gains else 1.0, kind), layer.units)
    parameters = np.array(layer.parameters or (0.0,), np.float64)
    activate(
        accumulators,
        np.ascontiguousarray(gain),
        registers.bias.astype(kind),
        CODES.get(layer.activation, CODES["identity"]),
        parameters,
        accumulators,
    )
    if layer.activation in CODES:
        return accumulators
    return activate_in(kind, layer.activation, layer.parameters, accumulators)


def side_by_side(values: NDArray[np.floating[Any]], factor: float = 1.0) -> NDArray[np.float32]:
    """Return values times a factor as float32, a unit's inputs one after the other: the quickest order.

    Example:
        >>> side_by_side(np.array([[1.0, 2.0], [3.0, 4.0]]), 2.0).ravel(order="K").tolist()
        [2.0, 6.0, 4.0, 8.0]
    """
    found = np.empty(values.shape, np.float32, order="F")
    for first in range(0, len(values), BLOCK):
        found[first : first + BLOCK] = values[first : first + BLOCK] * factor
    return found
