"""Everything that can be named in a scenario, with a line about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.controller import CONTROLLERS
from hwsim.crossbar import CROSSBARS
from hwsim.export import EXPORTS
from hwsim.library import names
from hwsim.scenario import FaultError, read_document
from hwsim.task import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _plugins(registry: Mapping[str, Any]) -> dict[str, str]:
    return {name: entry.summary for name, entry in registry.items()}


def _files(kind: Any, sheet: str = "", *, figures: bool = False) -> dict[str, str]:
    found = {}
    for name, path in names(kind).items():
        try:
            data = read_document(path).data
        except FaultError as error:
            found[name] = f"faulty: {error.faults[0]}"
            continue
        if kind == "scenarios" and ("curve" in data) != figures:
            continue
        if not sheet or data.get("kind") == sheet:
            found[name] = str(data.get("title", "")) + (" (long)" if data.get("long") is True else "")
    return found


CATALOGUE: dict[str, Callable[[], dict[str, str]]] = {
    "scenarios": lambda: _files("scenarios"),
    "reproductions": lambda: _files("scenarios", figures=True),
    "models": lambda: _files("models"),
    "devices": lambda: _files("devices", "device"),
    "switches": lambda: _files("devices", "switch"),
    "tasks": lambda: _plugins(TASKS),
    "crossbars": lambda: _plugins(CROSSBARS),
    "controllers": lambda: _plugins(CONTROLLERS),
    "exports": lambda: _plugins(EXPORTS),
}
