"""The values every task hands over: arrays to learn from and arrays to be judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.scenario import Section

Goal = Literal["classification", "regression"]


class DataError(Exception):
    """A task's data cannot be had; the message is one line that says what would help."""


@dataclass(frozen=True)
class Shape:
    """What a task asks of a model: numbers known before any data is loaded."""

    features: int
    outputs: int
    goal: Goal


@dataclass(frozen=True)
class Task:
    """A learning task with its data.

    ``train_x`` and ``test_x`` are float32 of shape (samples, features) inside ``input_range``; ``train_y`` and
    ``test_y`` are int64 class numbers (samples,) for classification, float32 (samples, outputs) for regression.
    ``augment`` makes new samples of the same shape out of those of one training batch; None where the task has nothing
    to vary.
    """

    shape: Shape
    train_x: NDArray[np.float32]
    train_y: NDArray[Any]
    test_x: NDArray[np.float32]
    test_y: NDArray[Any]
    input_range: tuple[float, float]
    augment: Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]] | None = None


@dataclass(frozen=True)
class TaskPlugin:
    """A catalogue entry: the schema of a task's parameters, its shape, and the loader."""

    name: str
    summary: str
    parameters: type[Section]
    shape: Callable[[Any], Shape]
    load: Callable[[Any], Task]
