"""A catalogue is a dict of what is there, and refuses what it cannot tell apart."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from hwsim.registry import PluginError, Registry, unknown
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

    monkeypatch.setattr("hwsim.registry.entry_points", points)
    registry: Registry[Any] = Registry("task")
    try:
        list(registry)
    finally:
        assert groups == ["hwsim.task"]
    return registry


def test_a_third_party_adds_one(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = with_points(monkeypatch, "xor", "acrobot")
    assert list(registry) == sorted([*TASKS, "acrobot", "xor"])
    assert registry["xor"].summary == "theirs"
    assert "or" not in registry
    assert len(registry) == len(TASKS) + 2


@pytest.mark.parametrize("names", [("digits",), ("xor", "xor")])
def test_a_name_twice(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]) -> None:
    words = f"two plug-ins of hwsim.task are called {names[0]!r}; the second is theirs.{names[0]}:PLUGIN"
    with pytest.raises(PluginError, match=f"^{re.escape(words)}$"):
        with_points(monkeypatch, *names)


def test_a_name_that_is_not_there() -> None:
    registry: Registry[Any] = Registry("task")
    with pytest.raises(KeyError, match="unknown task 'digit'; did you mean 'digits'\\? known: barron, digits, "):
        registry["digit"]
    assert registry.get("digit") is None


def test_unknown() -> None:
    assert unknown("task", "zzz", ["digits"]) == "unknown task 'zzz'; known: digits"
    assert unknown("task", "zzz", []) == "unknown task 'zzz'; known: none"
