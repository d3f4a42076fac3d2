"""Settings: single values given on the command line, laid over those of a file."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsim.files.diagnostic import Diagnostic, DiagnosticError, Diagnostics
from hwsim.files.document import Elsewhere
from hwsim.files.position import KeyPath, read_key

if TYPE_CHECKING:
    from hwsim.files.document import Document

SHOWN_AS = "--set"
_CURE = "write key=value, for example controller.epochs=20"


class Setting(NamedTuple):
    """One value for one key path."""

    path: tuple[str, ...]
    value: Any


def _diagnostic(column: int, what: str, found: str = "", hint: str = "") -> Diagnostic:
    return Diagnostic(SHOWN_AS, 1, column, what, found, hint)


def parse_setting(text: str) -> Setting:
    """Read ``key.path=value``; the value is TOML where it is valid TOML, else plain text.

    A number among the keys is the index of an element where the file has an array. A value that begins with a
    quote or a bracket is meant as TOML: it is a diagnostic when it is not.

    Args:
        text: what follows ``--set``.

    Raises:
        DiagnosticError: no key, no ``=``, no value, a quote or bracket that is not closed.

    Example:
        >>> parse_setting("controller.epochs=20")
        Setting(path=('controller', 'epochs'), value=20)
        >>> parse_setting("crossbar.hold=3 ns").value
        '3 ns'

    """
    start = len(text) - len(text.lstrip())
    try:
        parts, end = read_key(text, start)
    except ValueError as error:
        raise DiagnosticError([_diagnostic(error.args[-1] + 1, "a key is missing", f"'{text}'", _CURE)]) from None
    sign = end + len(text[end:]) - len(text[end:].lstrip())
    if not text.startswith("=", sign):
        raise DiagnosticError([_diagnostic(sign + 1, "'=' is missing after the key", f"'{text}'", _CURE)])
    value = text[sign + 1 :].strip()
    path = tuple(name for name, _ in parts)
    if not value:
        hint = f'write {text[start:end]}="" for an empty text'
        raise DiagnosticError([_diagnostic(sign + 2, f"'{text[start:end]}' has no value", hint=hint)])
    try:
        read = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        read = {}
    if set(read) == {"value"}:
        return Setting(path, read["value"])
    if value[0] in "\"'[{":
        column = sign + 2 + len(text[sign + 1 :]) - len(text[sign + 1 :].lstrip())
        what = f"the value of '{text[start:end]}' is not valid TOML"
        raise DiagnosticError(
            [_diagnostic(column, what, value, "close its quotes and brackets, and quote the text in it")]
        )
    return Setting(path, value)


def override(data: Mapping[str, Any], settings: Iterable[tuple[KeyPath, Any]]) -> tuple[dict[str, Any], set[KeyPath]]:
    """Lay settings over values: the new values, and the key paths that were set.

    Args:
        data: values as read from a file; they are left as they are.
        settings: as from `parse_setting`.

    Raises:
        DiagnosticError: two settings for one key, a key inside of what is no table, an index beyond the array's end.

    Example:
        >>> override({"task": {"name": "xor"}}, [parse_setting("task.seed=3")])
        ({'task': {'name': 'xor', 'seed': 3}}, {('task', 'seed')})

    """
    result: dict[str, Any] = _copy(data)
    done: set[KeyPath] = set()
    diagnostics = Diagnostics()
    for path, value in settings:
        place = _indexed(result, path)
        clash = next((one for one in sorted(done, key=str) if one[: len(place)] == place[: len(one)]), None)
        if clash is not None:
            what = f"'{_dotted(clash)}' is set twice"
            if clash != place:
                what = f"'{_dotted(place)}' and '{_dotted(clash)}' set the same key"
            diagnostics.add(_diagnostic(1, what, hint="give each key once"))
            continue
        problem = _place(result, place, value)
        if problem:
            diagnostics.add(_diagnostic(1, problem, f"'{_dotted(place)}'"))
        done.add(place)
    diagnostics.check()
    return result, done


def lay_over(document: Document, settings: Iterable[tuple[KeyPath, Any]]) -> Document:
    """Lay settings over a document; diagnostics of the values that were set then point at ``--set``.

    Args:
        document: as read; it is left as it is.
        settings: as from `parse_setting`.

    Raises:
        DiagnosticError: as `override`.

    Example:
        >>> from hwsim.files.document import parse_document
        >>> document = lay_over(parse_document("x = 3", "a.toml"), [parse_setting("x=4")])
        >>> print(document.data, document.diagnostic(("x",), "too large"))
        {'x': 4} --set:1:1: too large

    """
    laid = list(settings)
    data, done = override(document.data, laid)
    texts = {_indexed(data, path): f"{_dotted(path)}={value}" for path, value in laid}
    places = {path: Elsewhere(SHOWN_AS, 1, 1, texts[path]) for path in done}
    kept = {path: place for path, place in document.positions.items() if not any(path[: len(p)] == p for p in done)}
    return dataclasses.replace(document, data=data, positions=kept, overrides={**document.overrides, **places})


def substitute(document: Document, table: str, values: Mapping[str, Any], shown_as: str) -> Document:
    r"""Put a table in the place of a document's own; diagnostics of its values then point at another name.

    Args:
        document: as read; it is left as it is.
        table: its key.
        values: the new table.
        shown_as: what diagnostics call the place where it comes from.

    Example:
        >>> from hwsim.files.document import parse_document
        >>> document = substitute(parse_document("[task]\nname = 'sine'", "a.toml"), "task", {"name": "mine"}, "task=")
        >>> print(document.data, document.diagnostic(("task", "name"), "unknown"))
        {'task': {'name': 'mine'}} task=:1:1: unknown
    """
    kept = {path: place for path, place in document.positions.items() if path[:1] != (table,)}
    others = {path: place for path, place in document.overrides.items() if path[:1] != (table,)}
    data = {**document.data, table: _copy(values)}
    overrides = {**others, (table,): Elsewhere(shown_as, 1, 1)}
    return dataclasses.replace(document, data=data, positions=kept, overrides=overrides)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _indexed(data: Any, path: KeyPath) -> KeyPath:
    place: KeyPath = ()
    for step in path:
        if isinstance(data, list) and str(step).isdecimal():
            index = int(step)
            data = data[index] if index < len(data) else None
            place = (*place, index)
        else:
            data = data.get(step) if isinstance(data, dict) else None
            place = (*place, step)
    return place


def _place(data: Any, path: KeyPath, value: Any) -> str:
    for depth, step in enumerate(path):
        if isinstance(data, list) and (not isinstance(step, int) or step >= len(data)):
            return f"'{_dotted(path[:depth])}' is an array of {len(data)}: its elements are 0 to {len(data) - 1}"
        if not isinstance(data, (dict, list)):
            return f"'{_dotted(path[:depth])}' is not a table"
        if depth == len(path) - 1:
            data[step] = _copy(value)  # type: ignore[index]
        elif isinstance(data, dict):
            data = data.setdefault(step, {})
        else:
            data = data[step]  # type: ignore[index]
    return ""


def _dotted(path: KeyPath) -> str:
    return ".".join(str(step) for step in path)
