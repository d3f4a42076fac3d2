"""A netlist as one multiplier runs it: every node is a sum of products over a nest of loops, one node after another.

Pools, sums of two maps and rectifiers are products too, with constants 1 or powers of two that have no circuit. Results
stand in memory in the order in which they are computed, after the codes that entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import LAST, RELU, Join, Law, Matmul, Pool
from hwsim.export.rtl.nest import Nest, nest

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
    """Signals in memory."""
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
    size = _ring(netlist, maps)
    return Program(netlist.takes, tuple(loops), np.concatenate(weights), size, widest, parts, word_bits)


def _ring(netlist: Netlist, maps: dict[int, NDArray[np.int64]]) -> int:
    """Return the size of a memory in which a map is overwritten once nobody reads it any more.

    Addresses are taken modulo a power of two, and go round where that is smaller than all maps together.
    """
    last = {-1: 0}
    for number, node in enumerate(netlist.nodes):
        for source in (node.source, node.summand) if isinstance(node, Join) else (node.source,):
            last[source] = number
    final = len(netlist.nodes) - 1  # its results go out
    need = 0
    for number in range(len(netlist.nodes)):
        end = max(int(maps[place].max()) + 1 for place in range(-1, min(number + 1, final)))
        need = max(need, end - min(int(maps[place].min()) for place, used in last.items() if used >= number > place))
    total = max(int(maps[place].max()) + 1 for place in range(-1, final))
    return min(total, 1 << (need - 1).bit_length())


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
    """Arrange a node without cells, whose results may come in any order."""
    least, largest = _range(node.gives)
    shift = 0
    if isinstance(node, Pool):
        shift = node.shift
        groups, found, layout = _pooled(node.windows, maps[node.source])
    elif isinstance(node, Join):
        shift, least, largest = node.shift, node.least, node.largest
        groups, found, layout = _alike([maps[node.source], maps[node.summand]])
    else:
        least = 0
        groups, found, layout = _alike([maps[node.source]])
    return Loop(node, found, groups, 1, Law(RELU, shift, least, largest), weight, -1, -1), layout


def _alike(layouts: list[NDArray[np.int64]]) -> tuple[int, Nest, NDArray[np.int64]]:
    """Walk maps signal by signal in the order of the first one's memory; its layout is the result's too."""
    layout = layouts[0] - layouts[0].min()
    windows = np.empty((len(layout), len(layouts)), np.int64)
    windows[layout] = np.stack(layouts, axis=1)
    if len(np.unique(np.diff(windows, axis=1))) <= 1:  # as far from each other everywhere
        return len(layout), nest(windows[:, None]), layout
    return 1, nest(windows[None]), layout


def _pooled(windows: NDArray[np.int64], layout: NDArray[np.int64]) -> tuple[int, Nest, NDArray[np.int64]]:
    """Divide results into as many groups as are equally far apart, in the map and in memory: its channels, or more."""
    results = len(windows)
    for groups in range(results, 0, -1):
        if results % groups or len(layout) % groups:
            continue
        cut = windows.reshape(groups, -1, windows.shape[1])
        step = np.arange(groups)[:, None, None] * (len(layout) // groups)
        if not np.array_equal(np.where(cut[:1] < 0, cut[:1], cut[:1] + step), cut):
            continue
        read = _read(layout, cut)
        if len(np.unique((read[1:] - read[:-1])[cut[1:] >= 0])) <= 1:
            produced = np.arange(results).reshape(-1, groups).T.reshape(-1)
            return groups, nest(read), produced
    raise AssertionError("one group always does")


def _range(signal: Signal) -> tuple[int, int]:
    return (-(1 << (signal.bits - 1)), (1 << (signal.bits - 1)) - 1) if signal.signed else (0, (1 << signal.bits) - 1)
