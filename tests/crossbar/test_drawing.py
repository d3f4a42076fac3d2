"""The drawing: switches are neighbours, crossings are where lines cross, and the known worst paths come out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pytest

from hwsim.crossbar import CROSSBARS, crossbar
from hwsim.crossbar.stages import SwitchNetwork
from tests.crossbar.walking import Walk, build, possible

NETWORKS = [name for name in CROSSBARS if isinstance(crossbar(name, 4), SwitchNetwork)]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("ports", [1, 2, 3, 4, 5, 8, 11, 16])
def test_lines_cross_where_they_are_counted(name: str, ports: int) -> None:
    """Against every pair of wires that are there, looked at one by one; ``live`` against reachability in the graph."""
    network = build(name, ports)
    if network is None:
        pytest.skip(f"{name} cannot have {ports} ports")
    assert isinstance(network, SwitchNetwork)
    columns = [order.tolist() for order in network.draw()]
    assert len(columns) == network.depth + 2
    assert all(sorted(column) == list(range(network.wires)) for column in columns)
    total = 0
    for gap in range(network.depth + 1):
        there = [wire for wire in range(network.wires) if network.live[gap, wire]]
        left, right = ({wire: column.index(wire) for wire in there} for column in columns[gap : gap + 2])
        for wire in there:
            crossed = sum((left[wire] < left[w]) != (right[wire] < right[w]) for w in there if w != wire)
            assert network.drawn.at(gap, wire) == crossed
            total += crossed
        if gap < network.depth:
            both = [wire for wire in columns[gap + 1] if network.live[gap, wire] or network.live[gap + 1, wire]]
            for a, b in zip(*network.pairs(gap), strict=True):
                if a in both and b in both and network.live[gap, [a, b]].all():
                    side = [wire for wire in both if network.live[gap, wire]]
                    assert abs(side.index(a) - side.index(b)) == 1, "the wires of a switch are neighbours"
    assert network.crossings[0] == total // 2


@pytest.mark.parametrize("name", CROSSBARS)
@pytest.mark.parametrize("ports", [2, 4, 7, 16])
def test_longest_paths_on_the_graph(name: str, ports: int) -> None:
    fabric = build(name, ports)
    if fabric is None:
        pytest.skip(f"{name} cannot have {ports} ports")
    graph = fabric.graph()

    def longest(of: Any) -> int:
        weighted: nx.DiGraph[Any] = nx.DiGraph()
        weighted.add_edges_from((u, v, {"weight": of(d)}) for u, v, d in graph.edges(data=True))
        return int(nx.dag_longest_path_length(weighted))

    assert longest(lambda d: d.get("crossings", 0)) == fabric.crossings[1]
    assert longest(lambda d: 0 if d["kind"] == "wire" else 1 + d.get("passed", 0)) == fabric.path_lengths[1]


@pytest.mark.parametrize("length", range(1, 15))
def test_worst_crossings(length: int) -> None:
    n = 1 << length
    assert crossbar("benes", n).crossings[1] == 2 * (n - 1 - length)
    assert crossbar("butterfly", n).crossings[1] == n - 1 - length
    assert crossbar("omega", n).crossings[0] == length * (n // 2) * (n // 2 - 1) // 2


def test_known_worst_crossings() -> None:
    assert {n: crossbar("benes", n).crossings[1] for n in (8, 32)} == {8: 8, 32: 52}
    benes = crossbar("benes", 8)
    assert isinstance(benes, SwitchNetwork)
    assert next(benes.draw()).tolist() == [0, 4, 2, 6, 1, 5, 3, 7], "ports are drawn in bit-reversed order"


@pytest.mark.parametrize("name", CROSSBARS)
@pytest.mark.parametrize("ports", [1, 2, 4, 7, 16, 32])
def test_paths_and_losses(name: str, ports: int) -> None:
    """Counts of every output, and losses along the walk on the routing graph, agree."""
    fabric = build(name, ports)
    if fabric is None:
        pytest.skip(f"{name} cannot have {ports} ports")
    wanted = possible(fabric, 3, np.random.default_rng(ports))
    states = fabric.route_many(wanted)
    paths = fabric.paths_many(states)
    losses = SimpleNamespace(bar_loss=1.0, cross_loss=100.0, crossing_loss=0.001)
    decibels = paths.loss(losses)
    for bank, state in enumerate(states):
        graph = fabric.graph(state, losses)
        for o in range(ports):
            node, loss = ("out", o), 0.0
            while node[0] != "in":
                ((before, _, data),) = graph.in_edges(node, data=True)
                node, loss = before, loss + data["loss"]
            assert node[1] == wanted[bank, o]
            assert loss == pytest.approx(decibels[bank, o])
    low, high = fabric.path_lengths
    assert ((paths.bar + paths.cross >= low) & (paths.bar + paths.cross <= high)).all()
    assert (paths.crossings <= fabric.crossings[1]).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_one_switch_is_one_transposition(name: str) -> None:
    """Where every switch joins two signals, flipping one exchanges the two outputs that they reach."""
    for ports in (2, 5, 8, 13, 16):
        network = build(name, ports)
        if not isinstance(network, SwitchNetwork) or network.wires != ports:
            continue
        state = np.random.default_rng(ports).integers(0, 2, network.switches).astype(np.uint8)
        flipped = np.tile(state, (network.switches, 1)) ^ np.eye(network.switches, dtype=np.uint8)
        inputs, _ = Walk(network).back(np.concatenate([state[None], flipped]))
        for row in inputs[1:]:
            (moved,) = np.nonzero(row != inputs[0])
            assert len(moved) == 2
            assert row[moved].tolist() == inputs[0][moved][::-1].tolist()


def test_outputs_without_a_signal_are_named() -> None:
    for name in ("spanke", "cantor", "dilated-benes"):
        fabric = crossbar(name, 4)
        state = fabric.route([0, 1, 2, 3]).state.copy()
        state[-1] ^= 1  # the last switch sends its signal, or looks for one, on the other wire
        with pytest.raises(ValueError, match=r"^bank 0: output \d+ is reached by no input; route a permutation first$"):
            fabric.paths_many(state[None])
