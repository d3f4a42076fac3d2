"""Fit a device: a table of measurements and a base datasheet become a datasheet of your own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwsim.analysis.fitting import photonic, resistive
from hwsim.analysis.fitting.laws import LawError
from hwsim.analysis.fitting.numbers import shortened
from hwsim.analysis.fitting.table import read_table
from hwsim.analysis.fitting.units import CONDUCTANCE, TRANSMISSION
from hwsim.device import DEVICES, datasheet_values, read_datasheet
from hwsim.errors import check_type
from hwsim.files import Diagnostic, DiagnosticError, emit, parse_document, read_document
from hwsim.files.diagnostic import Refusal
from hwsim.files.registry import ambiguous, complete, unknown
from hwsim.files.whole import check_free, write_all
from hwsim.scenario.lookup import device_technology, find_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsim.analysis.fitting.levels import Levels
    from hwsim.analysis.fitting.numbers import Number
    from hwsim.analysis.fitting.table import Measurements
    from hwsim.device import Technology

SCALES = {"resistive": CONDUCTANCE, "photonic-pcm": TRANSMISSION}
"""Technologies that a table can be fitted to, and what it measures of each."""
BASES = {"resistive": "pcm-nandakumar-2019", "photonic-pcm": "photonic-feldmann-2021"}
"""Datasheets that give what a table does not tell, where no base is named."""
PARTS = ("chip", "event", "cost", "rewriting")


@dataclass(frozen=True)
class FittedDevice:
    """A datasheet fitted to a table: its text, the numbers that the table told, and those kept from the base.

    ``numbers`` have values, ``estimates`` and standard ``errors``; ``levels`` are the estimates at each level that the
    laws go through; ``kept`` maps the other numbers to the datasheet that they are from, which is ``base``.
    """

    name: str
    technology: str
    base: str
    numbers: tuple[Number, ...]
    kept: dict[str, str]
    levels: Levels = field(repr=False)
    text: str = field(repr=False)

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the datasheet, whole or not at all.

        Raises:
            DiagnosticError: the file is there already, and ``force`` does not say that it may be replaced.
        """
        target = Path(path)
        check_sheet_place(target, force=force)
        return write_all({target: self.text}, force=force)[0]


def check_sheet_place(path: Path, *, force: bool) -> None:
    """Refuse a place for a datasheet that has another name, or that holds a file which may not be replaced.

    Raises:
        DiagnosticError: why not.
    """
    if path.suffix != ".toml":
        what, hint = "is not the name of a datasheet", "give a name that ends in .toml"
        raise DiagnosticError([Diagnostic(str(path), 1, 1, what, "", hint)])
    check_free(path, force=force, hint="give another name, or --force (force=True) to replace it")


def fit(
    table: str | Path | Mapping[str, Any],
    technology: str,
    *,
    base: str | None = None,
    out: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    title: str | None = None,
    force: bool = False,
) -> FittedDevice:
    """Fit a datasheet to a table of measured cells: levels, programming, drift and read noise with standard errors.

    Args:
        table: a CSV file, or columns by header such as ``{"target [uS]": ..., "value [uS]": ...}`` (a frame too).
            ``value`` and ``target`` (or ``level``) are needed; ``time``, ``device`` and ``read`` tell drift and noise.
        technology: ``resistive`` or ``photonic-pcm`` (the start of the name is enough).
        base: datasheet that says which laws to fit and gives what the table cannot tell; ``pcm-nandakumar-2019`` or
            ``photonic-feldmann-2021`` when left out.
        out: file to write; nothing is written when left out.
        columns: header of a column by its name here, such as ``{"value": "G_measured"}``.
        units: unit of a column whose header does not say it, such as ``{"value": "uS"}``.
        title: what the datasheet says it describes.
        force: whether a file that is there may be replaced.

    Raises:
        DiagnosticError: all faults of the table with their lines; numbers that neither table nor base say; a law that
            the table does not determine.

    Example:
        >>> cells = {"target [uS]": [5, 5, 5, 10, 10, 10], "value [uS]": [4.9, 5.1, 5.2, 9.7, 10.2, 10.3]}
        >>> found = fit(cells, "resistive", base="pcm-nandakumar-2019")
        >>> [number.key for number in found.numbers]
        ['largest_conductance', 'fitted_conductance', 'programming']
    """
    check_type("technology", technology, "a text")
    check_type("base", base, "a text", none=True)
    for option, value in (("columns", columns), ("units", units)):
        check_type(option, value, "a table", none=True)
    if not hasattr(table, "items"):
        check_type("table", table, "a path", "a table")
    source: Any = dict(table.items()) if hasattr(table, "items") else table
    name = _technology(technology)
    if out is not None:
        check_sheet_place(Path(out), force=force)
    sheet_name, document = _base(base or BASES[name], name)
    sheet = read_datasheet(document, DEVICES[name].datasheet)
    values = datasheet_values(sheet, {}, document, ())
    measured = read_table(source, SCALES[name], columns or {}, units or {})
    where = str(table) if isinstance(table, str | Path) else "table"
    if name == "resistive" and measured.time is None and len(values["programming"]) > 1:
        what = f"no times are given, and {sheet_name} has a spread for each age"
        raise DiagnosticError([Diagnostic(where, 1, 1, what, "", "give a column 'time', or another base")])
    valid: dict[str, list[float]] = {}
    try:
        if name == "resistive":
            levels, numbers, valid = resistive.tell(measured, values)
        else:
            levels, numbers = photonic.tell(measured)
    except LawError as error:
        hint = "measure more levels, devices or reads, or name a base whose laws ask for less"
        raise DiagnosticError([Diagnostic(where, 1, 1, str(error), "", hint)]) from None
    text = _text(dict(document.data), (sheet_name, title), measured, levels, numbers, valid)
    _check(text, DEVICES[name], where)
    told = {number.key for number in numbers}
    kept = {key: sheet_name for part in PARTS for key in document.data.get(part, {}) if key not in told}
    found = FittedDevice(measured.name, name, sheet_name, tuple(numbers), kept, levels, text)
    if out is not None:
        found.write(out, force=force)
    return found


