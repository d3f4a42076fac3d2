"""Broken hardware as a schedule speaks of it: one switch that is stuck, or one cell that is dead."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

STATES = ("bar", "cross")
"""The two states of a switch in words, in order of their numbers."""


@dataclass(frozen=True)
class Fault:
    """A stuck switch or a dead cell.

    Args:
        layer: number of the layer.
        bank: number of the bank in its layer.
        switch: number of a stuck switch in the bank's circuit; None for a cell.
        state: what it is stuck in, 0 for bar or 1 for cross.
        cell: number of a dead cell in its bank; None for a switch.
        value: the weight that the cell is read as from then on.

    Raises:
        ValueError: neither a switch with a state nor a cell with a value, or both; negative numbers; no number.

    Example:
        >>> fault = Fault(1, 7, switch=12, state=0)
        >>> fault.words, Fault(0, 3, cell=5, value=0.0).words
        ('layer 1 bank 7 switch 12 stuck in bar', 'layer 0 bank 3 cell 5 dead, reads 0')
        >>> Fault.of(fault.row()) == fault
        True
    """

    layer: int
    bank: int
    switch: int | None = None
    state: int | None = None
    cell: int | None = None
    value: float | None = None

    def __post_init__(self) -> None:
        given = tuple(one is not None for one in (self.switch, self.state, self.cell, self.value))
        if given not in {(True, True, False, False), (False, False, True, True)}:
            raise ValueError("a fault is a switch and the state it is stuck in, or a cell and what it reads")
        numbers = [one for one in (self.layer, self.bank, self.switch, self.state, self.cell) if one is not None]
        if not all(type(one) is int and one >= 0 for one in numbers) or self.state not in {None, 0, 1}:
            raise ValueError("layer, bank, switch and cell are whole numbers from 0 on, a state is 0 or 1")
        if self.value is not None and not (isinstance(self.value, float) and math.isfinite(self.value)):
            raise ValueError(f"a dead cell reads a finite number, not {self.value!r}")

    @property
    def words(self) -> str:
        """Say what is broken, as score rows do."""
        where = f"layer {self.layer} bank {self.bank}"
        if self.state is not None:
            return f"{where} switch {self.switch} stuck in {STATES[self.state]}"
        return f"{where} cell {self.cell} dead, reads {self.value:g}"

    def row(self) -> dict[str, int | float]:
        """Return what is said of it by name, for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @staticmethod
    def of(row: Any) -> Fault:
        """Read what :meth:`row` returned.

        Raises:
            ValueError: it is no fault.
        """
        names = {field.name for field in fields(Fault)}
        if not isinstance(row, dict) or not {"layer", "bank"} <= set(row) <= names:
            raise ValueError(f"a fault has layer, bank and some of {', '.join(sorted(names - {'layer', 'bank'}))}")
        return Fault(**row)
