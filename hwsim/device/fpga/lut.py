"""FPGA LUT array: integer weights burnt into look-up tables, exact integer arithmetic.

A unit computes ``acc = sum_i w[u, p[i]] x[i] + b[u]`` in integers as wide as the sum needs, then
``clip((acc + 2^(s-1)) >> s, 0, 2^a - 1)`` with a shift s fixed at fabrication (rounding half up). Leaky ReLU shifts
negative accumulators by its slope first and keeps the sign; a look-up activation shifts and saturates to the address
of a table; a step gives 0 or 1. The last layer hands out its accumulators. Weights are b-bit signed and symmetric
(-(2^(b-1)-1) .. 2^(b-1)-1); biases are the only values in registers. In a network with additions, the weights of hidden
layers are up to one bit coarser, since signals can be added only where their scales are powers of two apart. A chip
whose bias registers are too narrow for the initial biases is refused; biases that outgrow them later are counted.

Products travel through BLAS in float32 or float64 where the largest sum that any connection can give is below 2^24 or
2^53: every partial sum is then a whole number that the format holds exactly, whatever the order of summing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Literal

import numpy as np

from hwsim.device.electronics import BESIDE
from hwsim.device.fpga.array import FpgaArray
from hwsim.device.fpga.calibration import Calibration
from hwsim.device.technology import Technology
from hwsim.files import Bits, Hertz, Joules, Section, Watts
from hwsim.files.datasheet import Datasheet, Datum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.device.fpga.chip import FpgaChip
    from hwsim.device.fpga.numbers import Burnt
    from hwsim.model import Layer, Model, Start

Family = Literal["7-series", "ice40", "ecp5"]
Architecture = Literal["parallel", "serial"]


class FpgaChipNumbers(Section):
    """Fixed when the bitstream is made."""

    weight_bits: Datum[Bits]
    """Width of a signed weight constant. In a network with additions, hidden layers take steps that are powers of two
    apart, which are up to one bit coarser."""
    activation_bits: Datum[Bits]
    """Width of a signal between layers: unsigned after ReLU and for non-negative inputs, else signed."""
    bias_bits: Datum[Bits]
    """Width of a signed bias register, in units of the accumulator."""
    headroom_bits: Datum[int]
    """Bits kept free above the largest activation seen at calibration, since activations grow in training."""
    table_bits: Datum[Bits]
    """Address width of a look-up activation's table."""
    folding: Datum[int]
    """Turns in which a unit takes its inputs: 1 for constant multipliers and adder trees, pipelined, all inputs at
    once; more for multipliers that take turns, with the constants in tables."""
    family: Datum[Family] | None = None
    """Family of the part, which decides what products, adders and tables take; 7-series unless told."""
    architecture: Datum[Architecture] | None = None
    """``parallel``, unless told: all bits of a signal at once. ``serial``: bit by bit, each through one wire of the
    permutation circuit and tables of four constants, as the exported Verilog of the spatial architecture has it."""
    part: Datum[str] | None = None
    """Name of the FPGA that the array is to fit into."""
    part_luts: Datum[int] | None = None
    """LUTs that the part has."""
    part_flip_flops: Datum[int] | None = None
    """Flip-flops that the part has."""


class FpgaCostNumbers(Section):
    """What computing costs."""

    clock: Datum[Hertz]
    """Clock of the pipelined array."""
    lut_energy: Datum[Joules]
    """Energy of one LUT in one cycle, with its net, at the activity of the source."""
    idle_power: Datum[Watts] | None = None
    """What the device takes all the time, busy or not; 0 unless told."""


class FpgaDatasheet(Datasheet):
    """A datasheet of the technology ``fpga-lut``."""

    kind: Literal["device"]
    """This is a device."""
    chip: FpgaChipNumbers
    """Fixed when the bitstream is made."""
    cost: FpgaCostNumbers
    """What computing costs."""