def _technology(name: str) -> str:
    """Return the full name of a technology that tables can be fitted to."""
    found = complete(name, SCALES)
    if len(found) == 1:
        return found[0]
    message = ambiguous("technology", name, found) if found else unknown("technology", name, SCALES)
    what, _, hint = message.partition("; ")
    raise DiagnosticError([Diagnostic("--technology", 1, 1, what, "", hint)])


def _base(base: str, technology: str) -> tuple[str, Any]:
    """Name and document of the base datasheet.

    Raises:
        DiagnosticError: there is none, or it is of another technology.
    """
    try:
        name, path = find_sheet("device", base)
    except Refusal as error:
        raise DiagnosticError([Diagnostic("--base", 1, 1, error.what, "", error.hint)]) from None
    document = read_document(path)
    if (found := device_technology(document).name) != technology:
        what = f"{name} is a datasheet of {found}"
        raise DiagnosticError([Diagnostic("--base", 1, 1, what, "", f"give one of {technology}")])
    return name, document


def _text(
    data: dict[str, Any],
    names: tuple[str, str | None],
    table: Measurements,
    levels: Levels,
    numbers: list[Number],
    valid: Mapping[str, list[float]],
) -> str:
    """Write the datasheet as TOML."""
    base, title = names
    told = {(number.part, number.key): number for number in numbers}
    sheet = {key: value for key, value in data.items() if key not in PARTS}
    sheet["title"] = title or f"Fitted to {table.name}, the rest as {base}"
    seen = f"{levels.reads:,} rows: {int(levels.cells.sum()):,} cells at {len(levels.cells)} levels"
    seen += f", {levels.times} times" if levels.times else ", no times"
    source, short = f"{table.name}, sha256 {table.digest}", f"{table.name}, sha256 {table.digest[:12]}..."
    fit_ = f"{seen}; standard errors stand beside each number; what the table does not say is kept from {base}"
    sheet["source"] = {"citation": f"measurements: {source}", "fit": fit_}
    ranges = {key: list(ends) for key, ends in data.get("valid", {}).items()} | dict(valid)
    for part in PARTS:
        rows: dict[str, Any] = {}
        for key, datum in data.get(part, {}).items():
            number = told.get((part, key))
            if isinstance(datum, str):  # why cells are never written again
                rows[key] = datum
                continue
            if number is None:
                rows[key] = {**datum, "source": f"kept from {base}: {datum['source']}"}
                continue
            value = shortened(number.value)
            rows[key] = {"value": value, "status": "measured", "source": number.source(short)}
            size = _size(value)
            if key in ranges and key not in valid and size is not None:
                low, high = ranges[key]
                ranges[key] = [min(low, size), max(high, size)]
        if rows:
            sheet[part] = rows
    sheet["valid"] = ranges
    order = ("kind", "technology", "title", "not_modelled", "source", "valid", *PARTS)
    ordered = {key: sheet[key] for key in order if key in sheet}
    return emit(ordered, None, f"Fitted by hwsim fit to {source}", inline=2)


def _size(value: Any) -> float | None:
    """Return a plain number of a datasheet, or one with a unit, as float; None for anything else."""
    if isinstance(value, str):
        number = value.partition(" ")[0]
        try:
            return float(number)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) else None


def _check(text: str, technology: Technology, where: str) -> None:
    """Hold what would be written to what every datasheet is held to.

    Raises:
        DiagnosticError: the fitted numbers make no sound datasheet.
    """
    document = parse_document(text, where)
    sheet = read_datasheet(document, technology.datasheet)
    try:
        technology.build(datasheet_values(sheet, {}, document, ()))
    except ValueError as error:
        raise DiagnosticError([Diagnostic(where, 1, 1, f"the fit makes no sound device: {error}")]) from None
