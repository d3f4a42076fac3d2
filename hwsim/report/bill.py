"""The rows of ``hwsim cost`` as plain text that fits a terminal of 100 columns, or as CSV."""

from __future__ import annotations

import csv
import io
import textwrap
from typing import TYPE_CHECKING, Any

from hwsim.files import format_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
    "switch that toggles most is worn out. - does not apply. All columns: hwsim help cost.",
)


def quantity(value: float | None, dimension: str, digits: int = 4) -> str:
    """Write a number with its unit and so many significant digits.

    Example:
        >>> quantity(1.23456e-9, "energy"), quantity(None, "energy")
        ('1.235 nJ', '-')
    """
    return _NONE if value is None else format_quantity(float(f"{value:.{digits}g}"), dimension)


def number(value: float | None) -> str:
    """Write a count or a mean of counts with thousands apart; large ones as powers of ten.

    Example:
        >>> number(4041.25), number(1048576), number(2.0**40), number(None)
        ('4,041.2', '1,048,576', '1.1e+12', '-')
    """
    if value is None:
        return _NONE
    if abs(value) >= _LARGE:
        return f"{value:.3g}"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= _FINE else f"{value:,.1f}"


def bill(rows: Sequence[Mapping[str, Any]], words: str) -> str:
    """Write rows of a comparison as a table, two lines per row; one row alone as a column.

    Args:
        rows: as :func:`hwsim.costing.price` gives them.
        words: how many and what these are, the heading.

    Example:
        >>> import hwsim
        >>> rows = hwsim.cost([1, 0, 3, 2], topology=["benes", "crossbar"])
        >>> print(bill(rows, "one reconnection").splitlines()[0])
        one reconnection
    """
    if len(rows) == 1 and "blocked" not in rows[0]:
        return "\n".join([words, "", *_column(rows[0])])
    return "\n".join([words, "", *_table(rows), "", *_NOTES])


def as_csv(rows: Sequence[Mapping[str, Any]], columns: Iterable[str]) -> str:
    """Write rows as CSV, a heading first; empty where a row has nothing.

    Example:
        >>> rows = [{"topology": "benes", "loss_db_mean": None}, {"topology": "omega", "blocked": "0 and 3"}]
        >>> print(as_csv(rows, ["topology", "loss_db_mean", "blocked"]))
        topology,loss_db_mean,blocked
        benes,,
        omega,,0 and 3
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().removesuffix("\n")


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write a line for each circuit and effort, and under it a line for each technology or why there is none."""
    circuits: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    remarks: dict[tuple[str, ...], dict[str, None]] = {}
    for row in rows:
        circuit = _circuit(row)
        mine = circuits.setdefault(circuit, [])
        noted = remarks.setdefault(circuit, {})
        if "blocked" in row:
            noted.setdefault(f"blocked: {row['blocked']}")
            continue
        mine.append(_spent(row))
        if row["blocked_share"] is not None:
            noted.setdefault(f"blocked: {_blocked(row)}")
        if row["writes"] != "full":
            noted.setdefault(f"{row['writes']} writes with {row['technology']}: {_bits(row)}")
        if row["register_writes_total"]:
            noted.setdefault(f"registers with {row['technology']}: {_registers(row)}")
    upper = _widths([_CIRCUIT, *circuits])
    lower = _widths([_indented(_TECHNOLOGY), *(line for lines in circuits.values() for line in lines)])
    text = [_line(_CIRCUIT, upper, left=2), _line(_indented(_TECHNOLOGY), lower, left=1)]
    for circuit, lines in circuits.items():
        text.append(_line(circuit, upper, left=2))
        text += [_line(line, lower, left=1) for line in lines]
        for remark in remarks[circuit]:
            text += textwrap.wrap(remark, _COLUMNS, initial_indent="  ", subsequent_indent="    ")
    return text


def _bits(row: Mapping[str, Any]) -> str:
    """Say how much goes through the port where banks are not sent in full."""
    return f"{number(row['bits_mean'])} bits are sent a reconnection"


def _blocked(row: Mapping[str, Any]) -> str:
    """Say what was left out of a row because a blocking topology cannot do it."""
    share = f"{row['blocked_share']:.3g} of the random reconnections"
    return f"{share}; the other {number(row['reconnections'])} are priced, from straight connections on"


