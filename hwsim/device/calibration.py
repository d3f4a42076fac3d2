"""Calibration of an FPGA array: the network run layer by layer on samples, each shift set when its sums are known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hwsim.device import fpga_numbers as numbers
from hwsim.device.fpga_lut import FpgaChip, FpgaLut, limits
from hwsim.device.fpga_numbers import Burnt, Join
from hwsim.device.inference import infer, samples_at_once
from hwsim.device.technology import Registers
from hwsim.model import activate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.device.technology import Chip
    from hwsim.model import Layer, Model, Start


class Calibration:
    """An array under construction, which the engine runs as if it were done."""

    noisy, together = False, 0  # a layer's shift is chosen with all samples seen

    def __init__(self, device: FpgaLut, model: Model, start: Sequence[Start], samples: NDArray[np.float32]) -> None:
        low, high = float(samples.min()), float(samples.max())
        self.device, self.model, self.start, self.samples = device, model, start, samples
        self.signed = low < 0
        bits = device.activation_bits
        self.input_scale = max(abs(low), abs(high), 1e-30) / limits(bits, signed=self.signed)[1]
        self.layers: list[Burnt] = []
        self.joins: dict[int, Join] = {}
        self._node = 0
        # scale and sign of every node's signals; residual sums need scales that are powers of two apart
        self._scales: dict[int, tuple[float, bool]] = {-1: (self.input_scale, self.signed)}
        self._aligned = any(node.kind == "add" for node in model.nodes)

    def chip(self) -> FpgaChip:
        """Run the samples and hand over the array."""
        registers = [Registers(values.bias, values.gain) for values in self.start]
        infer(self.model, cast("Chip", self), self.samples[: samples_at_once(self.model)], registers, None)
        joins, nodes = self.joins, self.model.nodes
        return FpgaChip(self.device, tuple(self.layers), self.input_scale, self.signed, joins, nodes)

    def _at(self, number: int) -> None:
        """Carry scales on to the node that is under way: pools and the like keep them."""
        while self._node < number:
            self._scales.setdefault(self._node, self._scales[self._node - 1])
            self._node += 1

    def encode(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Input codes."""
        return FpgaChip(self.device, (), self.input_scale, self.signed).encode(x)

    def average(self, node: int, totals: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """As the chip will."""
        return FpgaChip(self.device, (), self.input_scale, self.signed).average(node, totals, count)

    def products(self, layer: int, signals: NDArray[np.float32], rng: None) -> NDArray[Any]:
        """Burn the constants, and sum."""
        del rng
        self._at(next(n for n, node in enumerate(self.model.nodes) if node.layer == layer))
        input_scale, signed = self._scales[self._node - 1]
        codes, scale = self.device.weigh(self.start[layer].weights)
        if self._aligned:
            scale = float(2.0 ** np.ceil(np.log2(scale)))
            codes = np.clip(np.rint(self.start[layer].weights / scale), codes.min(), codes.max()).astype(np.int32)
        reach = limits(self.device.activation_bits, signed=signed)[1]
        self.layers.append(Burnt(codes, scale, input_scale, reach=reach, signed_input=signed))
        return self.layers[layer].products(signals)

    def settle(self, layer: int, sums: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Choose the shift, then do what the chip will."""
        burnt, law = self.layers[layer], self.model.layers[layer]
        bias = np.rint(registers.bias / burnt.unit).astype(np.int64)
        totals = sums.astype(np.int64) + bias
        last = layer == len(self.model.layers) - 1
        found = burnt if last else self._requantised(burnt, law, totals)
        self.layers[layer] = found
        return found.settle(sums, bias)

    def _requantised(self, burnt: Burnt, law: Layer, totals: NDArray[np.int64]) -> Burnt:
        """A hidden layer with its shift, result range and table; notes the scale of what it gives."""
        device = self.device
        signed = law.activation == "leaky-relu"
        least, largest = limits(device.activation_bits, signed=signed)
        kind = {"relu": numbers.RELU, "leaky-relu": numbers.LEAKY, "step": numbers.STEP}.get(
            law.activation, numbers.TABLE
        )
        kind = numbers.TABLE if device.wired else kind
        made: dict[str, Any] = {"kind": kind, "least": least, "largest": largest}
        if kind == numbers.STEP:
            self._scales[self._node] = (1.0, False)
        elif kind == numbers.TABLE:
            made |= self._table(burnt, law, int(np.abs(totals).max()))
        else:
            slope = -int(np.log2(law.parameters[0])) if signed else 0
            top = int(max(totals.max(), -(totals.min() >> slope) if signed else 0, 0))
            shift = 0
            while (top << device.headroom_bits) >> shift > largest:
                shift += 1
            made |= {"shift": shift, "slope": slope}
            self._scales[self._node] = (burnt.unit * 2**shift, signed)
        return replace(burnt, **made)

    def _table(self, burnt: Burnt, law: Layer, seen: int) -> dict[str, Any]:
        """An activation sampled at the values of its addresses, which span its table's range or the sums seen."""
        reach = float(seen << self.device.headroom_bits)
        if law.activation == "look-up":
            reach = max(abs(law.parameters[0]), abs(law.parameters[1])) / burnt.unit
        half = 2 ** (self.device.table_bits - 1)
        shift = 0
        while reach / 2**shift > half:
            shift += 1
        sums = np.arange(-half, half) * 2.0**shift * burnt.unit
        values = activate(law.activation, law.parameters, np.repeat(sums[:, None], law.units, axis=1)).T
        signed = bool(values.min() < 0)
        low, high = limits(self.device.activation_bits, signed=signed)
        scale = max(float(np.abs(values).max()), 1e-30) / high
        if self._aligned:
            scale = self.input_scale * float(2.0 ** np.ceil(np.log2(scale / self.input_scale)))
        self._scales[self._node] = (scale, signed)
        tables = np.clip(np.rint(values / scale), low, high).astype(np.int32)
        return {"shift": shift, "least": -half, "largest": half - 1, "tables": tables}

    def add(self, node: int, one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
        """Choose the shifts of an adder, then add."""
        self._at(node)
        summand = self.model.nodes[node].summand
        scales = self._scales[node - 1], self._scales[-1 if summand is None else summand]
        fine = min(scale for scale, _ in scales)
        signed = any(sign for _, sign in scales) and not self.model.nodes[node].rectify
        least, largest = limits(self.device.activation_bits, signed=signed)
        lifts = [round(np.log2(scale / fine)) for scale, _ in scales]
        total = (one.astype(np.int64) << lifts[0]) + (other.astype(np.int64) << lifts[1])
        shift, top = 0, int(np.abs(total).max())
        while (top << self.device.headroom_bits) >> shift > largest:
            shift += 1
        self.joins[node] = Join(lifts[0], lifts[1], shift, least, largest)
        self._scales[node] = (fine * 2**shift, signed)
        return self.joins[node].add(one, other)
