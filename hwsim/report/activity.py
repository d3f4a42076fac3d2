"""Which positions each reconnection moves: a map of one layer, with its counts and the run's error beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.style import CHIP, FREE, INK, look, plain_log, sheet
from hwsim.task import metric_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def draw_activity(
    moved: NDArray[np.bool_],
    scores: Sequence[Mapping[str, Any]],
    marks: Sequence[float],
    words: Mapping[str, str],
) -> Figure:
    """Draw a map of moved positions over events, the number of them, and the error where it was evaluated.

    Args:
        moved: (events, positions), whether an event fed a position by another cell than before; the first row is
            event 1.
        scores: score rows of the events from 1 on.
        marks: events where a line is drawn across.
        words: ``title`` and ``source``.
    """
    metric = metric_in(scores[-1])
    judged = [(row["event"], row[metric.name]) for row in scores if metric.name in row]
    with look():
        figure = sheet((9.6, 5.4))
        chart, counts, errors = figure.subplots(1, 3, sharey=True, width_ratios=(2.4, 1, 1))
        events, positions = moved.shape
        extent = (0.0, float(positions), events + 0.5, 0.5)
        chart.imshow(moved, cmap="Blues", vmin=0, vmax=1.25, aspect="auto", extent=extent, interpolation="nearest")
        chart.set_xlabel("position in the bank")
        chart.set_ylabel("event")
        counts.plot(moved.sum(axis=1), range(1, events + 1), color=CHIP, linewidth=1.0)
        counts.set_xlabel("positions moved")
        counts.set_xlim(0, positions)
        errors.plot([value for _, value in judged], [event for event, _ in judged], color=FREE, linewidth=1.0)
        errors.set_xlabel(metric.words)
        if not metric.more_is_better:
            errors.set_xscale("log")
            plain_log(errors.xaxis)
        for axes in (chart, counts, errors):
            for mark in marks:
                axes.axhline(mark, color=INK, linestyle="--", linewidth=0.9)
            axes.spines[["top", "right"]].set_visible(False)
        chart.set_ylim(events + 0.5, 0.5)
        figure.suptitle(words["title"], fontsize=11, x=0.01, ha="left")
        figure.supxlabel(words["source"], fontsize=7, color=INK, x=0.01, ha="left")
    return figure
