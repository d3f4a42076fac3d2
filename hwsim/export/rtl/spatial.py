"""The spatial architecture: every unit has its circuit, its constants are look-up tables, and bits pass one a clock.

An image's codes are loaded side by side. At every clock the next bit of each, the most significant first, passes the
circuits of all units of a layer from positions to cells; Horner's rule accumulates what the constants make of it.
Layers compute one image each at a time, and hand it on when the next layer is free.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import Configuration, Matmul, Netlist
from hwsim.export.rtl.architecture import Architecture, Beats
from hwsim.export.rtl.counts import flip_flops
from hwsim.export.rtl.course import course
from hwsim.export.rtl.layer import Layer, Port, layer
from hwsim.export.rtl.layer_text import layer_files
from hwsim.export.rtl.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

WORD = 32
"""Bits of a configuration word; fewer where no unit has so many."""
LIBRARY = (
    *("control", "map", "collect", "fork", "registers", "active", "table", "accumulator", "extend"),
    *("clip", "slope", "step", "largest", "mean"),
)
"""Modules that are the same for every network, those that need others first."""


def spatial(netlist: Netlist, every: int = 0) -> Architecture:
    """Write a network as circuits and constants side by side.

    Args:
        netlist: of the network.
        every: switch stages between two registers; with any, every level of the adders has registers too. 0 for none.

    Raises:
        NetlistError: a layer that cannot be written so.
    """
    placed = {
        number: layer(node, netlist.source(node), every)
        for number, node in enumerate(netlist.nodes)
        if isinstance(node, Matmul)
    }
    layers = list(placed.values())
    firsts, words = _addresses(layers)
    port = Port(max((words - 1).bit_length(), 1), min(WORD, max(one.held for one in layers)))
    sources: dict[str, str] = {}
    for one, first in zip(layers, firsts, strict=True):
        sources |= layer_files(one, port, first)
    sources |= Network(netlist, placed, port, list(_remarks(netlist, layers, firsts, every))).write()
    sources |= library(sources)
    last, told = layers[-1].node, course(netlist, placed)
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
        clocks=told.clocks,
        latency=told.latency,
        words=lambda configuration: words_of(layers, configuration),
        swaps=False,
        settles=told.settles,
    )


def library(sources: Mapping[str, str]) -> dict[str, str]:
    """Return the hand-written modules that some sources name, and those that these need."""
    found: dict[str, str] = {}
    asked = "".join(sources.values())
    for name in LIBRARY:
        if f"hwsim_{name} #" in asked:
            found[f"hwsim_{name}.v"] = (files("hwsim.export.rtl") / "verilog" / f"hwsim_{name}.v").read_text("ascii")
            asked += found[f"hwsim_{name}.v"]
    return found


def _addresses(layers: list[Layer]) -> tuple[list[list[int]], int]:
    """Return the address of the first word of every unit, and how many words there are."""
    found, at = [], 0
    for one in layers:
        each = -(-one.held // WORD)
        found.append([at + unit * each for unit in range(one.node.units)])
        at += one.node.units * each
    return found, at


def _remarks(netlist: Netlist, layers: list[Layer], firsts: list[list[int]], every: int) -> Iterator[str]:
    """Tell the order of the configuration, and what flip-flops there are."""
    yield f"The spatial architecture of run {netlist.identity[:12]}; all of it follows from the run's constants."
    yield "Configuration, bit 0 the lowest of a unit's first word; a switch whose bit is 1 crosses; a bias is signed:"
    for one, first in zip(layers, firsts, strict=True):
        each, switches = -(-one.held // WORD), one.held - one.node.bias_bits
        states = f"switch s at bit s, s < {switches}; " if switches else ""
        where = f"layer {one.node.layer}: unit u from word {first[0]} + {each} u"
        yield f"  {where}, u < {one.node.units}: {states}bias at bits {switches} to {one.held - 1}"
    counts = flip_flops(netlist, every)
    told = ", ".join(f"{what} {count}" for what, count in counts.items())
    yield f"{sum(counts.values())} flip-flops: {told}"


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
