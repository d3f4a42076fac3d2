"""The values every task hands over: arrays to learn from and arrays to be judged on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.files import Section

Goal = Literal["classification", "regression"]


class DataError(HwsimError):
    """A task's data cannot be had; the message is one line that says what would help."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class Shape:
    """What a task asks of a model: numbers known before any data is loaded.

    A task of sequences has ``steps``; its features and outputs are those of all steps, one step after another.
    """

    features: int
    outputs: int
    goal: Goal
    steps: int = 0

    @property
    def metric(self) -> str:
        """Name of the number by which outputs are evaluated, a key of :data:`hwsim.task.METRICS`.

        Example:
            >>> Shape(64, 10, "classification").metric, Shape(1, 1, "regression").metric
            ('accuracy', 'max_error')
        """
        return "accuracy" if self.goal == "classification" else "max_error"


@dataclass(frozen=True)
class Task:
    """A learning task with its data.

    ``train_x`` and ``test_x`` are float32 of shape (samples, features) inside ``input_range``; ``train_y`` and
    ``test_y`` are int64 class numbers (samples,) for classification, float32 (samples, outputs) for regression.
    ``augment`` makes new samples of the same shape out of those of one training batch; None where the task has nothing
    to vary. ``planes`` splits the test set into so many equal parts, one after another, the largest errors of which are
    averaged; 1 for the largest error of all.

    Sequences for training may have fewer steps than those of the test. ``period`` counts the steps over which the
    error of a trajectory is told, 0 for tasks that have none.

    ``target`` is the function behind the samples, (samples, features) to (samples, outputs), where it can be written
    down.

    A multi-task has ``tasks``, which alone have a ``name``, and is learned task after task; its own arrays are taken
    from the tasks in turn (:func:`join`) and serve to calibrate a chip, which is fabricated once for all of them.
    """

    shape: Shape
    train_x: NDArray[np.float32]
    train_y: NDArray[Any]
    test_x: NDArray[np.float32]
    test_y: NDArray[Any]
    input_range: tuple[float, float]
    augment: Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]] | None = None
    name: str = ""
    tasks: tuple[Task, ...] = ()
    period: int = 0
    target: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
    planes: int = 1

    @property
    def metric(self) -> str:
        """Name of the number by which outputs are evaluated: that of the shape."""
        return self.shape.metric

    @property
    def calibration(self) -> NDArray[np.float32]:
        """Training inputs as a chip takes them, (samples, features): short sequences go on without input."""
        import numpy as np

        missing = self.shape.features - self.train_x.shape[1]
        return np.pad(self.train_x, ((0, 0), (0, missing))) if missing else self.train_x


def join(tasks: Mapping[str, Task]) -> Task:
    """Joins tasks of one shape into a multi-task; sample i of its arrays is that of task i modulo the number of tasks.

    Example:
        >>> import numpy as np
        >>> x, y = np.zeros((3, 2), np.float32), np.array([0, 1, 2])
        >>> one, two = (Task(Shape(2, 3, "classification"), x + n, y, x + n, y, (0.0, 1.0)) for n in (0, 1))
        >>> both = join({"a": one, "b": two})
        >>> both.train_x[:, 0].tolist(), [task.name for task in both.tasks]
        ([0.0, 1.0, 0.0], ['a', 'b'])
    """
    named = tuple(replace(task, name=name) for name, task in tasks.items())

    def mixed(name: str) -> NDArray[Any]:
        found: NDArray[Any] = getattr(named[0], name).copy()
        for number, task in enumerate(named[1:], start=1):
            found[number :: len(named)] = getattr(task, name)[number :: len(named)]
        return found

    lows, highs = zip(*(task.input_range for task in named), strict=True)
    return Task(
        shape=named[0].shape,
        train_x=mixed("train_x"),
        train_y=mixed("train_y"),
        test_x=mixed("test_x"),
        test_y=mixed("test_y"),
        input_range=(min(lows), max(highs)),
        tasks=named,
    )


@dataclass(frozen=True)
class TaskPlugin:
    """A catalogue entry: the schema of a task's parameters, its shape, and the loader."""

    name: str
    summary: str
    parameters: type[Section]
    shape: Callable[[Any], Shape]
    load: Callable[[Any], Task]
