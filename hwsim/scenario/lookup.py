"""Look up what a scenario names, and keep every diagnostic for the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from hwsim.crossbar.technology import Switch, SwitchDatasheet, build_switch
from hwsim.device import DEVICES, Datasheet, Technology, datasheet_values, read_datasheet
from hwsim.files import DiagnosticError, Diagnostics, Document, Section, read_document, validate
from hwsim.files.datasheet import settable, written_values
from hwsim.files.diagnostic import Refusal
from hwsim.files.library import Kind, names, parsed
from hwsim.files.registry import ambiguous, complete, unknown
from hwsim.files.validation import choose
from hwsim.scenario.given import NOTHING, Given

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
S = TypeVar("S", bound=Section)
D = TypeVar("D", bound=Datasheet)

SheetKind = Literal["device", "switch"]
_NOUNS = {"device": "device", "switch": "switch technology", None: "datasheet"}

Origins = dict[tuple[str | int, ...], str]


OWN = 'name = "mine.toml"'


def is_path(name: str) -> bool:
    """Tell whether a scenario names a file by its path and not by its name.

    Example:
        >>> is_path("devices/mine.toml"), is_path("mine")
        (True, False)
    """
    return name.endswith(".toml")


@dataclass(frozen=True)
class Sheet(Generic[D]):
    """A datasheet as read: its numbers in SI units, and the settable ones as a scenario would write them."""

    sheet: D
    document: Document
    values: dict[str, Any]
    written: dict[str, Any]


def sheet_kind(path: Path) -> str:
    """Return ``device`` or ``switch`` as a datasheet says itself, empty if it cannot be read."""
    try:
        return str(parsed(path).data.get("kind", ""))
    except (OSError, ValueError, RecursionError):
        return ""


def find_sheet(kind: SheetKind | None, name: str) -> tuple[str, Path]:
    """Find a datasheet by the path of its file, which ends in ``.toml``, or as for a scenario in the current folder.

    Args:
        kind: as for :func:`named_sheet`.
        name: path or name.

    Returns:
        The datasheet's full name and its file.

    Raises:
        Refusal: there is none, it is of the other kind, or several names begin so.

    Example:
        >>> find_sheet("switch", "eo-mzi")[0]
        'eo-mzi-lu-2016'
        >>> find_sheet("device", "my.toml")
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.Refusal: there is no file 'my.toml', give the name or the path of a datasheet
    """
    path = Path(name)
    if path.suffix != ".toml":
        return named_sheet(kind, name, Path("scenario.toml"))
    if not path.is_file():
        raise Refusal(f"there is no file {name!r}", "give the name or the path of a datasheet")
    found = sheet_kind(path)
    if found in ("device", "switch") and kind not in (found, None):
        raise Refusal(f"{name!r} is the datasheet of a {_NOUNS[found]}", f"give that of a {_NOUNS[kind]}")
    return path.stem, path


def named_sheet(kind: SheetKind | None, name: str, beside: Path | None = None) -> tuple[str, Path]:
    """Find a datasheet by its name; of a switch technology the start is enough where only one begins so.

    Args:
        kind: what the datasheet says itself; None for either.
        name: the name, that of the file without ``.toml``.
        beside: a scenario; datasheets beside it come first.

    Returns:
        The datasheet's full name and its file.

    Raises:
        Refusal: there is none, or several names begin so.
    """
    path = names("devices", beside).get(name)
    if path is not None and kind in (sheet_kind(path), None):
        return name, path
    known = sheets(kind, beside)
    candidates = complete(name, known) if kind == "switch" else []
    if len(candidates) == 1:
        return candidates[0], known[candidates[0]]
    text = ambiguous(_NOUNS[kind], name, candidates) if candidates else unknown(_NOUNS[kind], name, known)
    what, _, hint = text.partition("; ")
    raise Refusal(what, hint)


def read_switch(name: str, path: Path) -> Switch:
    """Read a switch technology from its datasheet as it stands.

    Raises:
        DiagnosticError: every diagnostic at once, with line and column.
    """
    document = read_document(path)
    sheet = read_datasheet(document, SwitchDatasheet)
    return build_switch(name, sheet, datasheet_values(sheet, {}, document, ()))


def sheets(kind: SheetKind | None, beside: Path | None = None) -> dict[str, Path]:
    """List every datasheet of one kind, ``device`` or ``switch``, by its name.

    Args:
        kind: what the datasheet says itself; None for both.
        beside: a scenario; datasheets beside it come first.

    Example:
        >>> "eo-mzi-lu-2016" in sheets("switch"), "eo-mzi-lu-2016" in sheets("device")
        (True, False)
    """
    return {name: path for name, path in names("devices", beside).items() if kind in (sheet_kind(path), None)}


def device_technology(document: Document) -> Technology:
    """Find the technology that a device's datasheet names.

    Raises:
        DiagnosticError: there is none of that name.
    """
    name = str(document.data.get("technology", ""))
    if name in DEVICES:
        return DEVICES[name]
    what, _, hint = unknown("technology", name, DEVICES).partition("; ")
    raise DiagnosticError([document.diagnostic(("technology",), what, "", hint)])


class Lookup:
    """One scenario's names; what is not found is None, and its diagnostic is kept in ``diagnostics``."""

    def __init__(self, document: Document, path: Path, given: Given = NOTHING) -> None:
        self.document, self.path, self.given = document, path, given
        self.diagnostics = Diagnostics()

    def diagnostic(self, at: tuple[str | int, ...], what: str, hint: str) -> None:
        """Keep a diagnostic that stands at a key of the scenario."""
        self.diagnostics.add(self.document.diagnostic(at, what, "", hint))

    def place(self, at: tuple[str, ...], text: str) -> Path:
        """Tell where a file lies that a key of the scenario names.

        It counts from the scenario's folder, or from the current one where the key was set from outside.
        """
        outside = any(at[:length] in self.document.overrides for length in range(1, len(at) + 1))
        return (Path() if outside else self.path.parent) / Path(text).expanduser()

    def table(self, schema: type[S], name: str) -> S | None:
        """Read one table alone; its diagnostics are known from the whole file and not kept again."""
        try:
            return validate(self.document, schema, (name,))
        except DiagnosticError:
            return None

    def entry(
        self, registry: Mapping[str, T], noun: str, at: tuple[str, ...], name: str | None, other: str = ""
    ) -> T | None:
        """Find an entry of a catalogue; ``other`` says what else would work."""
        if name is None:
            return None
        if name in registry:
            return registry[name]
        what, _, hint = unknown(noun, name, registry).partition("; ")
        self.diagnostic(at, what, "; ".join(filter(None, (hint, other))))
        return None

    def known(
        self, table: str, given: Mapping[str, Any], schema: type[Section], own: type[Section]
    ) -> Mapping[str, Any]:
        """Return the keys that a table may have, its own or of what it names; any other key gets a diagnostic."""
        allowed = [*schema.model_fields, *(key for key in own.model_fields if key != "name")]
        for key in given:
            if key not in schema.model_fields:
                self.diagnostic((table, key), f"unknown key '{key}'", choose(key, allowed))
        return {key: value for key, value in given.items() if key in schema.model_fields}

    def parameters(self, schema: type[S], table: str, chosen: Section | None) -> S | None:
        """Read a plug-in's own parameters: the keys of a table that are not the scenario's."""
        if chosen is None:
            return None
        given = self.known(table, chosen.model_extra or {}, schema, type(chosen))
        return self.diagnostics.attempt(lambda: validate(self.document, schema, (table,), given))

    def file(self, kind: Kind, noun: str, at: tuple[str, str], name: str | None) -> Document | None:
        """Find a file of the library that is not a datasheet, by its name, or any other file by its path."""
        if name is not None and is_path(name):
            path: Path | None = self.place(at, name)
        else:
            path = self.entry(names(kind, self.path), noun, at, name, f"or give the path of a file: {OWN}")
        return None if path is None else self.diagnostics.attempt(lambda: read_document(path))

    def datasheet(self, kind: SheetKind, at: tuple[str, str], name: str | None) -> tuple[str | None, Document | None]:
        """Find a datasheet and its full name."""
        if name is None:
            return None, None
        try:
            if is_path(name):
                full, path = find_sheet(kind, str(self.place(at, name)))
            else:
                full, path = named_sheet(kind, name, self.path)
        except Refusal as error:
            self.diagnostic(at, error.what, error.hint)
            return name, None
        return full, self.diagnostics.attempt(lambda: read_document(path))

    def sheet(self, document: Document | None, schema: type[D], table: str, chosen: Section | None) -> Sheet[D] | None:
        """Read a datasheet with a scenario's overrides."""
        if document is None or chosen is None:
            return None
        sheet = self.diagnostics.attempt(lambda: read_datasheet(document, schema))
        if sheet is None:
            return None
        given = self.known(table, chosen.model_extra or {}, settable(sheet), type(chosen))
        values = self.diagnostics.attempt(lambda: datasheet_values(sheet, given, self.document, (table,)))
        return None if values is None else Sheet(sheet, document, values, written_values(sheet, values))

    def origin(self, at: tuple[str | int, ...], otherwise: str) -> str:
        """Tell where a value of the resolved scenario comes from."""
        if at in self.document.overrides:
            return self.document.overrides[at][0]
        if at in self.document.positions:
            return f"{self.document.path}:{self.document.positions[at][0]}"
        tables = (at[:length] for length in range(len(at) - 1, 0, -1))  # set as a whole: no place for each of its keys
        table = next((one for one in tables if one in self.document.overrides), None)
        return self.document.overrides[table][0] if table and self._given(at) else otherwise

    def _given(self, at: tuple[str | int, ...]) -> bool:
        """Tell whether the scenario has a value at a path."""
        found: Any = self.document.data
        for step in at:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return False
        return True


def number_origin(sheet: Document, key: str) -> str:
    """Tell where a datasheet gives a number."""
    for part in ("chip", "event", "cost"):
        if (part, key) in sheet.positions:
            return f"{sheet.path}:{sheet.positions[part, key][0]}"
    return sheet.path
