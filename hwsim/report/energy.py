"""Where the energy of a run goes: one bar for each part, with its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.report.bill import quantity
from hwsim.report.style import CHIP, FREE, INK, QUIET, heading, look, sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

COLOURS = {
    "configuration": CHIP,
    "toggling": FREE,
    "holding": "#9a9a9a",
    "compute": "#c28a1f",
    "conversion": "#8a5aa8",
    "idle": QUIET,
}
_SMALL = 1e-2
"""Share of the largest below which a part cannot be seen on a linear axis."""
_LEAST = 1e-4
"""Share of all below which none is written."""


def draw_energy(energy: Mapping[str, float], title: str, changes: str = "") -> Figure:
    """Draw joules by part as horizontal bars; the axis is logarithmic where a part could not be seen otherwise.

    Args:
        energy: joules by part, from top to bottom.
        title: heading.
        changes: what was set from outside, a line below the title.
    """
    from matplotlib.ticker import FuncFormatter

    total = sum(energy.values())
    spent = [value for value in energy.values() if value > 0]
    low, most = min(spent, default=1.0), max(spent, default=1.0)
    apart = low < _SMALL * most
    floor = low / 10 if apart else 0.0
    with look():
        figure = sheet((8.0, 1.4 + 0.34 * max(len(energy), 1)))
        axes = figure.subplots()
        for at, (part, value) in enumerate(energy.items()):
            axes.barh(at, max(value - floor, 0.0), left=floor, height=0.62, color=COLOURS.get(part, INK))
            share = f", {100 * value / total:.3g} %" if value > _LEAST * total else ""
            axes.text(max(value, floor), at, f"  {quantity(value, 'energy')}{share}", va="center", fontsize=9)
        if apart:
            axes.set_xscale("log")
        axes.set_xlim(floor, most * (most / floor) ** 0.35 if apart else 1.35 * most)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: quantity(value, "energy")))
        axes.set_xlabel(f"{quantity(total, 'energy')} in all" + (", on a logarithmic axis" if apart else ""))
        axes.set_yticks(range(len(energy)), list(energy))
        axes.set_ylim(max(len(energy), 1) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        figure.suptitle(heading(title, changes), fontsize=11, x=0.01, ha="left")
    return figure
