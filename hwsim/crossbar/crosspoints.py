"""Circuits made of stages of crosspoint blocks and the wiring between them, described once.

A block is a grid: its inputs enter beside the rows, the last one at the bottom; its outputs leave below the columns. A
signal passes the crosspoints of its row up to its column, turns in a closed one, and passes those below. The full
crossbar is one block.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import Fabric
from hwsim.crossbar.path import Paths
from hwsim.crossbar.picture import MOST_PORTS, draw_grid
from hwsim.crossbar.shapes import check_rows
from hwsim.crossbar.words import spread

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray

    from hwsim.crossbar.path import Losses
    from hwsim.crossbar.wiring import BlockWiring


class CrosspointNetwork(Fabric):
    """Stages of crosspoint blocks; a topology adds its router.

    A state is int32 (output terminals of all stages,): the input of its block that each is joined to, -1 = open.
    Crosspoints are numbered terminal by terminal. Configuration bits are those of coded selects, one a terminal; a
    terminal that may stay open has a code for that too.

    Args:
        topology: its name.
        wiring: its blocks and the wires between them.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("clos", 8)
        >>> [stage.inputs.tolist() for stage in fabric.stages], fabric.switches, fabric.path_lengths
        ([[2, 2, 2, 2], [4, 4], [2, 2, 2, 2]], 64, (4, 12))
    """

    def __init__(self, topology: str, wiring: BlockWiring) -> None:
        self.topology, self.ports, self.wiring = topology, wiring.ports, wiring
        self.stages, self.starts, self.rows = wiring.stages, wiring.starts, wiring.rows
        self.depth, self.strides = len(self.stages), ()
        self.switches = int(wiring.width.sum())
        self._idle = np.repeat([stage.idle for stage in self.stages], np.diff(self.starts))
        self._bits = np.array([int(w).bit_length() for w in wiring.width - ~self._idle], np.int64)
        self.configuration_bits = int(self._bits.sum())

    def svg(self, state: NDArray[Any] | None = None) -> str | None:
        """Draw the grid of a circuit that is a single block; others have no drawing."""
        return draw_grid(self.ports, state) if len(self.stages) == 1 and self.ports <= MOST_PORTS else None

    def _open(self) -> str:
        return f"an output of the {self.topology} is open; route a permutation first"

    def power_up(self, banks: int) -> NDArray[np.int32]:
        """Open all crosspoints."""
        return np.full((banks, int(self.starts[-1])), -1, np.int32)

    def trace(self, states: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Follow every output back to its input.

        Returns:
            The input of each output, -1 where something on the way is open; crosspoints passed by, and crossings: three
            arrays int64 (banks, ports).

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> fabric = crossbar("crossbar", 2)
            >>> [found.tolist() for found in fabric.trace(np.array([[1, -1]]))]
            [[[1, -1]], [[0, 0]], [[0, 0]]]
        """
        selects = check_rows("states", states, (len(states), int(self.starts[-1]))).astype(np.int64)
        at = np.tile(np.arange(self.ports), (len(states), 1))
        reached = np.ones(at.shape, np.bool_)
        passed, crossings = np.zeros((2, *at.shape), np.int64)
        for number, stage in reversed(list(enumerate(self.stages))):
            chosen = np.take_along_axis(selects, at + self.starts[number], axis=1)
            reached &= chosen >= 0
            passed += np.where(reached, stage.column[at] + stage.width[at] - 1 - chosen, 0)
            at = np.where(reached, stage.first[at] + chosen, 0)
            if stage.wiring is not None:
                crossings += np.where(reached, self.wiring.crossed[number][at], 0)
                at = stage.wiring[at]
        return np.where(reached, at, -1), passed, crossings

    def _sums(self, choose: Any, step: int, wire: int) -> int:
        """Return the least or the most that any path adds up: crosspoints (1 each), or crossings."""
        best = np.zeros(self.ports, np.int64)
        for number, stage in enumerate(self.stages):
            if stage.wiring is not None:
                best = best[stage.wiring] + wire * self.wiring.crossed[number]
            ends = np.cumsum(stage.inputs)
            lead = np.concatenate([np.arange(n)[::-1] for n in stage.inputs]) * step
            by_block = np.array(
                [choose((best + lead)[end - n : end]) for n, end in zip(stage.inputs, ends, strict=True)]
            )
            best = by_block[stage.block] + step * (stage.column + 1)
        return int(choose(best))

    @cached_property
    def path_lengths(self) -> tuple[int, int]:
        """Count crosspoints passed by or turned in on the shortest and on the longest path."""
        return self._sums(np.min, 1, 0), self._sums(np.max, 1, 0)

    @cached_property
    def crossings(self) -> tuple[int, int]:
        """Count crossings of the wires between stages; where a row meets a column is a crosspoint, counted as such."""
        return sum(int(found.sum(dtype=np.int64)) // 2 for found in self.wiring.crossed), self._sums(np.max, 0, 1)

    @property
    def leaks(self) -> tuple[int, int]:
        """Count leaks: every other signal of a block passes one open crosspoint of the column."""
        return sum(int(np.minimum(stage.inputs, stage.outputs).max()) - 1 for stage in self.stages), 1

    def apply_many(self, states: NDArray[Any], signals: NDArray[Any]) -> NDArray[Any]:
        """Send signals (banks, ports) through the closed crosspoints.

        Raises:
            ValueError: an output is open.
        """
        rows = check_rows("signals", signals, (len(states), self.ports))
        inputs, _, _ = self.trace(states)
        if (inputs < 0).any():
            raise ValueError(self._open())
        return np.take_along_axis(rows, inputs, axis=1)

    def paths_many(self, states: NDArray[Any]) -> Paths:
        """Count crosspoints passed by and turned in, and crossings between stages."""
        inputs, passed, crossings = self.trace(states)
        if (inputs < 0).any():
            raise ValueError(self._open())
        return Paths(passed, np.full_like(passed, self.depth), crossings)

    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count crosspoints opened plus crosspoints closed."""
        check_rows("states", new, (len(old), int(self.starts[-1])))
        changed = old != new
        return np.asarray((changed & (old >= 0)).sum(axis=1) + (changed & (new >= 0)).sum(axis=1), np.int64)

    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count crosspoints closed by the change."""
        return np.asarray(((old != new) & (new >= 0)).sum(axis=1), np.int64)

    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Count crosspoints closed now."""
        return np.asarray((states >= 0).sum(axis=1), np.int64)

    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """Return one select word per terminal: the number of its input; if it may stay open, 0 = open and 1 = input 0.

        Raises:
            ValueError: a terminal is open that has no code for it.
        """
        values = state.astype(np.int64) + self._idle
        if (values < 0).any():
            raise ValueError(self._open())
        return list(zip(values.tolist(), self._bits.tolist(), strict=True))

    def image_many(self, states: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the select words bit by bit."""
        values = states.astype(np.int64) + self._idle
        if (values < 0).any():
            raise ValueError(self._open())
        return spread(values, self._bits)

    def from_words(self, words: list[int]) -> NDArray[np.int32]:
        """Return the state of configuration words."""
        state: NDArray[np.int32] = self.power_up(1)[0]
        selects = np.array(words, np.int64)[: len(state)] - self._idle[: len(words)]
        if (selects >= self.wiring.width[: len(words)]).any():
            raise OverflowError
        state[: len(words)] = selects
        return state

    @property
    def word_order(self) -> str:
        """Describe the words: selects, not switches."""
        if self.depth == 1:
            return "one word per output: word i is the number of the input that output i takes, counted from 0"
        return (
            "one select word per output terminal, stage by stage, in a stage block by block: the number of the "
            "input of its block that the terminal takes, counted from 0, but where may_be_open of the stage is 1: "
            "there 0 = open, and inputs count from 1; blocks have block_inputs and block_outputs terminals; input "
            "terminal t of a stage, counted through its blocks, is joined to output terminal fed_by[t] of the stage "
            "before, of the first stage to input fed_by[t]; output terminals of the last stage are the outputs"
        )

    def describe(self) -> dict[str, Any]:
        """Describe the blocks of every stage and what feeds them."""
        return self.wiring.describe()

    def graph(self, state: NDArray[Any] | None = None, losses: Losses | None = None) -> nx.DiGraph[Any]:
        """Build a graph of ports, terminals ``(stage, side, number)`` between stages, crosspoints and wires."""
        from hwsim.crossbar.routing_graph import graph_of_crosspoints

        return graph_of_crosspoints(self.wiring, state, losses)
