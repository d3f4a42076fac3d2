"""What a controller is given, and what it hands out: reconnections, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.device import Registers
    from hwsim.model import Model, Start
    from hwsim.scenario import Section
    from hwsim.task import Task


@dataclass(frozen=True)
class Job:
    """What a controller works on.

    ``cells`` holds, per layer, the design values of the chip's cells, float64 (banks, ports); ``ports`` of one bank may
    be exchanged with each other and with no others. A controller reads them and never changes them.
    """

    task: Task
    model: Model
    start: Sequence[Start]
    cells: Sequence[NDArray[np.float64]]
    seed: int
    threads: int


@dataclass(frozen=True)
class Reconnection:
    """One change of connections and registers at one moment.

    Args:
        batch: optimiser steps taken so far.
        permutations: per layer, int64 (banks, ports) of the permutations from now on, or None where the layer keeps its
            connections; ``p[b, i]`` is the cell of bank b that feeds position i.
        registers: per layer, the registers from now on.
    """

    batch: int
    permutations: tuple[NDArray[np.int64] | None, ...]
    registers: tuple[Registers, ...]


class Controller(Protocol):
    """A method at work on one job; can be put away after any reconnection and taken up again."""

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Work until the next reconnection; None at the end. ``report`` takes the share done, 0 to 1."""

    def dump(self) -> bytes:
        """Everything needed to go on from here, after a reconnection."""

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""


@dataclass(frozen=True)
class Course:
    """How training goes: epochs, samples a step, learning rate and its decay an epoch, epochs between reconnections.

    Free training for the reference follows it too, without the reconnections.
    """

    epochs: int
    batch: int
    rate: float
    rate_decay: float
    period: int


@dataclass(frozen=True)
class ControllerPlugin:
    """A catalogue entry: the schema of a method's parameters and the method."""

    name: str
    summary: str
    parameters: type[Section]
    begin: Callable[[Any, Job], Controller]
    course: Callable[[Any], Course]
