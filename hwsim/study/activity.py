"""What each reconnection of a run moved, read from its schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.schedule import open_schedule

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read_activity(schedule: Path, last: int) -> tuple[NDArray[np.bool_], list[dict[str, Any]]]:
    """Read which positions of the last learned layer each event moved, and the events' score rows.

    Args:
        schedule: a schedule file.
        last: the last event wanted.

    Returns:
        (events, positions) for the events from 1 on, and as many score rows.
    """
    rows: list[NDArray[np.bool_]] = []
    with open_schedule(schedule) as file:
        layer = max(bank.layer for bank in file.layout.layers if bank.learned)
        bank = file.layout.layers[layer]
        before = np.tile(np.arange(bank.ports), bank.banks)
        for entry in file.entries():
            if entry.event > last:
                break
            permutation = entry.permutations[layer]
            now = before if permutation is None else permutation.reshape(-1)
            if entry.event > 0:
                rows.append(now != before)
            before = now
        return np.array(rows), file.scores()[1 : len(rows) + 1]
