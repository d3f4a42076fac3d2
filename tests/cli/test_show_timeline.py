"""``hwsim show timeline``: the numbers of a run in time, and its picture from what the run kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hwsim.cli.glossary import glossary
from hwsim.execution.timeline.trace import read_trace
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.timeline import again
from tests.conftest import Command, run_here

IN_TIME = ("execution.memory=double", "execution.requests.load=0.5", "execution.trace=true", 'execution.guard="5 ns"')


def test_a_run_in_time(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    """The numbers are those of the answer, and the spans those of the trace that the run wrote."""
    run, picture = tmp_path / "run", tmp_path / "picture.svg"
    found = run_here(tiny, run, *IN_TIME)["execution"]
    told = json.loads(hwsim_command("show", "timeline", run, "--json", "--picture", picture).stdout)
    assert told == {"run": str(run), "picture": str(picture), **found}
    assert b"<svg" in picture.read_bytes()
    lines = hwsim_command("show", "timeline", run).stdout.splitlines()
    named = {key: value for key, value, *_ in (re.split("  +", line) for line in lines[:-1])}
    assert float(named["availability"]) == float(f"{found['availability']:.4g}")
    assert named["energy_j.compute"].split()[-1] in {"nJ", "uJ", "mJ"}
    assert lines[-1] == f"picture {run / 'timeline.png'}"
    assert (run / "timeline.png").is_file()
    spans = again(plan_of(run), run / "schedule.sqlite").simulation.spans
    explained = {name.split(".")[0] for name in glossary()}
    assert {key.split(".")[0] for key in named} <= explained
    assert read_trace(run / "trace.jsonl")[1] == spans


def test_a_run_that_says_nothing_about_time(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run")
    assert not list((tmp_path / "run").glob("trace*"))
    told = hwsim_command("show", "timeline", tmp_path / "run")
    assert told.stdout.splitlines()[-1] == f"picture {tmp_path / 'run' / 'timeline.png'}"
    assert (tmp_path / "run" / "timeline.png").is_file()
    assert hwsim_command("show", "timeline", tmp_path).returncode == 2
