"""A catalogue is a dict of what is there, and refuses what it cannot tell apart."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from hwsim.files.registry import PluginError, Registry, unknown
from hwsim.task import TASKS


class Point:
    """An entry point of a third party."""

    def __init__(self, name: str) -> None:
        self.name, self.value = name, f"theirs.{name}:PLUGIN"

    def load(self) -> Any:
        return SimpleNamespace(name=self.name, summary="theirs")


def with_points(monkeypatch: pytest.MonkeyPatch, *names: str) -> Registry[Any]:
    groups: list[str] = []

    def points(group: str) -> list[Point]:
        groups.append(group)
        return [Point(name) for name in names]

    monkeypatch.setattr("hwsim.files.registry.entry_points", points)
    registry: Registry[Any] = Registry("task")
    try:
        list(registry)
    finally:
        assert groups == ["hwsim.task"]
    return registry


def test_a_third_party_adds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    known = list(TASKS)  # read before the entry points are other ones
    registry = with_points(monkeypatch, "xor", "acrobot")
    assert list(registry) == sorted([*known, "acrobot", "xor"])
    assert registry["xor"].summary == "theirs"
    assert "or" not in registry
    assert len(registry) == len(known) + 2


@pytest.mark.parametrize("names", [("digits",), ("xor", "xor")])
def test_a_name_twice(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    words = f"two plug-ins of hwsim.task are called {names[0]!r}; the second is theirs.{names[0]}:PLUGIN"
    with pytest.raises(PluginError, match=f"^{re.escape(words)}$"):
        with_points(monkeypatch, *names)


def test_a_name_that_is_not_there() -> None:
    registry: Registry[Any] = Registry("task")
    with pytest.raises(KeyError, match="unknown task 'digit'; did you mean 'digits'\\? known: arrays, barron, "):
        registry["digit"]
    assert registry.get("digit") is None


def test_unknown() -> None:
    assert unknown("task", "zzz", ["digits"]) == "unknown task 'zzz'; known: digits"
    assert unknown("task", "zzz", []) == "unknown task 'zzz'; known: none"


@pytest.mark.parametrize("package", ["task", "crossbar", "controller", "device", "export"])
def test_summaries_as_the_plugins_themselves_say(package: str) -> None:
    """What is read from the text of a module is what the module says once it is imported."""
    registry: Registry[Any] = Registry(package)
    said = {plugin.name: plugin.summary for plugin in registry.values()}
    assert registry.summaries() == said
    assert len(said) > 1


def test_a_list_of_entries_imports_none_of_them() -> None:
    code = (
        "from hwsim.files.registry import Registry; Registry('controller').summaries(); import sys; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "hwsim.files.registry" in loaded
    assert "hwsim.controller" not in loaded
