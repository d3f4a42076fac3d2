"""Nodes of a netlist as nests of loops, each a sum of products, and where their signals stand in memory.

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

    from hwsim.export.netlist import Netlist, Node, Signal


@dataclass(frozen=True)
class Loop:
    """One node: its nest, how many groups and units of a group there are, and what becomes of its sums."""

    node: Node
    nest: Nest
    groups: int
    units: int
    """Of a group."""
    law: Law

    @property
    def cells(self) -> Matmul | None:
        """Return the node where it has cells."""
        return self.node if isinstance(self.node, Matmul) else None

    @property
    def maximum(self) -> bool:
        """Tell whether it takes the largest, not the sum."""
        return isinstance(self.node, Pool) and self.node.largest

    @property
    def places(self) -> int:
        """Count the places of its windows."""
        return len(self.nest.origins)

    @property
    def inputs(self) -> int:
        """Count the positions of a unit."""
        return len(self.nest.order)

    @property
    def results(self) -> int:
        """Count the results of an image."""
        return self.places * self.groups * self.units

    def bundles(self, lanes: int) -> int:
        """Count the bundles of units of one group that so many lanes compute together; the last may be smaller."""
        return -(-self.units // lanes)

    def constants(self) -> NDArray[np.int64]:
        """Return what positions of a unit without cells meet."""
        if isinstance(self.node, Join):
            return np.array([1 << self.node.one, 1 << self.node.other])
        return np.ones(self.inputs, np.int64)


def loops_of(netlist: Netlist) -> tuple[tuple[Loop, ...], int]:
    """Return the loops of all nodes, and how many signals stand in memory.

    Raises:
        NetlistError: groups of a node read windows that are not equally far apart.
    """
    maps = {-1: np.arange(netlist.takes.size)}
    stored, loops = netlist.takes.size, []
    for number, node in enumerate(netlist.nodes):
        loop, layout = _matmul(node, maps[node.source]) if isinstance(node, Matmul) else _free(node, maps)
        loops.append(loop)
        maps[number] = layout + stored
        stored += 0 if loop.law.kind == LAST else loop.results
    return tuple(loops), _ring(netlist, maps)


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


def _read(layout: NDArray[np.int64], windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the addresses of the signals of windows; OUTSIDE stays."""
    return np.where(windows < 0, windows, layout[windows])


def _matmul(node: Matmul, layout: NDArray[np.int64]) -> tuple[Loop, NDArray[np.int64]]:
    groups = len(node.windows)
    order = np.empty(node.targets.size, np.int64)
    order[node.targets.reshape(-1)] = np.arange(node.targets.size)
    return Loop(node, nest(_read(layout, node.windows)), groups, node.units // groups, node.law), order


def _free(node: Node, maps: dict[int, NDArray[np.int64]]) -> tuple[Loop, NDArray[np.int64]]:
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
    return Loop(node, found, groups, 1, Law(RELU, shift, least, largest)), layout


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
