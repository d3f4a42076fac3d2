"""Circuits made of stages of 2x2 switches on wires, described once: which switch joins which two wires, and when.

Everything else, signals, toggles, export words and the routing graph, follows from that description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import Fabric, check_rows

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import ArrayLike, NDArray


class SwitchNetwork(Fabric):
    """Stages of 2x2 switches in place; a topology adds its router.

    Args:
        topology: its name.
        ports: wires.
        stage: stage of every switch, int64 (switches,), ascending.
        wire_a: its upper wire, ascending within a stage.
        wire_b: its lower wire.

    A state is uint8 (switches,): 0 = bar, 1 = cross.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> network = crossbar("benes", 3)
        >>> network.stage.tolist(), network.wire_a.tolist(), network.wire_b.tolist()
        ([0, 1, 2], [0, 1, 0], [1, 2, 1])
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
        self._a, self._b = wire_a.astype(np.uint64), wire_b.astype(np.uint64)
        self._starts = np.searchsorted(stage, np.arange(self.depth + 1))
        self.strides = tuple(int(wire_b[s] - wire_a[s]) for s in self._starts[:-1])

    def power_up(self, banks: int) -> NDArray[np.uint8]:
        """All switches in bar."""
        return np.zeros((banks, self.switches), np.uint8)

    def check_states(self, what: str, states: ArrayLike, banks: int) -> NDArray[np.uint8]:
        """States as contiguous uint8 (banks, switches).

        Raises:
            ValueError: another shape.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("benes", 2).check_states("states", [[1]], 1).dtype.name
            'uint8'
        """
        return np.ascontiguousarray(check_rows(what, states, (banks, self.switches)), np.uint8)

    def apply_many(self, states: NDArray[Any], signals: NDArray[Any]) -> NDArray[Any]:
        """Send signals (banks, ports) through the switches."""
        from hwsim.kernels.benes import pass_signals

        banks = len(states)
        rows = check_rows("signals", signals, (banks, self.ports))
        settings = self.check_states("states", states, banks)
        numbers = np.tile(np.arange(self.ports), (banks, 1))
        pass_signals(self.ports, settings.reshape(-1), self._a, self._b, numbers.reshape(-1))
        return np.take_along_axis(rows, numbers, axis=1)

    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Switches that change state."""
        check_rows("states", new, (len(old), self.switches))
        return np.asarray(np.count_nonzero(old != new, axis=1), np.int64)

    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Switches that go from bar to cross."""
        return np.asarray(np.count_nonzero(old < new, axis=1), np.int64)

    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Switches in cross."""
        return np.asarray(np.count_nonzero(states, axis=1), np.int64)

    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """One word a stage, bit 0 = lowest switch index, 1 = cross."""
        check_rows("state", state[None, :], (1, self.switches))
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
