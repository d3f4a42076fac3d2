"""What is to be learned: functions, images, dynamical systems, and data of one's own."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from hwsim.files.registry import Registry
from hwsim.task.data import BoundTask, DataError, DataFault, DataFaults, Shape, Task, TaskPlugin, join
from hwsim.task.metric import METRICS, Metric, metric_in

TASKS: Registry[TaskPlugin] = Registry("task")


def task(train: Any, test: Any = None, goal: str = "classification", **settings: Any) -> BoundTask:
    """Make a task of your own data, for :func:`hwsim.load` and :func:`hwsim.run`.

    Args:
        train: pair (inputs, targets) of arrays, samples first and of any shape; a torch ``Dataset`` of such pairs; or
            the path of a ``.csv``, ``.npz``, ``.npy`` or ``.parquet`` file.
        test: the test set likewise; where it is left out, a share of the samples is drawn for it.
        goal: ``classification`` (targets are class numbers from 0, or words) or ``regression`` (real numbers).
        settings: ``classes``, ``scaling``, ``scaling_over``, ``low``, ``high``, ``test_share``, ``split_seed`` and
            ``stratified``, as ``hwsim help task/arrays`` explains them; of files also ``inputs``, ``targets``,
            ``targets_file``, ``test_targets_file`` and ``split``.

    Raises:
        ArgumentError: an argument of the wrong type, or one that there is not.
        DataFaults: everything that is wrong with the data, at once.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).random((50, 4))
        >>> mine = task((x, np.where(x[:, 0] < x[:, 1], "less", "more")), scaling="unit", scaling_over="all")
        >>> mine  # doctest: +ELLIPSIS
        <task of 40 + 10 samples of 4, classification: 0 = less, 1 = more; digest ...>
    """
    from hwsim.task.arrays.given import take

    return take(train, test, {"goal": goal, **settings})


__all__ = [
    "METRICS",
    "TASKS",
    "BoundTask",
    "DataError",
    "DataFault",
    "DataFaults",
    "Metric",
    "Shape",
    "Task",
    "TaskPlugin",
    "join",
    "metric_in",
    "task",
]


class _Room(ModuleType):
    """This package, callable: ``hwsim.task(train=..., goal=...)`` works whether or not it was imported before."""

    def __call__(self, train: Any, test: Any = None, goal: str = "classification", **settings: Any) -> BoundTask:
        return task(train, test, goal, **settings)


sys.modules[__name__].__class__ = _Room
