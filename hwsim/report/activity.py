"""Which positions each reconnection moves: a map of one layer, with its counts and the run's error beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.figure import CHIP, FREE, INK
from hwsim.task import metric_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def draw_activity(
    moved: NDArray[np.bool_],
    scores: Sequence[Mapping[str, Any]],
    marks: Sequence[float],
    words: Mapping[str, str],
    path: Path,
) -> None:
    """Draw a map of moved positions over events, the number of them, and the error where it was judged.

    Args:
        moved: (events, positions), whether an event fed a position by another cell than before; the first row is
            event 1.
        scores: score rows of the events from 1 on.
        marks: events where a line is drawn across.
        words: ``title`` and ``source``.
        path: file to write, PNG, SVG or PDF by its suffix. The same numbers give the same bytes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    metric = metric_in(scores[-1])
    judged = [(row["event"], row[metric.name]) for row in scores if metric.name in row]
    settings: dict[Any, Any] = {"svg.hashsalt": "hwsim", "svg.fonttype": "path", "font.size": 10, "axes.edgecolor": INK}
    with mpl.rc_context(settings):
        figure, (chart, counts, errors) = plt.subplots(
            1, 3, figsize=(9.6, 5.4), sharey=True, width_ratios=(2.4, 1, 1), layout="constrained"
        )
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
        for axes in (chart, counts, errors):
            for mark in marks:
                axes.axhline(mark, color=INK, linestyle="--", linewidth=0.9)
            axes.spines[["top", "right"]].set_visible(False)
        chart.set_ylim(events + 0.5, 0.5)
        figure.suptitle(words["title"], fontsize=11, x=0.01, ha="left")
        figure.text(0.01, -0.02, words["source"], fontsize=7, color=INK)
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix, {"Software": "hwsim"})
        figure.savefig(path, dpi=150, metadata=metadata, bbox_inches="tight")
        plt.close(figure)
