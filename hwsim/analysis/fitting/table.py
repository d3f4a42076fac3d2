"""A table of measurements, read from a CSV file or from arrays: every fault at once, each with its line."""

from __future__ import annotations

import csv
import hashlib
import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.analysis.fitting.units import COLUMNS, QUANTITIES, converter, plain_unit, split_header
from hwsim.files import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from hwsim.analysis.fitting.units import Scale

LARGEST = 1 << 29
"""Bytes of a table at most: about ten million rows."""
SHOWN = 50
"""Faults that are shown."""
ENOUGH = 2
"""Cells that a spread needs."""
MISFIT = 100.0
"""How far values may lie from their targets, as a factor, before one of the units must be wrong."""


@dataclass(frozen=True)
class Measurements:
    """Rows of a table: what a cell was meant to have, what was read, when.

    ``target`` and ``value`` in microsiemens or shares of light, ``time`` in seconds since programming, float64 (rows,).
    Where levels were named in place of targets, the mean of a level as first read stands for its target. ``sample``
    numbers the programmed cells (a device at a target), ``level`` the levels in rising order, int64 (rows,).
    """

    name: str
    digest: str
    target: NDArray[np.float64]
    value: NDArray[np.float64]
    time: NDArray[np.float64] | None
    sample: NDArray[np.int64]
    level: NDArray[np.int64]


