"""Everything that can be named in a scenario, with a line about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.files.library import names, parsed
from hwsim.files.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _plugins(package: str) -> Callable[[], dict[str, str]]:
    return lambda: Registry[Any](package).summaries()


def _files(kind: Any, sheet: str = "", *, figures: bool = False) -> dict[str, str]:
    found = {}
    for name, path in names(kind).items():
        try:
            data = parsed(path).data
        except (OSError, ValueError, RecursionError):
            found[name] = f"faulty: {_diagnostic(path)}"
            continue
        if kind == "scenarios" and ("curve" in data) != figures:
            continue
        if not sheet or data.get("kind") == sheet:
            found[name] = str(data.get("title", "")) + (" (long)" if data.get("long") is True else "")
    return found


def _diagnostic(path: Path) -> str:
    from hwsim.files import DiagnosticError, read_document

    try:
        read_document(path)
    except DiagnosticError as error:
        return str(error.diagnostics[0])
    return "cannot be read"


CATALOGUE: dict[str, Callable[[], dict[str, str]]] = {
    "scenarios": lambda: _files("scenarios"),
    "reproductions": lambda: _files("scenarios", figures=True),
    "models": lambda: _files("models"),
    "devices": lambda: _files("devices", "device"),
    "switches": lambda: _files("devices", "switch"),
    "tasks": _plugins("task"),
    "crossbars": _plugins("crossbar"),
    "controllers": _plugins("controller"),
    "exports": _plugins("export"),
}
