"""Runs side by side: end to end, again, killed, interrupted, failing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from hwsim.cli.reproduce import reproduce
from hwsim.files import DiagnosticError, read_document
from hwsim.pipeline.folder import FolderError
from hwsim.pipeline.session import find, load
from hwsim.study import (
    StoredRun,
    SweepProgress,
    add_stored,
    check_place,
    compare,
    join_stored,
    plan_jobs,
    read_reproduction,
    read_stored,
    run_sweep,
    values,
    write_stored,
)
from hwsim.study.sweep import _answer, metric_of
from tests.conftest import Command, run_here
from tests.study.conftest import ElsewherePool


def test_end_to_end(short: Path, tmp_path: Path, hwsim_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command, what it keeps, that it does not run twice, and what it says without computing."""
    first = hwsim_command("reproduce", short, "--json", "--keep", "--jobs", "2")
    assert first.returncode == 1, first.stderr  # an error of at most 0 is expected
    found = json.loads(first.stdout)
    assert [verdict["met"] for verdict in found["expectations"]] == [False, True]
    points = {(line["name"], point["x"]): point for line in found["curves"] for point in line["points"]}
    assert set(points) == {("quick", 4), ("quick", 8), ("plain", 4), ("plain", 8)}
    # a point is what the scenario gives by itself
    alone = [
        run_here(
            short.parent / "short.toml",
            tmp_path / f"s{seed}",
            "controller.learning_rate=4e-3",
            "model.width=8",
            seed=seed,
        )
        for seed in (1, 2)
    ]
    errors = sorted(answer["final"]["max_error"] for answer in alone)
    assert points["quick", 8]["ours"] == pytest.approx([(errors[0] * errors[1]) ** 0.5, *errors])
    assert points["quick", 8]["ratio"] == pytest.approx(points["quick", 8]["ours"][0] / 1.1)

    stored = short.parent / "results" / "figure.json"
    assert json.loads(stored.read_text())["command"] == f"hwsim reproduce {short} --keep"
    assert stored.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    answers = sorted((tmp_path / "runs" / "figure" / "answers").iterdir())
    assert len(answers) == 8
    left = [".sweep.lock", "answers", "figure.png"]
    assert sorted(path.name for path in (tmp_path / "runs" / "figure").iterdir()) == left

    def none(_: SweepProgress) -> None:
        raise AssertionError("nothing is left to run")

    again = read_reproduction(read_document(short), short)
    done = run_sweep(again, plan_jobs(again), tmp_path / "runs" / "figure", ElsewherePool(), none)
    assert values(done.runs) == values(read_stored(again)[0])

    quiet = hwsim_command("reproduce", short, "--kept", cwd=tmp_path / "scenarios")
    assert quiet.returncode == 1
    assert f"made by hwsim reproduce {short} --keep" in quiet.stdout
    assert not (tmp_path / "scenarios" / "runs").exists()

    before = stored.read_bytes()
    scenario = short.parent / "short.toml"
    scenario.write_text(scenario.read_text().replace("period = 1", "period = 1\ntemperature = 0.5"))  # of no classes
    monkeypatch.setattr("hwsim.study.WorkerPool", lambda *_: ElsewherePool())
    failing = hwsim_command("reproduce", short, "--keep", "--out", "other")
    assert failing.returncode == 3
    assert stored.read_bytes() == before, "runs that all failed are nothing to keep"


def test_only_what_is_missing_is_run(short: Path, tmp_path: Path) -> None:
    found = read_reproduction(read_document(short), short)
    jobs = plan_jobs(found, ["controller.epochs=1"])[:3]
    first = run_sweep(found, jobs, tmp_path / "out", ElsewherePool())
    lost = tmp_path / "out" / "answers" / f"{jobs[1].key[:16]}.json"
    lost.write_text(lost.read_text()[:20])  # cut short
    seen: list[SweepProgress] = []
    again = run_sweep(found, jobs, tmp_path / "out", ElsewherePool(), seen.append)
    assert values(again.runs) == values(first.runs)
    assert seen[-1].jobs == 1
    assert (seen[-1].done, seen[-1].share) == (1, 1.0)


