"""What an FPGA array takes of a part: LUTs, flip-flops and clock cycles of each layer, and whether a part has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.device.fpga.fabric import width
from hwsim.device.fpga.family import FAMILIES, Family
from hwsim.device.fpga.numbers import LEAKY, RELU, TABLE

if TYPE_CHECKING:
    from hwsim.device.fpga.numbers import Burnt


class Widths(NamedTuple):
    """The widths that set the area of an array, bit, and in how many turns a unit takes its inputs."""

    weight_bits: int
    activation_bits: int
    bias_bits: int
    folding: int = 1
    family: Family = FAMILIES["7-series"]


class Use(NamedTuple):
    """How a layer is used in one inference: what it is given, and how often its matrix is applied to windows of it."""

    signals: int
    bits: int
    places: int = 1


@dataclass(frozen=True)
class Area:
    """The area of a layer: LUTs, flip-flops, and clock cycles from its first input to its last output."""

    luts: int
    flip_flops: int
    cycles: int


def behind(widths: Widths, layer: Burnt) -> int:
    """Count LUTs behind the sums: adders of biases, as wide as any sum with any bias; rounding and clipping, or tables.

    Yosys takes 16 LUTs to round and clip to 8 bits on 7-series parts.
    """
    units = len(layer.codes)
    each = layer.total_bits(widths.bias_bits)
    if layer.kind in {RELU, LEAKY}:
        each += 2 * widths.activation_bits
    elif layer.kind == TABLE:
        each += widths.family.table(width(layer.least, layer.largest), widths.activation_bits)
    return units * each


def registers(widths: Widths, layer: Burnt) -> int:
    """Count the flip-flops of biases: those in use, and the shadow that a configuration is loaded into."""
    return 2 * len(layer.codes) * widths.bias_bits


def pipelined(widths: Widths, layer: Burnt) -> Area:
    """Estimate constant multipliers and adder trees, one product of the matrix per clock cycle.

    Flip-flops: one behind every LUT of the pipeline, and the bias registers with their shadows.
    """
    luts = widths.family.layer(layer.codes, widths.activation_bits, signed=layer.signed_input) + behind(widths, layer)
    levels = int(np.ceil(np.log2(layer.codes.shape[1] + 1)))
    return Area(luts, luts + registers(widths, layer), 2 + levels)


def folded(widths: Widths, layer: Burnt) -> Area:
    """Estimate a folded layer: its units take inputs in turns, through constants' tables and general multipliers.

    A multiplier of a x b bits is b adders of a + 1 bits, less one.
    """
    units, inputs = layer.codes.shape
    turns = min(widths.folding, inputs)
    at_once = -(-inputs // turns)
    a, b, bits = widths.activation_bits, widths.weight_bits, layer.accumulator_bits
    address = max(int(np.ceil(np.log2(turns))), 1)
    each = at_once * (widths.family.table(address, b) + (b - 1) * (a + 1)) + (at_once - 1) * bits + bits
    luts = units * each + behind(widths, layer)
    return Area(luts, luts + registers(widths, layer), turns + 2 + int(np.ceil(np.log2(at_once + 1))))


def combinational(widths: Widths, layer: Burnt) -> Area:
    """Estimate trees of adders, bias adders and tables between registers; one clock cycle per layer."""
    luts = widths.family.layer(layer.codes, widths.activation_bits, signed=layer.signed_input) + behind(widths, layer)
    return Area(luts, len(layer.codes) * widths.activation_bits + registers(widths, layer), 1)
