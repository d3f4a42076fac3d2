"""What a schedule speaks of: the layers of banks of a chip, and one entry a reconnection."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Bank:
    """The equal banks of one layer: ``banks`` permutation circuits of ``ports`` ports, and its registers."""

    layer: int
    banks: int
    ports: int
    registers: int
    learned: bool


@dataclass(frozen=True)
class Layout:
    """All layers of a chip in order."""

    layers: tuple[Bank, ...]

    def to_json(self) -> str:
        """The layout as canonical JSON.

        Example:
            >>> layout = Layout((Bank(0, 2, 4, 2, True),))
            >>> Layout.from_json(layout.to_json()) == layout
            True
        """
        return json.dumps([asdict(bank) for bank in self.layers], sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Layout:
        """The layout that a JSON text describes."""
        return Layout(tuple(Bank(**entry) for entry in json.loads(text)))


@dataclass(frozen=True)
class Entry:
    """One reconnection in a schedule.

    Args:
        event: number, 0 for the state after power-up.
        batch: optimiser steps before it.
        permutations: per layer int64 (banks, ports), or None where the layer keeps its connections.
        registers: per layer float64 (registers,): biases, then the gain where there is one.
    """

    event: int
    batch: int
    permutations: tuple[NDArray[np.int64] | None, ...]
    registers: tuple[NDArray[np.float64], ...]
