"""Verbs on a run folder of which one small file is damaged: done, or one line and exit code 2 or 3."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import hwsim
from hwsim.schedule.file import ScheduleFile
from tests.conftest import TINY_MODEL, TINY_SCENARIO, Command, diagnosed, run_here

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "object": lambda _: b"{}",
    "list": lambda _: b"[]",
    "null": lambda _: b"null",
    "other table": lambda _: b"a,b\n1",
    "no text": lambda _: b"\xff\xfe\x00\x80" * 9,
    "half": lambda whole: whole[: len(whole) // 2],
    "nested": lambda _: b"[" * 100_000,
    "words for numbers": lambda whole: whole.replace(b"0", b"x"),
    "lists for objects": lambda whole: whole.replace(b"{", b"[").replace(b"}", b"]").replace(b": ", b", "),
}
LAYOUTS = ("", "{}", "[]", "null", "[1]", '[{"layer": 0}]', "[[[", '{"layer": 0}')
SPOILT_LAYOUT = (("banks", -1), ("ports", "64"), ("ports", 2.0), ("registers", None), ("banks", 10**9), ("learned", 3))
SHOW, JSON = ("show", "run"), ("show", "run", "--json")
RUN = ("run", "scenarios/tiny.toml", "--quiet", "--out", "run")
EXPORT = ("export", "run", "--format", "json", "--out", "out")
COST = ("cost", "run/schedule.sqlite")
ABLATE = ("ablate", "scenarios/tiny.toml", "--quiet", "--chips", "1", "--out", "run")
SAMPLED = ("controller.epochs=1", "fabrication.values='sampled'", "execution.reference=false")
READERS = {"answer.json": (SHOW, JSON, RUN), "score.csv": (SHOW, RUN), "scenario.toml": (EXPORT,)}
"""The verbs that read a file."""

Give = Callable[..., tuple[object, str]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario, its model, and two finished runs of it: one was trained before fabrication."""
    place = tmp_path_factory.mktemp("whole")
    for name, text in (("models", TINY_MODEL), ("scenarios", TINY_SCENARIO.replace("epochs = 6", "epochs = 2"))):
        (place / name).mkdir()
        (place / name / "tiny.toml").write_text(text)
    run_here(place / "scenarios" / "tiny.toml", place / "run")
    run_here(place / "scenarios" / "tiny.toml", place / "kept", *SAMPLED)
    return place


@pytest.fixture
def copied(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to spoil, as the current folder."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def give(hwsim_command: Command) -> Give:
    def call(*words: str) -> tuple[object, str]:
        done = hwsim_command(*words)
        return done.returncode, done.stderr

    return call


def _hold(code: object, told: str, words: tuple[str, ...]) -> None:
    assert code in {0, 2, 3}, (words, code, told)
    assert "Traceback" not in told, (words, told)
    lines = diagnosed(told)
    assert code == 0 or len(lines) == 1 or all(line.startswith("run/scenario.toml:") for line in lines), (words, told)


@pytest.mark.parametrize("name", READERS)
def test_a_small_file(copied: Path, give: Give, name: str) -> None:
    path = copied / "run" / name
    whole = path.read_bytes()
    for damage, spoil in DAMAGES.items():
        if spoil(whole) == whole:
            continue
        path.write_bytes(spoil(whole))
        for words in READERS[name]:
            code, told = give(*words)
            _hold(code, told, words)
            if name != "scenario.toml":
                assert (code, told.startswith(f"run/{name}: cannot be read (")) == (2, True), (damage, words, told)


@pytest.mark.parametrize("name", ["answer.json", "score.csv"])
def test_an_ablation_of_a_damaged_run(copied: Path, give: Give, name: str) -> None:
    (copied / "run" / name).write_text("[]")
    code, told = give(*ABLATE)
    assert (code, len(told.splitlines())) == (2, 1)


def _spoil(copied: Path, *statement: object) -> None:
    with closing(sqlite3.connect(copied / "run" / "schedule.sqlite")) as db, db:
        db.execute(str(statement[0]), statement[1:])


def _layouts(whole: str) -> list[str]:
    layers = json.loads(whole)
    return [*LAYOUTS, *(json.dumps([{**layers[0], key: value}, *layers[1:]]) for key, value in SPOILT_LAYOUT)]


def test_a_layout(copied: Path, give: Give) -> None:
    with closing(sqlite3.connect(copied / "run" / "schedule.sqlite")) as db:
        whole = db.execute("select value from about where key = 'layout'").fetchone()[0]
    for layout in _layouts(whole):
        _spoil(copied, "update about set value = ? where key = 'layout'", layout)
        for words in (EXPORT, COST):
            code, told = give(*words)
            _hold(code, told, words)
            assert code == 2, (words, layout)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from about where key = 'identity'",
        "delete from about where key = 'layout'",
        "delete from about where key = 'reference'",
        "update event set score = 'x'",
        "update event set score = '[]'",
        "update event set batch = 'x'",
        "delete from event where event = 0",
        "delete from event",
        "delete from register",
        "update register set content = 'text'",
        "update connection set permutation = 'text'",
        "update connection set layer = layer + 7",
        "drop table event",
        "drop table connection",
    ],
)
def test_a_schedule(copied: Path, give: Give, statement: str) -> None:
    _spoil(copied, statement)
    (copied / "run" / "answer.json").unlink()  # then the run writes everything anew from the schedule
    for words in (EXPORT, COST, RUN):
        _hold(*give(*words), words)


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name not in {"words for numbers", "lists for objects"}])
def test_kept_values(copied: Path, give: Give, damage: str) -> None:
    """A run that was trained before fabrication keeps its values; spoilt, they are named, and not trained on."""
    words = [
        "run",
        "scenarios/tiny.toml",
        "--quiet",
        "--out",
        "kept",
        *(w for text in SAMPLED for w in ("--set", text)),
    ]
    assert give(*words) == (0, "")
    path = copied / "kept" / "start.npz"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    (copied / "kept" / "answer.json").unlink()
    code, told = give(*words)
    assert (code, len(told.splitlines())) == (2, 1), told
    assert told.startswith("kept/start.npz: cannot be read (")


@pytest.mark.parametrize("damage", ["empty", "object", "no text", "half"])
@pytest.mark.usefixtures("copied")
def test_a_state(give: Give, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """An interrupted run whose state is damaged."""
    real = ScheduleFile.append

    def stop(self: ScheduleFile, *rest: Any) -> None:
        real(self, *rest)
        if rest[0].event == 1:
            raise KeyboardInterrupt

    words = ("run", "scenarios/tiny.toml", "--quiet", "--out", "cut")
    monkeypatch.setattr(ScheduleFile, "append", stop)
    with pytest.raises(KeyboardInterrupt):
        hwsim.run("scenarios/tiny.toml", "cut")
    monkeypatch.setattr(ScheduleFile, "append", real)
    with closing(sqlite3.connect("cut/schedule.sqlite")) as db, db:
        (state,) = db.execute("select state from progress").fetchone()
        db.execute("update progress set state = ?", (DAMAGES[damage](state),))
    code, told = give(*words)
    assert (code, len(told.splitlines())) == (2, 1), told
    assert told.startswith("cut/schedule.sqlite: the state to go on from cannot be read (")
