"""Verilog of one layer of the spatial architecture: the module that joins map, units and course, and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import LAST, OUTSIDE, Matmul, NetlistError
from hwsim.export.rtl.module import bus, joined, module, unread
from hwsim.export.rtl.unit import unit_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.rtl.layer import Layer, Port


def layer_files(layer: Layer, port: Port, firsts: list[int]) -> dict[str, str]:
    """Write the modules of a layer, a file each; ``firsts`` are the addresses of its units' first words."""
    own = port.narrowed(layer.held)
    found = {layer.name: _joined(layer, own)}
    if layer.circuit:
        found[f"{layer.name}_circuit"] = layer.circuit.text
    found |= {f"{layer.name}_unit{unit}": unit_text(layer, unit, own, first) for unit, first in enumerate(firsts)}
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
