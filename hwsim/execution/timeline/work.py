"""One reconnection as the timeline needs it: what goes through the port, and which switches change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.execution.change import Change


@dataclass(frozen=True, eq=False)
class Work:
    """The work of one reconnection, one row per bank that is sent something, in the order in which the port takes them.

    Args:
        event: its number in the schedule.
        batch: optimiser steps before it.
        layer: int64 (rows,).
        bank: number of the bank in its layer, int64 (rows,).
        bits: bits that the bank is sent for its configuration, int64 (rows,).
        sets: switches that go from bar to cross, int64 (rows,).
        resets: switches that go back, int64 (rows,).
        held: switches of the bank in cross afterwards, int64 (rows,).
        registers: registers that are written, each one word of 32 bits.
        standing: switches in cross in the whole machine afterwards.
    """

    event: int
    batch: int
    layer: NDArray[np.int64]
    bank: NDArray[np.int64]
    bits: NDArray[np.int64]
    sets: NDArray[np.int64]
    resets: NDArray[np.int64]
    held: NDArray[np.int64]
    registers: int
    standing: float

    @property
    def toggles(self) -> int:
        """Count switches that change state."""
        return int(self.sets.sum() + self.resets.sum())


def work_of(change: Change, event: int, batch: int, registers: int, standing: float) -> Work:
    """Take from a change what the timeline needs; arguments as of :class:`Work`."""
    found = [layer for layer in change.layers if layer is not None]
    banks = [layer.banks for layer in found]
    numbers = np.repeat(np.array([layer.layer for layer in found], np.int64), [one.size for one in banks])
    bank = np.concatenate([*banks, np.zeros(0, np.int64)])
    return Work(event, batch, numbers, bank, *change.sent, registers, standing)
