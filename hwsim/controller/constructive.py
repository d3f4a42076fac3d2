"""Constructive: the permutation is built for the target function, without gradients, in one reconnection.

Source: Y. Cai, G. Chen, Z. Qiao, Neural networks trained by weight permutation are universal approximators, Neural
Networks 187 (2025) 107277 (arXiv 2407.01033), Theorems 2.1 to 2.3. The network must be theirs: one input, a frozen
hidden ReLU layer of weights +w and -w, one output whose weights are one bank. Its gain and shift are written along
where the model lets them be learned; with registers = "fixed" they stay as they start (Theorem 2.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from pydantic import Field

from hwsim.controller.construction import (
    Construction,
    Method,
    Norm,
    Target,
    construct,
    interpolate,
    read_basis,
    tabulate,
)
from hwsim.controller.protocol import ControllerPlugin, Reconnection, TrainingError, TrainingSettings
from hwsim.errors import BAD_INPUT
from hwsim.files import Section
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsim.controller.construction import Basis
    from hwsim.controller.protocol import Job
    from hwsim.model import Model, Start
    from hwsim.task import Shape, Task


class DomainError(TrainingError):
    """The target cannot be followed with this basis; the message is one line that says what would help."""

    exit_code = BAD_INPUT


class ConstructiveParameters(Section):
    """Parameters of the controller ``constructive``."""

    method: Method = "breakpoints"
    """How the sum is built: ``breakpoints``, bent where the target bends; ``step-functions``, step and constant
    matching with linear reorganisation, as the proof of Cai et al. has it."""
    norm: Norm = "largest"
    """The error that is to be small: the ``largest``, or the ``root-mean-square``."""
    epochs: int = Field(default=100, ge=0, le=1_000_000)
    """Passes of the free training that the reference takes; nothing on the hardware is trained."""
    batch: int = Field(default=16, ge=1, le=1_000_000)
    """Samples of one optimiser step of the reference."""
    learning_rate: float = Field(default=1e-3, gt=0, le=10, allow_inf_nan=False)
    """Learning rate of the reference in the first epoch."""
    rate_decay: float = Field(default=1.0, gt=0, le=1)
    """Factor on it after every epoch."""

    def training(self) -> TrainingSettings:
        """Return the settings that free training for the reference follows."""
        return TrainingSettings(self.epochs, self.batch, self.learning_rate, self.rate_decay, max(self.epochs, 1))


class Constructive:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, parameters: ConstructiveParameters, job: Job) -> None:
        wrong = find_problems(job.model, job.task.shape)
        if wrong:
            raise DomainError("; ".join(wrong[0]))
        self._parameters, self._job = parameters, job
        self._done = False

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Build the permutation; the end after it."""
        if self._done:
            return None
        job, parameters = self._job, self._parameters
        layer, first, last = job.model.layers[1], job.start[0], job.start[1]
        free = layer.learned_registers
        gain, shift = float(last.gain), float(last.bias[0])
        try:
            basis = read_basis(np.asarray(job.cells[0]).reshape(first.weights.shape), first.bias)
            found = construct(
                basis,
                job.cells[1][0],
                find_target(job.task, basis),
                method=parameters.method,
                norm=parameters.norm,
                gain=None if free and layer.gains else gain,
                shift=None if free else shift,
                report=report,
            )
        except ValueError as error:
            raise DomainError(str(error)) from None
        self._done = True
        report(1.0)
        return Reconnection(0, (None, found.permutation[None, :]), _registers(job.start, found))

    def dump(self) -> bytes:
        """Return whether the reconnection has been made, as bytes."""
        return bytes([self._done])

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""
        self._done = bool(state[0])


def _registers(start: Sequence[Start], found: Construction) -> tuple[Registers, ...]:
    return (Registers(start[0].bias, start[0].gain), Registers(np.array([found.shift]), found.gain))


def find_target(task: Task, basis: Basis) -> Target:
    """Find the function to follow over the task's domain: the task's own, or else its samples joined by lines.

    Raises:
        DomainError: samples lie outside the task's domain, or the basis has no breakpoints over a large part of it.

    Example:
        >>> from hwsim.controller.construction import Basis
        >>> from hwsim.task import TASKS
        >>> task = TASKS["sine"].load(TASKS["sine"].parameters())
        >>> grid = np.linspace(-1, 1, 20)
        >>> find_target(task, Basis(np.concatenate([grid, grid]), np.arange(40) < 20)).high
        1.0
        >>> find_target(task, Basis(np.concatenate([grid, grid]) / 4, np.arange(40) < 20))
        Traceback (most recent call last):
        ...
        hwsim.controller.constructive.DomainError: the target leaves the domain: it is wanted over -1 to 1, but the ...
    """
    x, y = task.train_x[:, 0].astype(np.float64), task.train_y[:, 0].astype(np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DomainError("the target has samples that are not finite numbers; choose a domain where it is continuous")
    low, high = task.input_range
    if x.min() < low - 1e-6 * (high - low) or x.max() > high + 1e-6 * (high - low):
        what = f"the target leaves the domain: samples from {x.min():g} to {x.max():g}, but the domain is {low:g} to"
        raise DomainError(f"{what} {high:g}; scale the inputs into the domain")
    breakpoints = np.sort(basis.breakpoints)
    most = (high - low) * max(0.15, 12 / len(breakpoints))
    if breakpoints[0] > low + most or breakpoints[-1] < high - most:
        what = (
            f"the target leaves the domain: it is wanted over {low:g} to {high:g}, but the basis has breakpoints from"
        )
        raise DomainError(
            f"{what} {breakpoints[0]:g} to {breakpoints[-1]:g} alone; "
            "start the hidden layer's bias with a larger bias_bound"
        )
    function = task.target
    if function is not None:
        return tabulate(lambda points: function(points[:, None])[:, 0], low, high)
    return interpolate(x, y, low, high)


def find_problems(model: Model, shape: Shape) -> list[tuple[str, str]]:
    """List what keeps a model from being Cai's 1-2n-1-1: pairs of what was found and what would work, as text."""
    if shape.features != 1 or shape.outputs != 1 or shape.goal != "regression":
        what = f"a construction takes a function of one number, not a {shape.goal} of {shape.features} inputs and "
        return [(f"{what}{shape.outputs} outputs", "choose a one-dimensional task, or controller 'laperm'")]
    hint = "take the form of the model 'sine-cai'"
    hidden, last = model.layers[0], model.layers[-1]
    if not model.chained or [node.kind for node in model.nodes] != ["dense", "dense"]:
        return [("a construction takes two dense layers and nothing else", hint)]
    found = []
    if hidden.activation != "relu" or hidden.weights != "signs":
        found.append(("a construction takes a hidden layer of activation 'relu' and weights 'signs'", hint))
    if hidden.learned_connections:
        found.append(("a construction leaves the hidden layer's connections as they are", "set connections = 'fixed'"))
    if hidden.gains:
        found.append(("a construction takes a hidden layer without gain registers", "leave gain and batch-norm out"))
    if last.permuted_registers:
        found.append(
            ("a construction writes the output layer's registers anew", "set registers = 'learned' or 'fixed'")
        )
    if last.activation != "identity" or not last.learned_connections or last.unit_gains:
        found.append(("a construction reconnects an output layer of activation 'identity'", hint))
    return found


PLUGIN = ControllerPlugin(
    name="constructive",
    summary="constructive (Cai et al. 2025): the permutation built for a target function, in one reconnection",
    parameters=ConstructiveParameters,
    begin=cast("Callable[[Section, Job], Constructive]", Constructive),
    training=ConstructiveParameters.training,
    problems=find_problems,
)