def test_interrupted(short: Path, tmp_path: Path) -> None:
    """Ctrl-C: exit code 130, no worker left, nothing half-written but the runs that go on later."""
    words = ["reproduce", str(short), "--set", "controller.epochs=1000000", "--jobs", "1", "--curve", "plain"]
    process = subprocess.Popen([sys.executable, "-m", "hwsim", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    runs, deadline = tmp_path / "runs" / "figure", time.monotonic() + 60
    while not list(runs.glob("*/run/schedule.sqlite")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "the same command goes on" in said
    assert not list(runs.rglob(".part*"))
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(int(child), 0)


def test_results_of_parts_are_put_together(short: Path) -> None:
    """What was kept stays while the file asks for the same run; other runs of the same point take its place."""
    found = read_reproduction(read_document(short), short)
    keys = {place: job.key[:8] for job in plan_jobs(found) for place in job.places}

    def stored(curve: str, x: str, seed: int, value: float) -> StoredRun:
        return StoredRun(curve, x, seed, value, 0.1, keys[curve, x, seed])

    assert join_stored(found, [stored("quick", "4", 1, 0.5)], "a") == ([stored("quick", "4", 1, 0.5)], "a")
    stale = replace(stored("plain", "8", 2, 0.9), key="00000000")
    write_stored(found, [stored("plain", "4", 2, 0.7), stale, stored("quick", "4", 1, 0.5)], "a")
    new = [stored("quick", "4", 1, 0.4), stored("quick", "4", 2, 0.3)]
    assert join_stored(found, new, "b") == ([*new, stored("plain", "4", 2, 0.7)], "a && b")


def test_stored_results_that_are_none(short: Path) -> None:
    found = read_reproduction(read_document(short), short)
    with pytest.raises(DiagnosticError, match=r"no results are kept here, hwsim reproduce \S*figure\.toml --keep "):
        read_stored(found)
    (short.parent / "results").mkdir()
    (short.parent / "results" / "figure.json").write_text("{}")
    with pytest.raises(DiagnosticError, match=r"no results of a reproduction \('runs'\), remove it"):
        read_stored(found)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"keep": True, "set_": ["seed=1"]}, "--keep:1:1: results under changed settings are not those of the file"),
        ({"kept": True, "keep": True}, "--kept:1:1: nothing is computed, leave --keep and --set out"),
        ({"curve": ["quik"]}, "--curve:1:1: unknown curve 'quik', did you mean 'quick'?"),
        (
            {"x": ["5"], "seeds": 0},
            "--seeds:1:1: 'seeds' must be at least 1, found 0\n--x:1:1: unknown x '5'",
        ),
        ({"jobs": 0}, "--jobs:1:1: 'jobs' must be at least 1, found 0"),
        (
            {"kept": True, "curve": ["quik"]},
            "--curve:1:1: unknown curve 'quik', did you mean 'quick'?",
        ),
        (
            {"picture": Path("a.xyz")},
            "--picture:1:1: no picture can be written as .xyz, use .png, .svg or .pdf",
        ),
    ],
)
def test_refusals(short: Path, options: dict[str, Any], wanted: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        reproduce(str(short), **options)
    assert str(caught.value).startswith(wanted)


def test_a_point_that_the_curves_asked_for_do_not_have(short: Path) -> None:
    short.write_text(short.read_text().replace('name = "plain"', 'name = "plain"\nx = [8]'))
    with pytest.raises(DiagnosticError, match=r"^--x:1:1: these curves have no point there, allowed: 8$"):
        reproduce(str(short), curve=["plain"], x=["4"])


STORED = [
    StoredRun(curve, x, seed, 1.5, 0.1, "0" * 8) for curve in ("quick", "plain") for x in ("4", "8") for seed in (1, 2)
]


def test_stored_results_of_some_points(
    short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_stored(read_reproduction(read_document(short), short), STORED, "by hand")
    reproduce(str(short), kept=True, curve=["quick"], x=["8"], seeds=1, json=True)
    lines = json.loads(capsys.readouterr().out)["curves"]
    assert {line["name"]: [point["runs"] for point in line["points"]] for line in lines} == {
        "quick": [0, 1],
        "plain": [0, 0],
    }


@pytest.mark.parametrize("text", ["<<<<<<< HEAD", '{"runs": 5}', '{"runs": [{"curve": "quick"}]}', "VALUE", "[]"])
def test_stored_results_that_cannot_be_read_are_not_written_over(short: Path, text: str) -> None:
    """Found out before anything is computed; and again at the end, since hours may lie between."""
    found = read_reproduction(read_document(short), short)
    path = write_stored(found, STORED, "by hand")
    path.write_text(path.read_text().replace("1.5", '"much"') if text == "VALUE" else text)
    before = path.read_text()
    for act in (
        lambda: check_place(found),
        lambda: add_stored(found, STORED, "now"),
        lambda: reproduce(str(short), keep=True),
    ):
        with pytest.raises(
            DiagnosticError, match=r"figure\.json:1:1: no results of a reproduction \(.*remove it; hwsim rep"
        ):
            act()
    assert path.read_text() == before


def test_several_that_keep_at_once(short: Path) -> None:
    """Each keeps one point: every point is there in the end, and nothing else. Locks are those between processes."""
    found = read_reproduction(read_document(short), short)
    places = [(place, job.key[:8]) for job in plan_jobs(found) for place in job.places][:3]
    start = Barrier(len(places))

    def act(number: int) -> None:
        place, key = places[number]
        start.wait()
        add_stored(found, [StoredRun(*place, float(number), 0.1, key)], f"command {number}")

    with ThreadPoolExecutor(len(places)) as pool:
        list(pool.map(act, range(len(places))))
    runs, command = read_stored(found)
    assert sorted(run.value for run in runs) == list(range(3))
    assert len(command.split(" && ")) == 3
    assert sorted(path.name for path in (short.parent / "results").iterdir()) == [".results.lock", "figure.json"]


def test_a_folder_where_nothing_can_be_kept(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(PermissionError, match="results cannot be kept here; leave --keep out, or copy the file"):
        check_place(read_reproduction(read_document(short), short))


def test_a_scenario_and_a_reproduction_are_told_apart(short: Path) -> None:
    with pytest.raises(DiagnosticError, match="a scenario, no reproduction, hwsim run"):
        reproduce(str(short.parent / "short.toml"))
    with pytest.raises(DiagnosticError, match=r"figure\.toml:\d+:1: a reproduction, no scenario, hwsim reproduce"):
        load(short)


def test_a_metric_that_no_answer_has() -> None:
    assert metric_of({"final": {"loss": 1.0}}, "accuracy") is None
    assert metric_of({"final": {"loss": float("nan")}}, "loss") is None


@pytest.mark.parametrize("text", ["", "5", "[]", '["final", "seconds"]', '{"final": 1, "seconds": 2}', '{"final": {}}'])
def test_half_an_answer_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answer.json"
    assert _answer(path) is None
    path.write_text(text)
    assert _answer(path) is None
    path.write_text('{"final": {}, "seconds": 1}')
    assert _answer(path) == {"final": {}, "seconds": 1}


def test_an_empty_outcome(short: Path) -> None:
    outcome = compare(read_reproduction(read_document(short), short), {})
    assert [verdict.met for verdict in outcome.verdicts] == [None, None]


def test_a_name_that_is_none() -> None:
    """Each verb says what it knows of its own kind; a shipped scenario is named as what it is."""
    with pytest.raises(DiagnosticError) as caught:
        find("cai-fig22a", "reproduction")
    told = str(caught.value)
    assert told.startswith("cai-fig22a:1:1: unknown reproduction 'cai-fig22a', did you mean 'cai-fig2a'? known: cai-")
    assert "digits-fpga-laperm" not in told
    with pytest.raises(DiagnosticError, match=r"unknown scenario 'cai-fig22a', .*digits-fpga-laperm") as caught:
        find("cai-fig22a")
    assert "cai-fig2a" not in str(caught.value).partition("known")[2]
    assert find("digits-sampled", "reproduction") == find("digits-sampled")


def test_one_sweep_a_folder(short: Path, tmp_path: Path) -> None:
    found = read_reproduction(read_document(short), short)
    jobs = plan_jobs(found)[:1]

    def again(_: SweepProgress) -> None:
        with pytest.raises(
            FolderError, match=r"out: another sweep is at work here; wait for it to end, or give another"
        ):
            run_sweep(found, jobs, tmp_path / "out", ElsewherePool())

    assert len(run_sweep(found, jobs, tmp_path / "out", ElsewherePool(), again).runs) == 1
    assert len(run_sweep(found, jobs, tmp_path / "out", ElsewherePool()).runs) == 1
