"""A circuit as a graph with its states: what is joined to what, what conducts, and whose signal passes where.

Nodes are named by words and numbers, as ``in_0``, ``12_in_3`` (switch, side, wire) and ``out_0``: those of
:meth:`hwsim.crossbar.Fabric.graph`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.export.snapshot import LayerSnapshot, Snapshot


@dataclass(frozen=True)
class Edge:
    """One edge of a circuit: a wire between two terminals, or a way through a switch."""

    start: str
    end: str
    kind: str
    """``wire``, ``bar``, ``cross`` or ``crosspoint``."""
    switch: int | None


@dataclass(frozen=True)
class Conducting:
    """What conducts in one state: from each output one way leads back along it, to the input that feeds it."""

    edges: frozenset[tuple[str, str]]
    signal: dict[str, int]
    """The input whose signal passes a node, where one does."""


def name(node: tuple[Any, ...]) -> str:
    """Return a node's name in a file.

    Example:
        >>> name((12, "in", 3))
        '12_in_3'
    """
    return "_".join(map(str, node))


def nodes_and_edges(fabric: Fabric) -> tuple[list[str], list[Edge]]:
    """Return the names of all nodes of a circuit, and all its edges, whatever its state.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> nodes_and_edges(crossbar("crossbar", 1))
        (['in_0', 'out_0'], [Edge(start='in_0', end='out_0', kind='crosspoint', switch=0)])
    """
    graph = fabric.graph()
    edges = [Edge(name(start), name(end), told["kind"], told["switch"]) for start, end, told in graph.edges(data=True)]
    return list(map(name, graph)), edges


def conducting(fabric: Fabric, state: NDArray[Any]) -> Conducting:
    """Follow every input through a circuit in one state.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("benes", 2)
        >>> found = conducting(fabric, fabric.route([1, 0]).state)
        >>> ("0_in_0", "0_out_1") in found.edges, found.signal["out_1"]
        (True, 0)
    """
    graph = fabric.graph(state)
    signal: dict[str, int] = {}
    for port in range(fabric.ports):
        node: tuple[Any, ...] | None = ("in", port)
        while node is not None:
            signal[name(node)] = port
            node = next(iter(graph.successors(node)), None)
    return Conducting(frozenset((name(start), name(end)) for start, end in graph.edges), signal)


def banks(snapshot: Snapshot) -> Iterator[tuple[LayerSnapshot, int, str]]:
    """Yield every bank with its layer and how its file is called, without a suffix."""
    for layer in snapshot.layers:
        for bank in range(len(layer.states)):
            yield layer, bank, f"layer{layer.layer}_bank{bank}"
