"""When images move through the layers of the spatial architecture, clock edge by clock edge, when nobody outside waits.

The rules are those of ``hwsim_control.v``, ``hwsim_collect.v`` and ``hwsim_fork.v``: an edge takes place as soon as all
that it waits for has. Clocks an image and latency are read from the course of some images.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hwsim.export.netlist import Matmul, Netlist

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsim.export.rtl.layer import Layer

NEVER = -(10**9)
IMAGES = 128
"""So many are followed: layers that wait for slower ones behind them are late at first by a fraction of an image."""
LEAST = 4
"""Images after which the course of any network may have settled."""


class Course(NamedTuple):
    """How long images take."""

    clocks: int
    """From one image to the next."""
    latency: int
    """From the edge that takes an image to the one that gives its last result."""
    settles: int
    """Images without a pause from which on ``clocks`` holds."""


class _Stage:
    """A layer: the edges at which its last places began, their sums became results, and these were handed on."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.begun = self.computed = self.left = self.left_before = self.gathered = NEVER

    def take(self, offered: int) -> int:
        """Take an image that is offered from this edge on, and return the edge at which it is taken."""
        layer, taken = self.layer, offered
        deep = layer.delay >= layer.takes.bits
        for place in range(layer.node.places):
            free = self.computed if deep else min(self.computed, self.left_before)
            start = max(offered, self.begun + layer.takes.bits + 1, free + 1)
            self.begun, self.left_before = start, self.left
            self.computed = max(start + layer.place_clocks, self.left)
            self.left = self.computed + 1
            if place == 0:
                taken = start
                if layer.collects:
                    self.left = max(self.left, self.gathered + 1)
        return taken

    def give(self) -> int:
        """Return the edge from which on the map may be taken."""
        return self.left + 1 if self.layer.collects else self.left

    def release(self, edge: int) -> None:
        """Note the edge at which the last taker took the map."""
        if self.layer.collects:
            self.gathered = edge
        else:
            self.left = edge


def course(netlist: Netlist, layers: Mapping[int, Layer], images: int = IMAGES) -> Course:
    """Follow some images."""
    stages = {number: _Stage(layer) for number, layer in layers.items()}
    entered, latency = [NEVER], 0
    for image in range(images):
        offered = {-1: max(entered[-1] + 1, 0)}
        taken: dict[int, int] = {}
        for number, node in enumerate(netlist.nodes):
            if isinstance(node, Matmul):
                edge = stages[number].take(offered[node.source])
                taken |= {node.source: max(taken.get(node.source, NEVER), edge)}
                offered[number] = stages[number].give()
            else:
                offered[number] = max(offered[source] for source in netlist.sources(node))
        for number in reversed(range(len(netlist.nodes))):
            node = netlist.nodes[number]
            if not isinstance(node, Matmul):
                for source in netlist.sources(node):
                    taken[source] = max(taken.get(source, NEVER), taken[number])
        for number, stage in stages.items():
            if number in taken:
                stage.release(taken[number])
        entered.append(taken[-1])
        if image == 0:
            latency = stages[len(netlist.nodes) - 1].left - taken[-1]
    intervals = [after - before for before, after in pairwise(entered[1:])]
    uneven = [place for place, each in enumerate(intervals) if each != intervals[-1]]
    return Course(intervals[-1], latency, max([LEAST, *(place + LEAST + 1 for place in uneven)]))
