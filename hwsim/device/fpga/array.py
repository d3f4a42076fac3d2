"""The numbers of an FPGA array, how it turns weights into constants, and what a layer of them takes of a part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hwsim.device.fpga.area import Area, Use, Widths, folded, pipelined
from hwsim.device.fpga.family import FAMILIES
from hwsim.device.fpga.serial import clocks, serial
from hwsim.device.technology import Part
from hwsim.device.variation import EXACT, Variation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device.fpga.numbers import Burnt


@dataclass(frozen=True)
class FpgaArray:
    """Numbers as in the datasheet, SI units; ``part`` is empty where the datasheet names none."""

    weight_bits: int
    activation_bits: int
    bias_bits: int
    headroom_bits: int
    clock: float
    lut_energy: float
    table_bits: int = 8
    folding: int = 1
    family: str = "7-series"
    architecture: str = "parallel"
    part: str = ""
    part_luts: int = 0
    part_flip_flops: int = 0
    idle_power: float = 0.0
    varied: Variation = EXACT
    """Variation of the cells, for studies."""
    wired: ClassVar[bool] = False
    """Whether every activation is a table."""
    foldable: ClassVar[bool] = True
    """Whether a unit can take its inputs in turns."""

    @property
    def widths(self) -> Widths:
        """Return the numbers that set areas."""
        family = FAMILIES[self.family]
        return Widths(self.weight_bits, self.activation_bits, self.bias_bits, self.folding, family)

    @property
    def serial(self) -> bool:
        """Tell whether signals pass bit by bit."""
        return self.architecture == "serial"

    @property
    def named_part(self) -> Part | None:
        """Return the part that the datasheet names, if any."""
        return Part(self.part, self.part_luts, self.part_flip_flops) if self.part else None

    @property
    def largest_code(self) -> int:
        """Return the largest code of a weight."""
        return (1 << self.weight_bits - 1) - 1

    @property
    def largest_bias(self) -> int:
        """Return the largest code of a bias register; the least is its negative."""
        return (1 << self.bias_bits - 1) - 1

    def weigh(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.int32], float]:
        """Return codes of the weights and the value of one step, which is 0 if all weights are 0: any step would do."""
        scale = float(np.abs(weights).max()) / self.largest_code
        return self.round(weights, scale) if scale else np.zeros(weights.shape, np.int32), scale

    def round(self, weights: NDArray[np.float64], scale: float) -> NDArray[np.int32]:
        """Return the nearest codes of weights in steps of a given value."""
        return np.rint(weights / scale).astype(np.int32)

    def count(self, layer: Burnt, use: Use) -> Area:
        """Count what a layer needs of the fabric."""
        if self.serial:
            return serial(self.widths, layer, use)
        area = (folded if self.folding > 1 else pipelined)(self.widths, layer)
        return replace(area, cycles=area.cycles + (use.places - 1) * self.turns(layer, use))

    def turns(self, layer: Burnt, use: Use) -> int:
        """Count the clocks in which one matrix product of a layer keeps its LUTs busy."""
        if self.serial:
            return clocks(use) // use.places
        return min(self.folding, int(layer.codes.shape[1]))