@dataclass(frozen=True)
class FpgaLut(FpgaArray):
    """Describes an FPGA LUT array by the numbers of its datasheet, in SI units; fabricates chips of it."""

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """List what integers cannot do: other activations, averages of other than a power of two, gains, recurrence."""
        found = []
        if self.serial and self.folding > 1:
            what = f"bit-serial units take all inputs at once, and folding is {self.folding}"
            found.append((0, what, 'use folding = 1, or architecture = "parallel"'))
        last = len(model.layers) - 1
        for number, node in enumerate(model.nodes):
            if node.kind == "rnn":
                what = "an FPGA LUT array has no feedback from a layer to itself"
                found.append((number, what, "use a device whose signals are numbers, such as 'ideal'"))
            if number > model.last:
                found += _behind(model, number)
                continue
            count = prod(node.window.kernel) if node.window else 1
            if node.kind == "average-pool" and count.bit_count() > 1:
                what = f"an FPGA LUT array averages by shifting, which {count} values a window do not allow"
                found.append((number, what, "pool a power of two of values, such as 2 x 2"))
            beside = node.kind == "activation" and node.activation not in {"relu", "identity"}
            if beside or node.kind in {"layer-norm", "scale"}:
                shown = node.activation if beside else node.kind
                found.append(
                    (number, f"an FPGA LUT array cannot do {shown!r} between its layers, in whole numbers", BESIDE)
                )
            if node.kind == "add" and any(layer.activation == "step" for layer in model.layers):
                what = "an FPGA LUT array cannot align the scales of a sum in a network with steps"
                found.append((number, what, "use 'relu' instead of 'step'"))
            if node.layer is not None:
                found += [(number, *why) for why in self._refused(model.layers[node.layer], last=node.layer == last)]
        return found

    @staticmethod
    def _refused(layer: Layer, *, last: bool) -> list[tuple[str, str]]:
        found = []
        if layer.gains:
            found.append(("an FPGA LUT array has no gain register", "leave gain out or use a photonic device"))
        name = layer.activation
        slope = layer.parameters[0] if name == "leaky-relu" else 0.5
        if last and name != "identity":
            found.append((f"the last layer of an FPGA LUT array cannot be {name!r}", "use 'identity'"))
        elif not last and name not in {"relu", "leaky-relu", "step", "look-up"}:
            what = f"a hidden layer of an FPGA LUT array cannot be {name!r}"
            found.append((what, "use 'relu', 'leaky-relu', 'step' or 'look-up'"))
        elif not 0 < slope <= 1 or np.frexp(slope)[0] != 0.5:  # noqa: PLR2004 - exact
            what = f"an FPGA LUT array shifts for a leaky ReLU, which a slope of {slope:g} does not allow"
            found.append((what, "use a power of two such as 0.25"))
        return found

    def fabricate(self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int) -> FpgaChip:
        """Quantise the weights, and set every shift so that calibration uses all but the headroom bits.

        Codes do not vary from chip to chip; where variation is asked for, the cells that stand for them do.

        A network larger than one part of the engine's is calibrated on the samples of the first part.
        """
        chip = Calibration(self, model, start, calibration).chip()
        if not self.varied:
            return chip
        layers = [self._spoilt(burnt, seed, number) for number, burnt in enumerate(chip.layers)]
        return replace(chip, layers=tuple(layers))

    def _spoilt(self, burnt: Burnt, seed: int, layer: int) -> Burnt:
        """Return a layer whose cells hold other levels than their codes."""
        largest = float(np.abs(burnt.codes).max()) or 1.0
        units, inputs = burnt.codes.shape
        faults = self.varied.draws(seed, layer).take((units, inputs))
        return replace(burnt, held=faults.applied(burnt.codes / largest) * largest)


def _behind(model: Model, number: int) -> list[tuple[int, str, str]]:
    """Say what a node behind the last layer, where sums leave the array as numbers, cannot take."""
    node = model.nodes[number]
    if min(model.source(number), number if node.summand is None else node.summand) >= model.last:
        return []
    what = "behind its last layer an FPGA LUT array gives numbers, to which signals from within cannot be added"
    return [(number, what, "end in a layer of kind 'dense' or 'conv2d', or use a device whose signals are numbers")]


def _build(values: Mapping[str, float]) -> FpgaLut:
    return FpgaLut(**values)  # type: ignore[arg-type]


PLUGIN = Technology(
    name="fpga-lut",
    summary="FPGA look-up tables: integer constants, exact integer inference, biases in registers",
    datasheet=FpgaDatasheet,
    build=_build,
    effects={
        "weight bits": {"weight_bits": 20, "bias_bits": 56},  # finer steps, of which a bias is more
        "signal bits": {"activation_bits": 20, "bias_bits": 56},
        "bias bits": {"bias_bits": 56},
    },
)
