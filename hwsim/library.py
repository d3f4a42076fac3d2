"""Where models, datasheets and scenarios lie: beside the scenario, in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["models", "devices", "scenarios"]

_PACKAGE = Path(__file__).resolve().parent


def folders(kind: Kind, beside: Path | None = None) -> list[Path]:
    """The folders searched for one kind of file, first match wins.

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
    """Every file of one kind by its name without ``.toml``, sorted.

    Example:
        >>> "digits-fpga-laperm" in names("scenarios")
        True
    """
    found: dict[str, Path] = {}
    for folder in folders(kind, beside):
        for path in folder.rglob("*.toml"):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))
