"""Write values as TOML text, each line with where its value comes from."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwsim.files.position import KeyPath

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _comment(text: str) -> str:
    return _UNSAFE.sub(" ", text)


def _value(value: Any, path: KeyPath) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (int, float)):
        return str(value).lower() if isinstance(value, bool) else repr(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item, (*path, index)) for index, item in enumerate(value)) + "]"
    if isinstance(value, Mapping):
        pairs = [f"{_key(name)} = {_value(item, (*path, name))}" for name, item in value.items()]
        return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
    msg = f"TOML has no value for {'.'.join(map(str, path))}, a {type(value).__name__}"
    raise TypeError(msg)


def _is_tables(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _lines(
    table: Mapping[str, Any], path: KeyPath, header: str, origins: Mapping[KeyPath, str], inline: int
) -> Iterator[str]:
    flat = len(path) + 1 >= inline > 0
    for name, value in table.items():
        if (isinstance(value, Mapping) or _is_tables(value)) and not flat:
            continue
        here = (*path, name)
        origin = f"  # {_comment(origins[here])}" if here in origins else ""
        yield f"{_key(name)} = {_value(value, here)}{origin}"
    for name, value in table.items() if not flat else ():
        here, title = (*path, name), f"{header}.{_key(name)}" if header else _key(name)
        if isinstance(value, Mapping):
            only_tables = bool(value) and all(isinstance(item, Mapping) or _is_tables(item) for item in value.values())
            if not only_tables or len(here) + 1 >= inline > 0:
                yield from ("", f"[{title}]")
            yield from _lines(value, here, title, origins, inline)
        elif _is_tables(value):
            for index, item in enumerate(value):
                yield from ("", f"[[{title}]]")
                yield from _lines(item, (*here, index), title, origins, inline)


def emit(
    data: Mapping[str, Any], origins: Mapping[KeyPath, str] | None = None, header: str = "", inline: int = 0
) -> str:
    """Write nested values as TOML text; reading it back gives equal values.

    Args:
        data: text, numbers, booleans, dates, lists and tables of these.
        origins: for a key path, a remark that follows its line, such as the file a value comes from.
        header: remarks that go first, a comment line for each of its lines.
        inline: keys deep from which on tables are written on one line, as the numbers of a datasheet are; 0 for never.

    Raises:
        TypeError: a value that TOML does not have; the message names its key.

    Example:
        >>> print(emit({"seed": 3, "task": {"name": "xor"}}, {("task", "name"): "--set"}), end="")
        seed = 3
        <BLANKLINE>
        [task]
        name = "xor"  # --set

    """
    head = [f"# {_comment(line)}".rstrip() for line in header.splitlines()]
    body = list(_lines(data, (), "", origins or {}, inline))
    if not head and body and not body[0]:
        body = body[1:]
    lines = [*head, *body]
    return "\n".join(lines) + "\n" if lines else ""
