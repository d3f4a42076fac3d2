"""The values every task hands over: arrays to learn from and arrays to be judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hwsim.scenario import Section

Goal = Literal["classification", "regression"]


class DataError(Exception):
    """A task's data cannot be had; the message is one line that says what would help."""


@dataclass(frozen=True)
class Shape:
    """What a task asks of a model: numbers known before any data is loaded.

    A task of sequences has ``steps``; its features and outputs are those of all steps, one step after another.
    """

    features: int
    outputs: int
    goal: Goal
    steps: int = 0


@dataclass(frozen=True)
class Task:
    """A learning task with its data.

    ``train_x`` and ``test_x`` are float32 of shape (samples, features) inside ``input_range``; ``train_y`` and
    ``test_y`` are int64 class numbers (samples,) for classification, float32 (samples, outputs) for regression.
    ``augment`` makes new samples of the same shape out of those of one training batch; None where the task has nothing
    to vary.

    Sequences for training may have fewer steps than those of the test. ``period`` counts the steps over which the
    error of a trajectory is told, 0 for tasks that have none.

    ``target`` is the function behind the samples, (samples, features) to (samples, outputs), where it can be written
    down.

    A task of several ``parts``, each a task with a ``name``, is learned part after part; its own arrays are taken from
    the parts in turn (:func:`join`) and serve to calibrate a chip, which is fabricated once for all of them.
    """

    shape: Shape
    train_x: NDArray[np.float32]
    train_y: NDArray[Any]
    test_x: NDArray[np.float32]
    test_y: NDArray[Any]
    input_range: tuple[float, float]
    augment: Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]] | None = None
    name: str = ""
    parts: tuple[Task, ...] = ()
    period: int = 0
    target: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None


def join(parts: Sequence[Task]) -> Task:
    """One task of several parts that ask the same of a model; sample i of its arrays is that of part i modulo parts.

    Example:
        >>> x, y = np.zeros((3, 2), np.float32), np.array([0, 1, 2])
        >>> one = Task(Shape(2, 3, "classification"), x, y, x, y, (0.0, 1.0), "a")
        >>> two = Task(Shape(2, 3, "classification"), x + 1, y, x + 1, y, (0.0, 1.0), "b")
        >>> both = join([one, two])
        >>> both.train_x[:, 0].tolist(), [part.name for part in both.parts]
        ([0.0, 1.0, 0.0], ['a', 'b'])
    """

    def mixed(name: str) -> NDArray[Any]:
        found: NDArray[Any] = getattr(parts[0], name).copy()
        for number, part in enumerate(parts[1:], start=1):
            found[number :: len(parts)] = getattr(part, name)[number :: len(parts)]
        return found

    low, high = (choose(part.input_range[end] for part in parts) for end, choose in enumerate((min, max)))
    arrays = (mixed(name) for name in ("train_x", "train_y", "test_x", "test_y"))
    return Task(parts[0].shape, *arrays, input_range=(low, high), parts=tuple(parts))


@dataclass(frozen=True)
class TaskPlugin:
    """A catalogue entry: the schema of a task's parameters, its shape, and the loader."""

    name: str
    summary: str
    parameters: type[Section]
    shape: Callable[[Any], Shape]
    load: Callable[[Any], Task]
