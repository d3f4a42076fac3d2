"""Several runs in one picture: accuracy (or error) against toggles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.style import TASK_COLORS, look, plain_log, sheet
from hwsim.task import metric_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

MARKERS = "os^Dv<>P"


def draw_comparison(runs: Sequence[Sequence[Mapping[str, Any]]], labels: Sequence[str]) -> Figure:
    """Draw the score tables of several runs over one another.

    Args:
        runs: score rows of each run, all with one metric.
        labels: name of each run.

    Where no run toggles a switch, they are drawn against register writes. A ring marks the end of a run.
    """
    metric = metric_in(runs[0][0])
    moved = any(rows[-1]["toggles"] for rows in runs)
    axis = "toggles" if moved else "bias_writes"
    with look():
        figure = sheet((7.2, 4.5))
        axes = figure.subplots()
        for number, (rows, label) in enumerate(zip(runs, labels, strict=True)):
            scored = [row for row in rows if row.get(metric.name) is not None]
            color, marker = TASK_COLORS[number % len(TASK_COLORS)], MARKERS[number // len(TASK_COLORS) % len(MARKERS)]
            x, y = [row[axis] for row in scored], [row[metric.name] for row in scored]
            axes.plot(x, y, color=color, marker=".", linewidth=1.4)
            axes.plot(x[-1:], y[-1:], color=color, marker=marker, markerfacecolor="none", markersize=9, label=label)
        if not metric.more_is_better:
            axes.set_yscale("log")
            plain_log(axes.yaxis)
        axes.set_ylabel(metric.axis)
        axes.set_xlabel(("toggles" if moved else "register writes") + " since fabrication")
        axes.set_title(f"{len(runs)} runs", fontsize=11, loc="left")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="lower right" if metric.more_is_better else "upper right")
    return figure
