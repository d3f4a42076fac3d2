"""The machine in time: resources as rows, what they do in colours, over the first few reconnections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files import DIMENSIONS
from hwsim.report.bill import quantity
from hwsim.report.style import CHIP, FREE, INK, QUIET, heading, look, sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Row = tuple[str, int, int, str, float, float]
    """Resource, begin and end in picoseconds, what, how many, joules: a span as it stands in a trace."""
    Window = tuple[int, int]
    """Begin and end, picoseconds."""

FAULTS, RECONNECTION, UNAVAILABLE = "faults", "reconnection", "unavailable"
"""Resources that are none: marks where something breaks, shades from begin to end of a reconnection, and the times in
which nothing can be computed, which stand in the row of the compute pipeline."""
KINDS = {
    "bits": CHIP,
    "registers": QUIET,
    "sets": FREE,
    "resets": "#3b8a4a",
    "bits again": "#8a5aa8",
    "inference": "#c28a1f",
    "unavailable": "#9a9a9a",
    "read-back": "#d1779e",
    "search": "#4a4a4a",
}
"""Colours of what is done; other kinds take those of :data:`_OTHERS` in turn."""
_SWITCHES = {"sets", "resets"}
"""Kinds whose bars say how many switches change at a time; others say how many things are done."""
_ORDER = {kind: at for at, kind in enumerate(KINDS)}
_OTHERS = ("#5aa7d6", "#c79a9a", "#7a7a3a")
_FIRST = ("port", "register port")
"""Resources that stand above the layers, in this order; all others stand below."""
_BANK = re.compile(r"(layer \d+) bank \d+")
_PICOSECOND = 1e-12
_COLUMNS = 600
"""Columns of a window: what is narrower than one is drawn as wide, and as high as the highest in it."""
_LINES = 6
"""Faults that have words; further ones are drawn as lines alone."""
_FEW, _FILLED = 5, 5
"""Reconnections in a window at most, and how long it is at most, of the time that they take."""
_NEAR = 10
"""Lengths of a window after time zero up to which its axis counts from there."""
_LANE = 0.84
"""Height of the bars of a row, of the distance of rows."""


def draw_timeline(spans: Sequence[Row], title: str, changes: str = "", window: Window | None = None) -> Figure:
    """Draw what every resource does during the first few reconnections.

    Banks of a layer share a row. A bar is as high as its lane where most is done at a time (of switches: where most of
    them change), and lower where less is, to half of that; what takes no time is a tick. Where the window is less than
    half of all, or something breaks, a strip above shows all of the time, with every reconnection and every fault.

    Args:
        spans: all of the run.
        title: heading.
        changes: what was set from outside, a line below the title.
        window: what is drawn, :func:`first_few` where nothing else is said.
    """
    faults = sorted((span[1], span[3]) for span in spans if span[0] == FAULTS)
    reconnections = [span for span in spans if span[0] == RECONNECTION]
    window = window or first_few(spans)
    rows = _rows((span for span in spans if span[0] not in {FAULTS, RECONNECTION}), window)
    last = max([window[1], *(span[2] for span in spans)])
    strip = bool(faults) or last > 2 * (window[1] - window[0])
    heights = [0.3 + 0.17 * min(len(faults), _LINES)] * strip + [0.42 * max(len(rows), 1)]
    with look():
        figure = sheet((9.6, 1.6 + 0.5 * strip + sum(heights)))
        panels = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        panels[0].set_title(heading(title, changes), fontsize=11, loc="left")
        if strip:
            _draw_strip(panels[0], reconnections, faults, window, (0, last))
        axes = panels[-1]
        for _, begin, end, *_ in reconnections:
            if begin < window[1] and end > window[0]:
                axes.axvspan(*_shown((begin, end), window), color="#eef3f8", zorder=-1)
        for kind, colour in _draw_rows(axes, rows, window).items():
            axes.fill_between([], [], color=colour, label=kind)
        for at, _ in faults:
            if window[0] <= at <= window[1]:
                axes.axvline(_shown(at, window), color=INK, linestyle="--", linewidth=0.9)
        _set_time(axes, window)
        if any(rows.values()):
            figure.legend(frameon=False, loc="outside lower left", ncols=8, fontsize=9)
    return figure


def first_few(spans: Sequence[Row]) -> Window:
    """Return a window in which the first reconnections can be seen: as many as fill a fifth of it, five at most.

    It begins a sixteenth of its length before the first one, and ends an eighth after the last, or
    where all spans end. Without reconnections it is all of the time.

    Example:
        >>> row = ("reconnection", 0, 80, "event", 0, 0.0)
        >>> first_few([row]), first_few([row, ("reconnection", 9000, 9080, "event", 1, 0.0)]), first_few([])
        ((0, 80), (0, 90), (0, 1))
    """
    times = [span[1:3] for span in spans if span[0] == RECONNECTION and span[2] > span[1]]
    if not times:
        return 0, max((span[2] for span in spans), default=1) or 1
    begin, busy, until = times[0][0], 0, times[0][1]
    for first, last in times[:_FEW]:
        busy += last - first
        if busy * _FILLED >= last - begin:
            until = last
    last = max(span[2] for span in spans)
    return max(begin - (until - begin) // 16, 0), min(until + max((until - begin) // 8, 1), last)


def _rows(spans: Iterable[Row], window: Window) -> dict[str, dict[str, list[Row]]]:
    """Gather spans that meet a window by row and kind, rows from top to bottom; banks of a layer share one."""
    gathered: dict[str, dict[str, list[Row]]] = {}
    banks: dict[str, set[str]] = {}
    for span in spans:
        resource, kind = ("compute", UNAVAILABLE) if span[0] == UNAVAILABLE else (span[0], span[3])
        found = _BANK.fullmatch(resource)
        name = found[1] if found else resource
        banks.setdefault(name, set()).add(resource)
        row = gathered.setdefault(name, {})
        if span[1] <= window[1] and span[2] >= window[0]:
            row.setdefault(kind, []).append(span)
    named = {name: f"{name}, {len(of):,} banks" if len(of) > 1 else min(of) for name, of in banks.items()}
    return {named[name]: gathered[name] for name in sorted(gathered, key=_place)}


def _place(name: str) -> tuple[int, int, str]:
    """Return by what rows are sorted."""
    if name in _FIRST:
        return _FIRST.index(name), 0, name
    layer = re.match(r"layer (\d+)", name)
    return (len(_FIRST), int(layer[1]), name) if layer else (len(_FIRST) + 1, 0, name)


def _draw_rows(axes: Any, rows: dict[str, dict[str, list[Row]]], window: Window) -> dict[str, str]:
    """Draw a lane for each kind of each row; return the colours of those kinds."""
    colours: dict[str, str] = {}
    for at, kinds in enumerate(rows.values()):
        lane = _LANE / max(len(kinds), 1)
        for number, (kind, spans) in enumerate(
            sorted(kinds.items(), key=lambda pair: _ORDER.get(pair[0], len(_ORDER)))
        ):
            colour = colours.setdefault(kind, KINDS.get(kind) or _OTHERS[len(colours) % len(_OTHERS)])
            floor = at - _LANE / 2 + (number + 1) * lane
            edges, levels = _levels(spans, window, _rates(spans) if kind in _SWITCHES else None)
            if levels.size:
                tops = floor - 0.45 * lane * ((levels > 0) + levels / max(levels.max(), 1))
                axes.stairs(tops, _shown(edges, window), baseline=floor, fill=True, color=colour, linewidth=0.4)
            ticks = [span[1] for span in spans if window[0] <= span[1] == span[2] <= window[1]]
            axes.plot(_shown(ticks, window), [floor - 0.45 * lane] * len(ticks), "|", color=colour)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    return colours


def _rates(spans: Sequence[Row]) -> list[int]:
    """Return how many switches change at a time in each span, in some unit: those of one may take turns.

    Whole numbers, so that sums over spans end at 0 where nothing is done.
    """
    longest = max(end - begin for _, begin, end, *_ in spans)
    return [round(count) * longest // max(end - begin, 1) for _, begin, end, _, count, _ in spans]


def _levels(
    spans: Sequence[Row], window: Window, weights: Sequence[int] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count how many spans there are at a time, each as one or as heavy as it is.

    Returns:
        Edges of steps within the window, picoseconds, one more than steps; the count in each step, or the highest one
        of a column where steps are too narrow to be seen.
    """
    begins, ends = np.array([span[1:3] for span in spans], np.int64).reshape(-1, 2).clip(*window).T
    edges, where = np.unique(np.concatenate([begins, ends]), return_inverse=True)
    added = np.ones(begins.size) if weights is None else np.asarray(weights, np.float64)
    changes = np.bincount(where, np.concatenate([added, -added]), edges.size)
    levels = changes.cumsum().astype(np.int64)[:-1]
    if not (np.diff(edges)[levels > 0] * _COLUMNS < window[1] - window[0]).any():
        return edges, levels
    columns = np.linspace(*window, _COLUMNS + 1).astype(np.int64)
    edges, levels = np.concatenate([edges, [window[1]]]), np.concatenate([[0], levels, [0]])
    first = np.searchsorted(edges, columns[:-1], side="right")
    last = np.searchsorted(edges, columns[1:], side="left")
    return columns, np.maximum(np.maximum.reduceat(levels, first), levels[last])


