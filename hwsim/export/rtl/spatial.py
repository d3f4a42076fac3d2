"""The spatial architecture: every unit has its circuit, its constants are look-up tables, and bits pass one a clock.

An image's codes are loaded side by side. At every clock the next bit of each, the most significant first, passes the
circuits of all units of a layer from positions to cells; Horner's rule accumulates what the constants make of it.
Layers compute one image each at a time, and hand it on when the next layer is free.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import Configuration, Matmul, Netlist, NetlistError
from hwsim.export.rtl.architecture import TOP, Architecture, Beats
from hwsim.export.rtl.layer import Layer, Port, layer, layer_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD = 32
"""Bits of a configuration word; fewer where no unit has so many."""
LIBRARY = ("accumulator", "clip", "collect", "control", "extend", "map", "registers", "slope", "step", "table")
"""Modules that are the same for every network."""


def spatial(netlist: Netlist, every: int = 0) -> Architecture:
    """Write a network as circuits and constants side by side.

    Args:
        netlist: of the network.
        every: switch stages between two registers; with any, every level of the adders has registers too. 0 for none.

    Raises:
        NetlistError: a layer that cannot be written so.
    """
    layers = [layer(node, netlist.source(node), every) for node in _nodes(netlist)]
    firsts, words = _addresses(layers)
    port = Port(max((words - 1).bit_length(), 1), min(WORD, max(one.held for one in layers)))
    sources = {f"hwsim_{name}.v": library(f"hwsim_{name}.v") for name in LIBRARY}
    for one, first in zip(layers, firsts, strict=True):
        sources |= layer_files(one, port, first)
    sources[f"{TOP}.v"] = _network(layers, port)
    last = layers[-1].node
    taps = tuple(Beats(one.node.units, one.node.places, one.node.accumulator_bits) for one in layers)
    return Architecture(
        name="spatial",
        sources=sources,
        memories={},
        takes=Beats(netlist.takes.size, 1, netlist.takes.bits),
        gives=Beats(last.units, last.places, last.accumulator_bits),
        taps=taps,
        address_bits=port.address_bits,
        word_bits=port.word_bits,
        clocks=max(one.clocks for one in layers),
        latency=sum(one.latency for one in layers),
        words=lambda configuration: words_of(layers, configuration),
        swaps=False,
    )


def library(name: str) -> str:
    """Return a file of hand-written Verilog."""
    return (files("hwsim.export.rtl") / "verilog" / name).read_text("ascii")


def _nodes(netlist: Netlist) -> list[Matmul]:
    found = []
    for number, node in enumerate(netlist.nodes):
        if not isinstance(node, Matmul) or node.source != number - 1:
            what = f"node {number} ({type(node).__name__.lower()}) has no spatial form yet"
            raise NetlistError(f"{what}; use the folded architecture")
        found.append(node)
    return found


def _addresses(layers: list[Layer]) -> tuple[list[list[int]], int]:
    """Return the address of the first word of every unit, and how many words there are."""
    found, at = [], 0
    for one in layers:
        each = -(-one.held // WORD)
        found.append([at + unit * each for unit in range(one.node.units)])
        at += one.node.units * each
    return found, at


def words_of(layers: list[Layer], configuration: Configuration) -> NDArray[np.uint64]:
    """Return all configuration words in order of their addresses.

    Layer by layer and unit by unit: the states of the unit's switches, switch 0 first in the lowest bit, and above
    them its bias in two's complement; every unit begins a new word, whose bits above its last are 0.
    """
    found = []
    for one in layers:
        node = one.node
        states, biases = configuration.states[node.layer], configuration.biases[node.layer]
        bits = np.zeros((node.units, -(-one.held // WORD) * WORD), np.uint64)
        switches = one.held - node.bias_bits
        if switches and states is not None:
            bits[:, :switches] = states
        bits[:, switches : one.held] = biases[:, None] >> np.arange(node.bias_bits) & 1
        found.append((bits.reshape(-1, WORD) << np.arange(WORD, dtype=np.uint64)).sum(axis=1, dtype=np.uint64))
    return np.concatenate(found)


def _network(layers: list[Layer], port: Port) -> str:
    """Write the top module."""
    takes, last = layers[0].takes, layers[-1].node
    out = last.units * last.accumulator_bits
    ports = ["input  wire clk", "input  wire rst", "input  wire cfg_valid", "output wire cfg_ready"]
    ports += [f"input  wire [{port.address_bits - 1}:0] cfg_address", f"input  wire [{port.word_bits - 1}:0] cfg_data"]
    ports += ["input  wire in_valid", "output wire in_ready", "input  wire in_commit"]
    ports += [f"input  wire [{takes.size * takes.bits - 1}:0] in_data"]
    ports += ["output wire out_valid", "input  wire out_ready", f"output wire [{out - 1}:0] out_data"]
    for k, one in enumerate(layers):
        width = one.node.units * one.node.accumulator_bits
        ports += [f"output wire tap{k}_valid", f"output wire [{width - 1}:0] tap{k}_data"]
    waiting = " || ".join(f"pending{k}" for k in range(len(layers) - 1)) or "1'b0"
    lines = [
        "// no word is written while a commit has yet to reach a layer",
        f"assign cfg_ready = !(in_valid && in_commit) && !({waiting});",
        "wire cfg_write = cfg_valid && cfg_ready;",
        f"wire unused_last = pending{len(layers) - 1} || commit{len(layers) - 1};",
    ]
    for k, one in enumerate(layers):
        lines += _instance(k, one, port, last=k == len(layers) - 1)
    lines.append(f"assign out_data = tap{len(layers) - 1}_data;")
    declared = ",\n".join(f"  {each}" for each in ports)
    return f"module {TOP} (\n{declared}\n);\n" + "".join(f"  {line}\n" for line in lines) + "endmodule\n"


def _instance(k: int, one: Layer, port: Port, *, last: bool) -> list[str]:
    taken = ("in_valid", "in_ready", "in_commit", "in_data")
    if k:
        taken = (f"valid{k - 1}", f"ready{k - 1}", f"commit{k - 1}", f"map{k - 1}")
    given = ("out_valid", "out_ready") if last else (f"valid{k}", f"ready{k}")
    node = one.node
    names = f"commit{k}, pending{k}" + ("" if last else f", valid{k}, ready{k}")
    lines = [f"wire {names};"]
    lines += [] if last else [f"wire [{node.gives.size * node.gives.bits - 1}:0] map{k};"]
    out_map = "" if last else f".out_map(map{k}), "
    return [
        *lines,
        f"{one.name} layer{k} ({port.narrowed(one.held).joined}, .rst(rst),",
        f"  .in_valid({taken[0]}), .in_ready({taken[1]}), .in_commit({taken[2]}), .in_map({taken[3]}),",
        f"  .out_valid({given[0]}), .out_ready({given[1]}), .out_commit(commit{k}), {out_map}",
        f"  .tap_valid(tap{k}_valid), .totals(tap{k}_data), .pending(pending{k}));",
    ]
