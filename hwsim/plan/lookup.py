"""Looking up what a scenario names, with every fault kept for the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hwsim.device import DEVICES, Datasheet, Technology, read_sheet, sheet_values
from hwsim.device.datasheet import settable, written_values
from hwsim.library import Kind, names
from hwsim.registry import ambiguous, complete, unknown
from hwsim.scenario import Document, FaultError, Faults, Section, read_document, validate
from hwsim.scenario.diagnosis import choose

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")
S = TypeVar("S", bound=Section)
D = TypeVar("D", bound=Datasheet)

Origins = dict[tuple[str | int, ...], str]


@dataclass(frozen=True)
class Sheet(Generic[D]):
    """A datasheet as read: its numbers in SI units, and the settable ones as a scenario would write them."""

    sheet: D
    document: Document
    values: dict[str, Any]
    written: dict[str, Any]


def sheet_kind(path: Path) -> str:
    """``device`` or ``switch`` as a datasheet says itself, empty where it cannot be read."""
    try:
        return str(read_document(path).data.get("kind", ""))
    except FaultError:
        return ""


def sheets(kind: str, beside: Path | None = None) -> dict[str, Path]:
    """Every datasheet of one kind, ``device`` or ``switch``, by its name.

    Args:
        kind: what the datasheet says itself.
        beside: a scenario; datasheets beside it come first.

    Example:
        >>> "eo-mzi-lu-2016" in sheets("switch"), "eo-mzi-lu-2016" in sheets("device")
        (True, False)
    """
    return {name: path for name, path in names("devices", beside).items() if sheet_kind(path) == kind}


def device_technology(document: Document) -> Technology:
    """The technology that a device's datasheet names.

    Raises:
        FaultError: there is none of that name.
    """
    name = str(document.data.get("technology", ""))
    if name in DEVICES:
        return DEVICES[name]
    what, _, cure = unknown("technology", name, DEVICES).partition("; ")
    raise FaultError([document.fault(("technology",), what, "", cure)])


class Lookup:
    """One scenario's names; what is not found is None, and its fault is kept in ``faults``."""

    def __init__(self, document: Document, path: Path) -> None:
        self.document, self.path = document, path
        self.faults = Faults()

    def fault(self, at: tuple[str, ...], what: str, cure: str) -> None:
        """Keep a fault that stands at a key of the scenario."""
        self.faults.add(self.document.fault(at, what, "", cure))

    def table(self, schema: type[S], name: str) -> S | None:
        """One table alone; its faults are known from the whole file and not kept again."""
        try:
            return validate(self.document, schema, (name,))
        except FaultError:
            return None

    def entry(self, registry: Mapping[str, T], noun: str, at: tuple[str, ...], name: str | None) -> T | None:
        """An entry of a catalogue."""
        if name is None:
            return None
        if name in registry:
            return registry[name]
        what, _, cure = unknown(noun, name, registry).partition("; ")
        self.fault(at, what, cure)
        return None

    def known(
        self, table: str, given: Mapping[str, Any], schema: type[Section], own: type[Section]
    ) -> Mapping[str, Any]:
        """The keys that a table may have, its own or of what it names; a fault for every other one."""
        allowed = [*schema.model_fields, *(key for key in own.model_fields if key != "name")]
        for key in given:
            if key not in schema.model_fields:
                self.fault((table, key), f"unknown key '{key}'", choose(key, allowed))
        return {key: value for key, value in given.items() if key in schema.model_fields}

    def parameters(self, schema: type[S], table: str, chosen: Section | None) -> S | None:
        """A plug-in's own parameters: the keys of a table that are not the scenario's."""
        if chosen is None:
            return None
        given = self.known(table, chosen.model_extra or {}, schema, type(chosen))
        return self.faults.attempt(lambda: validate(self.document, schema, (table,), given))

    def file(self, kind: Kind, noun: str, at: tuple[str, ...], name: str | None) -> Document | None:
        """A file of the library; of the datasheets only those of devices."""
        found = sheets("device", self.path) if kind == "devices" else names(kind, self.path)
        return self._document(found, noun, at, name)

    def switch(self, at: tuple[str, ...], name: str | None) -> tuple[str | None, Document | None]:
        """A switch technology's full name and its datasheet; the start of the name is enough where one has it."""
        found = sheets("switch", self.path)
        candidates = complete(name, found) if name is not None else []
        if name is not None and len(candidates) > 1:
            what, _, cure = ambiguous("switch technology", name, candidates).partition("; ")
            self.fault(at, what, cure)
            return name, None
        full = candidates[0] if candidates else name
        return full, self._document(found, "switch technology", at, full)

    def _document(self, found: Mapping[str, Path], noun: str, at: tuple[str, ...], name: str | None) -> Document | None:
        path = self.entry(found, noun, at, name)
        return None if path is None else self.faults.attempt(lambda: read_document(path))

    def sheet(self, document: Document | None, schema: type[D], table: str, chosen: Section | None) -> Sheet[D] | None:
        """A datasheet with a scenario's overrides."""
        if document is None or chosen is None:
            return None
        sheet = self.faults.attempt(lambda: read_sheet(document, schema))
        if sheet is None:
            return None
        given = self.known(table, chosen.model_extra or {}, settable(sheet), type(chosen))
        values = self.faults.attempt(lambda: sheet_values(sheet, given, self.document, (table,)))
        return None if values is None else Sheet(sheet, document, values, written_values(sheet, values))

    def origin(self, at: tuple[str | int, ...], otherwise: str) -> str:
        """Where a value of the resolved scenario comes from."""
        if at in self.document.overrides:
            return self.document.overrides[at][0]
        if at in self.document.positions:
            return f"{self.document.path}:{self.document.positions[at][0]}"
        return otherwise


def number_origin(sheet: Document, key: str) -> str:
    """Where a datasheet gives a number."""
    for part in ("chip", "event", "cost"):
        if (part, key) in sheet.positions:
            return f"{sheet.path}:{sheet.positions[part, key][0]}"
    return sheet.path
