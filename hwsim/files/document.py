"""A TOML file as read: its values, and the place of each."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pydantic

from hwsim.files.diagnostic import Diagnostic, DiagnosticError
from hwsim.files.library import SIZE_LIMIT, parsed
from hwsim.files.position import KeyPath, Place, Places
from hwsim.files.validation import diagnose

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

M = TypeVar("M", bound=pydantic.BaseModel)

_CURES = {
    "Cannot overwrite a value": "give each key once",
    "Cannot declare": "give each table once",
    "Invalid value": 'write text in quotes, for example name = "value"',
    "Expected '=' after a key in a key/value pair": "write key = value",
}


class Elsewhere(NamedTuple):
    """A place outside of a document where one of its values was set, and what stands there."""

    file: str
    line: int
    column: int
    source: str = ""


@dataclass(frozen=True)
class Document:
    """A TOML file as read.

    Args:
        path: the file as the user gave it; diagnostics begin with it.
        text: what stands in it.
        data: its values.
        positions: line and column of each key path.
        overrides: key paths that were set elsewhere, with that place.

    Example:
        >>> document = Document("a.toml", "x = 3", {"x": 3}, {(): (1, 1), ("x",): (1, 1)})
        >>> print(document.diagnostic(("x",), "'x' must be even", "3", "write 2 or 4"))
        a.toml:1:1: 'x' must be even, found 3, write 2 or 4

    """

    path: str
    text: str
    data: Mapping[str, Any]
    positions: Mapping[KeyPath, Place]
    overrides: Mapping[KeyPath, Elsewhere] = field(default_factory=dict)

    def diagnostic(self, key_path: KeyPath, what: str, found: str = "", hint: str = "") -> Diagnostic:
        """Make a diagnostic that stands at a key, or at its nearest parent that exists."""
        for length in range(len(key_path), 0, -1):
            place = key_path[:length]
            if place in self.overrides:
                at = self.overrides[place]
                return Diagnostic(at.file, at.line, at.column, what, found, hint, at.source)
            if place in self.positions:
                line, column = self.positions[place]
                return Diagnostic(self.path, line, column, what, found, hint, _line(self.text, line))
        return Diagnostic(self.path, 1, 1, what, found, hint)


def read_document(path: Path, shown_as: str | None = None) -> Document:
    """Read a TOML file, with the place of each of its keys.

    Args:
        path: the file.
        shown_as: what diagnostics call it; the path itself when left out.

    Raises:
        DiagnosticError: missing, a directory, unreadable, larger than 8 MiB, not UTF-8, not valid TOML.

    Example:
        >>> from pathlib import Path
        >>> read_document(Path("no-such.toml"))
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: no-such.toml:1:1: no such file

    """
    name = str(path) if shown_as is None else shown_as
    try:
        text, data = parsed(path)
    except (OSError, ValueError, RecursionError):
        return _diagnosed(path, name)
    return Document(name, text, data, Places(text))


def _diagnosed(path: Path, name: str) -> Document:
    """Read a file that could not be parsed once more, step by step, to say what is wrong and where."""
    raw = _read(path, name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        found = f"the byte 0x{raw[error.start]:02x}"
        raise DiagnosticError([Diagnostic(name, line, column, "not UTF-8", found, "save the file as UTF-8")]) from None
    return parse_document(text, name)


def _read(path: Path, name: str) -> bytes:
    hint = ""
    if path.exists() and not (path.is_file() or path.is_dir()):  # opening a FIFO would wait for a writer
        raise DiagnosticError([Diagnostic(name, 1, 1, "not a regular file", hint="give a file that can be read again")])
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        what = "no such file"
        near = [one.name for one in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        hint = "".join(f"did you mean '{one}'?" for one in difflib.get_close_matches(path.name, sorted(near), n=1))
    except IsADirectoryError:
        what, hint = "this is a directory", "name a file in it"
    except (OSError, ValueError) as error:
        what = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    else:
        if len(raw) <= SIZE_LIMIT:
            return raw
        what, hint = "larger than 8 MiB", "a file of this kind is short; is it the right one?"
    raise DiagnosticError([Diagnostic(name, 1, 1, what, hint=hint)])


def parse_document(text: str, shown_as: str) -> Document:
    r"""Take a TOML text apart, with the place of each of its keys.

    Args:
        text: a whole TOML document.
        shown_as: what diagnostics call it.

    Raises:
        DiagnosticError: not valid TOML; the diagnostic has the line and column where it stops being so.

    Example:
        >>> parse_document("[task]\nname = 'xor'", "a.toml").positions[("task", "name")]
        (2, 1)

    """
    try:
        return Document(shown_as, text, tomllib.loads(text), Places(text))
    except RecursionError:
        diagnostic = Diagnostic(shown_as, 1, 1, "arrays or tables are nested too deeply")
    except ValueError as error:
        diagnostic = _syntax(text, shown_as, str(error))
    raise DiagnosticError([diagnostic])


def _syntax(text: str, shown_as: str, message: str) -> Diagnostic:
    match = re.fullmatch(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    lines = text.replace("\r\n", "\n").split("\n")
    what, line, column = message, len(lines), len(lines[-1]) + 1
    if match is not None:
        what = match[1]
        if match[2]:
            line, column = int(match[2]), int(match[3])
    hint = next((hint for start, hint in _CURES.items() if what.startswith(start)), "")
    shown = lines[line - 1].strip()[:60] if match is not None else ""
    what = f"not valid TOML: {what[:1].lower()}{what[1:]}"
    return Diagnostic(shown_as, line, column, what, shown, hint, _line(text, line))


def _line(text: str, number: int) -> str:
    """Return one line of a text, counted from 1; nothing where there is none."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[number - 1] if number <= len(lines) else ""


def validate(document: Document, schema: type[M], at: KeyPath = (), data: Mapping[str, Any] | None = None) -> M:
    r"""Check a table of a document against its schema and give it as a value of that type.

    Nothing is converted on the way except what the schema's types say: ``"3"`` is no whole number.

    Args:
        document: where diagnostics are placed.
        schema: what the table must be, usually a `Section`.
        at: the key path of the table.
        data: the table, when it is not the document's own (after overrides, for example).

    Raises:
        DiagnosticError: all that is wrong, each with line and column.

    Example:
        >>> from hwsim.files.section import Section
        >>> class Layer(Section):
        ...     width: int
        >>> validate(parse_document("[layer]\nwidth = 3", "a.toml"), Layer, ("layer",))
        Layer(width=3)
        >>> validate(parse_document("[layer]\nwidht = 3\nwidth = 2", "a.toml"), Layer, ("layer",))
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: a.toml:2:1: unknown key 'widht', did you mean 'width'? allowed: 'width'

    """
    table: Any = document.data if data is None else data
    for depth, step in enumerate(at if data is None else ()):
        try:
            table = table[step]
        except (KeyError, IndexError, TypeError):
            diagnostic = document.diagnostic(
                at[: depth + 1], f"missing key '{step}'", hint=f"add the table [{_dotted(at)}]"
            )
            raise DiagnosticError([diagnostic]) from None
    try:
        # as JSON: strict, yet an array may fill a tuple and a text may name a path
        return schema.model_validate_json(json.dumps(table, default=str), strict=True)
    except pydantic.ValidationError as error:
        found = diagnose(schema, error, table)
    raise DiagnosticError(document.diagnostic((*at, *one.path), one.what, one.found, one.hint) for one in found)


def _dotted(path: KeyPath) -> str:
    return ".".join(str(step) for step in path)
