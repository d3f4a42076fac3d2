"""What is joined to what, as plain values: switches and wires, or crosspoint blocks and the wires between them.

Routing, drawings, the routing graph and exports all read one of the two descriptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Wiring:
    """Stages of 2x2 switches on wires; made by :func:`wire_up`.

    Example:
        >>> wiring = wire_up(3, np.array([0, 1, 2]), np.array([0, 1, 0]), np.array([1, 2, 1]))
        >>> wiring.depth, wiring.switches, wiring.stage.tolist(), wiring.inputs.tolist()
        (3, 3, [0, 1, 2], [0, 1, 2])
    """

    ports: int
    """Inputs and outputs."""
    wires: int
    """At least as many as ports; a wire without a signal carries nothing."""
    starts: NDArray[np.int64]
    """The first switch of every stage, and the number of switches, (depth + 1,)."""
    wire_a: NDArray[np.int32]
    """Upper wire of every switch, ascending within a stage."""
    wire_b: NDArray[np.int32]
    """Lower wire of every switch."""
    inputs: NDArray[np.int32]
    """The wire on which each input enters, (ports,)."""
    outputs: NDArray[np.int32]
    """The wire on which each output leaves, (ports,)."""

    @property
    def switches(self) -> int:
        """Count the switches."""
        return len(self.wire_a)

    @property
    def depth(self) -> int:
        """Count the stages."""
        return len(self.starts) - 1

    @property
    def stage(self) -> NDArray[np.int32]:
        """Return the stage of every switch, int32 (switches,)."""
        return np.repeat(np.arange(self.depth, dtype=np.int32), np.diff(self.starts))

    @property
    def straight(self) -> bool:
        """Tell whether every port has the wire of its own number, and there are no others."""
        own = np.arange(self.ports)
        return self.wires == self.ports and bool((self.inputs == own).all() and (self.outputs == own).all())

    def describe(self) -> dict[str, Any]:
        """As numbers and lists, for files.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("benes", 2).wiring.describe()
            {'wires': 2, 'inputs': [0, 1], 'outputs': [0, 1], 'stages': [{'wire_a': [0], 'wire_b': [1]}]}
        """
        pairs = [self.pairs(stage) for stage in range(self.depth)]
        return {
            "wires": self.wires,
            "inputs": self.inputs.tolist(),
            "outputs": self.outputs.tolist(),
            "stages": [{"wire_a": a.tolist(), "wire_b": b.tolist()} for a, b in pairs],
        }

    def pairs(self, stage: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return upper and lower wires of the switches of one stage.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> [wires.tolist() for wires in crossbar("benes", 4).wiring.pairs(0)]
            [[0, 1], [2, 3]]
        """
        here = slice(self.starts[stage], self.starts[stage + 1])
        return self.wire_a[here], self.wire_b[here]


def wire_up(
    ports: int,
    stage: NDArray[np.integer],
    wire_a: NDArray[np.integer],
    wire_b: NDArray[np.integer],
    *,
    wires: int | None = None,
    inputs: NDArray[np.integer] | None = None,
    outputs: NDArray[np.integer] | None = None,
) -> Wiring:
    """Return the wiring of so many ports, from its switches in order.

    Args:
        ports: inputs and outputs.
        stage: stage of every switch, integers (switches,), ascending; no stage is empty.
        wire_a: its upper wire, ascending within a stage.
        wire_b: its lower wire.
        wires: as many as ports when None.
        inputs: the wire on which each input enters; its own number when None.
        outputs: the wire on which each output leaves; its own number when None.
    """
    straight = np.arange(ports, dtype=np.int32)
    depth = int(stage[-1]) + 1 if len(stage) else 0
    return Wiring(
        ports,
        ports if wires is None else wires,
        np.searchsorted(stage, np.arange(depth + 1)),
        np.ascontiguousarray(wire_a, np.int32),
        np.ascontiguousarray(wire_b, np.int32),
        straight if inputs is None else inputs.astype(np.int32),
        straight if outputs is None else outputs.astype(np.int32),
    )


@dataclass(frozen=True, eq=False)
class BlockStage:
    """One stage of crosspoint blocks; terminals are numbered through the stage, block by block.

    Args:
        inputs: of each block.
        outputs: of each block.
        wiring: output terminal of the stage before that feeds each input terminal; the ports' own order when None.
        idle: whether some output terminals may be open while every port is connected.
    """

    inputs: NDArray[np.int64]
    outputs: NDArray[np.int64]
    wiring: NDArray[np.int64] | None = None
    idle: bool = False

    @cached_property
    def block(self) -> NDArray[np.int64]:
        """Return the block of every output terminal."""
        return np.repeat(np.arange(len(self.outputs)), self.outputs)

    @cached_property
    def width(self) -> NDArray[np.int64]:
        """Count the inputs that every output terminal can be joined to."""
        return self.inputs[self.block]

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Return the first input terminal of every output terminal's block."""
        return (np.cumsum(self.inputs) - self.inputs)[self.block]

    @cached_property
    def column(self) -> NDArray[np.int64]:
        """Place of every output terminal in its block."""
        return np.arange(len(self.block)) - (np.cumsum(self.outputs) - self.outputs)[self.block]


@dataclass(frozen=True, eq=False)
class BlockWiring:
    """Stages of crosspoint blocks.

    Args:
        ports: inputs and outputs.
        stages: input terminals of the first are the input ports, output terminals of the last the outputs.

    Example:
        >>> one = np.array([2])
        >>> BlockWiring(2, (BlockStage(one, one),)).rows.tolist()
        [0, 2]
    """

    ports: int
    stages: tuple[BlockStage, ...]

    def describe(self) -> dict[str, Any]:
        """As numbers and lists, for files."""
        return {
            "stages": [
                {
                    "block_inputs": stage.inputs.tolist(),
                    "block_outputs": stage.outputs.tolist(),
                    "fed_by": list(range(int(stage.inputs.sum()))) if stage.wiring is None else stage.wiring.tolist(),
                    "may_be_open": int(stage.idle),
                }
                for stage in self.stages
            ]
        }

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Return the first output terminal of every stage among those of all stages, and how many there are."""
        return np.cumsum([0] + [len(stage.block) for stage in self.stages])

    @cached_property
    def width(self) -> NDArray[np.int64]:
        """Count the crosspoints of every output terminal of all stages."""
        return np.concatenate([stage.width for stage in self.stages])

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Return the first crosspoint of every terminal."""
        return np.cumsum(self.width) - self.width

    @cached_property
    def crossed(self) -> list[NDArray[np.int32]]:
        """Count crossings on the wire to every input terminal, stage by stage."""
        from hwsim.kernels.routing.stages import count_crossings

        found = []
        for stage in self.stages:
            found.append(np.zeros(int(stage.inputs.sum()), np.int32))
            if stage.wiring is not None:
                count_crossings(stage.wiring.astype(np.int32), np.empty(len(found[-1]) + 1, np.int32), found[-1])
        return found
