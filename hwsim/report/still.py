"""The picture of a run that learns nothing on the chip: its one score beside the network computed exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.style import CHIP, FREE, INK, QUIET, heading, look, sheet
from hwsim.task import metric_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from hwsim.report.style import Published


def draw_still(
    row: Mapping[str, Any], reference: float | None, title: str, published: Published | None, changes: str = ""
) -> Figure:
    """Draw one score row as points: chip, chip without noise, computed, and the published pair where there is one."""
    metric = metric_in(row)
    key = metric.name
    points = [("emulated chip", row[key], CHIP), ("chip, without noise", row[f"{key}_noiseless"], QUIET)]
    points += [] if reference is None else [("same network,\ncomputed", reference, FREE)]
    if published is not None:
        points += [("published,\nchip", published.chip, CHIP), ("published,\ncomputed", published.exact, FREE)]
    with look():
        figure = sheet((7.2, 4.5))
        axes = figure.subplots()
        if f"{key}_low" in row:
            below, above = row[key] - row[f"{key}_low"], row[f"{key}_high"] - row[key]
            axes.errorbar([0], [row[key]], yerr=[[below], [above]], color=CHIP, capsize=5, linewidth=1.2)
            axes.text(0.08, row[key] - below, "95 % interval of the test images", fontsize=8, color=CHIP, va="center")
        for at, (_, value, color) in enumerate(points):
            axes.plot([at], [value], marker="o" if at < 3 else "D", color=color, markersize=8)  # noqa: PLR2004 - ours
            axes.annotate(f"{value:.4g}", (at, value), (9, 3), textcoords="offset points", color=INK)
        axes.set_xticks(range(len(points)), [name for name, _, _ in points])
        axes.set_xlim(-0.5, len(points) - 0.4)
        axes.margins(y=0.25)
        axes.set_ylabel(metric.axis)
        if published is not None:
            axes.set_xlabel(f"published: {published.source}", fontsize=8)
        axes.set_title(heading(title, changes), fontsize=11, loc="left")
        axes.grid(visible=True, axis="y", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
