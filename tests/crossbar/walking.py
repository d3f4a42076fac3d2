"""Walking the routing graph: where every output's signal comes from and what it passes, for many states at once.

The graph is asked for once, without a state. Which of a node's edges conducts is read from the edges' own data.
"""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from hwsim.crossbar import CROSSBARS, BlockedError, Fabric
from hwsim.crossbar.crosspoints import CrosspointNetwork


def build(name: str, ports: int) -> Fabric | None:
    """The circuit, None where the topology cannot have so many ports."""
    try:
        return CROSSBARS[name].build(ports)
    except ValueError:
        return None


def walk_one(graph: nx.DiGraph[Any], ports: int) -> list[int]:
    """The input that each output is joined to in the graph of one state; every step back has one way only."""
    found = []
    for o in range(ports):
        node: Any = ("out", o)
        while node[0] != "in":
            (node,) = graph.predecessors(node)
        found.append(node[1])
    return found


class Walk:
    """A routing graph as tables: for each node, which place of the state is asked, and what each answer leads to."""

    def __init__(self, fabric: Fabric) -> None:
        graph = fabric.graph()
        self.fabric, self.nodes = fabric, list(graph)
        number = {node: at for at, node in enumerate(self.nodes)}
        answers = 2
        if isinstance(fabric, CrosspointNetwork):
            answers = max(int(stage.inputs.max()) for stage in fabric.stages)
        self.asks = np.full(len(number) + 1, -1)
        self.leads = np.full((len(number) + 1, answers), -1)
        self.counts = np.zeros((3, len(number) + 1, answers), np.int64)  # bar, cross, crossings
        for u, v, data in graph.edges(data=True):
            at = number[v]
            if data["kind"] == "wire":
                self.leads[at] = number[u]
                self.counts[2, at] = data["crossings"]
            elif data["kind"] == "crosspoint":
                assert isinstance(fabric, CrosspointNetwork)
                self.asks[at] = np.searchsorted(fabric.rows, data["switch"], side="right") - 1
                answer = data["switch"] - fabric.rows[self.asks[at]]
                self.leads[at, answer] = number[u]
                self.counts[:2, at, answer] = data["passed"], 1
            else:
                self.asks[at] = data["switch"]
                answer = int(data["kind"] == "cross")
                self.leads[at, answer] = number[u]
                self.counts[answer, at, answer] = 1
        self.outputs = np.array([number["out", o] for o in range(fabric.ports)])
        self.inputs = np.full(len(number) + 1, -1)
        for i in range(fabric.ports):
            self.inputs[number["in", i]] = i

    def back(self, states: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The input of every output (banks, ports), -1 where nothing leads on; and counts (3, banks, ports)."""
        at = np.tile(self.outputs, (len(states), 1))
        bank = np.arange(len(states))[:, None]
        counts = np.zeros((3, *at.shape), np.int64)
        states = np.concatenate([states, np.zeros((len(states), 1), states.dtype)], axis=1)
        while (moving := (self.inputs[at] < 0) & (at >= 0)).any():
            answer = states[bank, self.asks[at]].astype(np.int64)
            answer[self.asks[at] < 0] = 0
            stuck = answer < 0
            counts += np.where(moving, self.counts[:, at, np.maximum(answer, 0)], 0)
            at = np.where(moving, np.where(stuck, -1, self.leads[at, np.maximum(answer, 0)]), at)
        return self.inputs[at], counts


def random_states(fabric: Fabric, banks: int, rng: np.random.Generator) -> NDArray[Any]:
    """States of a network of 2x2 switches, each switch by chance."""
    return rng.integers(0, 2, (banks, fabric.switches)).astype(np.uint8)


def possible(fabric: Fabric, banks: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Random permutations that the circuit can realise: any, but for blocking networks."""
    if fabric.blocking == "blocking":
        numbers = np.tile(np.arange(fabric.ports), (banks, 1))
        return fabric.apply_many(random_states(fabric, banks, rng), numbers).astype(np.int64)
    return np.stack([rng.permutation(fabric.ports) for _ in range(banks)]).astype(np.int64)


def route_possible(fabric: Fabric, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Of the permutations given those that a blocking network can do, with their states."""
    done, states = [], []
    for p in wanted:
        try:
            states.append(fabric.route_many(p[None])[0])
        except BlockedError:
            continue
        done.append(p)
    return np.array(done), np.array(states)
