"""FPGA LUT array: integer weights burnt into look-up tables, exact integer arithmetic.

A unit computes ``acc = sum_i w[u, p[i]] x[i] + b[u]`` in integers, then ``clip((acc + 2^(s-1)) >> s, 0, 2^a - 1)``
with a shift s fixed at fabrication (rounding half up). The last layer hands out its accumulators. Weights are b-bit
signed and symmetric (-(2^(b-1)-1) .. 2^(b-1)-1); biases are the only values in registers.

Area: one LUT6 a result bit of every adder or subtractor; a constant multiplication by a constant of z non-zero
canonic-signed digits costs z-1 adders, and the products of a unit meet in a binary adder tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hwsim.device.datasheet import Datasheet, Datum
from hwsim.device.technology import Bill, Registers, Technology
from hwsim.scenario import Bits, Hertz, Joules, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model, Start


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


def csd_digits(constants: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the non-zero digits of canonic signed-digit forms.

    Args:
        constants: integers of any shape.

    Returns:
        int64 of the same shape: popcount(3|c| xor |c|).

    Example:
        >>> csd_digits(np.array([0, 1, 3, -7, 11])).tolist()
        [0, 1, 2, 2, 3]
    """
    magnitude = np.abs(np.asarray(constants, np.int64))
    return np.asarray(np.bitwise_count(np.bitwise_xor(3 * magnitude, magnitude)), np.int64)


def layer_luts(codes: NDArray[np.int64], data_bits: int) -> int:
    """LUTs of one layer's multiply-accumulate: the sum of its adder widths.

    Args:
        codes: weight constants (units, inputs).
        data_bits: width of the inputs, bit.

    Example:
        >>> layer_luts(np.array([[1, 1]]), 8)  # one adder of two 8-bit numbers has a 9-bit result
        9
    """
    total = 0
    for row in np.abs(codes):
        live = row[row > 0]
        widths = np.ceil(np.log2(live.astype(float) * (2**data_bits - 1) + 1)).astype(np.int64)
        total += int(((csd_digits(live) - 1) * widths).sum())
        terms = sorted(widths.tolist())
        while len(terms) > 1:
            sums = [max(a, b) + 1 for a, b in zip(terms[::2], terms[1::2], strict=False)]
            total += sum(sums)
            terms = sums + terms[len(terms) - len(terms) % 2 :]
    return total


