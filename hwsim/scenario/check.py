"""Tell what a file is, and check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.crossbar.technology import SwitchDatasheet
from hwsim.device import read_datasheet
from hwsim.device.placed import read_placed
from hwsim.files import DiagnosticError, read_document
from hwsim.model import read_model
from hwsim.scenario.lookup import device_technology
from hwsim.scenario.reproduction import is_reproduction, read_reproduction
from hwsim.scenario.resolve import Plan, resolve

if TYPE_CHECKING:
    from pathlib import Path


def check_file(path: Path) -> tuple[str, Plan | None]:
    """Check one file: a datasheet (has ``kind``), a model (has ``layer``) or a scenario.

    Returns:
        What it is, and the plan of a scenario.

    Raises:
        DiagnosticError: every diagnostic, each with file, line and column.
    """
    document = read_document(path)
    keys = document.data
    if "kind" in keys:
        if keys["kind"] == "placed":
            return f"placed design: {read_placed(path)[0].title}", None
        if keys["kind"] not in ("device", "switch"):
            hint = "write kind = 'device' or kind = 'switch'"
            raise DiagnosticError(
                [document.diagnostic(("kind",), "unknown kind of datasheet", str(keys["kind"]), hint)]
            )
        if keys["kind"] == "switch":
            read_datasheet(document, SwitchDatasheet)
            return "switch datasheet", None
        read_datasheet(document, device_technology(document).datasheet)
        return "device datasheet", None
    if is_reproduction(document):
        read_reproduction(document, path)
        return "reproduction", None
    if "layer" in keys:
        read_model(document)
        return "model", None
    if "task" in keys or "controller" in keys or "device" in keys or "crossbar" in keys:
        return "scenario", resolve(document, path)
    hint = "a scenario has [task], a reproduction [[curve]], a model [[layer]], a datasheet kind"
    raise DiagnosticError([document.diagnostic((), "neither a scenario nor a model nor a datasheet", "", hint)])
