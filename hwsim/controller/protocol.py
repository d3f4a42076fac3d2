"""What a controller is given, and what it hands out: reconnections, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from hwsim.errors import BAD_INPUT, FAILED, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path as FilePath

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.files import Section
    from hwsim.model import Model, Registers, Start
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


class SpentError(HwsimError):
    """What a run may spend does not suffice for what is asked next: a normal end, and the message is its reason."""

    exit_code = FAILED


@dataclass(frozen=True)
class Expense:
    """The cost of reconnections and reads, paid or estimated.

    ``moves``, ``toggles`` and ``bias_writes`` are those of reconnections; ``reads`` are samples that a controller had
    the chip infer; ``energy_j`` and ``time_ps`` (picoseconds) are of both.

    Example:
        >>> Expense(moves=2, toggles=1, energy_j=1e-12) + Expense(reads=3)
        Expense(moves=2, toggles=1, bias_writes=0, energy_j=1e-12, time_ps=0, reads=3)
    """

    moves: int = 0
    toggles: int = 0
    bias_writes: int = 0
    energy_j: float = 0.0
    time_ps: int = 0
    reads: int = 0

    def __add__(self, other: Expense) -> Expense:
        return Expense(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


class Probe(Protocol):
    """The questions that a controller may ask its chip; the answers stand in the bill.

    It says what the chip answers, never what its cells really hold, nor the test set.
    """

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        """Infer samples (samples, features) on the chip as it is connected now, with event noise: (samples, outputs).

        Raises:
            SpentError: that is more than is left; nothing was read.
        """

    def price(self, wanted: Reconnection) -> Expense:
        """Return what a reconnection would cost, without carrying it out; asking is free."""

    @property
    def spent(self) -> Expense:
        """Return what reconnections and reads have cost so far."""

    @property
    def left(self) -> Mapping[str, float]:
        """Return what may still be spent of every number of :class:`Expense` that is limited, by its name."""


@dataclass(frozen=True)
class Job:
    """The job that a controller works on: a task, a model, and the values of a chip.

    ``cells`` holds, per layer, the design values of the chip's cells, float64 (banks, ports); ``ports`` of one bank may
    be exchanged with each other and with no others. A controller reads them and never changes them. ``threads`` and
    ``device`` (``cpu`` or ``cuda``) are torch's. ``probe`` is None where there is no chip yet or none is meant.
    """

    task: Task
    model: Model
    start: Sequence[Start]
    cells: Sequence[NDArray[np.float64]]
    seed: int
    threads: int
    device: str = "cpu"
    probe: Probe | None = None


@dataclass(frozen=True)
class Reconnection:
    """One change of connections and registers at one moment.

    Args:
        batch: optimiser steps taken so far.
        permutations: per layer, int64 (banks, ports) of the permutations from now on, or None where the layer keeps its
            connections; ``p[b, i]`` is the cell of bank b that feeds position i.
        registers: per layer, the registers from now on.
        task: number of the task that this serves, in a multi-task; 0 otherwise.
        task_switch: whether it brings back what was learned before for its task.
    """

    batch: int
    permutations: tuple[NDArray[np.int64] | None, ...]
    registers: tuple[Registers, ...]
    task: int = 0
    task_switch: bool = False


class Controller(Protocol):
    """A method at work on one job; can be put away after any reconnection and taken up again."""

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Work until the next reconnection; None at the end. ``report`` takes the share done, 0 to 1."""

    def dump(self) -> bytes:
        """Return everything needed to go on from here, after a reconnection."""

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""


@runtime_checkable
class YieldingController(Controller, Protocol):
    """A method that goes on from what stands where hardware could not do what it wanted."""

    def stands(self, permutations: Sequence[NDArray[np.int64]]) -> None:
        """Take note of which cell feeds each position in fact, per layer int64 (banks, ports).

        Told after a reconnection that known faults kept from being the one that was wanted.
        """


@dataclass(frozen=True)
class TrainingSettings:
    """How training goes; free training for the reference follows it too, without the reconnections.

    Args:
        epochs: passes over the training set.
        batch: samples of one optimiser step.
        learning_rate: learning rate in the first epoch.
        rate_decay: factor on it after every epoch.
        period: from one reconnection to the next, in ``period_unit``.
        period_unit: ``epochs`` or ``batches``, which are single optimiser steps.
        optimiser: ``adam`` or ``sgd``.
        adam_epsilon: what Adam adds to the root of the second moment.
        l2: factor of the sum of squares of each trained weight, added to the loss.
        clip: largest length of the gradient, 0 for any.
        temperature: what outputs are divided by before the softmax of the loss; classification alone knows any but 1.
        path: what trains: ``torch``, the ``compiled`` kernels, or ``auto`` for the faster of those that can.

    Example:
        >>> training = TrainingSettings(epochs=2, batch=32, learning_rate=0.1, rate_decay=1.0, period=3)
        >>> training.steps_per_epoch(100), training.steps_per_period(100)
        (4, 12)
    """

    epochs: int
    batch: int
    learning_rate: float
    rate_decay: float
    period: int
    period_unit: Unit = "epochs"
    optimiser: Optimiser = "adam"
    adam_epsilon: float = 1e-8
    l2: float = 0.0
    clip: float = 0.0
    temperature: float = 1.0
    path: Path = "auto"

    def steps_per_epoch(self, samples: int) -> int:
        """Count the optimiser steps of one epoch over so many samples; the last batch may be smaller."""
        return -(-samples // self.batch)

    def steps_per_period(self, samples: int) -> int:
        """Count the optimiser steps from one reconnection to the next."""
        return self.period * (self.steps_per_epoch(samples) if self.period_unit == "epochs" else 1)


def _suits(model: Model, shape: Shape) -> list[tuple[str, str]]:
    del model, shape
    return []


@dataclass(frozen=True)
class BoundMethod:
    """A method that stands ready before a run begins: a function of Python, or a schedule that was read.

    Args:
        name: what messages call it.
        parameters: those of the scenario, with its digest.
        begin: begins it on a job.
        keep: writes what it is into a file of the run folder, where it has one.
        untold: why its code has no digest, so that no finished run may answer for it; empty where it has one.
        ended: why it ends before its time, for the answer; empty where it does not.
    """

    name: str
    parameters: Section
    begin: Callable[[Job], Controller]
    keep: Callable[[FilePath], None] | None = None
    untold: str = ""
    ended: str = ""


@dataclass(frozen=True)
class ControllerPlugin:
    """A catalogue entry: the schema of a method's parameters and the method.

    ``problems`` says why a model or a task does not suit the method: what was found and what would work, in words.
    ``literal``: what it hands out is executed unit by unit as it stands, as a schedule has it. ``restarts``: it cannot
    be put away; an interrupted run begins anew, and is held against what was kept. ``refers``: whether free training
    can be its reference. ``file`` is the parameter that names the schedule which it carries out: it is read while the
    scenario is looked up, and where it lies is no part of a run's identity. ``reconnects`` yields the optimiser steps
    after which something is handed out, for so many steps an epoch; None where only the work itself tells.
    ``rewires``: connections change, and not registers alone.
    """

    name: str
    summary: str
    parameters: type[Section]
    begin: Callable[[Any, Job], Controller]
    training: Callable[[Any], TrainingSettings]
    problems: Callable[[Model, Shape], list[tuple[str, str]]] = _suits
    literal: bool = False
    restarts: bool = False
    refers: Callable[[Any], bool] = lambda _: True
    reconnects: Callable[[Any, int], Iterator[int]] | None = None
    rewires: bool = True
    file: str | None = None