def _registers(row: Mapping[str, Any]) -> str:
    """Say what register writes add to a row, and what the whole bill is then."""
    energy, time = row["register_energy_j_total"], row["register_time_s_total"]
    added = f"{quantity(energy, 'energy')} and {quantity(time, 'time')}"
    whole = f"{quantity(row['energy_j_total'] + energy, 'energy')} and {quantity(row['time_s_total'] + time, 'time')}"
    return f"{number(row['register_writes_total'])} writes add {added}; with them, {whole} in all"


def _indented(words: Sequence[str]) -> tuple[str, ...]:
    return ("  " + words[0], *words[1:])


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return columns as wide as their widest entry."""
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    text = [c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return "  ".join(text).rstrip()


def _circuit(row: Mapping[str, Any]) -> tuple[str, ...]:
    sizes = ("ports", "switches", "depth", "configuration_bits")
    changes = ("moves_mean", "toggles_mean", "toggles_p95", "toggles_max")
    return (row["topology"], row["effort"], *(number(row[key]) for key in (*sizes, *changes)))


def _spent(row: Mapping[str, Any]) -> tuple[str, ...]:
    losses = [row[f"loss_db_{key}"] for key in ("min", "mean", "max")]
    return (
        f"  {row['technology']}",
        quantity(row["energy_j_mean"], "energy"),
        quantity(row["time_s_mean"], "time"),
        quantity(row["hold_w"], "power"),
        _NONE if None in losses else " ".join(f"{loss:.1f}" for loss in losses) + " dB",
        _decibels(row["crosstalk_db"]),
        number(_rounded(row["lifetime_reconnections"])),
    )


def _decibels(value: float | None) -> str:
    return _NONE if value is None else f"{value:+.1f} dB"


def _rounded(value: float | None) -> float | None:
    """Round to three digits: an endurance is known to no more."""
    return None if value is None else float(f"{value:.3g}")


def _column(row: Mapping[str, Any]) -> list[str]:
    """Write one row alone: every number on its own line, with words about it."""
    lines = [
        ("topology", row["topology"]),
        ("technology", row["technology"]),
        ("effort", row["effort"]),
        ("ports", number(row["ports"])),
        ("switches", number(row["switches"])),
        ("depth", f"{number(row['depth'])} switches on the longest path"),
        ("configuration", f"{number(row['configuration_bits'])} bits a circuit"),
        *([] if row["writes"] == "full" else [("writes", f"{row['writes']}; {_bits(row)}")]),
        *([("blocked", _blocked(row))] if row["blocked_share"] is not None else []),
        *_totals(row),
        ("hold power", f"{quantity(row['hold_w'], 'power')} in the last configuration"),
    ]
    if row["loss_db_mean"] is not None:
        mean, least, most = (row[f"loss_db_{key}"] for key in ("mean", "min", "max"))
        lines.append(("path loss", f"{mean:.2f} dB, from {least:.2f} to {most:.2f} dB"))
    if row["crosstalk_db"] is not None:
        worse = ", more than the signal" if row["crosstalk_db"] > 0 else ""
        lines.append(("crosstalk", f"{_decibels(row['crosstalk_db'])} at the worst output{worse}"))
    if row["lifetime_reconnections"] is not None:
        lifetime = number(_rounded(row["lifetime_reconnections"]))
        lines.append(("lifetime", f"{lifetime} reconnections like these, until the switch that toggles most is worn"))
    width = max(len(name) for name, _ in lines)
    return [f"{name:<{width}}  {value}" for name, value in lines]


def _totals(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List what the reconnections did and cost: mean and total if there are several."""
    many = row["reconnections"] > 1

    def both(key: str, show: Callable[[float], str]) -> str:
        total = show(row[f"{key}_total"])
        return f"{show(row[f'{key}_mean'])} a reconnection, {total} in all" if many else total

    lines = [("moves", both("moves", number)), ("toggles", both("toggles", number))]
    if many:
        lines.append(("", f"95th percentile {number(row['toggles_p95'])}, at most {number(row['toggles_max'])}"))
    lines.append(("energy", both("energy_j", lambda joules: quantity(joules, "energy"))))
    lines.append(("time", both("time_s", lambda seconds: quantity(seconds, "time"))))
    if row["register_writes_total"] is not None:
        lines.append(("registers", _registers(row)))
    return lines
