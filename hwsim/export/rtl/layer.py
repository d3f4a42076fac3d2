"""Verilog of one layer of the spatial architecture: its circuit, its units, and the module that joins them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import LAST, LEAKY, OUTSIDE, STEP, TABLE, Matmul, NetlistError, Signal
from hwsim.export.rtl.circuit import Circuit, circuit
from hwsim.export.rtl.module import bus, joined, module, unread
from hwsim.export.rtl.unit import Tree, table, tree, width

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Port:
    """How wide the configuration port is."""

    address_bits: int
    word_bits: int

    @property
    def declared(self) -> list[str]:
        """Return the ports by which a module is configured."""
        address, data = self.address_bits - 1, self.word_bits - 1
        ports = ["clk", "cfg_write", f"[{address}:0] cfg_address", f"[{data}:0] cfg_data"]
        return [f"input  wire {port}" for port in ports]

    def narrowed(self, held: int) -> Port:
        """Return the port as those see it who hold so many bits: data above them is for others."""
        return Port(self.address_bits, min(self.word_bits, held))

    @property
    def joined(self) -> str:
        """Return how an instance is joined to it, its data perhaps narrower than here."""
        names = ", ".join(f".{name}({name})" for name in ("clk", "cfg_write", "cfg_address"))
        return f"{names}, .cfg_data(cfg_data[{self.word_bits - 1}:0])"


@dataclass(frozen=True)
class Layer:
    """One layer: its node, what enters, and the parts that decide its size and its clocks."""

    name: str
    node: Matmul
    takes: Signal
    every: int
    circuit: Circuit | None
    trees: tuple[Tree, ...]

    @property
    def held(self) -> int:
        """Count the configured bits of a unit: states of its switches, and its bias."""
        return self.node.bias_bits + (self.node.wiring.switches if self.node.wiring else 0)

    @property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """Return the switches of each group of stages between two registers."""
        return self.circuit.groups if self.circuit else ()

    @property
    def delay(self) -> int:
        """Count the registers from the map to the accumulators."""
        return (self.circuit.delay if self.circuit else 0) + (self.trees[0].levels if self.every else 0)

    @property
    def place_clocks(self) -> int:
        """Count the clocks of one place, from its first bit to the result."""
        return self.takes.bits + self.delay + 1

    def held_bits(self, unit: int) -> int:
        """Return the width of what a unit accumulates, its bias not included."""
        codes, bits = self.node.codes[unit], self.takes.bits
        most = int(np.abs(codes).sum()) << bits - 1
        least, largest = (int(part.sum()) * (2**bits - 1) for part in (np.minimum(codes, 0), np.maximum(codes, 0)))
        own = width(-most, most) if self.takes.signed else width(least, largest)
        return max(own, self.trees[unit].root.bits + 1)

    @property
    def collects(self) -> bool:
        """Tell whether results of several places are gathered into a map."""
        return self.node.places > 1 and self.node.law.kind != LAST


def layer(node: Matmul, takes: Signal, every: int) -> Layer:
    """Prepare a layer.

    Raises:
        NetlistError: its constants would have to travel, or its circuit is none of 2 x 2 switches.
    """
    name, where = f"hwsim_layer{node.layer}", f"layer {node.layer}"
    if not node.per_unit:
        what = f"{where}: a bank serves {node.units // node.banks} units, so that constants would have to travel"
        raise NetlistError(f'{what}; use the folded architecture, or crossbar.scope = "output"')
    if node.topology and node.wiring is None:
        what = f"{where}: the circuit {node.topology} is none of 2 x 2 switches"
        raise NetlistError(f"{what}; use the folded architecture, or another topology, as benes")
    made = circuit(f"{name}_circuit", node.wiring, every=every) if node.wiring and node.wiring.switches else None
    trees = tuple(tree(codes, registered=every > 0) for codes in node.codes)
    return Layer(name, node, takes, every, made, trees)


def _unit(layer: Layer, unit: int, port: Port, first: int) -> str:
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


def layer_files(layer: Layer, port: Port, firsts: list[int]) -> dict[str, str]:
    """Write the modules of a layer, a file each; ``firsts`` are the addresses of its units' first words."""
    own = port.narrowed(layer.held)
    found = {layer.name: _joined(layer, own)}
    if layer.circuit:
        found[f"{layer.name}_circuit"] = layer.circuit.text
    found |= {f"{layer.name}_unit{unit}": _unit(layer, unit, own, first) for unit, first in enumerate(firsts)}
    return {f"{name}.v": text for name, text in found.items()}