@dataclass
class _Rows:
    """Columns while they are read: numbers of what has a unit, texts of the others."""

    where: str
    numbers: dict[str, array[float]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    lines: array[int] = field(default_factory=lambda: array("q"))
    faults: list[Diagnostic] = field(default_factory=list)
    more: int = 0

    def fault(self, line: int, what: str, found: str = "", hint: str = "", column: int = 1) -> None:
        """Keep one fault, or count it where enough are kept."""
        if len(self.faults) < SHOWN:
            self.faults.append(Diagnostic(self.where, line, column, what, found[:40], hint))
        else:
            self.more += 1

    def check(self) -> None:
        """Tell of all faults.

        Raises:
            DiagnosticError: there are some.
        """
        if self.more:
            last = max(fault.line for fault in self.faults) + 1
            self.faults.append(Diagnostic(self.where, last, 1, f"and {self.more:,} faults more"))
        if self.faults:
            raise DiagnosticError(self.faults)


def read_table(
    source: Path | str | Mapping[str, Any], scale: Scale, columns: Mapping[str, str], units: Mapping[str, str]
) -> Measurements:
    """Read a table and hold it to what can be measured.

    Args:
        source: a CSV file (comma, semicolon or tab; UTF-8, or UTF-16 with its mark), or columns by header.
        scale: what the technology measures.
        columns: header of a column by the name it has here, where it is called otherwise.
        units: unit of a column, where its header does not say it.

    Raises:
        DiagnosticError: everything that is wrong with it, with line and column.
    """
    rows: _Rows
    if isinstance(source, Mapping):
        rows, digest = _take(source, scale, columns, units)
        name = "the columns given"
    else:
        path = Path(source)
        name = path.name
        text, digest = _text(path)
        rows = _parse(str(path), text, scale, columns, units)
    _cross_check(rows)
    rows.check()
    _check_cells(rows)
    rows.check()
    return _arranged(rows, name, digest)


def _text(path: Path) -> tuple[str, str]:
    """Read text and SHA-256 of a file.

    Raises:
        DiagnosticError: it is not there, empty, too large, or not a text.
    """

    def refuse(what: str, hint: str, line: int = 1) -> DiagnosticError:
        return DiagnosticError([Diagnostic(str(path), line, 1, what, "", hint)])

    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise refuse(f"{size / 2**20:,.0f} MiB are too large a table", f"give at most {LARGEST >> 20} MiB of it")
        content = path.read_bytes()
    except OSError as error:
        raise refuse(f"cannot be read ({error.strerror or error})", "give a CSV file") from None
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 if wide else content[: error.start].count(b"\n") + 1
        raise refuse("is not UTF-8", "save it as CSV in UTF-8", line) from None
    if "\0" in text:
        raise refuse("holds zero bytes and is not a text", "save it as CSV in UTF-8")
    if not text.strip():
        raise refuse("is empty", "give a header and a row for each measurement")
    return text, hashlib.sha256(content).hexdigest()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines that hold something, numbered from 1; those that begin with # are remarks."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line


def _parse(where: str, text: str, scale: Scale, columns: Mapping[str, str], units: Mapping[str, str]) -> _Rows:
    rows, lines = _Rows(where), _lines(text)
    number, header = next(lines, (1, ""))
    mark = max(",;\t", key=header.count)
    found = _head(rows, number, next(csv.reader([header], delimiter=mark), []), scale, columns, units)
    rows.check()
    width = len(next(csv.reader([header], delimiter=mark)))
    for number, line in lines:
        try:
            cells = next(csv.reader([line], delimiter=mark, strict=True))
        except csv.Error as error:
            rows.fault(number, f"cannot be read ({error})", "", "one row is one line")
            continue
        if len(cells) != width:
            rows.fault(number, f"has {len(cells)} fields where the header has {width}")
            continue
        if mark == ";":
            cells = [cell.replace(",", ".") for cell in cells]
        _row(rows, number, [(name, turn, at + 1, cells[at].strip()) for name, (at, turn) in found.items()], scale)
    if not rows.lines and not rows.faults:
        rows.fault(1, "has a header and no rows", "", "give a row for each measurement")
    return rows


def _head(
    rows: _Rows,
    line: int,
    header: Sequence[str],
    scale: Scale,
    columns: Mapping[str, str],
    units: Mapping[str, str],
) -> dict[str, tuple[int, Callable[[float], float] | None]]:
    """Tell which field each column is, and what converts its numbers; columns of other names are left alone."""
    given = {wanted.strip().lower(): name for name, wanted in columns.items()}
    found: dict[str, tuple[int, Callable[[float], float] | None]] = {}
    for option, names, known in (("--column", columns, tuple(COLUMNS)), ("--unit", units, QUANTITIES)):
        for name in sorted(set(names) - set(known)):
            rows.fault(line, f"{option} {name}: there is no such column", "", f"known: {', '.join(known)}")
    for at, cell in enumerate(header):
        name, unit = split_header(cell)
        name = given.get(cell.strip().lower(), given.get(name, name if name not in columns else ""))
        if name not in COLUMNS:
            continue
        if name in found:
            rows.fault(line, f"column {name!r} is there twice", "", "name the right one with --column", at + 1)
            continue
        stated = plain_unit(units.get(name, ""))
        found[name] = (at, _turned(rows, (line, at + 1), name, (unit, stated), scale))
    missing = [name for name in ("value", "target") if name not in found and (name == "value" or "level" not in found)]
    if missing:
        words = " and ".join(f"{name!r} ({COLUMNS[name]})" for name in missing)
        shown = ", ".join(cell.strip() for cell in header)
        rows.fault(line, f"has no column {words}", shown, "rename it, or say which it is with --column NAME=HEADER")
    for name in found:
        if name in QUANTITIES:
            rows.numbers[name] = array("d")
        else:
            rows.words[name] = []
    return found


def _turned(
    rows: _Rows, place: tuple[int, int], name: str, units: tuple[str, str], scale: Scale
) -> Callable[[float], float] | None:
    """Choose what converts a column's numbers, by the unit in its header or in an option; None for texts."""
    if name not in QUANTITIES:
        return None
    unit, stated = units
    if stated and unit and stated != unit:
        what = f"column {name!r} is in {unit!r} by its header, and in {stated!r} by --unit"
        rows.fault(place[0], what, "", "leave one of them out", place[1])
    turn, why = converter(name, unit or stated, scale)
    if why:
        what, _, hint = why.partition("; ")
        rows.fault(place[0], what, "", hint, place[1])
    return turn


def _row(rows: _Rows, line: int, cells: Sequence[tuple[str, Any, int, str]], scale: Scale) -> None:
    """Keep one row, or its faults."""
    numbers: dict[str, float] = {}
    sound = True
    for name, turn, column, text in cells:
        number, why = (0.0, "" if text else "is empty") if turn is None else _number(name, turn, text, scale)
        if why:
            rows.fault(line, f"{name!r} {why}", text or "nothing", "", column)
            sound = False
        numbers[name] = number
    if sound:
        rows.lines.append(line)
        for name, _, _, text in cells:
            if name in rows.words:
                rows.words[name].append(text)
            else:
                rows.numbers[name].append(numbers[name])


def _number(name: str, turn: Callable[[float], float], text: str, scale: Scale) -> tuple[float, str]:
    """Convert a number to the unit used inside, and say what is wrong with it, if anything."""
    try:
        number = turn(float(text))
    except (ValueError, OverflowError):
        return math.nan, "is not a number"
    if not math.isfinite(number):
        return number, "is not a finite number"
    if name == "time":
        return number, "" if number > 0 else "must be more than 0"
    if number < 0:
        return number, f"is a {scale.noun} below 0"
    return number, "" if number <= scale.largest else f"is a {scale.noun} above {scale.largest:g}; is the unit right?"


def _take(
    source: Mapping[str, Any], scale: Scale, columns: Mapping[str, str], units: Mapping[str, str]
) -> tuple[_Rows, str]:
    """Take columns of arrays as rows; a row's line is its number, counted from 1."""
    rows, digest = _Rows("table"), hashlib.sha256()
    given = {str(key): np.asarray(value).reshape(-1) for key, value in source.items()}
    if len({len(column) for column in given.values()}) > 1:
        sizes = ", ".join(f"{name} {len(column)}" for name, column in given.items())
        raise DiagnosticError([Diagnostic("table", 1, 1, "columns are of different lengths", sizes, "")])
    header = list(given)
    found = _head(rows, 1, header, scale, columns, units)
    rows.check()
    for name in header:
        digest.update(name.encode() + b"\0" + "\0".join(map(str, given[name].tolist())).encode())
    for number in range(len(given[header[0]])):
        cells = [(n, turn, at + 1, str(given[header[at]][number])) for n, (at, turn) in found.items()]
        _row(rows, number + 1, cells, scale)
    if not rows.lines and not rows.faults:
        rows.fault(1, "has no rows", "", "give a row for each measurement")
    return rows, digest.hexdigest()


def _cross_check(rows: _Rows) -> None:
    """Report what single rows do not show: doubled ones, reads and times without a cell, units that cannot be."""
    words, numbers = rows.words, rows.numbers
    if rows.faults or not rows.lines:
        return
    if "device" not in words:
        times = set(numbers["time"]) if "time" in numbers else set()
        if len(times) > 1 or "read" in words:
            what = "rows of several times or reads" if len(times) > 1 else "numbers of reads"
            rows.fault(1, f"{what} without a column 'device' say nothing", "", "name the devices")
        return
    key = list(
        zip(words["device"], *(numbers[n] for n in ("target", "time") if n in numbers), *_texts(words), strict=True)
    )
    if "read" not in words:
        key = [(*one, value) for one, value in zip(key, numbers["value"], strict=True)]
    seen: dict[Any, int] = {}
    for one, line in zip(key, rows.lines, strict=True):
        first = seen.setdefault(one, line)
        if first != line:
            hint = "remove it" if "read" in words else "remove it, or number the reads in a column 'read'"
            rows.fault(line, f"repeats line {first}: the same device, time and read", "", hint)


def _check_cells(rows: _Rows) -> None:
    """Check that each level has at least two cells, which a spread needs."""
    words, numbers = rows.words, rows.numbers
    level: Any = numbers.get("target", words.get("level", ()))
    cells: dict[Any, set[Any]] = {}
    begin: dict[Any, int] = {}
    for at, line in enumerate(rows.lines):
        cells.setdefault(level[at], set()).add(words["device"][at] if "device" in words else line)
        begin.setdefault(level[at], line)
    for one, found in cells.items():
        if len(found) < ENOUGH:
            name = f"{one:g}" if isinstance(one, float) else str(one)
            what = f"level {name} has one cell, which has no spread"
            rows.fault(begin[one], what, "", "measure several devices at each level, or leave it out")


def _texts(words: Mapping[str, list[str]]) -> list[list[str]]:
    return [words[name] for name in ("level", "read") if name in words]


def _arranged(rows: _Rows, name: str, digest: str) -> Measurements:
    """Arrange rows as arrays, levels and programmed cells numbered.

    Raises:
        DiagnosticError: a unit cannot be right.
    """
    value = np.array(rows.numbers["value"])
    time = np.array(rows.numbers["time"]) if "time" in rows.numbers else None
    if "target" in rows.numbers:
        target = np.array(rows.numbers["target"])
    else:
        target = _means(np.array(rows.words["level"]), value, time)
    level = np.unique(target, return_inverse=True)[1]
    lit = (target > 0) & (value > 0)
    ratio = float(np.median(value[lit] / target[lit])) if lit.any() else 1.0
    if not 1 / MISFIT < ratio < MISFIT:
        what = f"values are {ratio:.3g} times their targets: one of the units is wrong"
        raise DiagnosticError([Diagnostic(rows.where, 1, 1, what, "", "mend the header, or give --unit")])
    device = np.array(rows.words["device"]) if "device" in rows.words else np.arange(len(value)).astype(str)
    number = np.unique(device, return_inverse=True)[1].reshape(-1)
    pairs = number.astype(np.int64) * (int(level.max()) + 1) + level.reshape(-1)
    sample = np.unique(pairs, return_inverse=True)[1].reshape(-1)
    return Measurements(name, digest, target, value, time, sample.astype(np.int64), level.reshape(-1).astype(np.int64))


def _means(names: NDArray[Any], value: NDArray[np.float64], time: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return the mean of each named level as first read, which stands for its target."""
    level = np.unique(names, return_inverse=True)[1].reshape(-1)
    first = np.ones(len(value), np.bool_)
    if time is not None:
        early = np.full(int(level.max()) + 1, np.inf)
        np.minimum.at(early, level, time)
        first = time == early[level]
    means = np.bincount(level, value * first) / np.bincount(level, first)
    return np.asarray(means[level], np.float64)
