"""The routing graph of a circuit: what is joined to what, with losses and crossings as edge data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    from numpy.typing import NDArray

    from hwsim.crossbar.drawing import Crossings
    from hwsim.crossbar.path import Losses
    from hwsim.crossbar.wiring import BlockWiring, Wiring


def graph_of_switches(
    wiring: Wiring,
    live: NDArray[np.bool_],
    drawn: Crossings,
    state: NDArray[np.integer] | None = None,
    losses: Losses | None = None,
) -> nx.DiGraph[Any]:
    """Build a graph of ports, terminals ``(switch, side, wire)`` and wires; see :meth:`hwsim.crossbar.Fabric.graph`.

    Terminals of wires that are not there are left out, so that an element with one input has one.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> network = crossbar("benes", 2)
        >>> graph = graph_of_switches(network.wiring, network.live, network.drawn)
        >>> sorted(graph.successors((0, "in", 1)))
        [(0, 'out', 0), (0, 'out', 1)]
    """
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph()
    graph.add_nodes_from((side, i) for side in ("in", "out") for i in range(wiring.ports))
    end: dict[int, tuple[Any, ...]] = {int(wire): ("in", i) for i, wire in enumerate(wiring.inputs)}
    left = dict.fromkeys(end, 0)  # the column where each wire's end lies

    def wire_to(node: tuple[Any, ...], wire: int, gap: int) -> None:
        crossings = sum(drawn.at(g, wire) for g in range(left[wire], gap + 1))
        loss = {} if losses is None else {"loss": crossings * losses.crossing_loss}
        graph.add_edge(end[wire], node, kind="wire", switch=None, crossings=crossings, **loss)

    for stage in range(wiring.depth):
        a_wires, b_wires = wiring.pairs(stage)
        for offset, pair in enumerate(zip(a_wires.tolist(), b_wires.tolist(), strict=True)):
            switch = int(wiring.starts[stage]) + offset
            ins, outs = ([w for w in pair if live[gap, w]] for gap in (stage, stage + 1))
            for wire in ins:
                wire_to((switch, "in", wire), wire, stage)
            for wire in ins:
                for to in outs:
                    kind = "bar" if wire == to else "cross"
                    if state is None or (state[switch] == 1) == (kind == "cross"):
                        loss = {} if losses is None else {"loss": getattr(losses, f"{kind}_loss")}
                        graph.add_edge((switch, "in", wire), (switch, "out", to), kind=kind, switch=switch, **loss)
            for wire in outs:
                end[wire], left[wire] = (switch, "out", wire), stage + 1
    for o, wire in enumerate(wiring.outputs.tolist()):
        wire_to(("out", o), wire, wiring.depth)
    return graph


def graph_of_crosspoints(
    wiring: BlockWiring, state: NDArray[np.integer] | None = None, losses: Losses | None = None
) -> nx.DiGraph[Any]:
    """Build a graph of ports, terminals ``(stage, side, number)`` between stages, crosspoints and wires.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> graph_of_crosspoints(crossbar("crossbar", 2).wiring).edges[("in", 0), ("out", 1)]
        {'kind': 'crosspoint', 'switch': 2, 'passed': 2}
    """
    import networkx as nx

    graph: nx.DiGraph[Any] = nx.DiGraph()
    graph.add_nodes_from((side, i) for side in ("in", "out") for i in range(wiring.ports))
    last = len(wiring.stages) - 1
    for number, stage in enumerate(wiring.stages):
        if stage.wiring is not None:
            for terminal, source in enumerate(stage.wiring.tolist()):
                crossings = int(wiring.crossed[number][terminal])
                loss = {} if losses is None else {"loss": crossings * losses.crossing_loss}
                edge = {"kind": "wire", "switch": None, "crossings": crossings, **loss}
                graph.add_edge((number - 1, "out", source), (number, "in", terminal), **edge)
        for terminal in range(len(stage.block)):
            of_all = int(wiring.starts[number]) + terminal
            node = ("out", terminal) if number == last else (number, "out", terminal)
            width, first = int(stage.width[terminal]), int(stage.first[terminal])
            for i in range(width) if state is None else [int(state[of_all])] * int(state[of_all] >= 0):
                passed = int(stage.column[terminal]) + width - 1 - i
                loss = {} if losses is None else {"loss": passed * losses.bar_loss + losses.cross_loss}
                edge = {"kind": "crosspoint", "switch": int(wiring.rows[of_all]) + i, "passed": passed, **loss}
                graph.add_edge(("in", first + i) if number == 0 else (number, "in", first + i), node, **edge)
    return graph
