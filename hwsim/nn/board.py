"""The chips of a converted network together: what reconnects them, and what was reconnected so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import Expense
from hwsim.nn.schedule import Schedule
from hwsim.schedule import Entry, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hwsim.nn.chip import ModelChip


@dataclass(eq=False)
class Board:
    """All chips of one converted network, in the order of its layers.

    Layers are numbered across chips, as they are in the schedule.
    """

    chips: list[ModelChip]
    names: dict[str, tuple[ModelChip, int]]
    """Every name of a layer, with its chip and its number there."""
    staying: list[tuple[str, str, str]]
    """Name, class and reason of every module that weighs and stays in torch."""
    seed: int
    entries: list[Entry] = field(default_factory=list)
    """Everything reconnected so far, after an entry of what stood at fabrication."""

    def __post_init__(self) -> None:
        if not self.entries:
            self.entries.append(Entry(0, 0, (None,) * len(self.registers()), self.registers()))
        self._costs = [self._cost()]

    def registers(self) -> tuple[NDArray[np.float64], ...]:
        """Return the registers of all layers as they are now."""
        return tuple(values.copy() for chip in self.chips for values in chip.emulation.machine.registers)

    def reconnect(self, permutations: Mapping[str, Any], batch: int = 0) -> Expense:
        """Reconnect layers by name, all at once.

        Args:
            permutations: name of a layer to whole numbers (units, inputs), every row a permutation.
            batch: optimiser steps before it.

        Returns:
            What it cost, of all chips together.

        Raises:
            ValueError: an unknown name, a layer without circuits, or a row that is not a permutation.
        """
        wanted: dict[int, dict[int, Any]] = {}
        for name, rows in permutations.items():
            chip, number = self.find(name)
            wanted.setdefault(self.chips.index(chip), {})[number] = rows
        for place, rows in wanted.items():  # all are looked at before any is carried out
            self.chips[place].check(rows)
        spent = Expense()
        for place, rows in wanted.items():
            spent += self.chips[place].reconnect(rows)
        self._note(wanted, batch)
        return spent

    def find(self, name: str) -> tuple[ModelChip, int]:
        """Return the chip of a layer, and the layer's number there.

        Raises:
            ValueError: no such layer is on a chip.
        """
        if name not in self.names:
            known = ", ".join(repr(one) for one in self.names)
            raise ValueError(f"no layer {name!r} is on a chip; layers on chips are {known}")
        return self.names[name]

    def resume(self, chip: ModelChip, state: dict[str, Any]) -> None:
        """Connect a chip as in a saved state, and go on with its counters."""
        rows = chip.moved(state)
        if rows:
            chip.reconnect(rows)
        chip.resume(state)
        if rows:
            self._note({self.chips.index(chip): rows}, 0)

    def _note(self, wanted: dict[int, dict[int, Any]], batch: int) -> None:
        rows = []
        for place, chip in enumerate(self.chips):
            now, asked = chip.emulation.machine.permutations, wanted.get(place, {})
            rows += [now[number].copy() if number in asked else None for number in range(len(chip.layers))]
        self.entries.append(Entry(len(self.entries), batch, tuple(rows), self.registers()))
        self._costs.append(self._cost())

    def _cost(self) -> dict[str, Any]:
        """Return what reconnections and writes have cost by now, as score rows of a schedule say it."""
        total = Expense()
        for chip in self.chips:
            total += chip.emulation.machine.spent
        return {
            "moves": total.moves,
            "toggles": total.toggles,
            "bias_writes": total.bias_writes,
            "energy_j": total.energy_j,
            "time_s": total.time_ps / 10**12,
        }

    def schedule(self) -> Schedule:
        """Return everything reconnected so far; biases written since the last reconnection come as one entry more."""
        entries, costs, now = list(self.entries), list(self._costs), self.registers()
        if any(not np.array_equal(a, b) for a, b in zip(entries[-1].registers, now, strict=True)):
            entries.append(Entry(len(entries), entries[-1].batch, (None,) * len(now), now))
            costs.append(self._cost())
        return Schedule(self.layout, tuple(entries), tuple(costs), self.identity)

    @property
    def layout(self) -> Layout:
        """Return the banks of all layers."""
        banks, number = [], 0
        for chip in self.chips:
            for bank in chip.emulation.machine.layout.layers:
                banks.append(replace(bank, layer=number, learned=chip.reconnectable))
                number += 1
        return Layout(tuple(banks))

    @property
    def identity(self) -> str:
        """Compute a digest that tells chips apart by their cells."""
        import hashlib

        return hashlib.sha256("".join(chip.digest for chip in self.chips).encode()).hexdigest()
