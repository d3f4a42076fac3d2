"""Toggles against moved ports, the picture of a comparison of crossbars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.style import look, plain_log, sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

# told apart by colour-blind eyes (Okabe and Ito) and, in print, by their dashes
COLOURS = ("#1f5fa8", "#b5482a", "#2f8f6b", "#c79a1c", "#7a4fa3", "#5aa7d6", "#555555", "#d1779e")
MARKERS = ("o", "s", "^", "D", "v")
DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))


def draw_toggles(lines: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Draw mean toggles per reconnection against moved ports, one line a topology and effort, on logarithmic axes.

    Args:
        lines: as :func:`hwsim.costing.sweep` gives them; blocked ones stand in the legend only.
        title: heading.
    """
    topologies = list(dict.fromkeys(line["topology"] for line in lines))
    efforts = list(dict.fromkeys(line["effort"] for line in lines))
    with look():
        figure = sheet((8.6, 4.8))
        axes = figure.subplots()
        for line, alike in _told_apart(lines):
            which = topologies.index(line["topology"])
            colour, marker = COLOURS[which % len(COLOURS)], MARKERS[which // len(COLOURS) % len(MARKERS)]
            name = f"{line['topology']}, {' = '.join(alike)}" if len(efforts) > 1 else line["topology"]
            if "blocked" in line:
                axes.plot([], [], color=colour, alpha=0.4, label=f"{name} (blocked)")
                continue
            dash = DASHES[efforts.index(line["effort"]) % len(DASHES)]
            axes.plot(
                line["moved"],
                line["mean"],
                color=colour,
                linestyle=dash,
                marker=marker,
                markersize=3.5,
                linewidth=1.4,
                label=name,
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        plain_log(axes.xaxis)
        plain_log(axes.yaxis)
        axes.set_xlabel("ports moved by a reconnection")
        axes.set_ylabel("toggles per reconnection, mean")
        axes.set_title(title, fontsize=11, loc="left")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(frameon=False, loc="outside right upper", fontsize=9)
    return figure


def _told_apart(lines: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[str]]]:
    """Return lines that differ, each with the efforts that give it: of equal lines only one is drawn."""
    found: list[tuple[Mapping[str, Any], list[str]]] = []
    for line in lines:
        for other, efforts in found:
            if all(other.get(key) == line.get(key) for key in ("topology", "moved", "mean", "blocked")):
                efforts.append(line["effort"])
                break
        else:
            found.append((line, [line["effort"]]))
    # the legend runs from top to bottom as the lines do at their right ends
    return sorted(found, key=lambda pair: -pair[0]["mean"][-1] if "mean" in pair[0] else 1.0)
