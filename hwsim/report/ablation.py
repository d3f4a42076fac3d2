"""The picture of an ablation: what each effect costs, alone and last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.report.style import CHIP, FREE, INK, look, sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure


def draw_ablation(
    bars: Sequence[tuple[str, float, float, float, float]],
    ends: tuple[float, float],
    metric: str,
    title: str,
) -> Figure:
    """Draw pairs of bars, the dearest effect on top.

    Args:
        bars: effect, cost alone and its standard error, cost last and its standard error.
        ends: value without any effect and with all.
        metric: ``accuracy`` or ``max_error``.
        title: heading.
    """
    scale, unit = (100, "percentage points of accuracy") if metric == "accuracy" else (1, "largest error")
    with look():
        figure = sheet((7.2, 1.4 + 0.42 * len(bars)))
        axes = figure.subplots()
        for shift, color, label, first in (
            (-0.2, CHIP, "this effect alone", 1),
            (0.2, FREE, "on top of all others", 3),
        ):
            axes.barh(
                [at + shift for at in range(len(bars))],
                [scale * bar[first] for bar in bars],
                xerr=[scale * bar[first + 1] for bar in bars],
                height=0.38,
                color=color,
                label=label,
                error_kw={"elinewidth": 0.8, "ecolor": INK},
            )
        axes.set_yticks(range(len(bars)), [bar[0] for bar in bars])
        axes.invert_yaxis()
        axes.axvline(0, color=INK, linewidth=0.8)
        bars_are = "thin bars: ± one standard error of the mean over the chips"
        axes.set_xlabel(f"cost in {unit}; without any effect {ends[0]:.4g}, with all {ends[1]:.4g}\n{bars_are}")
        axes.set_title(title, fontsize=10, loc="left")
        axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower right")
    return figure
