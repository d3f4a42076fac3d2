"""Columns of a table of measurements: what they are called, and the units that their numbers may stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COLUMNS = {
    "target": "what the cell was programmed to",
    "level": "number or name of the level it was programmed to, in place of target",
    "value": "what was measured",
    "time": "since programming",
    "device": "which device; rows of one name are one device",
    "read": "number of the read, where a device is read several times at one time",
}
"""Columns that a table may have: value and target (or level) always, the others for what they tell."""
QUANTITIES = ("target", "value", "time")
"""Those that have a unit."""
_TIMES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}
_HEADER = re.compile(r"\s*(?P<name>[^\[(]*?)\s*(?:[\[(]\s*(?P<unit>[^\])]*?)\s*[\])])?\s*")


@dataclass(frozen=True)
class Scale:
    """What a technology measures: the units of its values, and which of them its datasheet counts in."""

    noun: str
    units: Mapping[str, float | Callable[[float], float]]
    own: str
    """The unit of the numbers inside."""
    plain: bool
    """Whether a number without a unit is one of ``own``."""
    largest: float
    """No value is larger, noise of a read included."""


def _share(decibels: float) -> float:
    """Compute the share of the light that a gain in decibels leaves."""
    return float(10 ** (decibels / 10))


CONDUCTANCE = Scale(
    "conductance", {"S": 1e6, "mS": 1e3, "uS": 1.0, "nS": 1e-3, "pS": 1e-6}, "uS", plain=False, largest=1e9
)
TRANSMISSION = Scale("transmission", {"1": 1.0, "%": 1e-2, "dB": _share}, "1", plain=True, largest=1.2)


def split_header(cell: str) -> tuple[str, str]:
    """Name and unit of a column as its header has them; the unit is empty where none is said.

    Example:
        >>> split_header("Value [µS]"), split_header("time_s"), split_header("device")
        (('value', 'uS'), ('time', 's'), ('device', ''))
    """
    match = _HEADER.fullmatch(cell)
    name, unit = (match["name"], match["unit"] or "") if match else (cell.strip(), "")
    start, _, end = name.rpartition("_")
    if not unit and start.lower() in QUANTITIES:
        name, unit = start, end
    return name.lower(), plain_unit(unit)


def plain_unit(unit: str) -> str:
    """Write a unit with its micro as ``u``.

    Example:
        >>> plain_unit("µS")
        'uS'
    """
    return unit.strip().replace("\u00b5", "u").replace("\u03bc", "u")


def converter(column: str, unit: str, scale: Scale) -> tuple[Callable[[float], float] | None, str]:
    """Choose what converts a column's numbers into those used inside (microsiemens, shares of light, seconds).

    Args:
        column: name of the column.
        unit: its unit, empty where none is said.
        scale: what the technology measures.

    Returns:
        The function, or None and why there is none: what is wrong and what would work.

    Example:
        >>> turn, _ = converter("value", "nS", CONDUCTANCE)
        >>> turn(1500.0) if turn else None
        1.5
        >>> converter("time", "", CONDUCTANCE)[1]
        "column 'time' has no unit; write time [s] in the header, or give --unit time=s (s, ms, us, ns, min, h, d)"
    """
    known: Mapping[str, float | Callable[[float], float]] = _TIMES if column == "time" else scale.units
    own = "s" if column == "time" else scale.own
    if not unit and scale.plain and column != "time":
        unit = own
    if unit not in known:
        what = f"column {column!r} has no unit" if not unit else f"column {column!r} is in {unit!r}"
        noun = "time" if column == "time" else scale.noun
        what += "" if not unit else f", which is not a unit of {noun}"
        return None, f"{what}; write {column} [{own}] in the header, or give --unit {column}={own} ({', '.join(known)})"
    turn = known[unit]
    if isinstance(turn, float):
        factor = turn
        return lambda number: number * factor, ""
    return turn, ""
