"""Scores of a multi-task: each task's own, what switching to it costs, and the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.task import METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPENT = ("moves", "toggles", "bias_writes", "energy_j", "time_s")
"""Columns that add up from event to event."""


def worst(scores: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Any]:
    """Return the score with the least accuracy, or the largest error.

    Example:
        >>> worst([{"accuracy": 0.9, "loss": 1.0}, {"accuracy": 0.8, "loss": 2.0}], "accuracy")
        {'accuracy': 0.8, 'loss': 2.0}
    """
    choose = min if METRICS[metric].more_is_better else max
    return dict(choose(scores, key=lambda score: score[metric]))


def by_task(rows: Sequence[Mapping[str, Any]], metric: str, reference: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sum up a multi-task: for each task its score at the end and what the switch to it cost.

    Args:
        rows: score rows in order; those of a multi-task name a task each, the last one of a task is the switch to it.
        metric: ``accuracy`` or ``max_error``.
        reference: scores of free training by name of the task, where there is any.

    Returns:
        One record per task, in order: its ``task``, the columns of its metric, ``reference``, and under ``task_switch``
        what switching to it from the task before (to the first, from the last) cost.

    Example:
        >>> spent = dict.fromkeys(SPENT, 0)
        >>> rows = [
        ...     {"task": "a", "accuracy": 0.7, "accuracy_noiseless": 0.7, "loss": 0.1, **spent},
        ...     {"task": "b", "accuracy": 0.8, "accuracy_noiseless": 0.8, "loss": 0.1, **spent, "bias_writes": 3},
        ...     {"task": "a", "accuracy": 0.9, "accuracy_noiseless": 0.9, "loss": 0.1, **spent, "bias_writes": 8},
        ... ]
        >>> [(one["task"], one["accuracy"], one["task_switch"]["bias_writes"]) for one in by_task(rows, "accuracy", {})]
        [('a', 0.9, 5), ('b', 0.8, 3)]
    """
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        if "task" not in row or metric not in row:
            continue
        before = rows[number - 1] if number else dict.fromkeys(SPENT, 0)
        task = {key: row[key] for key in ("task", metric, f"{metric}_noiseless", "loss")}
        task["reference"] = reference.get(row["task"], {}).get(metric)
        task["task_switch"] = {key: row[key] - before[key] for key in SPENT}
        found[row["task"]] = task
    return list(found.values())
