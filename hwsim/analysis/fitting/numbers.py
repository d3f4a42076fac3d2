"""Numbers of a datasheet as they come out of a fit: value, standard errors, where they are from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DIGITS = 6
"""Digits of a fitted number, far more than its standard error leaves."""


@dataclass(frozen=True)
class Number:
    """One number of a datasheet that a table told.

    Args:
        part: table of the datasheet, ``chip`` or ``event``.
        key: its name.
        value: as a datasheet writes it.
        errors: standard errors of the free numbers in it, by name; empty where it was counted, not estimated.
        estimates: those numbers, by the same names.
        notes: what else is to be known of it.
    """

    part: str
    key: str
    value: Any
    errors: dict[str, float] = field(default_factory=dict)
    estimates: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def source(self, table: str) -> str:
        """Tell where the number stands, for a datasheet.

        Example:
            >>> Number("chip", "extinction", "5 dB", {"extinction": 0.123}, {"extinction": 5.0}).source("mine.csv")
            'fitted to mine.csv; standard error 0.12'
        """
        told = [f"fitted to {table}"] if self.errors else [f"from {table}"]
        if len(self.errors) == 1:
            told.append(f"standard error {next(iter(self.errors.values())):.2g}")
        elif self.errors:
            told.append("standard errors: " + ", ".join(f"{name} {size:.2g}" for name, size in self.errors.items()))
        return "; ".join([*told, *self.notes])


def shortened(value: Any) -> Any:
    """Round every number in a value to six digits.

    Example:
        >>> shortened({"clip": [0.123456789, 1.0]})
        {'clip': [0.123457, 1.0]}
    """
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, list | tuple):
        return [shortened(one) for one in value]
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    return value
