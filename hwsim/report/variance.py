"""The picture of a chip's task variances: which units serve which task, and what their biases have to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.report.style import TASK_COLORS, look, sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_POINTS = 4000
"""Units of one task that are drawn as points."""


def draw_variance(
    tasks: Sequence[str],
    relative: NDArray[np.float64],
    variance: NDArray[np.float64],
    bias: NDArray[np.float64],
    cluster: NDArray[np.int64],
    correlation: Sequence[float],
    title: str,
) -> Figure:
    """Draw units sorted by cluster over the tasks, and variance against bias for each task, into one file.

    Args:
        tasks: names of the tasks.
        relative: variances over the largest of the same unit, float64 (units, tasks).
        variance: float64 (units, tasks).
        bias: float64 (units, tasks).
        cluster: int64 (units,), -1 for units that take part in no task, which are left out.
        correlation: of bias and variance, a number a task.
        title: heading.
    """
    used = np.flatnonzero(cluster >= 0)
    serves = relative[used].argmax(axis=1)
    order = used[np.lexsort((-relative[used, serves], serves, cluster[used]))]
    sizes = np.bincount(cluster[used]) if used.size else np.zeros(0, np.int64)
    with look():
        figure = sheet((8.6, 6.0))
        grid = figure.add_gridspec(2, len(tasks), height_ratios=(1, 1.4))
        top = figure.add_subplot(grid[0, :])
        shown = top.imshow(relative[order].T, aspect="auto", cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
        figure.colorbar(shown, ax=top, label="variance / largest\nof the same unit")
        top.set_yticks(range(len(tasks)), tasks)
        for edge in np.cumsum(sizes)[:-1]:
            top.axvline(edge - 0.5, color="white", linewidth=1.6)
        starts = np.cumsum(sizes) - sizes
        top.set_xticks(starts + sizes / 2 - 0.5, [f"{k + 1}\n{size:,}" for k, size in enumerate(sizes)])
        silent = len(cluster) - len(used)
        top.set_xlabel(f"cluster and its units ({silent:,} of {len(cluster):,} units take part in no task)")
        top.set_title(title, fontsize=11, loc="left")
        some = used[:: max(1, len(used) // MOST_POINTS)]
        share = None
        for number, (task, color) in enumerate(zip(tasks, TASK_COLORS * len(tasks), strict=False)):
            axes = figure.add_subplot(grid[1, number], sharex=share, sharey=share)
            share = share or axes
            axes.plot(bias[some, number], variance[some, number], ".", color=color, markersize=2.5, alpha=0.5)
            axes.set_title(f"{task}: r = {correlation[number]:.2f}", fontsize=10)
            axes.set_xlabel("bias")
            axes.set_ylabel("variance of the activation" if number == 0 else "")
            axes.grid(visible=True, color="#dddddd", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
    return figure
