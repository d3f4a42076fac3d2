"""A netlist as one multiplier runs it: every node is a sum of products over a nest of loops, one node after another.

Pools, sums of two maps and rectifiers are products too, with constants 1 or powers of two that have no circuit. Results
stand in memory in the order in which they are computed, after the codes that entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import LAST, RELU, Join, Law, Matmul, Pool
from hwsim.export.rtl.nest import Nest, nest, separate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.netlist import Configuration, Netlist, Node, Signal


@dataclass(frozen=True)
class Loop:
    """One node: its nest, how many groups and units of a group there are, and what constants and law it has."""

    node: Node
    nest: Nest
    groups: int
    units: int
    """Of a group."""
    law: Law
    weight: int
    """Address of its first weight."""
    word: int
    """Address of its first word of the permutation memory; -1 where position after position meets the next weight."""
    bias: int
    """Number of its first bias; -1 where it has none."""

    @property
    def shared(self) -> bool:
        """Tell whether all units have the same weights."""
        return not isinstance(self.node, Matmul)

    @property
    def maximum(self) -> bool:
        """Tell whether it takes the largest, not the sum."""
        return isinstance(self.node, Pool) and self.node.largest

    @property
    def inputs(self) -> int:
        """Count the positions of a unit."""
        return len(self.nest.order)

    @property
    def results(self) -> int:
        """Count the results of an image."""
        return len(self.nest.origins) * self.groups * self.units


@dataclass(frozen=True)
class Program:
    """All loops of a network, its weights, and how many signals stand in memory."""

    takes: Signal
    loops: tuple[Loop, ...]
    weights: NDArray[np.int64]
    stored: int
    bias_bits: int
    bias_words: int
    """Words of one bias."""
    word_bits: int

    @property
    def layers(self) -> int:
        """Count the nodes with cells."""
        return sum(isinstance(loop.node, Matmul) for loop in self.loops)

    @property
    def biases(self) -> int:
        """Count the biases."""
        return sum(loop.node.units for loop in self.loops if isinstance(loop.node, Matmul))

    @property
    def words(self) -> int:
        """Count the words of a configuration."""
        entries = sum(loop.node.codes.size for loop in self.loops if isinstance(loop.node, Matmul) and loop.word >= 0)
        return self.biases * self.bias_words + entries

    def configure(self, configuration: Configuration) -> NDArray[np.uint64]:
        """Return the words of a configuration: all biases, low half first where one takes two words, and all entries.

        An entry is the address of the weight that a position meets; they stand layer by layer, unit by unit and there
        in the order in which the positions are met.
        """
        words = np.zeros(self.words, np.uint64)
        mask = (1 << self.word_bits) - 1
        for loop in self.loops:
            node = loop.node
            if not isinstance(node, Matmul):
                continue
            biases = configuration.biases[node.layer]
            for part in range(self.bias_words):
                first = loop.bias * self.bias_words + part
                values = (biases >> (part * self.word_bits)) & mask
                words[first : first + len(biases) * self.bias_words : self.bias_words] = values
            if loop.word >= 0:
                cells = node.codes.shape[1]
                met = configuration.permutations[node.layer][:, :cells] + np.arange(node.banks)[:, None] * cells
                entries = loop.weight + met.reshape(node.units, node.inputs)[:, loop.nest.order]
                words[loop.word : loop.word + entries.size] = entries.reshape(-1)
        return words


def program_of(netlist: Netlist) -> Program:
    """Arrange a netlist for one multiplier.

    Raises:
        NetlistError: a node's windows are no nested loops.
    """
    maps = {-1: np.arange(netlist.takes.size)}
    stored, weight, bias, weights = netlist.takes.size, 0, 0, []
    widest = max(node.bias_bits for node in netlist.layers)
    total = sum(node.codes.size for node in netlist.layers) + sum(
        2 if isinstance(node, Join) else node.windows.shape[1] if isinstance(node, Pool) else 1
        for node in netlist.nodes
        if not isinstance(node, Matmul)
    )
    word_bits = max(16, (total - 1).bit_length(), -(-widest // 2))
    parts = -(-widest // word_bits)
    word = parts * sum(node.units for node in netlist.layers)
    loops: list[Loop] = []
    for number, node in enumerate(netlist.nodes):
        if isinstance(node, Matmul):
            loop, layout = _matmul(node, maps[node.source], weight, word if node.topology else -1, bias)
            word += node.codes.size if node.topology else 0
            bias += node.units
            held = node.codes if node.topology else _as_met(node, loop.nest.order)
        else:
            loop, layout = _free(node, maps, weight)
            held = _constants(node)
        weights.append(held.reshape(-1))
        weight += held.size
        loops.append(loop)
        maps[number] = layout + stored
        stored += 0 if loop.law.kind == LAST else loop.results
    return Program(netlist.takes, tuple(loops), np.concatenate(weights), stored, widest, parts, word_bits)


def _as_met(node: Matmul, order: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(node.codes.reshape(node.units, node.inputs)[:, order])


def _read(layout: NDArray[np.int64], windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the addresses of the signals of windows; OUTSIDE stays."""
    return np.where(windows < 0, windows, layout[windows])


def _matmul(
    node: Matmul, layout: NDArray[np.int64], weight: int, word: int, bias: int
) -> tuple[Loop, NDArray[np.int64]]:
    groups = len(node.windows)
    found = nest(_read(layout, node.windows))
    order = np.empty(node.targets.size, np.int64)
    order[node.targets.reshape(-1)] = np.arange(node.targets.size)
    return Loop(node, found, groups, node.units // groups, node.law, weight, word, bias), order


def _constants(node: Node) -> NDArray[np.int64]:
    if isinstance(node, Join):
        return np.array([1 << node.one, 1 << node.other])
    return np.ones(node.windows.shape[1] if isinstance(node, Pool) else 1, np.int64)


def _free(node: Node, maps: dict[int, NDArray[np.int64]], weight: int) -> tuple[Loop, NDArray[np.int64]]:
    """Arrange a node without cells: its results may come in any order, so in that of their windows in memory."""
    least, largest = _range(node.gives)
    shift = 0
    if isinstance(node, Pool):
        windows, shift = _read(maps[node.source], node.windows), node.shift
    elif isinstance(node, Join):
        windows = np.stack([maps[node.source], maps[node.summand]], axis=1)
        shift, least, largest = node.shift, node.least, node.largest
    else:
        windows, least = maps[node.source][:, None], 0
    order = np.argsort(separate(windows)[0], kind="stable")
    groups, found = _grouped(windows[order])
    layout = np.empty(len(windows), np.int64)
    layout[order] = np.arange(len(windows))
    return Loop(node, found, groups, 1, Law(RELU, shift, least, largest), weight, -1, -1), layout


def _grouped(windows: NDArray[np.int64]) -> tuple[int, Nest]:
    """Divide results (results, window) into places of as many groups as are equally far apart."""
    results, size = windows.shape
    origins = separate(windows)[0]
    for groups in range(results, 1, -1):
        if results % groups:
            continue
        cut, hidden = origins.reshape(-1, groups), (windows < 0).reshape(-1, groups, size)
        if (hidden == hidden[:, :1]).all() and len(np.unique(np.diff(cut, axis=1))) == 1:
            return groups, nest(windows.reshape(-1, groups, size).transpose(1, 0, 2))
    return 1, nest(windows[None])


def _range(signal: Signal) -> tuple[int, int]:
    return (-(1 << (signal.bits - 1)), (1 << (signal.bits - 1)) - 1) if signal.signed else (0, (1 << signal.bits) - 1)
