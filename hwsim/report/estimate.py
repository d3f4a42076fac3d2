"""An estimate as a table for people: a number and what it rests on, or why only the simulation can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.report.bill import number, quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

DIMENSIONS = {"J": "energy", "s": "time", "1/s": "frequency"}


def estimate_table(lines: Iterable[tuple[str, float | None, str, str]]) -> str:
    """Write lines (key, value, unit, why) below each other.

    Example:
        >>> print(estimate_table([("watched", 2e-3, "s", ""), ("latency_p99", None, "s", "the queue is finite")]))
        watched      2 ms
        latency_p99  -     the queue is finite
    """
    rows = [(key, shown(value, unit), why) for key, value, unit, why in lines]
    keys, values = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    return "\n".join(f"{key:<{keys}}  {value:<{values}}  {why}".rstrip() for key, value, why in rows)


def shown(value: float | None, unit: str) -> str:
    """Write a number with its unit.

    Example:
        >>> shown(1.5e-9, "J"), shown(1234.0, ""), shown(0.98765432, ""), shown(None, "s")
        ('1.5 nJ', '1,234', '0.9877', '-')
    """
    if value is None or unit in DIMENSIONS:
        return quantity(value, DIMENSIONS.get(unit, ""))
    text = f"{value:.4g}" if abs(value) < 100 and value != int(value) else number(value)  # noqa: PLR2004 - digits
    return f"{text} {unit}".rstrip()
