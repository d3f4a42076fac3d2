"""The values every task hands over: arrays to learn from and arrays to be evaluated on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.files import Section

Goal = Literal["classification", "regression"]


class DataError(HwsimError):
    """A task's data cannot be had; the message is one line that says what would help."""

    exit_code = BAD_INPUT


@dataclass(frozen=True, order=True)
class DataFault:
    """One thing wrong with a task's data: the key of ``[task]`` it belongs to, what was found, what would work."""

    key: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return "; ".join(filter(None, (self.what, self.hint)))


class DataFaults(DataError, ValueError):  # noqa: N818 - several errors at once
    """Everything that is wrong with a task's data; the message has one fault per line.

    Example:
        >>> print(DataFaults([DataFault("file", "it is empty", "give samples"), DataFault("classes", "none is left")]))
        it is empty; give samples
        none is left
    """

    def __init__(self, faults: Iterable[DataFault]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        super().__init__("\n".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[type[DataFaults], tuple[tuple[DataFault, ...]]]:
        """Travel whole between processes."""
        return type(self), (self.faults,)


@dataclass(frozen=True)
class Shape:
    """The shape that a task asks of a model: numbers known before any data is loaded.

    A task of sequences has ``steps``; its features and outputs are those of all steps, one step after another.
    ``sample`` is the shape of one sample where the data have one, such as (channels, rows, columns) of images; its
    numbers are the features.
    """

    features: int
    outputs: int
    goal: Goal
    steps: int = 0
    sample: tuple[int, ...] = ()

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
        """Return training inputs as a chip takes them, (samples, features): short sequences go on without input."""
        import numpy as np

        missing = self.shape.features - self.train_x.shape[1]
        return np.pad(self.train_x, ((0, 0), (0, missing))) if missing else self.train_x


def join(tasks: Mapping[str, Task]) -> Task:
    """Join tasks of one shape into a multi-task; sample i of its arrays is that of task i modulo the number of tasks.

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
class BoundTask:
    """Data that were read while a scenario was looked up.

    Args:
        parameters: those of the scenario, with what reading them found out.
        task: the data themselves.
        digest: SHA-256 of the data as they were read, before anything was made of them.
        about: what was decided, word by word, for people.
        keep: writes the data into a file, where a run folder is the only place that can hold them.
    """

    parameters: Section
    task: Task
    digest: str
    about: Mapping[str, Any]
    keep: Callable[[Path], None] | None = None

    def __repr__(self) -> str:
        shape, task = self.task.shape, self.task
        sample = " x ".join(map(str, shape.sample or (shape.features,)))
        samples = f"{len(task.train_x)} + {len(task.test_x)} samples of {sample}"
        return f"<task of {samples}, {shape.goal}: {self.outputs}; digest {self.digest[:12]}>"

    @property
    def outputs(self) -> str:
        """Say what is learned, in words: every class with its number, or how many numbers."""
        shape, names = self.task.shape, self.about.get("classes")
        if shape.goal == "regression":
            return f"{shape.outputs} real numbers" if shape.outputs > 1 else "a real number"
        return (
            ", ".join(f"{n} = {name}" for n, name in enumerate(names)) if names else f"classes 0 to {shape.outputs - 1}"
        )

    @property
    def words(self) -> list[str]:
        """Say what was made of the data, line by line."""
        about, task = self.about, self.task
        sample = " x ".join(map(str, task.shape.sample))
        low, high = task.input_range
        lines = [
            f"{len(task.train_x):,} samples for training, {len(task.test_x):,} for the test, of {sample} inputs",
            f"{task.shape.goal}: {self.outputs}",
            f"inputs from {low:.6g} to {high:.6g}, {about['scaled']}",
        ]
        if beyond := about["test_inputs_beyond_training"]:
            lines.append(f"{beyond:,} inputs of the test lie beyond those for training")
        return lines


@dataclass(frozen=True)
class TaskPlugin:
    """A catalogue entry: the schema of a task's parameters, its shape, and the loader.

    A task whose data lie in files has ``bind``, which reads them: it is given the parameters and what makes a path of
    one of theirs (key and text), and raises :class:`DataFaults`. ``paths`` are the keys that name files; where a file
    lies is no part of a run's identity, what stands in it is.
    """

    name: str
    summary: str
    parameters: type[Section]
    shape: Callable[[Any], Shape]
    load: Callable[[Any], Task]
    bind: Callable[[Any, Callable[[str, str], Path]], BoundTask] | None = None
    paths: tuple[str, ...] = ()
