"""The picture of a trajectory: what a network gives, over what it should give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.report.style import CHIP, INK, look, sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


def draw_trajectory(
    target: NDArray[np.float64],
    output: NDArray[np.float64],
    learned: int,
    errors: Sequence[float],
    title: str,
) -> Figure:
    """Draw one trajectory, a panel for each of its numbers, into one file.

    Args:
        target: float64 (steps, outputs).
        output: what the emulated chip gives, of the same shape.
        learned: steps that the network learned; the others it was only evaluated on.
        errors: of every period, in units of the target's deviation.
        title: heading.
    """
    steps, numbers = target.shape
    with look():
        figure = sheet((8.6, 1.2 + 2.0 * numbers))
        panels = figure.subplots(numbers, sharex=True, squeeze=False)
        for number, axes in enumerate(panels[:, 0]):
            axes.plot(range(1, steps + 1), target[:, number], color="#bbbbbb", linewidth=4, label="wanted")
            axes.plot(range(1, steps + 1), output[:, number], color=CHIP, linewidth=1.4, label="emulated chip")
            if learned < steps:
                axes.axvline(learned + 0.5, color=INK, linestyle=":", linewidth=1.2, label="learned up to here")
            axes.set_ylabel(f"output {number + 1}" if numbers > 1 else "output")
            axes.grid(visible=True, color="#dddddd", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
        panels[0, 0].legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
        worst = f", {max(errors):.3g} in the worst of {len(errors)}" if len(errors) > 1 else ""
        panels[-1, 0].set_xlabel(f"step (error over the first period {errors[0]:.3g} of the deviation{worst})")
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    return figure
