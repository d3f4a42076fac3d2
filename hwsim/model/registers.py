"""Registers: what a layer has that can be written again, its biases, and gains where it has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.model.layer import Layer

REGISTER_BITS = 32
"""Bits that the configuration port is sent for one register."""


@dataclass(frozen=True)
class Registers:
    """The rewritable values of one layer: bias float64 (units,) and the gain of all, or of each unit."""

    bias: NDArray[np.float64]
    gain: float | NDArray[np.float64]

    def flat(self, gains: int) -> NDArray[np.float64]:
        """Return a layer's registers as a schedule holds them, float64 (units + gains,): biases, then so many gains.

        Example:
            >>> import numpy as np
            >>> Registers(np.array([0.5, 1.0]), 3.0).flat(gains=1).tolist()
            [0.5, 1.0, 3.0]
        """
        return np.concatenate([self.bias, np.atleast_1d(self.gain)[:gains]])

    @staticmethod
    def of(layer: Layer, values: NDArray[np.float64]) -> Registers:
        """Read registers from flat values, the inverse of :meth:`flat`; without gain registers the gain is 1.

        Example:
            >>> import numpy as np
            >>> from hwsim.model import Layer
            >>> Registers.of(Layer(2, 4), np.array([0.5, 1.0]))
            Registers(bias=array([0.5, 1. ]), gain=1.0)
        """
        gains = values[layer.units :]
        return Registers(values[: layer.units], gains if layer.unit_gains else float(gains[0]) if gains.size else 1.0)
