"""What the chips of a converted network take and cost, a row for each, and what stays in torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.files.fields import table
from hwsim.nn.converted import board_of

if TYPE_CHECKING:
    from torch import nn

    from hwsim.nn.chip import ModelChip

COLUMNS = ("layer", "device", "cells", "tiles", "switches", "energy_j", "time_s")
WIDTH = 100


@dataclass(frozen=True)
class Summary:
    """Rows of chips and of what stays in torch; ``print`` shows them as a table.

    Args:
        rows: a table for each chip: ``layer`` (its name, first to last of several), ``layers`` (all names on it),
            ``device``, ``cells``, ``tiles`` (cores or arrays, 0 where a technology has none), ``switches``, and
            ``energy_j`` and ``time_s`` of one sample.
        staying: name, class and reason of every layer with weights that stays in torch.
    """

    rows: list[dict[str, Any]]
    staying: list[tuple[str, str, str]]

    @property
    def total(self) -> dict[str, Any]:
        """Sum up all chips; times add up, since chips wait for each other."""
        numbers = {name: sum(row[name] for row in self.rows) for name in COLUMNS[2:]}
        return {"layer": "total", "device": "", **numbers}

    def __str__(self) -> str:
        lines = [COLUMNS, *(tuple(_word(row[name]) for name in COLUMNS) for row in [*self.rows, self.total])]
        found = list(table(lines, WIDTH))
        if self.staying:
            found += ["", "In torch:"]
            found += [f"  {name} ({kind})" + (f": {why}" if why else "") for name, kind, why in self.staying]
        return "\n".join(found)

    __repr__ = __str__


def summary(network: nn.Module) -> Summary:
    """Sum up what every chip of a converted network needs and costs, for one sample.

    Numbers of a sample are those of the calibration run: rows of a sequence and places of an image count, and layers
    that are called twice count twice.

    Raises:
        ValueError: the network has no layer on a chip.
    """
    board = board_of(network)
    return Summary([_row(chip) for chip in board.chips], board.staying)


def _row(chip: ModelChip) -> dict[str, Any]:
    found, cost = chip.emulation.resources(), chip.emulation.cost()
    return {
        "layer": chip.name,
        "layers": chip.layers,
        "device": chip.hardware.device,
        "cells": found["cells"],
        "tiles": found.get("cores", 0),
        "switches": found["switches"],
        "energy_j": cost["inference_energy_j"] * chip.uses,
        "time_s": cost["inference_time_s"] * chip.uses,
    }


def _word(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