def _draw_strip(
    axes: Any, reconnections: Sequence[Row], faults: Sequence[tuple[int, str]], window: Window, whole: Window
) -> None:
    """Draw all of the time: the window, every reconnection, and words beside every fault."""
    axes.axvspan(*_shown(window, whole), color="#dce6f0", linewidth=0)
    edges, levels = _levels(reconnections, whole)
    if levels.size:
        shape = {"baseline": 0.4, "fill": True, "color": CHIP, "linewidth": 0.8}
        axes.stairs(0.4 - 0.8 * (levels > 0), _shown(edges, whole), **shape)
    look = {"va": "center", "fontsize": 8, "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}
    for number, (at, what) in enumerate(faults):
        line, x = (number + 1 if number < _LINES else 0.5), float(_shown(at, whole))
        axes.plot([x, x], [-0.5, line], color=FREE, linewidth=0.9)
        if number < _LINES:
            axes.plot(x, line, "x", color=FREE, markersize=5)
            shift, side = (-6, "right") if at > whole[1] / 2 else (6, "left")
            said = f"{what}, {quantity(at * _PICOSECOND, 'time')}"
            axes.annotate(said, (x, line), xytext=(shift, 0), textcoords="offset points", ha=side, **look)
    axes.set_ylim(min(len(faults), _LINES) + 0.5, -0.5)
    axes.set_yticks([0], ["reconnections"])
    axes.tick_params(axis="y", length=0)
    _set_time(axes, whole)
    if len(faults) > _LINES:
        axes.set_xlabel(f"{axes.get_xlabel()}; {len(faults) - _LINES:,} more faults without words")


def _set_time(axes: Any, window: Window) -> None:
    """Give an axis the limits of a window, and words that say what its numbers are."""
    axes.set_xlim(*_shown(window, window))
    origin = _origin(window)
    since = f" after {quantity(origin * _PICOSECOND, 'time', 9)}" if origin else ""
    axes.set_xlabel(f"time in {_unit(window)[0]}{since}")
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _shown(times: Any, window: Window) -> NDArray[np.float64]:
    """Return times as the axis counts them: from its origin on, in its unit."""
    return (np.asarray(times, np.int64) - _origin(window)) / _unit(window)[1]


def _origin(window: Window) -> int:
    """Return from when on an axis counts: from 0, or from the begin of a window that is short for where it lies."""
    return window[0] if window[0] > _NEAR * (window[1] - window[0]) else 0


def _unit(window: Window) -> tuple[str, float]:
    """Return the unit of an axis and its picoseconds: the largest of which the window has one, or the smallest."""
    units = [(name, 10.0 ** (power + 12)) for name, power in DIMENSIONS["time"].units.items()]
    return next((one for one in units if window[1] - window[0] >= one[1]), units[-1])
