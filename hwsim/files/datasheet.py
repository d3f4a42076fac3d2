"""A datasheet: numbers with source and status, the ranges in which they hold, and what is not modelled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field, create_model, model_validator

from hwsim.files import Diagnostic, DiagnosticError, Document, Joules, Seconds, Section, format_quantity, validate
from hwsim.files.diagnostic import Refusal
from hwsim.files.section import dimension_of, field_type, members, words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

T = TypeVar("T")
S = TypeVar("S", bound="Datasheet")

Status = Literal["measured", "derived", "assumed"]
Unlimited = Literal["unlimited"]
"""What a datasheet says of a number that has no bound, such as the endurance of a transistor."""


class Datum(Section, Generic[T]):
    """One number of a datasheet: ``{ value = ..., status = "measured", source = "..." }``."""

    value: T
    """The number, with its unit where it has one."""
    status: Status
    """Whether the number was measured, derived from measured ones, or assumed."""
    source: str = Field(min_length=1)
    """Where the number stands: paper and table, or the derivation, or why it was assumed."""


class Source(Section):
    """Where a datasheet comes from."""

    citation: str
    """The paper or report."""
    doi: str = ""
    """Its DOI, where there is one."""
    fit: str
    """How good the fit is, in words."""


class RewritingNumbers(Section):
    """What it would cost to write other weights into the cells, to hold reconnecting against; no run ever does it."""

    never: str = ""
    """Why the cells can never be written again, such as weights that are a mask; without it the numbers are needed."""
    write_energy: Datum[Joules] | None = None
    """Energy of writing one weight once, to the precision that the sheet's cells have: all pulses and verifying."""
    write_time: Datum[Seconds] | None = None
    """Time of writing as many weights as can be written at once."""
    writes_at_once: Datum[Annotated[int, Field(ge=1)]] | None = None
    """Weights that can be written at once."""
    write_endurance: Datum[Annotated[float, Field(gt=0)] | Unlimited] | None = None
    """Writes that a cell survives, or ``unlimited``; not known when left out."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        numbers = ("write_energy", "write_time", "writes_at_once")
        lacking = [name for name in numbers if getattr(self, name) is None]
        if not self.never and lacking:
            raise Refusal(
                f"lacks {', '.join(lacking)}", "give them, or say under never why cells are not written again"
            )
        if self.never and (len(lacking) < len(numbers) or self.write_endurance is not None):
            raise Refusal("has numbers of writing cells that can never be written again", "leave them or never out")
        return self


class Datasheet(Section):
    """What all datasheets share."""

    kind: Literal["device", "switch"]
    """``device`` for what holds weights, ``switch`` for what switches signals."""
    technology: str
    """The catalogue entry that reads this sheet."""
    title: str
    """What it describes, in one line."""
    not_modelled: list[str]
    """Effects that the model leaves out."""
    source: Source
    """Where the numbers come from."""
    valid: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """For each number that a scenario may set: the range, in SI units, in which the model holds."""
    rewriting: RewritingNumbers | None = None
    """What writing other weights into a device's cells would cost; not known when left out."""


class CellChoices(Section):
    """What can be set of every device's cells besides its datasheet, in ``[device]`` of a scenario or as settings."""

    variation: float = Field(default=0.0, ge=0, le=1)
    """Standard deviation of a cell's weight, as a share of the largest weight of its layer; drawn at fabrication and
    added to what programming gave. On an FPGA, whose cells are whole numbers, they become analogue levels, for study
    alone: sums are rounded to whole numbers, costs and areas stay those of the design."""
    stuck: float = Field(default=0.0, ge=0, le=1)
    """Share of the cells that are stuck, drawn at fabrication: they hold what ``stuck_at`` says, and do not vary."""
    stuck_at: Literal["zero", "ends"] = "zero"
    """What a stuck cell holds: no weight at all, or, drawn for each, the largest weight of its layer or minus that."""


_PARTS = ("chip", "event", "cost")