@dataclass(frozen=True)
class _Layer:
    codes: NDArray[np.int64]
    weight_scale: float
    input_scale: float
    shift: int
    relu: bool
    luts: int
    met: NDArray[np.int32] = field(init=False)
    """The code that each position meets."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "met", self.codes.astype(np.int32))

    @property
    def unit(self) -> float:
        """The value of one step of the accumulator."""
        return self.weight_scale * self.input_scale


@dataclass(frozen=True)
class FpgaLut:
    """The law of an FPGA LUT array; numbers as in the datasheet, SI units."""

    weight_bits: int
    activation_bits: int
    bias_bits: int
    headroom_bits: int
    clock: float
    lut_energy: float

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """Hidden layers must be ReLU, the last one identity; there is no gain register."""
        found = []
        last = len(model.layers) - 1
        for number, layer in enumerate(model.layers):
            if layer.gain:
                found.append(
                    (number, "an FPGA LUT array has no gain register", "leave gain out or use a photonic device")
                )
            wanted = "identity" if number == last else "relu"
            if layer.activation != wanted:
                place = "the last layer" if number == last else "a hidden layer"
                found.append(
                    (number, f"{place} of an FPGA LUT array cannot be {layer.activation!r}", f"use {wanted!r}")
                )
        return found

    def fabricate(self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int) -> FpgaChip:
        """Quantise the weights, and set every shift so that calibration uses all but the headroom bits."""
        del seed  # integer constants do not vary from chip to chip
        top = 2**self.activation_bits - 1
        low, high = float(calibration.min()), float(calibration.max())
        signed = low < 0
        input_scale = max(abs(low), abs(high), 1e-30) / (2 ** (self.activation_bits - 1) - 1 if signed else top)
        chip_input_scale = input_scale
        signals = np.rint(calibration.astype(np.float64) / input_scale).astype(np.int64)
        layers: list[_Layer] = []
        for layer, values in zip(model.layers, start, strict=True):
            largest = 2 ** (self.weight_bits - 1) - 1
            weight_scale = max(float(np.abs(values.weights).max()), 1e-30) / largest
            codes = np.rint(values.weights / weight_scale).astype(np.int64)
            relu = layer.activation == "relu"
            sums = signals @ codes.T + np.rint(values.bias / (weight_scale * input_scale)).astype(np.int64)
            shift = 0
            if relu:
                while (int(max(sums.max(), 0)) << self.headroom_bits) >> shift > top:
                    shift += 1
                signals = np.clip((sums + ((1 << shift) >> 1)) >> shift, 0, top)
            layers.append(
                _Layer(codes, weight_scale, input_scale, shift, relu, layer_luts(codes, self.activation_bits))
            )
            input_scale = weight_scale * input_scale * 2**shift
        return FpgaChip(self, tuple(layers), chip_input_scale, signed)


@dataclass(frozen=True)
class FpgaChip:
    """A configured array: constants in look-up tables, biases in registers."""

    device: FpgaLut
    layers: tuple[_Layer, ...]
    input_scale: float
    signed: bool

    @property
    def noisy(self) -> bool:
        """Integer arithmetic draws no noise."""
        return False

    @property
    def data_bits(self) -> int:
        """Width of the signals that pass the permutation circuit, bit."""
        return self.device.activation_bits

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Weights as the network sees them: code times scale."""
        return np.asarray(self.layers[layer].codes * self.layers[layer].weight_scale, np.float64)

    def cells(self, layer: int) -> NDArray[np.int64]:
        """The burnt-in codes."""
        return self.layers[layer].codes

    def register_codes(self, layer: int, registers: Registers) -> NDArray[np.int64]:
        """Bias codes in steps of the accumulator, saturated to the register's width."""
        limit = 2 ** (self.device.bias_bits - 1) - 1
        codes = np.rint(registers.bias / self.layers[layer].unit)
        return np.clip(codes, -limit, limit).astype(np.int64)

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Gather the codes of the positions that move."""
        self.layers[layer].met.reshape(-1)[positions] = self.layers[layer].codes.reshape(-1)[cells]

    def encode(self, x: NDArray[np.float32]) -> NDArray[np.int32]:
        """Input codes, saturated to the width of a signal."""
        a = self.device.activation_bits
        low, high = (-(2 ** (a - 1) - 1), 2 ** (a - 1) - 1) if self.signed else (0, 2**a - 1)
        return np.clip(np.rint(x.astype(np.float64) / self.input_scale), low, high).astype(np.int32)

    def products(self, layer: int, signals: NDArray[np.int32], rng: np.random.Generator | None) -> NDArray[np.int64]:
        """Accumulators without their biases."""
        del rng
        from hwsim.kernels.dense import dense_integer

        weights = self.layers[layer].met
        sums = np.empty((len(signals), len(weights)), np.int64)
        dense_integer(np.ascontiguousarray(signals), weights, np.zeros(len(weights), np.int64), sums)
        return sums

    def settle(self, layer: int, sums: NDArray[np.int64], registers: Registers) -> NDArray[Any]:
        """Bias, then shift and saturate; the last layer's accumulators times their scale."""
        burnt = self.layers[layer]
        sums = sums + self.register_codes(layer, registers)
        if not burnt.relu:
            return np.asarray(sums * burnt.unit, np.float64)
        rounded = (sums + ((1 << burnt.shift) >> 1)) >> burnt.shift
        return np.asarray(np.clip(rounded, 0, 2**self.device.activation_bits - 1), np.int32)

    def inference_bill(self) -> Bill:
        """Every LUT once an inference; one adder level a clock cycle, layers in sequence."""
        luts = sum(layer.luts for layer in self.layers)
        cycles = sum(2 + int(np.ceil(np.log2(layer.codes.shape[1] + 1))) for layer in self.layers)
        return Bill(energy_j=luts * self.device.lut_energy, time_s=cycles / self.device.clock)


def _build(values: Mapping[str, float]) -> FpgaLut:
    return FpgaLut(**values)  # type: ignore[arg-type]


PLUGIN = Technology(
    name="fpga-lut",
    summary="FPGA look-up tables: integer constants, exact integer inference, biases in registers",
    sheet=FpgaSheet,
    build=_build,
)
