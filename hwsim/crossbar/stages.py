"""Circuits made of stages of 2x2 switches on wires, described once: which switch joins which two wires, and when.

Everything else, signals, toggles, export words and the routing graph, follows from that description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import EFFORTS, Fabric

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray


class StagedFabric(Fabric):
    """Stages of 2x2 switches in place; a topology adds its router.

    Args:
        topology: its name.
        ports: wires.
        stage: stage of every switch, int64 (switches,), ascending.
        wire_a: its upper wire, ascending within a stage.
        wire_b: its lower wire.

    A state is uint8 (switches,): 0 = bar, 1 = cross.
    """

    def __init__(
        self,
        topology: str,
        ports: int,
        stage: NDArray[np.int64],
        wire_a: NDArray[np.int64],
        wire_b: NDArray[np.int64],
    ) -> None:
        self.topology, self.ports = topology, ports
        self.stage, self.wire_a, self.wire_b = stage, wire_a, wire_b
        self.switches = self.configuration_bits = len(stage)
        self.depth = int(stage[-1]) + 1 if len(stage) else 0
        self._starts = np.searchsorted(stage, np.arange(self.depth + 1))
        self.strides = tuple(int(wire_b[s] - wire_a[s]) for s in self._starts[:-1])

    def power_up(self, banks: int) -> NDArray[np.uint8]:
        """All switches in bar."""
        return np.zeros((banks, self.switches), np.uint8)

    def cost_of_cross(
        self, banks: int, previous: NDArray[Any] | None, cost: NDArray[np.float64] | None, effort: str
    ) -> NDArray[np.float64]:
        """Cost of cross minus cost of bar, float64 (banks, switches); zero where no cost is consulted."""
        if effort not in EFFORTS:
            raise ValueError(f"unknown effort {effort!r}; use {' or '.join(EFFORTS)}")
        if cost is not None:
            table = np.asarray(cost, np.float64)
            if table.shape != (self.switches, 2):
                raise ValueError(f"cost has shape {table.shape}; give one of ({self.switches}, 2)")
            if not np.isfinite(table).all():
                at = np.argwhere(~np.isfinite(table))[0]
                raise ValueError(f"cost of switch {at[0]} in state {at[1]} is {table[tuple(at)]}; give finite numbers")
        if effort == "any":
            return np.zeros((banks, self.switches))
        if cost is not None:
            return np.tile(table[:, 1] - table[:, 0], (banks, 1))
        before = self.power_up(banks) if previous is None else previous
        return np.asarray(1.0 - 2.0 * before, np.float64)

    def apply_many(self, states: NDArray[Any], signals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Send signals (banks, ports) through the switches."""
        from hwsim.kernels.benes import pass_signals

        through = np.array(signals, np.int64, order="C", copy=True)
        pass_signals(np.ascontiguousarray(states), self.wire_a, self.wire_b, through)
        return through

    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Switches that change state."""
        return np.asarray(np.count_nonzero(old != new, axis=1), np.int64)

    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Switches that go from bar to cross."""
        return np.asarray(np.count_nonzero(old < new, axis=1), np.int64)

    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Switches in cross."""
        return np.asarray(np.count_nonzero(states, axis=1), np.int64)

    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """One word a stage, bit 0 = lowest switch index, 1 = cross."""
        found = []
        for first, end in zip(self._starts[:-1], self._starts[1:], strict=True):
            packed = np.packbits(state[first:end].astype(np.uint8), bitorder="little").tobytes()
            found.append((int.from_bytes(packed, "little"), int(end - first)))
        return found

    def graph(self, state: NDArray[Any] | None = None) -> nx.DiGraph[Any]:
        """Ports, switch terminals ``(switch, side, wire)`` and wires, derived from the same switch list."""
        import networkx as nx

        graph: nx.DiGraph[Any] = nx.DiGraph()
        end: list[tuple[Any, ...]] = [("in", wire) for wire in range(self.ports)]
        graph.add_nodes_from(end)
        for switch in range(self.switches):
            wires = (int(self.wire_a[switch]), int(self.wire_b[switch]))
            for wire in wires:
                graph.add_edge(end[wire], (switch, "in", wire), kind="wire", switch=None)
            for wire, other in (wires, wires[::-1]):
                if state is None or state[switch] == 0:
                    graph.add_edge((switch, "in", wire), (switch, "out", wire), kind="bar", switch=switch)
                if state is None or state[switch] == 1:
                    graph.add_edge((switch, "in", wire), (switch, "out", other), kind="cross", switch=switch)
            for wire in wires:
                end[wire] = (switch, "out", wire)
        for wire in range(self.ports):
            graph.add_edge(end[wire], ("out", wire), kind="wire", switch=None)
        return graph
