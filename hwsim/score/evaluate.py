"""Accuracy and loss of outputs on a test set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import FAILED, HwsimError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.task import Task

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


class NotFiniteError(HwsimError, ArithmeticError):
    """A network gave outputs that are not finite numbers; the message is one line that says what would help."""

    exit_code = FAILED


@dataclass(frozen=True)
class Evaluation:
    """The quality of outputs: ``metric`` is the accuracy (classification) or the largest error (regression).

    ``periods`` has, for a task of trajectories, their error in every period (:func:`trajectory_errors`).
    """

    metric: float
    loss: float
    periods: tuple[float, ...] = ()

    @property
    def trajectory_error(self) -> float | None:
        """Return the error over the first period, None for a task without trajectories."""
        return self.periods[0] if self.periods else None

    @property
    def worst_period(self) -> float | None:
        """Return the largest error of a period, None for a task with fewer than two."""
        return max(self.periods) if len(self.periods) > 1 else None


def evaluate(task: Task, outputs: NDArray[Any]) -> Evaluation:
    """Evaluate outputs (samples, outputs) on a task's test set.

    Classification: share of samples whose largest output is the right class (ties go to the lower class), and mean
    cross-entropy in nats. Regression: max |output - target|, averaged over the task's planes, and mean squared error.

    Raises:
        NotFiniteError: an output is not a finite number.
    """
    values = np.asarray(outputs, np.float64)
    if not np.isfinite(values).all():
        raise NotFiniteError(
            "the network's outputs are not finite numbers; lower the learning rate or its initial values"
        )
    if task.shape.goal == "regression":
        error = values - task.test_y
        periods = trajectory_errors(task, values) if task.period else ()
        largest = np.abs(error).reshape(task.planes, -1).max(axis=1)
        return Evaluation(float(largest.mean()), float((error**2).mean()), periods)
    shifted = values - values.max(axis=1, keepdims=True)
    log_share = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_share[np.arange(len(values)), task.test_y].mean()
    return Evaluation(float((values.argmax(axis=1) == task.test_y).mean()), float(loss))


def trajectory_errors(task: Task, outputs: NDArray[np.float64]) -> tuple[float, ...]:
    """Compute the normalised error of trajectories, period by period.

    Per period of ``task.period`` steps: the root of the mean squared error over all test trajectories, steps and
    outputs, over the root of the mean squared deviation of the targets from the mean of each output, that over all
    periods. A network that gives that mean all the time has an error of about 1.

    Args:
        task: with trajectories as its test set.
        outputs: (samples, steps x outputs).
    """
    steps = task.shape.steps
    target = np.asarray(task.test_y, np.float64).reshape(len(outputs), steps, -1)
    error = ((outputs.reshape(target.shape) - target) ** 2).mean(axis=(0, 2))
    deviation = target.var(axis=(0, 1)).mean()
    return tuple(
        float(np.sqrt(error[first : first + task.period].mean() / deviation)) for first in range(0, steps, task.period)
    )


def interval(accuracy: float, samples: int) -> tuple[float, float]:
    """Compute the 95 % interval of a binomial share (Wilson 1927).

    Args:
        accuracy: observed share, 0 to 1.
        samples: number of trials, at least 1.

    Example:
        >>> low, high = interval(0.5, 100)
        >>> round(low, 4), round(high, 4)
        (0.4038, 0.5962)
    """
    denominator = 1 + Z95**2 / samples
    middle = (accuracy + Z95**2 / (2 * samples)) / denominator
    half = Z95 * np.sqrt(accuracy * (1 - accuracy) / samples + Z95**2 / (4 * samples**2)) / denominator
    # rounding must not put an end beyond 0, 1 or the share itself
    return float(max(min(middle - half, accuracy), 0)), float(min(max(middle + half, accuracy), 1))
