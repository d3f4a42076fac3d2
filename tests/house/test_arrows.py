"""Imports point one way, from higher floors to lower ones, and there are no circles."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.house.floors import DOCS, FACE, FLOORS, PACKAGE, draw

RANK = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(PACKAGE.rglob("*.py"))


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in FILES}


def _imports(path: Path, *, at_once: bool = False) -> set[str]:
    """Modules of the package that a file imports, as types alone too; ``at_once``: only as the file is imported."""
    found = set()
    tree = ast.parse(path.read_text())
    nodes = tree.body if at_once else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "hwsim":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("hwsim.")}
    return found


def test_every_room_has_a_place() -> None:
    assert {_room(path) for path in FILES} == set(RANK) | FACE


def test_there_are_about_twenty_rooms_on_eight_floors() -> None:
    assert len(FLOORS) == 8
    assert len(RANK) <= 20


def test_imports_point_down() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for path in FILES
        if _room(path) not in FACE
        for module in sorted(_imports(path))
        if (used := module.split(".")[1] if "." in module else "") != _room(path)
        and (used not in {"errors", "stream", "version"})
        and RANK.get(used, len(FLOORS)) >= RANK[_room(path)]
    ]
    assert wrong == []


def test_the_face_below_uses_no_room() -> None:
    for name in ("errors", "stream", "version"):
        assert {m for m in _imports(PACKAGE / f"{name}.py") if m.split(".")[1] in RANK} == set(), name


def _graph() -> dict[str, set[str]]:
    """Which files a file names, types and imports inside functions too; what a package's first file names apart."""
    graph = {}
    for module, path in MODULES.items():
        if path.name != "__init__.py":
            graph[module] = {m for m in _imports(path) if m in MODULES and MODULES[m].name != "__init__.py"} - {module}
    return graph


def test_no_circle() -> None:
    """Not even one of types: every name is told where it can be told without asking back."""
    TopologicalSorter(_graph()).prepare()


def test_every_room_says_what_stands_there() -> None:
    silent = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if path.name == "__init__.py" and not (ast.get_docstring(ast.parse(path.read_text())) or "")
    ]
    assert silent == []


def test_njit_is_said_in_one_file() -> None:
    saying = [p for p in FILES if "njit" in p.read_text() and p.name != "__init__.py"]
    assert [p.name for p in saying] == ["compile.py"]


def test_simpy_lives_in_the_timeline() -> None:
    using = {p.parent.name for p in FILES if "import simpy" in p.read_text()}
    assert using <= {"timeline"}


def test_files_stay_small() -> None:
    assert {str(p.relative_to(PACKAGE)): n for p in FILES if (n := p.read_text().count("\n")) > 500} == {}


@pytest.mark.parametrize("room", RANK)
def test_the_page_names_every_room_once(room: str) -> None:
    page = (DOCS / "architecture.md").read_text()
    assert page.partition("## ")[0].count(f"| `{room}/` |") == 1


def test_the_picture_is_of_this_house() -> None:
    assert (DOCS / "architecture.svg").read_text() == draw()
