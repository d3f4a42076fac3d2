"""Verilog of one unit with a circuit of its own: what is configured, constants, accumulator, law."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import LAST, LEAKY, STEP, TABLE, NetlistError
from hwsim.export.rtl.module import bus, module
from hwsim.export.rtl.tree import table, width

if TYPE_CHECKING:
    from hwsim.export.rtl.layer import Layer, Port


def unit_text(layer: Layer, unit: int, port: Port, first: int) -> str:
    """Write the module of one unit; ``first`` is the address of its first word."""
    node, made, last = layer.node, layer.trees[unit], layer.node.law.kind == LAST
    ports = [
        *port.declared,
        *([f"input  wire {bus(len(layer.groups))} commit_states"] if layer.groups else []),
        "input  wire commit_bias",
        f"input  wire [{node.inputs - 1}:0] positions",
        *(f"input  wire {name}" for name in ("move", "clear", "lead", "result")),
        f"output wire [{node.accumulator_bits - 1}:0] total",
    ]
    ports += [] if last else [f"output wire [{node.gives.bits - 1}:0] signal"]
    lines = [
        *_configured(layer, port, first),
        *_cells(layer),
        *made.lines,
        *_accumulator(layer, unit),
        *([] if last else _law(layer, unit)),
    ]
    return module(f"{layer.name}_unit{unit}", ports, lines)


def _configured(layer: Layer, port: Port, first: int) -> list[str]:
    """Write shadow and active registers: states switch when the first bit of an image reaches their stages."""
    bias, switches = layer.node.bias_bits, layer.held - layer.node.bias_bits
    sizes = f".BITS({layer.held}), .WORD({port.word_bits}), .ADDRESS({port.address_bits}), .FIRST({first})"
    lines = [
        f"wire {bus(layer.held)} shadow;",
        f"wire {bus(bias)} bias;",
        f"hwsim_registers #({sizes})",
        "  registers (.clk(clk), .write(cfg_write), .address(cfg_address), .data(cfg_data), .shadow(shadow));",
        f"hwsim_active #(.BITS({bias})) active_bias (.clk(clk), .commit(commit_bias),",
        f"  .shadow(shadow[{layer.held - 1}:{switches}]), .active(bias));",
    ]
    lines += [f"wire {bus(switches)} state;"] if switches else []
    for group, (low, end) in enumerate(layer.groups):
        lines += [
            f"hwsim_active #(.BITS({end - low})) active{group} (.clk(clk), .commit(commit_states[{group}]),",
            f"  .shadow(shadow[{end - 1}:{low}]), .active(state[{end - 1}:{low}]));",
        ]
    return lines


def _cells(layer: Layer) -> list[str]:
    """Write the way of the signals from positions to cells."""
    node = layer.node
    lines = [f"wire [{node.inputs - 1}:0] cells;"]
    if layer.circuit is None:
        return [*lines, "assign cells = positions;"]
    spare = node.ports - node.inputs
    given, found = "positions", "cells"
    if spare:
        lines.append(f"wire [{spare - 1}:0] unused_ports;")
        given, found = f"{{{{{spare}{{1'b0}}}}, positions}}", "{unused_ports, cells}"
    clock = ".clk(clk), " if layer.circuit.registers else ""
    return [*lines, f"{layer.name}_circuit circuit ({clock}.state(state), .given({given}), .found({found}));"]


def _accumulator(layer: Layer, unit: int) -> list[str]:
    node, root, codes, held = layer.node, layer.trees[unit].root, layer.node.codes[unit], layer.held_bits(unit)
    start = -int(codes.sum()) if layer.takes.signed else 0
    mask = (1 << held) - 1
    return [
        f"hwsim_accumulator #(.SUM({root.bits}), .HELD({held}), .BIAS({node.bias_bits}), "
        f".TOTAL({node.accumulator_bits}), .START({held}'h{start >> 1 & mask:x}), .ODD(1'b{start & 1}))",
        f"  accumulator (.clk(clk), .move(move), .clear(clear), .lead(lead), .sum({root.net}), .result(result),",
        "    .bias(bias), .total(total));",
    ]


def _law(layer: Layer, unit: int) -> list[str]:
    """Write what makes a signal of a result."""
    law, taken, given = layer.node.law, layer.node.accumulator_bits, layer.node.gives.bits
    if law.kind == STEP:
        return [f"hwsim_step #(.TAKEN({taken})) law (.number(total), .found(signal));"]
    lines, number, found = [], "total", "signal"
    if law.kind == LEAKY:
        lines = [
            f"wire [{taken - 1}:0] sloped;",
            f"hwsim_slope #(.TAKEN({taken}), .SLOPE({law.slope})) slope (.number(total), .found(sloped));",
        ]
        number = "sloped"
    clipped = width(law.least, law.largest) - (law.least >= 0)
    if law.kind == TABLE:
        lines.append(f"wire [{clipped - 1}:0] address;")
        found = "address"
    lines.append(clip("clip", number, taken, law.shift, law.least, law.largest, found))
    if law.kind == TABLE:
        own = law.tables[unit if len(law.tables) > 1 else 0]
        entries = np.zeros(2**clipped, np.int64)
        entries[np.arange(law.least, law.largest + 1) % 2**clipped] = own[: law.largest - law.least + 1]
        lines += table("law", entries, given, "address", "signal")
    return lines


def clip(name: str, number: str, taken: int, shift: int, least: int, largest: int, found: str) -> str:
    """Write what rounds a number of so many bits to steps of 2**shift and clips it.

    Raises:
        NetlistError: bounds that bits do not show.
    """
    bits = largest.bit_length()
    if largest != (1 << bits) - 1 or not bits or least not in {0, -largest, -largest - 1}:
        raise NetlistError(f"signals from {least} to {largest} are not all that some bits can hold")
    kept = f".TAKEN({taken}), .SHIFT({shift}), .BITS({bits}), .LEAST({least}), .GIVEN({bits + (least < 0)})"
    return f"hwsim_clip #({kept}) {name} (.number({number}), .found({found}));"
