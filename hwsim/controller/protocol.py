"""What a controller is given, and what it hands out: reconnections, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hwsim.errors import BAD_INPUT, FAILED, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.device import Registers
    from hwsim.model import Model, Start
    from hwsim.scenario import Section
    from hwsim.task import Shape, Task

Unit = Literal["epochs", "batches"]
Optimiser = Literal["adam", "sgd"]
Path = Literal["auto", "torch", "compiled"]


class TrainingError(HwsimError, RuntimeError):
    """Training cannot go on; the message is one line that says what would help."""

    exit_code = FAILED


class NoDeviceError(TrainingError):
    """The machine lacks what a scenario wants to train on."""

    exit_code = BAD_INPUT


class UnfitError(TrainingError):
    """A way of training is asked for that the model or the task does not fit."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class Job:
    """What a controller works on.

    ``cells`` holds, per layer, the design values of the chip's cells, float64 (banks, ports); ``ports`` of one bank may
    be exchanged with each other and with no others. A controller reads them and never changes them. ``threads`` and
    ``device`` (``cpu`` or ``cuda``) are torch's.
    """

    task: Task
    model: Model
    start: Sequence[Start]
    cells: Sequence[NDArray[np.float64]]
    seed: int
    threads: int
    device: str = "cpu"


@dataclass(frozen=True)
class Reconnection:
    """One change of connections and registers at one moment.

    Args:
        batch: optimiser steps taken so far.
        permutations: per layer, int64 (banks, ports) of the permutations from now on, or None where the layer keeps its
            connections; ``p[b, i]`` is the cell of bank b that feeds position i.
        registers: per layer, the registers from now on.
        part: number of the part of the task that this serves, where the task has several.
        switch: whether it brings back what was learned before for its part.
    """

    batch: int
    permutations: tuple[NDArray[np.int64] | None, ...]
    registers: tuple[Registers, ...]
    part: int = 0
    switch: bool = False


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
    """How training goes; free training for the reference follows it too, without the reconnections.

    Args:
        epochs: passes over the training set.
        batch: samples of one optimiser step.
        rate: learning rate in the first epoch.
        rate_decay: factor on it after every epoch.
        period: from one reconnection to the next, in ``period_unit``.
        period_unit: ``epochs`` or ``batches``, which are single optimiser steps.
        optimiser: ``adam`` or ``sgd``.
        adam_epsilon: what Adam adds to the root of the second moment.
        penalty: factor of the sum of squares of each trained weight, added to the loss.
        clip: largest length of the gradient, 0 for any.
        temperature: what outputs are divided by before the softmax of the loss; classification alone knows any but 1.
        path: what trains: ``torch``, the ``compiled`` kernels, or ``auto`` for the faster of those that can.

    Example:
        >>> course = Course(epochs=2, batch=32, rate=0.1, rate_decay=1.0, period=3)
        >>> course.steps_a_pass(100), course.steps_a_period(100)
        (4, 12)
    """

    epochs: int
    batch: int
    rate: float
    rate_decay: float
    period: int
    period_unit: Unit = "epochs"
    optimiser: Optimiser = "adam"
    adam_epsilon: float = 1e-8
    penalty: float = 0.0
    clip: float = 0.0
    temperature: float = 1.0
    path: Path = "auto"

    def steps_a_pass(self, samples: int) -> int:
        """Optimiser steps of one pass over so many samples; the last batch may be smaller."""
        return -(-samples // self.batch)

    def steps_a_period(self, samples: int) -> int:
        """Optimiser steps from one reconnection to the next."""
        return self.period * (self.steps_a_pass(samples) if self.period_unit == "epochs" else 1)


def _suits(model: Model, shape: Shape) -> list[tuple[str, str]]:
    del model, shape
    return []


@dataclass(frozen=True)
class ControllerPlugin:
    """A catalogue entry: the schema of a method's parameters and the method.

    ``problems`` says why a model or a task does not suit the method: what was found and what would work, in words.
    """

    name: str
    summary: str
    parameters: type[Section]
    begin: Callable[[Any, Job], Controller]
    course: Callable[[Any], Course]
    problems: Callable[[Model, Shape], list[tuple[str, str]]] = _suits
