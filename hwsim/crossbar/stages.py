"""Circuits made of stages of 2x2 switches on wires, described once: which switch joins which two wires, and when.

Everything else, signals, toggles, path counts, export words, the drawing and the routing graph, follows from that
description.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.drawing import Crossings, count_crossings, draw_outwards, find_live
from hwsim.crossbar.fabric import BlockedError, Fabric
from hwsim.crossbar.path import Paths
from hwsim.crossbar.picture import MOST_PORTS, draw_stages
from hwsim.crossbar.shapes import check_rows, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    import networkx as nx
    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Blocking
    from hwsim.crossbar.path import Losses
    from hwsim.crossbar.wiring import Wiring


WORD_PER_STAGE = (
    "one word per stage; bit k of it, least significant first, is switch k of the stage: 0 = bar, its wires go "
    "straight on; 1 = cross, wires wire_a[k] and wire_b[k] exchange what they carry; input c enters on wire "
    "inputs[c], output i leaves from wire outputs[i]"
)
ONE_WAY = "{} network has one configuration for each permutation"


class SwitchNetwork(Fabric):
    """Stages of 2x2 switches in place; a topology adds its router.

    Args:
        topology: its name.
        wiring: its switches and wires.

    A state is uint8 (switches,): 0 = bar, 1 = cross.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> network = crossbar("benes", 3)
        >>> network.stage.tolist(), network.wire_a.tolist(), network.wire_b.tolist()
        ([0, 1, 2], [0, 1, 0], [1, 2, 1])
        >>> network.path_lengths, network.crossings, network.leaks
        ((1, 3), (0, 0), (3, 1))
    """

    blocking: Blocking = "rearrangeable"

    def __init__(self, topology: str, wiring: Wiring) -> None:
        self.topology, self.ports, self.wiring = topology, wiring.ports, wiring
        self.wires, self.inputs, self.outputs = wiring.wires, wiring.inputs, wiring.outputs
        self.wire_a, self.wire_b, self.starts = wiring.wire_a, wiring.wire_b, wiring.starts
        self.switches = self.configuration_bits = wiring.switches
        self.depth, self.pairs = wiring.depth, wiring.pairs
        self.strides = tuple(int(self.wire_b[s] - self.wire_a[s]) for s in self.starts[:-1])

    @property
    def stage(self) -> NDArray[np.int32]:
        """Return the stage of every switch, int32 (switches,)."""
        return self.wiring.stage

    def draw(self) -> Iterator[NDArray[np.int32]]:
        """Yield the wires from top to bottom in each column of the drawing: input ports, stages, output ports."""
        return draw_outwards(self.wiring, self.depth // 2)

    def svg(self, state: NDArray[Any] | None = None) -> str | None:
        """Draw switches, wires and the path of every signal."""
        return draw_stages(self.wiring, list(self.draw()), self.live, state) if self.ports <= MOST_PORTS else None

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Tell whether a wire is there before each stage and after the last, bool (depth + 1, wires)."""
        return find_live(self.wiring)

    @cached_property
    def drawn(self) -> Crossings:
        """Count crossings of every wire in the drawing."""
        return count_crossings(self.wiring, self.draw(), self.live)

    def _longest(self, count: NDArray[np.int32], gaps: NDArray[np.int32] | None = None, *, least: bool = False) -> int:
        """Return the most (or least) that any path adds up: ``count`` per switch, the table ``gaps`` per wire."""
        choose, nothing = (np.minimum, 2**30) if least else (np.maximum, -(2**30))
        best = np.full(self.wires, nothing, np.int64)
        best[self.inputs] = 0
        for gap in range(self.depth + 1):
            if gaps is not None and self.drawn.rows[gap] >= 0:
                best += gaps[self.drawn.rows[gap]]
            if gap < self.depth:
                a, b = self.pairs(gap)
                best[a] = best[b] = choose(best[a], best[b]) + count[self.starts[gap] : self.starts[gap + 1]]
        return int((best[self.outputs].min if least else best[self.outputs].max)())

    @cached_property
    def path_lengths(self) -> tuple[int, int]:
        """Count switches on the shortest and on the longest path."""
        one = np.broadcast_to(np.int32(1), (self.switches,))
        return self._longest(one, least=True), self._longest(one)

    @cached_property
    def crossings(self) -> tuple[int, int]:
        """Count crossings in the whole drawing, and the most on one path."""
        none = np.broadcast_to(np.int32(0), (self.switches,))
        return int(self.drawn.table.sum(dtype=np.int64)) // 2, self._longest(none, self.drawn.table)

    @cached_property
    def full(self) -> NDArray[np.bool_]:
        """Tell whether both wires of a switch are there on both sides, so that two signals can meet in it."""
        both = [
            self.live[gap][a] & self.live[gap][b] & self.live[gap + 1][a] & self.live[gap + 1][b]
            for gap in range(self.depth)
            for a, b in [self.pairs(gap)]
        ]
        return np.concatenate([np.zeros(0, np.bool_), *both])

    @cached_property
    def leaks(self) -> tuple[int, int]:
        """Count leaks: every switch that another signal can pass too leaks once into the path."""
        return self._longest(self.full.astype(np.int32)), 1

    def power_up(self, banks: int) -> NDArray[np.uint8]:
        """Return the states with all switches in bar."""
        return np.zeros((banks, self.switches), np.uint8)

    def refuse_stuck(self, states: NDArray[np.uint8], cost: NDArray[np.float64] | None, why: str = ONE_WAY) -> None:
        """Refuse states that a switch cannot take, in a network where no others can be had for these permutations.

        Raises:
            BlockedError: such a switch.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("bitonic", 2).route([1, 0], cost=np.array([[0, np.inf]]))
            Traceback (most recent call last):
            ...
            hwsim.crossbar.fabric.BlockedError: bank 0: switch 0 cannot take state 1, and a bitonic network sets its \
switches by comparing tags: no other configuration can be asked for, even where one would do; ask for another \
permutation or topology
        """
        if cost is None:
            return
        each = np.broadcast_to(cost, (*states.shape, 2))
        wrong = np.isposinf(np.where(states == 1, each[..., 1], each[..., 0]))
        if wrong.any():
            bank, switch = np.argwhere(wrong)[0]
            raise BlockedError(
                f"bank {bank}: switch {switch} cannot take state {states[bank, switch]}, and "
                f"{why.format(named(self.topology))}; ask for another permutation or topology"
            )

    def _send(self, banks: int) -> NDArray[np.int32]:
        """Return the number of each input on its wire, -1 on the others, int32 (banks, wires)."""
        signals = np.full((banks, self.wires), -1, np.int32)
        signals[:, self.inputs] = np.arange(self.ports, dtype=np.int32)
        return signals

    def _receive(self, signals: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the input whose signal each output receives."""
        found = signals[:, self.outputs]
        if self.wires > self.ports and (found < 0).any():
            bank, output = np.argwhere(found < 0)[0]
            raise ValueError(f"bank {bank}: output {output} is reached by no input; route a permutation first")
        return found.astype(np.int64)

    def apply_many(self, states: NDArray[Any], signals: NDArray[Any]) -> NDArray[Any]:
        """Send signals (banks, ports) through the switches.

        Raises:
            ValueError: states or signals of the wrong shape, an output that no input reaches.
        """
        from hwsim.kernels.routing.stages import pass_signals

        banks = len(states)
        rows = check_rows("signals", signals, (banks, self.ports))
        settings = self.check_states("states", states, banks)
        numbers = self._send(banks)
        pass_signals(self.wires, settings.reshape(-1), self.wire_a, self.wire_b, numbers.reshape(-1))
        return np.take_along_axis(rows, self._receive(numbers), axis=1)

    def paths_many(self, states: NDArray[Any]) -> Paths:
        """Count along every signal's way through the switches."""
        from hwsim.kernels.routing.stages import Counts, Gaps, count_paths

        banks = len(states)
        settings = self.check_states("states", states, banks)
        numbers, drawn = self._send(banks), self.drawn
        counts = [np.zeros((banks, self.ports), np.int32) for _ in range(3)]
        count_paths(
            self.wires,
            self.ports,
            settings.reshape(-1),
            self.wire_a,
            self.wire_b,
            Gaps(self.starts, drawn.rows, drawn.table.reshape(-1)),
            numbers.reshape(-1),
            Counts(*(count.reshape(-1) for count in counts)),
        )
        source = self._receive(numbers)
        return Paths(*(np.take_along_axis(count, source, axis=1).astype(np.int64) for count in counts))

    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count switches that change state."""
        check_rows("states", new, (len(old), self.switches))
        return np.asarray(np.count_nonzero(old != new, axis=1), np.int64)

    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count switches that go from bar to cross."""
        return np.asarray(np.count_nonzero(old < new, axis=1), np.int64)

    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Count switches in cross."""
        return np.asarray(np.count_nonzero(states, axis=1), np.int64)

    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """Return one word per stage, bit 0 = lowest switch index, 1 = cross."""
        check_rows("state", state[None, :], (1, self.switches))
        found = []
        for first, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            packed = np.packbits(state[first:end].astype(np.uint8), bitorder="little").tobytes()
            found.append((int.from_bytes(packed, "little"), int(end - first)))
        return found

    def image_many(self, states: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the states themselves: one bit per switch, stage by stage."""
        return self.check_states("states", states, len(states))

    def from_words(self, words: list[int]) -> NDArray[np.uint8]:
        """Return the state of configuration words."""
        state = np.zeros(self.switches, np.uint8)
        for word, first, end in zip(words, self.starts[:-1], self.starts[1:], strict=False):
            packed = np.frombuffer(word.to_bytes(-(-int(end - first) // 8), "little"), np.uint8)
            state[first:end] = np.unpackbits(packed, bitorder="little")[: end - first]
        return state

    @property
    def word_order(self) -> str:
        """Describe the words: one per stage, one bit per switch."""
        return WORD_PER_STAGE

    def describe(self) -> dict[str, Any]:
        """Describe which wires each switch joins, stage by stage, and on which wires ports lie."""
        return self.wiring.describe()

    def graph(self, state: NDArray[Any] | None = None, losses: Losses | None = None) -> nx.DiGraph[Any]:
        """Build a graph of ports, switch terminals ``(switch, side, wire)`` and wires, from the same switch list."""
        from hwsim.crossbar.routing_graph import graph_of_switches

        return graph_of_switches(self.wiring, self.live, self.drawn, state, losses)
