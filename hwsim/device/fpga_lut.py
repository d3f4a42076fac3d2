"""FPGA LUT array: integer weights burnt into look-up tables, exact integer arithmetic.

A unit computes ``acc = sum_i w[u, p[i]] x[i] + b[u]`` in integers as wide as the sum needs, then
``clip((acc + 2^(s-1)) >> s, 0, 2^a - 1)`` with a shift s fixed at fabrication (rounding half up). Leaky ReLU shifts
negative accumulators by its slope first and keeps the sign; a look-up activation shifts and saturates to the address
of a table; a step gives 0 or 1. The last layer hands out its accumulators. Weights are b-bit signed and symmetric
(-(2^(b-1)-1) .. 2^(b-1)-1); biases are the only values in registers.

Products travel through BLAS in float32 or float64 where the largest sum that any connection can give is below 2^24 or
2^53: every partial sum is then a whole number that the format holds exactly, whatever the order of summing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from hwsim.device.datasheet import Datasheet, Datum
from hwsim.device.fpga_fabric import csd_digits, layer_luts
from hwsim.device.fpga_numbers import Burnt, Join, Resources, folded, pipelined
from hwsim.device.technology import Bill, Registers, Technology
from hwsim.scenario import Bits, Hertz, Joules, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Layer, Model, Node, Start

__all__ = ["PLUGIN", "FpgaChip", "FpgaLut", "FpgaSheet", "csd_digits", "layer_luts"]


class FpgaChipNumbers(Section):
    """Fixed when the bitstream is made."""

    weight_bits: Datum[Bits]
    """Width of a signed weight constant."""
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


class FpgaCostNumbers(Section):
    """What computing costs."""

    clock: Datum[Hertz]
    """Clock of the pipelined array."""
    lut_energy: Datum[Joules]
    """Energy of one LUT in one cycle, with its net, at the activity of the source."""


class FpgaSheet(Datasheet):
    """A datasheet of the technology ``fpga-lut``."""

    kind: Literal["device"]
    """This is a device."""
    chip: FpgaChipNumbers
    """Fixed when the bitstream is made."""
    cost: FpgaCostNumbers
    """What computing costs."""


@dataclass(frozen=True)
class FpgaLut:
    """The law of an FPGA LUT array; numbers as in the datasheet, SI units."""

    weight_bits: int
    activation_bits: int
    bias_bits: int
    headroom_bits: int
    clock: float
    lut_energy: float
    table_bits: int = 8
    folding: int = 1
    wired: ClassVar[bool] = False
    """Whether every activation is a table."""

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """What integers cannot do: other activations, averages of other than a power of two, gains, recurrence."""
        found = []
        last = len(model.layers) - 1
        for number, node in enumerate(model.nodes):
            if node.kind == "rnn":
                what = "an FPGA LUT array has no feedback from a layer to itself"
                found.append((number, what, "use a device whose signals are numbers, such as 'ideal'"))
            count = prod(node.window.kernel) if node.window else 1
            if node.kind == "average-pool" and count.bit_count() > 1:
                what = f"an FPGA LUT array averages by shifting, which {count} values a window do not allow"
                found.append((number, what, "pool a power of two of values, such as 2 x 2"))
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

    def weigh(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.int32], float]:
        """Codes of the weights and the value of one step."""
        largest = 2 ** (self.weight_bits - 1) - 1
        scale = max(float(np.abs(weights).max()), 1e-30) / largest
        return np.rint(weights / scale).astype(np.int32), scale

    def count(self, layer: Burnt) -> Resources:
        """What a layer takes of the fabric."""
        return (folded if self.folding > 1 else pipelined)(self, layer)

    def fabricate(self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int) -> FpgaChip:
        """Quantise the weights, and set every shift so that calibration uses all but the headroom bits.

        A network larger than one part of the engine's is calibrated on the samples of the first part.
        """
        del seed  # integer constants do not vary from chip to chip
        from hwsim.device.calibration import Calibration

        return Calibration(self, model, start, calibration).chip()


@dataclass(frozen=True)
class FpgaChip:
    """A configured array: constants in look-up tables, biases in registers."""

    device: FpgaLut
    layers: tuple[Burnt, ...]
    input_scale: float
    signed: bool
    joins: Mapping[int, Join] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()

    @property
    def noisy(self) -> bool:
        """Integer arithmetic draws no noise."""
        return False

    @property
    def together(self) -> int:
        """One row at a time."""
        return 1

    @property
    def data_bits(self) -> int:
        """Width of the signals that pass the permutation circuit, bit."""
        return self.device.activation_bits

    @property
    def input_range(self) -> tuple[float, float]:
        """What the codes of a signal reach."""
        low, high = limits(self.device.activation_bits, signed=self.signed)
        return low * self.input_scale, high * self.input_scale

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Weights as the network sees them: code times scale."""
        return np.asarray(self.layers[layer].codes * self.layers[layer].weight_scale, np.float64)

    def cells(self, layer: int) -> NDArray[Any]:
        """The burnt-in codes."""
        return self.layers[layer].codes

    def kinds(self, layer: int) -> NDArray[Any]:
        """Equal codes are equal: sums of integers do not depend on where a term stands."""
        return self.layers[layer].codes

    def register_codes(self, layer: int, registers: Registers) -> NDArray[np.int64]:
        """Bias codes in steps of the accumulator, saturated to the register's width."""
        limit = 2 ** (self.device.bias_bits - 1) - 1
        codes = np.rint(registers.bias / self.layers[layer].unit)
        return np.clip(codes, -limit, limit).astype(np.int64)

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Gather the codes of the positions that move."""
        self.layers[layer].met.reshape(-1)[positions] = self.layers[layer].codes.reshape(-1)[cells]

    def encode(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Input codes, saturated to the width of a signal."""
        low, high = limits(self.device.activation_bits, signed=self.signed)
        codes = x.astype(np.float64)
        codes /= self.input_scale
        return np.clip(np.rint(codes, out=codes), low, high, out=codes).astype(np.float32)

    def products(self, layer: int, signals: NDArray[np.float32], rng: np.random.Generator | None) -> NDArray[Any]:
        """Accumulators without their biases."""
        del rng
        return self.layers[layer].products(signals)

    def settle(self, layer: int, sums: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Bias, then shift and saturate; the last layer's accumulators times their scale."""
        return self.layers[layer].settle(sums, self.register_codes(layer, registers))

    def average(self, node: int, totals: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """Sums of windows, shifted by a power of two, rounding half up."""
        del node
        return np.asarray(np.floor((totals + count // 2) / count), np.float32)

    def add(self, node: int, one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
        """Both shifted to the finer scale, added, and requantised."""
        return self.joins[node].add(one, other)

    @cached_property
    def resources(self) -> tuple[Resources, ...]:
        """What each layer takes of the fabric."""
        return tuple(self.device.count(layer) for layer in self.layers)

    def inference_bill(self) -> Bill:
        """Every LUT once for each product of a layer's matrix; layers in sequence, products pipelined."""
        places = [node.products for node in self.nodes if node.layer is not None] or [1] * len(self.layers)
        turns = self.device.folding
        energy = cycles = 0.0
        for each, layer, count in zip(self.resources, self.layers, places, strict=True):
            taken = min(turns, layer.codes.shape[1])
            energy += each.luts * count * taken * self.device.lut_energy
            cycles += each.cycles + (count - 1) * taken
        return Bill(energy_j=energy, time_s=cycles / self.device.clock)


def limits(bits: int, *, signed: bool) -> tuple[int, int]:
    """Least and largest code of a signal; signed ones are symmetric.

    Example:
        >>> limits(8, signed=True), limits(8, signed=False)
        ((-127, 127), (0, 255))
    """
    return (-(2 ** (bits - 1) - 1), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def _build(values: Mapping[str, float]) -> FpgaLut:
    return FpgaLut(**values)  # type: ignore[arg-type]


PLUGIN = Technology(
    name="fpga-lut",
    summary="FPGA look-up tables: integer constants, exact integer inference, biases in registers",
    sheet=FpgaSheet,
    build=_build,
    effects={
        "weight bits": {"weight_bits": 20},
        "signal bits": {"activation_bits": 20},
        "bias bits": {"bias_bits": 56},
    },
)