def read_datasheet(document: Document, schema: type[S]) -> S:
    """Check a datasheet.

    Raises:
        DiagnosticError: every diagnostic at once, with line and column.
    """
    sheet = validate(document, schema)
    diagnostics = []
    known = dict(_numbers(sheet))
    for key, (low, high) in sheet.valid.items():
        if key not in known:
            diagnostics.append(
                document.diagnostic(
                    ("valid", key),
                    f"range of {key!r}, which is not a number of this sheet",
                    "",
                    f"known: {', '.join(known)}",
                )
            )
        elif not low <= _size(known[key].value) <= high:
            diagnostics.append(
                document.diagnostic(
                    ("valid", key),
                    f"the sheet's own value of {key!r} lies outside its range",
                    f"{_size(known[key].value):g} not in {low:g} to {high:g}",
                    "widen the range or mend the value",
                )
            )
    if diagnostics:
        raise DiagnosticError(diagnostics)
    return sheet


def _numbers(sheet: Datasheet) -> list[tuple[str, Datum[Any]]]:
    found = []
    for part in _PARTS:
        section = getattr(sheet, part, None)
        if section is not None:
            found += [
                (name, getattr(section, name))
                for name in type(section).model_fields
                if isinstance(getattr(section, name), Datum)
            ]
    return found


def _size(value: float | Unlimited) -> float:
    """Return a number in a form that can be compared."""
    return math.inf if isinstance(value, str) else value


def datasheet_values(
    sheet: Datasheet, overrides: Mapping[str, Any], document: Document, at: tuple[str, ...]
) -> dict[str, Any]:
    """Return a sheet's numbers in SI units, with a scenario's overrides checked against the sheet's valid ranges.

    Args:
        sheet: a checked datasheet.
        overrides: key and value as the scenario gives them.
        document: the scenario, for positions in messages.
        at: key path of the overriding table in the scenario.

    Raises:
        DiagnosticError: unknown keys, wrong units and values out of range, all at once.
    """
    schema = settable(sheet)
    given = validate(document, schema, at, overrides)
    diagnostics: list[Diagnostic] = []
    data = {name: datum.value for name, datum in _numbers(sheet)}
    for key, written in overrides.items():
        data[key] = getattr(given, key)
        low, high = sheet.valid.get(key, (0, 0))
        if key in sheet.valid and not low <= _size(data[key]) <= high:
            hint = f"give a value from {_shown(schema, key, low)} to {_shown(schema, key, high)}"
            what = f"'{key}' lies outside the datasheet's valid range"
            diagnostics.append(document.diagnostic((*at, key), what, str(written), hint))
    if diagnostics:
        raise DiagnosticError(diagnostics)
    return data


class _Made(Section):
    """A schema made at run time: it has no source text whose docstrings could be read."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def settable(sheet: Datasheet) -> type[Section]:
    """Build the schema of what a scenario may set: the sheet's numbers with a valid range, and its choices of words.

    Of every device also what is in :class:`CellChoices`.
    """
    fields: dict[str, Any] = {}
    if sheet.kind == "device":
        fields |= {name: (field_type(field), None) for name, field in CellChoices.model_fields.items()}
    for part in _PARTS:
        section = getattr(sheet, part, None)
        for name, field in type(section).model_fields.items() if section is not None else ():
            datum = members(field.annotation)[0]  # a number that may be left out is one or none
            if isinstance(datum, type) and issubclass(datum, Datum):
                kind = field_type(datum.model_fields["value"])
                if name in sheet.valid or words(kind):
                    fields[name] = (kind, None)
    return create_model("Settable", __base__=_Made, **fields)


def _shown(schema: type[Section], key: str, value: float) -> str:
    dimension = dimension_of(field_type(schema.model_fields[key]))
    return f"{value:g}" if dimension is None else format_quantity(float(value), dimension.name)


def written_values(sheet: Datasheet, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write settable numbers as a scenario would, with units; those of :class:`CellChoices` if they were set.

    Args:
        sheet: the datasheet.
        values: numbers in SI units, from :func:`datasheet_values`.
    """
    schema = settable(sheet)
    plain = {key for key in schema.model_fields if dimension_of(field_type(schema.model_fields[key])) is None}
    known = [key for key in schema.model_fields if key in values]
    return {key: values[key] if key in plain else _shown(schema, key, values[key]) for key in known}
