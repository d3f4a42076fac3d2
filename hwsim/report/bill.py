"""The rows of ``hwsim cost`` as plain text that fits a terminal of 100 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from hwsim.scenario import format_quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = dict[str, Any]

_COLUMNS = 100
_LARGE = 1e12
_FINE = 1e4
_NONE = "-"
_CIRCUIT = ("topology", "effort", "ports", "switches", "depth", "bits", "moves", "toggles", "p95", "max")
_TECHNOLOGY = ("technology", "energy", "time", "hold", "loss (min/mean/max)", "crosstalk", "lifetime")
_NOTES = (
    "bits: of one circuit's configuration. Of one reconnection: moves, toggles, energy and time are",
    "means, p95 and max are of toggles. hold: power in the last configuration. loss: of a path.",
    "crosstalk: leaks of lowest order at the worst output. lifetime: reconnections like these until the",
    "switch that toggles most is worn out. - does not apply.",
)


def quantity(value: float | None, dimension: str, digits: int = 4) -> str:
    """A number with its unit, of so many significant digits.

    Example:
        >>> quantity(1.23456e-9, "energy"), quantity(None, "energy")
        ('1.235 nJ', '-')
    """
    return _NONE if value is None else format_quantity(float(f"{value:.{digits}g}"), dimension)


def number(value: float | None) -> str:
    """A count or a mean of counts, thousands apart; large ones as powers of ten.

    Example:
        >>> number(4041.25), number(1048576), number(2.0**40), number(None)
        ('4,041.2', '1,048,576', '1.1e+12', '-')
    """
    if value is None:
        return _NONE
    if abs(value) >= _LARGE:
        return f"{value:.3g}"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= _FINE else f"{value:,.1f}"


def bill(rows: Sequence[Mapping[str, Any]], count: int, words: str) -> str:
    """Rows of a comparison as a table, two lines a row; one row alone as a column.

    Args:
        rows: as :func:`hwsim.costing.price` gives them.
        count: reconnections that they are about.
        words: how many and what these are, the heading.

    Example:
        >>> import hwsim
        >>> rows = hwsim.cost([1, 0, 3, 2], topology=["benes", "crossbar"])
        >>> print(bill(rows, 1, "one reconnection").splitlines()[0])
        one reconnection
    """
    if len(rows) == 1 and "blocked" not in rows[0]:
        return "\n".join([words, "", *_column(rows[0], count)])
    return "\n".join([words, "", *_table(rows, count), "", *_NOTES])


def _table(rows: Sequence[Mapping[str, Any]], count: int) -> list[str]:
    """A line for each circuit and effort, and under it, a line for each technology or why there is none."""
    circuits: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    blocked: dict[tuple[str, ...], dict[str, None]] = {}
    for row in rows:
        circuit = _circuit(row, count)
        mine = circuits.setdefault(circuit, [])
        if "blocked" in row:
            blocked.setdefault(circuit, {}).setdefault(row["blocked"])
        else:
            mine.append(_spent(row, count))
    upper = _widths([_CIRCUIT, *circuits])
    lower = _widths([_indented(_TECHNOLOGY), *(line for lines in circuits.values() for line in lines)])
    text = [_line(_CIRCUIT, upper, left=2), _line(_indented(_TECHNOLOGY), lower, left=1)]
    for circuit, lines in circuits.items():
        text.append(_line(circuit, upper, left=2))
        text += [_line(line, lower, left=1) for line in lines]
        for reason in blocked.get(circuit, {}):
            text += textwrap.wrap(f"blocked: {reason}", _COLUMNS, initial_indent="  ", subsequent_indent="    ")
    return text


def _indented(words: Sequence[str]) -> tuple[str, ...]:
    return ("  " + words[0], *words[1:])


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Columns as wide as their widest entry."""
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    text = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return "  ".join(text).rstrip()


def _circuit(row: Mapping[str, Any], count: int) -> tuple[str, ...]:
    toggles = row["toggles"] or {}
    moves = None if row["moves"] is None else row["moves"] / count
    return (
        row["topology"],
        row["effort"],
        number(row["ports"]),
        number(row["switches"]),
        number(row["depth"]),
        number(row["configuration_bits"]),
        number(moves),
        *(number(toggles.get(key)) for key in ("mean", "p95", "max")),
    )


def _spent(row: Mapping[str, Any], count: int) -> tuple[str, ...]:
    loss = row["loss_db"]
    return (
        f"  {row['technology']}",
        quantity(row["energy_j"] / count, "energy"),
        quantity(row["time_s"] / count, "time"),
        quantity(row["hold_w"], "power"),
        " ".join(f"{loss[key]:.1f}" for key in ("min", "mean", "max")) + " dB" if loss else _NONE,
        _decibels(row["crosstalk_db"]),
        number(_rounded(row["lifetime_reconnections"])),
    )


def _decibels(value: float | None) -> str:
    return _NONE if value is None else f"{value:+.1f} dB"


def _rounded(value: float | None) -> float | None:
    """Three digits are more than an endurance is known to."""
    return None if value is None else float(f"{value:.3g}")


def _column(row: Mapping[str, Any], count: int) -> list[str]:
    """One row alone: every number on its own line, with words about it."""
    toggles, loss = row["toggles"], row["loss_db"]
    many = count > 1
    lines = [
        ("topology", row["topology"]),
        ("technology", row["technology"]),
        ("effort", row["effort"]),
        ("ports", number(row["ports"])),
        ("switches", number(row["switches"])),
        ("depth", f"{number(row['depth'])} switches on the longest path"),
        ("configuration", f"{number(row['configuration_bits'])} bits a circuit"),
        ("moves", _both(number(row["moves"] / count), number(row["moves"]), many=many)),
        ("toggles", _both(number(toggles["mean"]), number(toggles["mean"] * count), many=many)),
    ]
    if many:
        lines.append(("", f"95th percentile {number(toggles['p95'])}, at most {number(toggles['max'])}"))
    lines += [
        ("energy", _both(quantity(row["energy_j"] / count, "energy"), quantity(row["energy_j"], "energy"), many=many)),
        ("time", _both(quantity(row["time_s"] / count, "time"), quantity(row["time_s"], "time"), many=many)),
        ("hold power", f"{quantity(row['hold_w'], 'power')} in the last configuration"),
    ]
    if loss:
        lines.append(("path loss", f"{loss['mean']:.2f} dB, from {loss['min']:.2f} to {loss['max']:.2f} dB"))
    if row["crosstalk_db"] is not None:
        worse = ", more than the signal" if row["crosstalk_db"] > 0 else ""
        lines.append(("crosstalk", f"{_decibels(row['crosstalk_db'])} at the worst output{worse}"))
    if row["lifetime_reconnections"] is not None:
        lifetime = number(_rounded(row["lifetime_reconnections"]))
        lines.append(("lifetime", f"{lifetime} reconnections like these, until the switch that toggles most is worn"))
    width = max(len(name) for name, _ in lines)
    return [f"{name:<{width}}  {value}" for name, value in lines]


def _both(one: str, total: str, *, many: bool) -> str:
    return f"{one} a reconnection, {total} in all" if many else one