def _joined(layer: Layer, port: Port) -> str:
    """Write the module of a whole layer."""
    node, takes = layer.node, layer.takes
    place_bits = max((node.places - 1).bit_length(), 1)
    totals, last = node.units * node.accumulator_bits, node.law.kind == LAST
    ports = [
        *port.declared,
        "input  wire rst",
        *("input  wire in_valid", "output wire in_ready", "input  wire in_commit"),
        f"input  wire [{takes.size * takes.bits - 1}:0] in_map",
        *("output wire out_valid", "input  wire out_ready", "output wire out_commit"),
        *([] if last else [f"output wire [{node.gives.size * node.gives.bits - 1}:0] out_map"]),
        "output wire tap_valid",
        f"output wire [{totals - 1}:0] totals",
        "output wire pending",
    ]
    settings = f".BITS({takes.bits}), .DELAY({layer.delay}), .PLACES({node.places}), .PLACE_BITS({place_bits})"
    groups = len(layer.groups)
    lines = [
        "wire load, step, first, move, clear, lead, result, valid, ready, carried, committing, waiting;",
        f"wire {bus(layer.delay + 2)} commits;",
        f"wire [{place_bits - 1}:0] place;",
        f"wire [{takes.size - 1}:0] top;",
        f"hwsim_control #({settings})",
        "  control (.clk(clk), .rst(rst), .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit),",
        "    .load(load), .commits(commits), .step(step), .first(first), .place(place), .move(move), .clear(clear),",
        "    .lead(lead), .result(result), .out_valid(valid), .out_ready(ready), .out_commit(carried),",
        "    .committing(committing), .pending(waiting));",
        *unread("unused_commits", [f"commits[{k}]" for k in range(groups, layer.delay + 1)]),
        f"hwsim_map #(.SIGNALS({takes.size}), .BITS({takes.bits}), .SIGNED({takes.signed:d}))",
        "  map (.clk(clk), .load(load), .step(step), .codes(in_map), .top(top));",
        *_windows(node, takes.size, signed=takes.signed),
        "assign tap_valid = valid && ready;",
    ]
    for unit in range(node.units):
        lines += _instance(layer, unit, port)
    lines += joined("assign totals", [f"total{unit}" for unit in range(node.units)])
    if not last:
        lines.append(f"wire [{node.units * node.gives.bits - 1}:0] signals;")
        lines += joined("assign signals", [f"signal{unit}" for unit in range(node.units)])
    lines += _handed_on(layer, place_bits)
    return module(layer.name, ports, lines)


def _instance(layer: Layer, unit: int, port: Port) -> list[str]:
    node = layer.node
    bits, given = node.accumulator_bits, node.gives.bits
    last = node.law.kind == LAST
    lines = [f"wire [{bits - 1}:0] total{unit};", *([] if last else [f"wire [{given - 1}:0] signal{unit};"])]
    states = f".commit_states(commits[{len(layer.groups) - 1}:0]), " if layer.groups else ""
    signal = "" if last else f", .signal(signal{unit})"
    return [
        *lines,
        f"{layer.name}_unit{unit} unit{unit} ({port.joined},",
        f"  {states}.commit_bias(commits[{layer.delay + 1}]), .positions(positions{node.group(unit)}),",
        f"  .move(move), .clear(clear), .lead(lead), .result(result), .total(total{unit}){signal});",
    ]


def _handed_on(layer: Layer, place_bits: int) -> list[str]:
    """Write how results leave: place by place, or gathered."""
    node = layer.node
    if not layer.collects:
        lines = ["assign out_valid = valid;", "assign ready = out_ready;", "assign out_commit = carried;"]
        if node.law.kind == LAST:
            return [*lines, "assign pending = committing;", "wire unused_waiting = waiting;"]
        return [
            *lines,
            "assign out_map = signals;",
            "assign pending = waiting;",
            "wire unused_committing = committing;",
        ]
    unit_step, place_step = steps(node.targets)
    settings = (
        f".UNITS({node.units}), .PLACES({node.places}), .PLACE_BITS({place_bits}), .BITS({node.gives.bits}), "
        f".UNIT_STEP({unit_step}), .PLACE_STEP({place_step})"
    )
    return [
        "wire gathered;",
        f"hwsim_collect #({settings})",
        "  collect (.clk(clk), .rst(rst), .in_valid(valid), .in_ready(ready), .in_commit(carried), .signals(signals),",
        "    .out_valid(out_valid), .out_ready(out_ready), .out_commit(out_commit), .map(out_map), "
        ".pending(gathered));",
        "assign pending = waiting || gathered;",
        "wire unused_committing = committing;",
    ]


def steps(targets: NDArray[np.int64]) -> tuple[int, int]:
    """Return how far apart units and places stand in a map of results.

    Raises:
        NetlistError: they stand otherwise.
    """
    places, units = targets.shape
    for unit, place in ((1, units), (places, 1)):
        if (targets == np.arange(places)[:, None] * place + np.arange(units) * unit).all():
            return unit, place
    raise NetlistError("results of places and units stand in no order that the spatial architecture knows")


def _windows(node: Matmul, size: int, *, signed: bool) -> list[str]:
    """Write which signals stand at the positions of each group, at the place whose turn it is."""
    outside = "first" if signed else "1'b0"  # the inverted top bit of 0 is 1
    lines: list[str] = []
    if not signed or not (node.windows == OUTSIDE).any():
        lines.append("wire unused_first = first;")
    if node.places == 1:
        lines.append("wire unused_place = place;")
    for group, window in enumerate(node.windows):
        nets = []
        for position, signals in enumerate(window.T.tolist()):
            names = [outside if signal == OUTSIDE else f"top[{signal}]" for signal in signals]
            if len(set(names)) == 1:
                nets.append(names[0])
                continue
            choice = f"choice{group}_{position}"
            lines += joined(f"wire [{len(names) - 1}:0] {choice}", names)
            nets.append(f"{choice}[place]")
        lines += joined(f"wire [{node.inputs - 1}:0] positions{group}", nets)
    idle = np.setdiff1d(np.arange(size), node.windows)
    return lines + unread("unused_top", [f"top[{signal}]" for signal in idle.tolist()])
