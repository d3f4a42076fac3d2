"""Full crossbar: one crosspoint for every input and output, one closed in every output's row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.effort import check_cost, check_effort
from hwsim.crossbar.fabric import Fabric, Paths, check_banks, check_ports, check_rows

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Blocking, Losses

_OPEN = "an output of the crossbar is open; route a permutation first"


class FullCrossbar(Fabric):
    """N x N crosspoints. A state is int32 (ports,): the input each output is joined to, -1 = open.

    Configuration bits are those of coded selects, N ceil(log2 N). A permutation has one configuration only, so cost and
    effort change nothing.

    Example:
        >>> fabric = FullCrossbar(4)
        >>> first = fabric.route([0, 1, 2, 3])
        >>> first.toggles(None), fabric.route([1, 0, 2, 3]).toggles(first)
        (4, 4)
    """

    blocking: Blocking = "strict"

    def __init__(self, ports: int) -> None:
        check_ports("full", ports)
        ports = int(ports)
        self.topology, self.ports = "crossbar", ports
        self.switches, self.depth, self.strides = ports * ports, 1, ()
        self._width = (ports - 1).bit_length()
        self.configuration_bits = ports * self._width

    @property
    def path_lengths(self) -> tuple[int, int]:
        """Crosspoints on the shortest and longest path: inputs enter beside row i, outputs leave below column o."""
        return 1, 2 * self.ports - 1

    @property
    def crossings(self) -> tuple[int, int]:
        """None: where a row meets a column there is a crosspoint, counted as such."""
        return 0, 0

    @property
    def leaks(self) -> tuple[int, int]:
        """Every other signal passes one open crosspoint of an output's column."""
        return self.ports - 1, 1

    def power_up(self, banks: int) -> NDArray[np.int32]:
        """All crosspoints open."""
        return np.full((banks, self.ports), -1, np.int32)

    def route_many(
        self,
        permutations: NDArray[np.int64],
        previous: NDArray[Any] | None = None,
        effort: str = "greedy",
        cost: NDArray[np.float64] | None = None,
    ) -> NDArray[np.int32]:
        """Close the crosspoint that each output asks for."""
        del previous
        check_effort(effort)
        rows = check_banks(permutations, self.ports)
        check_cost(cost, len(rows), self.switches)
        return rows.astype(np.int32)

    def apply_many(self, states: NDArray[Any], signals: NDArray[Any]) -> NDArray[Any]:
        """Send signals (banks, ports) through the closed crosspoints.

        Raises:
            ValueError: an output is open.
        """
        rows = check_rows("signals", signals, (len(states), self.ports))
        selects = check_rows("states", states, rows.shape)
        if (selects < 0).any():
            raise ValueError(_OPEN)
        return np.take_along_axis(rows, selects.astype(np.int64), axis=1)

    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Crosspoints opened plus crosspoints closed."""
        check_rows("states", new, (len(old), self.ports))
        changed = old != new
        return np.asarray((changed & (old >= 0)).sum(axis=1) + (changed & (new >= 0)).sum(axis=1), np.int64)

    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Crosspoints closed."""
        return np.asarray(((old != new) & (new >= 0)).sum(axis=1), np.int64)

    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Crosspoints closed now."""
        return np.asarray((states >= 0).sum(axis=1), np.int64)

    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """One select word an output: the number of its input, ceil(log2 N) bits.

        Raises:
            ValueError: an output is open.
        """
        if (state < 0).any():
            raise ValueError(_OPEN)
        return [(int(value), self._width) for value in state]

    def paths_many(self, states: NDArray[Any]) -> Paths:
        """Input i passes the crosspoints of its row up to column o, turns, and passes the rows below."""
        selects = check_rows("states", states, (len(states), self.ports))
        if (selects < 0).any():
            raise ValueError(_OPEN)
        passed = np.arange(self.ports) + (self.ports - 1 - selects.astype(np.int64))
        return Paths(passed, np.ones_like(passed), np.zeros_like(passed))

    def graph(self, state: NDArray[Any] | None = None, losses: Losses | None = None) -> nx.DiGraph[Any]:
        """Inputs joined to outputs by crosspoints, numbered row by row (output by output)."""
        import networkx as nx

        graph: nx.DiGraph[Any] = nx.DiGraph()
        graph.add_nodes_from((side, i) for side in ("in", "out") for i in range(self.ports))
        for o in range(self.ports):
            for i in range(self.ports) if state is None else [int(state[o])] * int(state[o] >= 0):
                passed = o + self.ports - 1 - i
                loss = {} if losses is None else {"loss": passed * losses.bar_loss + losses.cross_loss}
                edge = {"kind": "crosspoint", "switch": o * self.ports + i, "passed": passed, **loss}
                graph.add_edge(("in", i), ("out", o), **edge)
        return graph


class _Topology:
    """The catalogue entry."""

    name = "crossbar"
    summary = "full crossbar: N x N crosspoints, strictly non-blocking, two toggles for every moved output"

    def build(self, ports: int) -> FullCrossbar:
        """The circuit for so many ports."""
        return FullCrossbar(ports)


PLUGIN = _Topology()
