"""Every error that hwsim defines ends a command with the exit code that stands in ``exit-codes.txt``."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import hwsim
from hwsim.cli.ending import ending

PINNED = Path(__file__).resolve().parent / "exit-codes.txt"


def _errors() -> dict[str, type[Exception]]:
    """Exceptions of the package by name; a name stands for one class."""
    found: dict[str, type[Exception]] = {}
    for module in pkgutil.walk_packages(hwsim.__path__, "hwsim."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            raised = isinstance(value, type) and issubclass(value, Exception) and not issubclass(value, Warning)
            if raised and value.__module__.startswith("hwsim"):
                assert found.setdefault(name, value) is value, f"two errors are called {name}"
    return found


def _code(error: type[Exception]) -> object:
    """The exit code of a command that ends by an error."""

    def verb() -> None:
        raise error.__new__(error)

    try:
        ending(verb)()
    except SystemExit as end:
        return end.code
    raise AssertionError("a command that raised ended well")


def test_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert [name for name, error in _errors().items() if not issubclass(error, hwsim.HwsimError)] == []
    found = {name: _code(error) for name, error in _errors().items()}
    pinned = dict(line.split() for line in PINNED.read_text().splitlines())
    assert {name: str(code) for name, code in found.items()} == pinned
    capsys.readouterr()


def _end(error: BaseException) -> object:
    def verb() -> None:
        raise error

    with pytest.raises(SystemExit) as end:
        ending(verb)()
    return end.value.code


def test_exit_codes_of_the_world(capsys: pytest.CaptureFixture[str]) -> None:
    assert _end(OSError(28, "No space left on device", "x")) == 3
    assert _end(MemoryError()) == 3
    assert capsys.readouterr().out == ""
