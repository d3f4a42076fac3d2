"""Runs for their answer alone: the same answer, less work, resumable all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim
from hwsim.files import DiagnosticError
from hwsim.pipeline import flow as pipeline
from hwsim.pipeline.folder import RunFolder
from hwsim.pipeline.session import measure
from hwsim.schedule import ScheduleFile, open_schedule
from tests.conftest import Command, run_here

LAST = ("execution.scores='last'", "execution.reference=false")


def test_the_same_answer(tiny: Path, tmp_path: Path) -> None:
    """Whether every event is evaluated or the last, whether a picture is drawn or not, with a reference or without."""
    whole = run_here(tiny, tmp_path / "whole")
    short = run_here(tiny, tmp_path / "short", *LAST)
    bare = measure(hwsim.load(tiny, LAST), tmp_path / "bare", lambda *_: None, events=[0, 2])
    assert short["final"] == bare["final"] == whole["final"]
    assert (short["reference"], bare["reference"]) == (None, None)
    assert not (tmp_path / "bare" / "score.png").exists()
    rows, every = RunFolder(tmp_path / "short").rows(), RunFolder(tmp_path / "whole").rows()
    assert [row["accuracy"] is not None for row in rows] == [True, *[False] * 5, True]
    assert [row["toggles"] for row in rows] == [row["toggles"] for row in every]
    assert bare["rows"][2]["moved"] == every[2]["moves"] - every[1]["moves"]
    assert bare["rows"][0]["moved"] == 0


def test_the_command_shows_runs_that_were_not_judged(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", *LAST)
    shown = hwsim_command("show", "run")
    assert shown.returncode == 0, shown.stderr
    head, first, second, *_ = shown.stdout.splitlines()
    assert (len(first.split()), len(second.split())) == (len(head.split()) + 1, len(head.split()))  # energy has a unit
    assert "not asked for" in shown.stdout


def test_killed_between_writes(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnections that were not written yet are trained again; the answer is that of an undisturbed run."""
    calm = measure(hwsim.load(tiny, LAST), tmp_path / "calm", lambda *_: None)

    class Stop(BaseException):
        pass

    real, seen = ScheduleFile.append, 0

    def append(self: ScheduleFile, *rest: object) -> None:
        nonlocal seen
        seen += 1
        real(self, *rest)  # type: ignore[arg-type]
        if seen == 3:
            self._patience = 1e9  # nothing more is written
        if seen == 6:
            raise Stop

    monkeypatch.setattr(ScheduleFile, "append", append)
    monkeypatch.setattr(pipeline, "SECONDS_AT_RISK", 0.0)
    with pytest.raises(Stop):
        measure(hwsim.load(tiny, LAST), tmp_path / "killed", lambda *_: None)
    with open_schedule(tmp_path / "killed" / "schedule.sqlite") as schedule:
        assert schedule.events() == 3
    assert measure(hwsim.load(tiny, LAST), tmp_path / "killed", lambda *_: None) == calm
    assert seen == 6 + 4  # events 3 to 6 again


def test_a_width_that_the_model_lacks(tiny: Path) -> None:
    with pytest.raises(DiagnosticError, match="the model 'tiny' has no width, leave it out"):
        hwsim.load(tiny, ["model.width=3"]).plan()
