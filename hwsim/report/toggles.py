"""Toggles against moved ports, the picture of a comparison of crossbars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.figure import INK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# told apart by colour-blind eyes (Okabe and Ito) and, in print, by their dashes
COLOURS = ("#1f5fa8", "#b5482a", "#2f8f6b", "#c79a1c", "#7a4fa3", "#5aa7d6", "#555555", "#d1779e")
MARKERS = ("o", "s", "^", "D", "v")
DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))


def draw_toggles(lines: Sequence[Mapping[str, Any]], title: str, path: Path) -> None:
    """Draw mean toggles a reconnection against moved ports, one line a topology and effort, on logarithmic axes.

    Args:
        lines: as :func:`hwsim.costing.sweep` gives them; blocked ones stand in the legend only.
        title: heading.
        path: file to write, PNG, SVG or PDF by its suffix. The same lines give the same bytes.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    topologies = list(dict.fromkeys(line["topology"] for line in lines))
    efforts = list(dict.fromkeys(line["effort"] for line in lines))
    settings: dict[Any, Any] = {"svg.hashsalt": "hwsim", "svg.fonttype": "path", "font.size": 10, "axes.edgecolor": INK}
    with mpl.rc_context(settings):
        figure, axes = plt.subplots(figsize=(8.6, 4.8), layout="constrained")
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
        axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axes.set_xlabel("ports moved by a reconnection")
        axes.set_ylabel("toggles a reconnection, mean")
        axes.set_title(title, fontsize=11, loc="left")
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(frameon=False, loc="outside right upper", fontsize=9)
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix, {"Software": "hwsim"})
        figure.savefig(path, dpi=150, metadata=metadata)
        plt.close(figure)


def _told_apart(lines: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], list[str]]]:
    """Lines that differ, each with the efforts that give it: of lines that lie on each other only one is drawn."""
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
