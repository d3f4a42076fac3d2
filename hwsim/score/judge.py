"""Accuracy and loss of outputs on a test set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.task import Task

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


class NotFiniteError(ArithmeticError):
    """A network gave outputs that are no finite numbers; the message is one line that says what would help."""


@dataclass(frozen=True)
class Judgement:
    """How good outputs are: ``merit`` is the accuracy (classification) or the largest error (regression)."""

    merit: float
    loss: float


def judge(task: Task, outputs: NDArray[Any]) -> Judgement:
    """Judge outputs (samples, outputs) on a task's test set.

    Classification: share of samples whose largest output is the right class (ties go to the lower class), and mean
    cross-entropy in nats. Regression: max |output - target| and mean squared error.

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
        return Judgement(float(np.abs(error).max()), float((error**2).mean()))
    shifted = values - values.max(axis=1, keepdims=True)
    log_share = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_share[np.arange(len(values)), task.test_y].mean()
    return Judgement(float((values.argmax(axis=1) == task.test_y).mean()), float(loss))


def interval(accuracy: float, samples: int) -> tuple[float, float]:
    """95 % interval of a binomial share (Wilson 1927).

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
