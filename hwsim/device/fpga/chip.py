"""A configured FPGA array: constants in look-up tables, exact integer arithmetic, biases in registers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.fpga.area import Use, registers
from hwsim.device.fpga.numbers import limits
from hwsim.device.fpga.serial import signal_bits
from hwsim.device.technology import Bill, Resources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from hwsim.device.fpga.area import Area
    from hwsim.device.fpga.array import FpgaArray
    from hwsim.device.fpga.numbers import Burnt, Join
    from hwsim.model import Node, Registers

COARSER = "weights of hidden layers are up to one bit coarser than weight_bits, since the network adds activations"

ANALOGUE = (
    "for study alone: cells vary as analogue levels, which look-up tables cannot hold; sums are rounded to whole "
    "numbers, areas and costs are those of the design"
)
STUCK = "some cells are stuck; areas and costs are those of the design"


@dataclass(frozen=True)
class FpgaChip:
    """A configured array: constants in look-up tables, biases in registers."""

    device: FpgaArray
    layers: tuple[Burnt, ...]
    input_scale: float
    signed: bool
    joins: Mapping[int, Join] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()

    @property
    def noisy(self) -> bool:
        """Return false: integer arithmetic draws no noise."""
        return False

    @property
    def together(self) -> int:
        """Return 1: rows are read one at a time."""
        return 1

    @property
    def data_bits(self) -> int:
        """Return the width of the signals that pass the permutation circuit, bit."""
        return self.device.activation_bits

    @property
    def input_range(self) -> tuple[float, float]:
        """Returns the least and largest input that codes can hold."""
        low, high = limits(self.device.activation_bits, signed=self.signed)
        return low * self.input_scale, high * self.input_scale

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Return weights as the network sees them: code times scale."""
        return np.asarray(self.layers[layer].codes * self.layers[layer].weight_scale, np.float64)

    def cells(self, layer: int) -> NDArray[Any]:
        """Return the codes that are burnt in, or the levels that cells really hold if they vary."""
        return self.layers[layer].cells

    def programmed(self, layer: int) -> dict[str, tuple[NDArray[Any], str]]:
        """Return what is burnt into every cell, and what it holds where cells vary or are stuck."""
        burnt = self.layers[layer]
        found = {"code": (burnt.codes, f"whole number in look-up tables; {burnt.weight_scale!r} of a weight each")}
        return found | ({} if burnt.held is None else {"held": (burnt.held, "in steps of a code")})

    def classes(self, layer: int) -> NDArray[Any]:
        """Return what cells hold: sums of integers do not depend on where a term stands."""
        return self.layers[layer].cells

    def register_codes(self, layer: int, registers: Registers) -> NDArray[np.int64]:
        """Return bias codes in steps of the accumulator, saturated to the register's width."""
        limit = self.device.largest_bias
        return np.clip(self._bias_steps(layer, registers), -limit, limit).astype(np.int64)

    def saturated(self, layer: int, registers: Registers) -> int:
        """Count biases that their registers are too narrow for."""
        return int((np.abs(self._bias_steps(layer, registers)) > self.device.largest_bias).sum())

    def _bias_steps(self, layer: int, registers: Registers) -> NDArray[np.float64]:
        return np.asarray(np.rint(registers.bias / self.layers[layer].unit), np.float64)

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Gather the codes of the positions that move."""
        self.layers[layer].met.reshape(-1)[positions] = self.layers[layer].cells.reshape(-1)[cells]

    def kill(self, layer: int, cell: int, value: float) -> None:
        """Let a cell be read as the nearest code from now on."""
        self.layers[layer].kill(cell, value)

    def encode(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return input codes, saturated to the width of a signal."""
        low, high = limits(self.device.activation_bits, signed=self.signed)
        codes = x.astype(np.float64)
        codes /= self.input_scale
        return np.clip(np.rint(codes, out=codes), low, high, out=codes).astype(np.float32)

    def matmul(self, layer: int, activations: NDArray[np.float32], rng: np.random.Generator | None) -> NDArray[Any]:
        """Compute accumulators, without their biases."""
        del rng
        return self.layers[layer].matmul(activations)

    def activate(self, layer: int, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Add the bias, then shift and saturate; scale the accumulators of the last layer."""
        return self.layers[layer].activate(accumulators, self.register_codes(layer, registers))

    def decode(self, layer: int, activations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values of the codes that a hidden layer gives."""
        return np.asarray(activations * np.float32(self.layers[layer].given_scale), np.float32)

    def average(self, node: int, totals: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """Divide sums of windows by a power of two, rounding half up."""
        del node
        return np.asarray(np.floor((totals + count // 2) / count), np.float32)

    def add(self, node: int, one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shift both to the finer scale, add them and requantise."""
        return self.joins[node].add(one, other)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Tell what each layer is given, and how often its matrix is applied in one inference."""
        bits, widths, found = {-1: self.device.activation_bits}, self.device.widths, []
        for number, node in enumerate(self.nodes):
            taken = bits.get(number - 1 if node.source is None else node.source, self.device.activation_bits)
            bits[number] = self.device.activation_bits if node.kind == "add" else taken
            if node.layer is not None:
                found.append(Use(prod(node.taken), taken, node.matmuls))
                bits[number] = signal_bits(widths, self.layers[node.layer])
        return tuple(found) or tuple(Use(each.codes.shape[1], self.device.activation_bits) for each in self.layers)

    @cached_property
    def areas(self) -> tuple[Area, ...]:
        """Compute what each layer takes of the fabric."""
        return tuple(self.device.count(*each) for each in zip(self.layers, self.uses, strict=True))

    def resources(self) -> Resources:
        """Sum up all layers, each laid down once, and the cycles of one inference."""
        widths = self.device.widths
        return Resources(
            cells=sum(layer.codes.size for layer in self.layers),
            luts=sum(area.luts for area in self.areas),
            flip_flops=sum(area.flip_flops for area in self.areas),
            cycles=self._cycles(),
            folding=self.device.folding,
            bare=sum(registers(widths, layer) for layer in self.layers) if widths.family.joined else 0,
            serial=self.device.serial,
            part=self.device.named_part,
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        """Return what users should know about the array."""
        coarser = (COARSER,) if self.joins and not self.device.wired else ()
        if not self.device.varied:
            return coarser
        return (*coarser, ANALOGUE if any(layer.analogue for layer in self.layers) else STUCK)

    def foldings(self) -> Iterator[Resources]:
        """Yield what the array would need if its units took their inputs in more and more turns."""
        most = (
            max(layer.codes.shape[1] for layer in self.layers) if self.device.foldable and not self.device.serial else 1
        )
        for folding in range(self.device.folding + 1, most + 1):
            yield replace(self, device=replace(self.device, folding=folding)).resources()

    def inference_bill(self) -> Bill:
        """Bill every LUT once for each product of a layer's matrix; layers in sequence, all that follows pipelined."""
        energy = 0.0
        for area, layer, use in zip(self.areas, self.layers, self.uses, strict=True):
            energy += area.luts * use.places * self.device.turns(layer, use) * self.device.lut_energy
        clock, idle = self.device.clock, self.device.idle_power
        return Bill(energy, self._cycles() / clock, pipelined_s=self._busy() / clock, idle_w=idle)

    def _busy(self) -> int:
        """Count the clock cycles in which an inference keeps its slowest layer busy; then the next may enter."""
        pairs = zip(self.layers, self.uses, strict=True)
        return max(use.places * self.device.turns(layer, use) for layer, use in pairs)

    def _cycles(self) -> int:
        """Count the clock cycles of one inference."""
        return sum(area.cycles for area in self.areas)
