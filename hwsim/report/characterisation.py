"""The picture of a device: level spacing, transfer curve, noise against signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.report.style import CHIP, FREE, QUIET, look, sheet

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_LEVELS = 300


def draw_characterisation(
    levels: NDArray[np.float64],
    drive: NDArray[np.float64],
    transfer: NDArray[np.float64],
    noise: NDArray[np.float64],
    title: str,
) -> Figure:
    """Draw three panels into one file (PNG or SVG by suffix).

    Args:
        levels: weights a cell can be given, ascending, in units of the largest.
        drive: inputs (drives,).
        transfer: outputs of weights 1, 1/2 and -1 (3, drives).
        noise: standard deviation of each output (3, drives); zeros for a quiet device.
        title: heading.
    """
    named = (("1", CHIP), ("1/2", QUIET), ("-1", FREE))
    with look():
        figure = sheet((11, 3.6))
        left, middle, right = figure.subplots(1, 3)
        many = len(levels) > MOST_LEVELS
        left.plot(range(len(levels)), levels, color=CHIP, marker="" if many else ".", linewidth=1 if many else 0.4)
        left.set(xlabel="level", ylabel="weight, in units of the largest")
        left.set_title(f"{'any weight' if many else f'{len(levels)} levels'}", fontsize=10)
        for (name, color), curve, spread in zip(named, transfer, noise, strict=True):
            middle.plot(drive, curve, color=color, label=f"weights {name}")
            if spread.any():
                right.plot(curve, spread, color=color, marker=".", linewidth=0.8, label=f"weights {name}")
        middle.set(xlabel="input, all 16 alike", ylabel="output over 16, read without noise")
        middle.set_title("transfer curve", fontsize=10)
        middle.legend(frameon=False)
        right.set(xlabel="output over 16", ylabel="standard deviation of one read")
        right.set_title("noise against signal", fontsize=10)
        if noise.any():
            right.set_ylim(bottom=0)
            right.legend(frameon=False)
        else:
            right.text(0.5, 0.5, "reading draws no noise", ha="center", transform=right.transAxes)
        for axes in (left, middle, right):
            axes.grid(visible=True, color="#dddddd", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
        figure.suptitle(title, fontsize=11)
    return figure
