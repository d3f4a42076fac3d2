"""The promises of a task."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwsim.task import TASKS
from hwsim.testing.promise import entry_of, hold, introduce


def check_task(task: Any, **parameters: Any) -> None:
    """Check a task: its data have the shapes, types and ranges that it declares, and are the same when loaded again.

    Args:
        task: a registered name, or an entry with ``name``, ``summary``, ``parameters``, ``shape`` and ``load``.
        parameters: its own parameters, as a scenario's ``[task]`` would write them.

    Raises:
        ConformanceError: a promise is broken.
        KeyError: an unknown name.

    Example:
        >>> check_task("sine")
    """
    plugin = entry_of(TASKS, task)
    name = introduce(plugin)
    chosen = plugin.parameters.model_validate(parameters)
    declared, found, again = plugin.shape(chosen), plugin.load(chosen), plugin.load(chosen)
    hold(found.shape == declared, name, f"the shape known beforehand is that of the data: {declared}")
    low, high = found.input_range
    for part in ("train", "test"):
        x, y = getattr(found, f"{part}_x"), getattr(found, f"{part}_y")
        hold(x.dtype == np.float32 and x.ndim == 2, name, f"{part}_x is float32 (samples, features)")  # noqa: PLR2004
        hold(len(x) == len(y) and len(x), name, f"{part}_x and {part}_y have equally many samples, at least one")
        hold(np.isfinite(x).all(), name, f"{part}_x is finite")
        hold(x.min() >= low and x.max() <= high, name, f"{part}_x lies in the declared range {low:g} to {high:g}")
        wide = x.shape[1] == declared.features
        hold(wide or declared.steps, name, f"{part}_x has {declared.features} features")
        if declared.goal == "classification":
            whole = np.issubdtype(y.dtype, np.integer) and y.ndim == 1
            hold(whole, name, f"{part}_y is whole numbers (samples,)")
            hold(y.min() >= 0 and y.max() < declared.outputs, name, f"{part}_y are classes below {declared.outputs}")
        else:
            hold(np.issubdtype(y.dtype, np.floating), name, f"{part}_y is floating-point numbers")
            hold(np.isfinite(y).all(), name, f"{part}_y is finite")
        hold(np.array_equal(x, getattr(again, f"{part}_x")), name, "loading it again gives the same data")
