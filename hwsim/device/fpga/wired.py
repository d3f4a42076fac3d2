"""Wired logic: every weight of one common magnitude, so that multiplying is wiring; what a neuron computes is a table.

A unit adds and subtracts its inputs in a tree, adds its bias, and looks its output up in a small table that holds its
activation, whichever that is: the sum is shifted and saturated to the address (Kosuge et al., IEEE JETCAS 11, 740
(2021): 16 nJ a classification). A layer is combinational between its output registers, one layer a clock cycle. The
common magnitude of a layer is the mean magnitude of its weights, which is nearest to them in least squares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from hwsim.device.fpga.area import Area, Use, combinational
from hwsim.device.fpga.lut import FpgaCostNumbers, FpgaLut
from hwsim.device.technology import Technology
from hwsim.files import Bits, Section
from hwsim.files.datasheet import Datasheet, Datum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hwsim.device.fpga.numbers import Burnt
    from hwsim.model import Layer


class WiredChipNumbers(Section):
    """Fixed when the bitstream is made."""

    activation_bits: Datum[Bits]
    """Width of a signal between layers: unsigned where the activation is never negative, else signed."""
    bias_bits: Datum[Bits]
    """Width of a signed bias register, in units of the accumulator."""
    headroom_bits: Datum[int]
    """Bits kept free above the largest sum seen at calibration, since sums grow in training."""
    table_bits: Datum[Bits]
    """Address width of a neuron's table."""
    part: Datum[str] | None = None
    """Name of the FPGA that the array is to fit into."""
    part_luts: Datum[int] | None = None
    """LUTs that the part has."""
    part_flip_flops: Datum[int] | None = None
    """Flip-flops that the part has."""


class WiredDatasheet(Datasheet):
    """A datasheet of the technology ``fpga-wired``."""

    kind: Literal["device"]
    """This is a device."""
    chip: WiredChipNumbers
    """Fixed when the bitstream is made."""
    cost: FpgaCostNumbers
    """What computing costs."""


@dataclass(frozen=True)
class FpgaWired(FpgaLut):
    """Describes wired logic: an FPGA array whose weights are signs and whose activations are tables."""

    wired: ClassVar[bool] = True
    """Every activation is a table."""
    foldable: ClassVar[bool] = False
    """All neurons are there at once."""

    @staticmethod
    def _refused(layer: Layer, *, last: bool) -> list[tuple[str, str]]:
        found = []
        if layer.gains:
            found.append(("wired logic has no gain register", "leave gain out or use a photonic device"))
        if last and layer.activation != "identity":
            found.append((f"the last layer of wired logic cannot be {layer.activation!r}", "use 'identity'"))
        return found

    def weigh(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.int32], float]:
        """Return signs of the weights, 0 counted as positive, and their common magnitude.

        Raises:
            ValueError: all weights are 0.
        """
        magnitude = float(np.abs(weights).mean())
        if magnitude == 0:
            what = "all weights are 0, and wired logic has none: each of its cells adds or subtracts one magnitude"
            raise ValueError(f"{what}; give other weights, or use a LUT array")
        return np.where(weights < 0, -1, 1).astype(np.int32), magnitude

    def count(self, layer: Burnt, use: Use) -> Area:
        """Estimate trees of adders, bias adders and tables; registers at outputs and of biases; a cycle a place."""
        area = combinational(self.widths, layer)
        return replace(area, cycles=area.cycles * use.places)


def _build(values: Mapping[str, Any]) -> FpgaWired:
    return FpgaWired(weight_bits=2, **values)


PLUGIN = Technology(
    name="fpga-wired",
    summary="wired logic in an FPGA: weights of one magnitude, neurons as adder trees and look-up tables",
    datasheet=WiredDatasheet,
    build=_build,
    resolution=1.0,
)
