"""Accuracy (or error) versus switch count, the picture of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.still import draw_still
from hwsim.report.style import CHIP, FREE, INK, QUIET, TASK_COLORS, heading, look, plain_log, sheet
from hwsim.task import metric_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

    from hwsim.report.style import Published


def _draw_tasks(axes: Any, rows: Sequence[Mapping[str, Any]], axis: str, key: str) -> None:
    """Draw a line for each task of a multi-task, and a ring where the chip has switched to it in the end."""
    for task, color in zip(dict.fromkeys(row["task"] for row in rows), TASK_COLORS * len(rows), strict=False):
        own = [row for row in rows if row["task"] == task]
        axes.plot([r[axis] for r in own[:-1]], [r[key] for r in own[:-1]], color=color, marker=".", label=task)
        axes.plot(own[-1][axis], own[-1][key], color=color, marker="o", markerfacecolor="none", markersize=9)
    axes.plot([], [], color=INK, marker="o", markerfacecolor="none", markersize=9, linestyle="", label="switched to it")


def draw(
    rows: Sequence[Mapping[str, Any]],
    reference: float | None,
    title: str,
    published: Published | None = None,
    changes: str = "",
) -> Figure:
    """Draw a score table with its reference line.

    Args:
        rows: score rows with ``accuracy`` or ``max_error``.
        reference: the freely trained network's value, None without.
        title: heading.
        published: what a paper reports for the same experiment, drawn as two lines beside the run's.
        changes: what was set from outside, a line below the title.

    A run without toggles (bias-only) is drawn against register writes. The same rows give the same bytes.
    """
    metric = metric_in(rows[0])
    key = metric.name
    if len(rows) == 1:
        return draw_still(rows[0], reference, title, published, changes)
    moved = rows[-1]["toggles"] > 0
    axis = "toggles" if moved else "bias_writes"
    rows = [row for row in rows if key in row]  # others were not evaluated
    x, several = [row[axis] for row in rows], "task" in rows[0]
    with look():
        figure = sheet((7.2, 4.5))
        axes = figure.subplots()
        if f"{key}_low" in rows[0] and not several:
            low, high = [r[f"{key}_low"] for r in rows], [r[f"{key}_high"] for r in rows]
            axes.fill_between(
                x, low, high, color=CHIP, alpha=0.15, linewidth=0, label="95 % interval of the test images"
            )
        if any(r[key] != r[f"{key}_noiseless"] for r in rows) and not several:
            axes.plot(x, [r[f"{key}_noiseless"] for r in rows], color=QUIET, linewidth=1.2, label="chip, without noise")
        if several:
            _draw_tasks(axes, rows, axis, key)
        else:
            axes.plot(x, [r[key] for r in rows], color=CHIP, marker=".", linewidth=1.4, label="emulated chip")
        if reference is not None:
            name, color = ("free training, worst task", INK) if several else ("free training", FREE)
            axes.axhline(reference, color=color, linestyle="--", linewidth=1.2, label=f"{name} ({reference:.3g})")
        if published is not None:
            axes.axhline(published.chip, color=CHIP, linestyle=":", linewidth=1.4)
            axes.axhline(published.exact, color=FREE, linestyle=":", linewidth=1.4)
            axes.plot([], [], color=CHIP, linestyle=":", label=f"published, chip ({published.chip:.3g})")
            axes.plot([], [], color=FREE, linestyle=":", label=f"published, computed ({published.exact:.3g})")
            axes.text(0.01, 0.01, published.source, transform=axes.transAxes, fontsize=7, color=INK)
        if not metric.more_is_better:
            axes.set_yscale("log")
            plain_log(axes.yaxis)
        axes.set_ylabel(metric.axis)
        has = f"; the hardware has {rows[-1]['switches']:,} switches" if moved else "; no switch toggles"
        axes.set_xlabel(("toggles" if moved else "register writes") + f" since fabrication{has}")
        axes.set_title(heading(title, changes), fontsize=11, loc="left")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower right" if metric.more_is_better else "upper right")
    return figure
