"""Plug-ins of third parties that fail or give nonsense: one line that names them, exit code 3."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hwsim.crossbar import CROSSBARS
from hwsim.export import EXPORTS
from hwsim.task import TASKS
from tests.conftest import TINY_SCENARIO, Command

PLUGIN = '''
"""Plug-ins of a third party, broken in one way each."""
import numpy as np
from hwsim.files import Section
from hwsim.export import ExportPlugin
from hwsim.task import Shape, Task, TaskPlugin

X = np.random.default_rng(0).random((64, 64)).astype(np.float32)
Y = (np.arange(64) % 10).astype(np.int64)
WRONG = {wrong!r}


class Parameters(Section):
    """Parameters of the task mine."""


def fail(*_):
    raise KeyError("oops")


def load(_):
    x, y = X.copy(), Y
    if WRONG == "load":
        fail()
    if WRONG == "nan":
        x[3, 5] = np.nan
    if WRONG == "labels":
        y = Y + 1
    if WRONG == "floats":
        y = Y.astype(np.float64)
    if WRONG == "shape":
        x = x[:, :60]
    if WRONG == "range":
        x = 1000 * x - 500
    if WRONG == "list":
        x = x.tolist()
    if WRONG == "lengths":
        y = y[:50]
    if WRONG == "none":
        return None
    return Task(Shape(64, 10, "classification"), x, y, X, Y, (0.0, 1.0))


TASK = TaskPlugin("mine", "a task of a third party", Parameters, lambda _: Shape(64, 10, "classification"), load)


class Topology:
    name, summary = "mine", "a topology of a third party"
    build = staticmethod(fail)


class Bare:
    """An entry that has not all that an export must have."""

    name, summary = "mine", "an export of a third party"


Export = ExportPlugin("mine", "an export of a third party", fail if WRONG == "export" else lambda _: {{}}, in_runs=True)
if WRONG == "bare":
    Export = Bare

'''
POINTS = """[hwsim.task]
mine = third_party:TASK
[hwsim.crossbar]
mine = third_party:Topology
[hwsim.export]
mine = third_party:Export
"""
NAMES = "plug-in 'mine' (hwsim.crossbar) or 'mine' (hwsim.export) or 'mine' (hwsim.task)"
"""All entries of the module in which the error came up."""
LINES = {
    "load": f"{NAMES} failed: KeyError: 'oops' (in third_party, line 18)",
    "nan": "task 'mine': train_x holds 1 values that are not finite numbers, the first at [3, 5]",
    "labels": "task 'mine': train_y holds class 10 of 10 classes; number them 0 to 9",
    "floats": "task 'mine': train_y is of float64, not int64; class numbers are whole: convert them with "
    "astype(np.int64)",
    "shape": "task 'mine': train_x has the shape (64, 60), not samples x 64",
    "list": "task 'mine': train_x is a list, not a NumPy array samples x 64",
    "lengths": "task 'mine': train_y has the shape (50,), not 64",
    "none": "task 'mine': load gives NoneType, not a Task",
    "range": "task 'mine': train_x holds values from -499.81 to 499.566, outside of input_range (0.0, 1.0); "
    "scale them, or widen it",
}


def _install(place: Path, wrong: str) -> None:
    """A package with entry points, as pip would leave it."""
    place.mkdir()
    (place / "third_party.py").write_text(PLUGIN.format(wrong=wrong))
    info = place / "third_party-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)


def _path(place: Path) -> str:
    return os.pathsep.join(filter(None, (str(place), os.environ.get("PYTHONPATH", ""))))


def _scenario(tiny: Path, *pairs: tuple[str, str]) -> None:
    text = TINY_SCENARIO
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    tiny.write_text(text)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Install it for this process, whose catalogues are read again, and take it away afterwards."""

    def put(wrong: str) -> None:
        _install(tmp_path / "site", wrong)
        monkeypatch.syspath_prepend(tmp_path / "site")
        for registry in (TASKS, CROSSBARS, EXPORTS):
            monkeypatch.setattr(registry, "_entries", None)

    yield put
    sys.modules.pop("third_party", None)


@pytest.mark.parametrize("wrong", LINES)
def test_a_task(
    tiny: Path, tmp_path: Path, hwsim_command: Command, installed: Callable[[str], None], wrong: str
) -> None:
    installed(wrong)
    _scenario(tiny, ('name = "digits"', 'name = "mine"'))
    result = hwsim_command("run", tiny, "--quiet", "--out", "run")
    assert (result.returncode, result.stdout, result.stderr) == (3, "", LINES[wrong] + "\n")
    assert not (tmp_path / "run").exists()


def test_a_topology(tmp_path: Path, hwsim_command: Command, installed: Callable[[str], None]) -> None:
    installed("")
    (tmp_path / "p.txt").write_text("1 0\n")
    result = hwsim_command("cost", "p.txt", "--topology", "mine")
    assert result.returncode == 3
    assert result.stderr == f"{NAMES} failed: KeyError: 'oops' (in third_party, line 18)\n"


def test_an_export(tiny: Path, tmp_path: Path, hwsim_process: Command) -> None:
    _install(tmp_path / "site", "export")
    words = ("--set", "controller.epochs=1", "--set", "execution.reference=false")
    result = hwsim_process("run", tiny, "--quiet", "--out", "run", *words, PYTHONPATH=_path(tmp_path / "site"))
    assert result.returncode == 3
    assert result.stderr == f"{NAMES} failed: KeyError: 'oops' (in third_party, line 18)\n"


def test_an_export_that_lacks_what_it_must_have(
    tiny: Path, hwsim_command: Command, installed: Callable[[str], None]
) -> None:
    installed("bare")
    words = ("--set", "controller.epochs=1", "--set", "execution.reference=false")
    result = hwsim_command("run", tiny, "--quiet", "--out", "run", *words)
    assert result.returncode == 3
    assert re.fullmatch(rf"{re.escape(NAMES)} failed: .*has no attribute 'in_runs'\n", result.stderr)
