"""Imports point one way: from the right of the flow to the left."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import hwsim

PACKAGE = Path(hwsim.__file__).parent
# each room may use the rooms before it; rooms in one row stand side by side
ROWS = [
    {"errors", "memory", "version", "stream", "whole"},
    {"environment", "library", "lock", "registry"},
    {"kernels"},
    {"scenario"},
    {"task"},
    {"construction", "model"},
    {"redundancy", "sampling"},
    {"device"},
    {"crossbar"},
    {"controller", "schedule", "freedom"},
    {"execution"},
    {"score"},
    {"export", "report"},
    {"plan"},
    {"fabrication"},
    {"imported", "replay", "catalogue", "costing", "portrait"},
    {"emulation", "glossary"},
    {"folder", "manual"},
    {"exporting", "pipeline", "trajectory", "variance"},
    {"session"},
    {"budget", "reproduction"},
    {"cli"},
    {"__main__", "testing"},
]
RANK = {room: rank for rank, row in enumerate(ROWS) for room in row}
# a lazy name in the package itself may fetch any room
FREE = {"__init__"}


def _rooms() -> dict[str, list[Path]]:
    rooms: dict[str, list[Path]] = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts
        rooms.setdefault(parts[0].removesuffix(".py"), []).append(path)
    return rooms


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "hwsim":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("hwsim.")}
    return found


def test_every_room_has_a_place() -> None:
    assert set(_rooms()) - FREE == set(RANK)


def test_imports_point_left() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {used}"
        for room, paths in _rooms().items()
        if room not in FREE
        for path in paths
        for used in _imports(path) & set(RANK)
        if used != room and RANK[used] >= RANK[room]
    ]
    assert wrong == []


def test_njit_is_said_in_one_file() -> None:
    saying = [p for p in PACKAGE.rglob("*.py") if "njit" in p.read_text() and p.name != "__init__.py"]
    assert [p.name for p in saying] == ["compile.py"]


def test_files_stay_small() -> None:
    long = {str(p.relative_to(PACKAGE)): n for p in PACKAGE.rglob("*.py") if (n := p.read_text().count("\n")) > 500}
    assert long == {}


def test_no_reference_implementation_is_shipped() -> None:
    using = [
        str(p.relative_to(PACKAGE))
        for p in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(from|import) tests\b", p.read_text(), re.MULTILINE)
    ]
    assert using == []


def test_nothing_is_posix_only() -> None:
    """No module of the standard library is needed that one system alone has."""
    alone = {"fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "resource", "selectors", "termios", "tty", "winreg"}
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {(path.name, name) for name in names if name.split(".")[0] in alone}
    assert found == {("memory.py", "resource")}, "which goes on without it"
