"""Loading a task: its data is looked at once, so that what a plug-in gives is what every other part relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files.registry import PluginError
from hwsim.task.data import Shape, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.files import Section
    from hwsim.task.data import TaskPlugin

ROUNDING = 1e-6
"""Share of the input range by which a float32 may miss its ends."""


def load_task(plugin: TaskPlugin, parameters: Section) -> Task:
    """Load a task's data and hold it against what the task promised.

    Args:
        plugin: the catalogue entry.
        parameters: its validated parameters.

    Raises:
        DataError: the data cannot be had.
        PluginError: shapes, dtypes, ranges or classes are not what :class:`hwsim.task.data.Task` says.

    Example:
        >>> from hwsim.task import TASKS
        >>> load_task(TASKS["sine"], TASKS["sine"].parameters()).shape.goal
        'regression'
    """
    task = plugin.load(parameters)
    wrong = find_fault(task, plugin.shape(parameters))
    if wrong:
        raise PluginError(f"task {plugin.name!r}: {wrong}")
    return task


def find_fault(task: Any, shape: Shape) -> str:
    """Describe the first fault of a task's data; return "" if there is none.

    Example:
        >>> x, y = np.zeros((4, 2), np.float32), np.array([0, 1, 2, 7])
        >>> find_fault(Task(Shape(2, 3, "classification"), x, y, x, y, (0.0, 1.0)), Shape(2, 3, "classification"))
        'train_y holds class 7 of 3 classes; number them 0 to 2'
    """
    if not isinstance(task, Task):
        return f"load gives {type(task).__name__}, not a Task"
    if task.shape != shape:
        return f"the loaded task has {task.shape}, but the task promises {shape}"
    told = (f"task {one.name!r}: {wrong}" for one in task.tasks if (wrong := find_fault(one, shape)))
    return next(told, "") or _range(task) or _half(task, "train") or _half(task, "test") or _planes(task)


def _range(task: Task) -> str:
    low, high = task.input_range
    sound = np.isfinite([low, high]).all() and low < high
    return "" if sound else f"input_range is {task.input_range}; give two finite numbers, the smaller one first"


def _half(task: Task, half: str) -> str:
    """Say what is wrong with the samples for training or for the test."""
    x, y, shape = getattr(task, f"{half}_x"), getattr(task, f"{half}_y"), task.shape
    if wrong := _inputs(x, shape, task.input_range, half):
        return f"{half}_x {wrong}"
    classes = shape.goal == "classification"
    wrong = _labels(y, shape, len(x)) if classes else _targets(y, shape, len(x), half)
    return f"{half}_y {wrong}" if wrong else ""


def _planes(task: Task) -> str:
    sound = task.planes >= 1 and len(task.test_x) % task.planes == 0
    return "" if sound else f"planes is {task.planes}, but {len(task.test_x)} test samples make no so many equal parts"


def _array(values: Any, dtype: type[np.generic], hint: str, shape: tuple[int | str, ...]) -> str:
    """Say what is wrong with the kind of an array; the dimensions that are numbers must be met."""
    words = " x ".join(map(str, shape))
    if not isinstance(values, np.ndarray):
        return f"is a {type(values).__name__}, not a NumPy array {words}"
    if values.dtype != dtype:
        return f"is of {values.dtype}, not {np.dtype(dtype).name}; {hint}"
    fits = values.ndim == len(shape) and all(
        not isinstance(wanted, int) or found == wanted for found, wanted in zip(values.shape, shape, strict=True)
    )
    return "" if fits else f"has the shape {values.shape}, not {words}"


def _columns(values: Any, columns: int, shape: Shape, *, shorter: bool) -> int | str:
    """Count numbers per sample: those of the shape, or of fewer whole steps if sequences may be shorter."""
    if shape.steps and shorter and isinstance(values, np.ndarray) and values.ndim == 2:  # noqa: PLR2004 - a matrix
        step = columns // shape.steps
        return values.shape[1] if 0 < values.shape[1] <= columns and values.shape[1] % step == 0 else columns
    return columns


def _inputs(x: Any, shape: Shape, ends: tuple[float, float], half: str) -> str:
    columns = _columns(x, shape.features, shape, shorter=half == "train")
    if wrong := _array(x, np.float32, "convert it with astype(np.float32)", ("samples", columns)):
        return wrong
    if not len(x):
        return "holds no sample"
    least, most = float(x.min()), float(x.max())
    if not np.isfinite([least, most]).all():
        return _not_finite(x)
    slack = ROUNDING * (ends[1] - ends[0])
    if least < ends[0] - slack or most > ends[1] + slack:
        return f"holds values from {least:.6g} to {most:.6g}, outside of input_range {ends}; scale them, or widen it"
    return ""


def _not_finite(values: NDArray[Any]) -> str:
    bad = np.argwhere(~np.isfinite(values))
    return f"holds {len(bad):,} values that are not finite numbers, the first at {bad[0].tolist()}"


def _labels(y: Any, shape: Shape, samples: int) -> str:
    if wrong := _array(y, np.int64, "class numbers are whole: convert them with astype(np.int64)", (samples,)):
        return wrong
    strange = y[(y < 0) | (y >= shape.outputs)]
    if strange.size:
        return f"holds class {strange[0]} of {shape.outputs} classes; number them 0 to {shape.outputs - 1}"
    return ""


def _targets(y: Any, shape: Shape, samples: int, half: str) -> str:
    columns = _columns(y, shape.outputs, shape, shorter=half == "train")
    if wrong := _array(y, np.float32, "convert it with astype(np.float32)", (samples, columns)):
        return wrong
    return "" if np.isfinite([y.min(), y.max()]).all() else _not_finite(y)
