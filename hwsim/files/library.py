"""Where models, datasheets and scenarios lie: beside the scenario, in a checkout, or inside the installed package.

A file is parsed once in a process, however many ask what it is; one that changed since is parsed again.
"""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any, Literal, NamedTuple

Kind = Literal["models", "devices", "scenarios"]

_PACKAGE = Path(__file__).resolve().parents[1]

SIZE_LIMIT = 8 * 2**20


class Parsed(NamedTuple):
    """A TOML file as parsed: its text and its values, which every reader shares and nobody changes."""

    text: str
    data: dict[str, Any]


_PARSED: dict[Path, tuple[tuple[int, int, int], Parsed]] = {}


def parsed(path: Path) -> Parsed:
    """Parse a TOML file, or give what it was parsed to before; time of change, size and inode tell whether it changed.

    Raises:
        OSError: it cannot be read.
        ValueError: not a regular file, larger than 8 MiB, not UTF-8, or not valid TOML.
        RecursionError: nested too deeply.

    Example:
        >>> parsed(names("models")["digits-mlp"]).data["inputs"]
        64
    """
    told = path.stat()
    if not stat.S_ISREG(told.st_mode) or told.st_size > SIZE_LIMIT:
        raise ValueError("not a regular file of at most 8 MiB")
    key = (told.st_mtime_ns, told.st_size, told.st_ino)
    place = path.absolute()
    known = _PARSED.get(place)
    if known is None or known[0] != key:
        text = path.read_bytes().decode("utf-8-sig")
        known = _PARSED[place] = (key, Parsed(text, tomllib.loads(text)))
    return known[1]


def folders(kind: Kind, beside: Path | None = None) -> list[Path]:
    """List the folders searched for one kind of file; the first match wins.

    Args:
        kind: the plural folder's name.
        beside: a scenario file; its sibling folder of that kind comes first.

    Example:
        >>> any((folder / "digits-mlp.toml").exists() for folder in folders("models"))
        True
    """
    candidates = []
    if beside is not None:
        candidates += [parent / kind for parent in list(beside.resolve().parents)[:3]]
    candidates += [_PACKAGE.parent / kind, _PACKAGE / "shipped" / kind]
    seen: dict[Path, None] = {}
    for folder in candidates:
        if folder.is_dir():
            seen.setdefault(folder)
    return list(seen)


def names(kind: Kind, beside: Path | None = None) -> dict[str, Path]:
    """Return every file of one kind by its name without ``.toml``, sorted.

    Example:
        >>> "digits-fpga-laperm" in names("scenarios")
        True
    """
    found: dict[str, Path] = {}
    for folder in folders(kind, beside):
        for path in folder.rglob("*.toml"):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))
