"""Calibration of an FPGA array: the network run layer by layer on samples, each shift set when its sums are known.

Activations that meet in an addition must have scales that are powers of two apart, so that shifting aligns them. A
table can give its activations any scale; a layer that shifts its sums hands the scale of its weights on. In a network
with additions, the weights of such a layer are therefore rounded to the next power of two, times the scale of the
inputs: up to one bit coarser than ``weight_bits`` says.

Where calibration sees nothing but zeros, no scale follows from what was seen. Then inputs are taken to lie in 0..1,
hidden sums to reach as far as the weights let them, and a step of weights that are all zero is set by the biases.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hwsim.device.fpga import numbers
from hwsim.device.fpga.chip import FpgaChip
from hwsim.device.fpga.numbers import Burnt, Join, limits
from hwsim.device.inference import infer
from hwsim.device.technology import FabricationError
from hwsim.model import Registers, activate
from hwsim.model.batches import samples_at_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.device.fpga.array import FpgaArray
    from hwsim.device.technology import Chip
    from hwsim.model import Layer, Model, Start


SHIFTED = {"relu", "leaky-relu"}
"""Activations that a shift does, unless logic is wired."""
ROOM = 4
"""How much the biases of a layer without weights may grow until their registers are full."""


class Calibration:
    """An array under construction, which the engine runs as if it were done."""

    noisy, together = False, 0  # a layer's shift is chosen with all samples seen

    def __init__(self, device: FpgaArray, model: Model, start: Sequence[Start], samples: NDArray[np.float32]) -> None:
        low, high = float(samples.min()), float(samples.max())
        self.device, self.model, self.start, self.samples = device, model, start, samples
        self.signed = low < 0
        bits = device.activation_bits
        self.input_scale = (max(abs(low), abs(high)) or 1.0) / limits(bits, signed=self.signed)[1]
        self.layers: list[Burnt] = []
        self.joins: dict[int, Join] = {}
        self._node = 0
        # scale and sign of every node's activations; residual sums need scales that are powers of two apart
        self._scales: dict[int, tuple[float, bool]] = {-1: (self.input_scale, self.signed)}
        self._aligned = any(node.kind == "add" for node in model.nodes[: model.last])

    def chip(self) -> FpgaChip:
        """Run the samples and hand over the array."""
        registers = [Registers(values.bias, values.gain) for values in self.start]
        infer(self.model, cast("Chip", self), self.samples[: samples_at_once(self.model)], registers, None)
        joins, nodes = self.joins, self.model.nodes
        return FpgaChip(self.device, tuple(self.layers), self.input_scale, self.signed, joins, nodes)

    def _at(self, number: int) -> None:
        """Hand scales on to the present node: pools and the like keep them."""
        while self._node < number:
            self._scales.setdefault(self._node, self._scales[self.model.source(self._node)])
            self._node += 1

    def encode(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert inputs to codes."""
        return FpgaChip(self.device, (), self.input_scale, self.signed).encode(x)

    def average(self, node: int, totals: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """Compute averages as the chip will."""
        return FpgaChip(self.device, (), self.input_scale, self.signed).average(node, totals, count)

    def matmul(self, layer: int, activations: NDArray[np.float32], rng: None) -> NDArray[Any]:
        """Burn the constants in and multiply."""
        del rng
        if layer < len(self.layers):  # another group of the same convolution
            return self.layers[layer].matmul(activations)
        self._at(next(n for n, node in enumerate(self.model.nodes) if node.layer == layer))
        input_scale, signed = self._scales[self.model.source(self._node)]
        codes, scale = self._weigh(layer, input_scale)
        reach = limits(self.device.activation_bits, signed=signed)[1]
        self.layers.append(Burnt(codes, scale, input_scale, reach=reach, signed_input=signed))
        return self.layers[layer].matmul(activations)

    def _weigh(self, layer: int, input_scale: float) -> tuple[NDArray[np.int32], float]:
        """Compute codes and scale of a layer's weights; the scale is a power of two if an addition may follow.

        Raises:
            FabricationError: the weights cannot be burnt in.
        """
        device, start = self.device, self.start[layer]
        try:
            codes, scale = device.weigh(start.weights)
        except ValueError as error:
            raise FabricationError(f"layer {layer}: {error}") from None
        if scale == 0:  # no weight says how large a step is
            most = float(np.abs(start.bias).max())
            scale = most / (device.largest_bias // ROOM * input_scale) or 1 / device.largest_code
        if self._aligned and self.model.layers[layer].activation in SHIFTED and not device.wired:
            scale = float(2.0 ** np.ceil(np.log2(scale)))
            codes = device.round(start.weights, scale)
        return codes, scale

    def activate(self, layer: int, sums: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Choose the shift of a layer, then activate as the chip will.

        Raises:
            FabricationError: a bias register is too narrow for its bias.
        """
        burnt, spec = self.layers[layer], self.model.layers[layer]
        steps = np.rint(registers.bias / burnt.unit)
        self._hold(layer, registers.bias, steps)
        bias = steps.astype(np.int64)
        totals = sums.astype(np.int64) + bias
        last = layer == len(self.model.layers) - 1
        found = burnt if last else self._requantised(burnt, spec, totals)
        self.layers[layer] = found
        return found.activate(sums, bias)

    def _hold(self, layer: int, bias: NDArray[np.float64], steps: NDArray[np.float64]) -> None:
        """Refuse a bias that its register cannot hold."""
        worst, bits = int(np.argmax(np.abs(steps))), self.device.bias_bits
        if abs(steps[worst]) > self.device.largest_bias:
            needed = int(np.frexp(abs(steps[worst]))[1]) + 1
            where = f"layer {layer}: the bias {bias[worst]:g} of unit {worst}"
            what = f"{where} needs a register of {needed} bits, and this one has {bits}"
            why = f"one step of its sums is {self.layers[layer].unit:.3g}"
            raise FabricationError(f'{what} ({why}); set bias_bits = "{needed} bit", or make the bias smaller')

    def _requantised(self, burnt: Burnt, layer: Layer, totals: NDArray[np.int64]) -> Burnt:
        """Set shift, result range and table of a hidden layer, and note the scale of its results."""
        device = self.device
        signed = layer.activation == "leaky-relu"
        least, largest = limits(device.activation_bits, signed=signed)
        kind = {"relu": numbers.RELU, "leaky-relu": numbers.LEAKY, "step": numbers.STEP}.get(
            layer.activation, numbers.TABLE
        )
        kind = numbers.TABLE if device.wired else kind
        made: dict[str, Any] = {"kind": kind, "least": least, "largest": largest}
        if kind == numbers.STEP:
            self._scales[self._node] = (1.0, False)
        elif kind == numbers.TABLE:
            made |= self._table(burnt, layer, self._reach(burnt, 0, totals))
        else:
            slope = -int(np.log2(layer.parameters[0])) if signed else 0
            top = int(max(totals.max(), -(totals.min() >> slope) if signed else 0, 0))
            shift = self._shift(self._reach(burnt, top, totals), largest)
            made |= {"shift": shift, "slope": slope}
            self._scales[self._node] = (burnt.unit * 2**shift, signed)
        return replace(burnt, **made, given_scale=self._scales[self._node][0])

    def _reach(self, burnt: Burnt, seen: int, totals: NDArray[np.int64]) -> int:
        """Compute how far results must reach: what was seen, and headroom.

        Where a layer gave nothing but zeros, its sums below zero say how far; where there are none, its largest weight
        at full drive; and where it has no weights either, a result of 1.
        """
        largest = int(np.abs(burnt.codes).max()) * burnt.reach
        seen = seen or int(np.abs(totals).max()) or largest or max(round(1 / burnt.unit), 1)
        return seen << self.device.headroom_bits

    @staticmethod
    def _shift(reach: int, largest: int) -> int:
        """Find the least shift that brings a number within a bound."""
        shift = 0
        while reach >> shift > largest:
            shift += 1
        return shift

    def _table(self, burnt: Burnt, layer: Layer, span: int) -> dict[str, Any]:
        """Sample an activation at the values of its addresses, which span its table's range or the sums' reach."""
        reach = float(span)
        if layer.activation == "look-up":
            reach = max(abs(layer.parameters[0]), abs(layer.parameters[1])) / burnt.unit
        half = 2 ** (self.device.table_bits - 1)
        shift = 0
        while reach / 2**shift > half:
            shift += 1
        sums = np.arange(-half, half) * 2.0**shift * burnt.unit
        values = activate(layer.activation, layer.parameters, np.repeat(sums[:, None], layer.units, axis=1)).T
        signed = bool(values.min() < 0)
        low, high = limits(self.device.activation_bits, signed=signed)
        scale = (float(np.abs(values).max()) or 1.0) / high
        if self._aligned:
            scale = self.input_scale * float(2.0 ** np.ceil(np.log2(scale / self.input_scale)))
        self._scales[self._node] = (scale, signed)
        tables = np.clip(np.rint(values / scale), low, high).astype(np.int32)
        return {"shift": shift, "least": -half, "largest": half - 1, "tables": tables}

    def add(self, node: int, one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
        """Choose the shifts of an adder, then add."""
        self._at(node)
        summand = self.model.nodes[node].summand
        scales = self._scales[self.model.source(node)], self._scales[-1 if summand is None else summand]
        fine = min(scale for scale, _ in scales)
        signed = any(sign for _, sign in scales) and not self.model.nodes[node].rectify
        least, largest = limits(self.device.activation_bits, signed=signed)
        lifts = [round(np.log2(scale / fine)) for scale, _ in scales]
        total = (one.astype(np.int64) << lifts[0]) + (other.astype(np.int64) << lifts[1])
        seen = int(np.abs(total).max())
        tops = [limits(self.device.activation_bits, signed=sign)[1] for _, sign in scales]
        reach = seen << self.device.headroom_bits if seen else (tops[0] << lifts[0]) + (tops[1] << lifts[1])
        shift = self._shift(reach, largest)
        self.joins[node] = Join(lifts[0], lifts[1], shift, least, largest)
        self._scales[node] = (fine * 2**shift, signed)
        return self.joins[node].add(one, other)
