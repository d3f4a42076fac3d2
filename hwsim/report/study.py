"""A figure of a paper again: our curves with the spread of their seeds, and the others' beside them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from hwsim.report.style import INK, look, sheet
from hwsim.report.toggles import COLOURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

TITLE_LETTERS = 100
LETTERS = 105
"""Letters that fit below the axis, side by side."""
OTHERS: dict[str, Any] = {
    "authors' own networks": {"marker": "o", "mfc": "white", "linestyle": "none"},
    "published": {"marker": "x", "linestyle": "none"},
    "published, or authors' own": {"marker": "o", "mfc": "white", "linewidth": 1.0, "linestyle": "--"},
}
"""Others' numbers, and how they are marked: apart where every curve is one point, as one line where there are many."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def draw_reproduction(
    lines: Sequence[Mapping[str, Any]],
    axis: Mapping[str, Any] | None,
    scale: str,
    words: Mapping[str, str],
) -> Figure:
    """Draw every curve twice: filled and solid as measured here, open and dashed as published.

    Args:
        lines: each with ``label`` and ``points``: ``x``, ``ours``, ``authors`` and ``paper`` as middle, least, largest,
            or None.
        axis: ``label``, ``scale`` and ``values``; None where each curve is one point.
        scale: ``log`` or ``linear``, of the metric.
        words: ``title``, ``metric`` and ``source``.
    """
    from matplotlib import ticker

    named = axis is None or axis["scale"] == "words" or any(isinstance(x, str) for x in axis["values"])
    ticks = [line["label"] for line in lines] if axis is None else [str(x) for x in axis["values"]]
    with look():
        figure = sheet((8.6, 5.0))
        axes = figure.subplots()
        shown: set[str] = set()
        for number, line in enumerate(lines):
            for point in line["points"]:
                at = number if axis is None else axis["values"].index(point["x"])
                point["at"] = at if named else point["x"]
            shown |= _draw_line(axes, line, number, len(lines), alone=axis is None, log=bool(axis) and not named)
        if named:
            letters = max(10, LETTERS // len(ticks))
            axes.set_xticks(range(len(ticks)), [textwrap.fill(tick, letters) for tick in ticks], fontsize=8)
            axes.set_xlim(-0.5, len(ticks) - 0.5)
        elif axis is not None and axis["scale"] == "log":
            axes.set_xscale("log")
            axes.set_xticks(axis["values"], ticks)
            axes.xaxis.set_minor_locator(ticker.NullLocator())
        for mark in axis["marks"] if axis is not None else ():
            axes.axvline(mark, color=INK, linestyle=":", linewidth=0.9)
        if scale == "log":
            _decades(axes)
        axes.set_xlabel("" if axis is None else axis["label"])
        axes.set_ylabel(words["metric"])
        title = "\n".join(textwrap.wrap(words["title"], TITLE_LETTERS))
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        handles = axes.get_legend_handles_labels()[0]
        for what in sorted(shown):
            handles += axes.plot([], [], label=what, color="#777777", **OTHERS[what])
        style: Any = {"handles": handles, "frameon": False, "fontsize": 9, "handlelength": 3}
        if axis is not None:
            figure.legend(loc="outside right center", **style)
        elif shown:
            axes.legend(loc="best", **style)
        bars = "bars: from the least to the largest of the seeds"
        figure.supxlabel(f"{bars}; {words['source']}", fontsize=7, color=INK, x=0.01, ha="left")
    return figure


def _decades(axes: Any) -> None:
    """Make a metric's axis logarithmic, with plain numbers at its ticks."""
    from matplotlib import ticker

    axes.set_yscale("log")
    plain = ticker.FuncFormatter(lambda value, _: f"{value:.10g}")
    axes.yaxis.set_major_formatter(plain)
    low, high = axes.get_ylim()
    if high / low < 100:  # noqa: PLR2004 - less than two decades have too few ticks of their own
        axes.yaxis.set_minor_locator(ticker.LogLocator(subs=(2.0, 3.0, 5.0)))
        axes.yaxis.set_minor_formatter(plain)


def _draw_line(axes: Any, line: Mapping[str, Any], number: int, count: int, *, alone: bool, log: bool) -> set[str]:
    """Draw one curve; return which of others' numbers were drawn."""
    colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
    shift = (number - (count - 1) / 2) / max(count, 1)

    def beside(x: float) -> float:
        """Move curves a little apart, so that their spreads can be told from each other."""
        if alone:
            return x
        return x * 1.12**shift if log else x + 0.15 * shift

    ours = [(p["at"], p["ours"]) for p in line["points"] if p["ours"]]
    x = [beside(at) for at, _ in ours]
    y = [spread[0] for _, spread in ours]
    # rounding may put a mean of equal values beyond them
    bars = [[max(s[0] - s[1], 0.0) for _, s in ours], [max(s[2] - s[0], 0.0) for _, s in ours]]
    style = {"color": colour, "marker": marker, "markersize": 5, "linewidth": 1.5, "capsize": 2.5, "elinewidth": 0.9}
    axes.errorbar(x, y, yerr=bars, label=None if alone else line["label"], **style)
    if alone:
        given = {"authors' own networks": "authors", "published": "paper"}
        drawn = {what: [(p["at"], p[key]) for p in line["points"] if p[key]] for what, key in given.items()}
    else:
        both = [(p["at"], p["authors"] or p["paper"]) for p in line["points"] if p["authors"] or p["paper"]]
        drawn = {"published, or authors' own": both}
    for what, those in drawn.items():
        own = {} if what == "published" else {"marker": marker}
        style = {"color": colour, "markersize": 6, **OTHERS[what], **own}
        axes.plot([beside(at) for at, _ in those], [s[0] for _, s in those], zorder=1, **style)
    return {what for what, those in drawn.items() if those}
