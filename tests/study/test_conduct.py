"""Runs side by side: end to end, again, killed, interrupted, failing."""

from __future__ import annotations

import json
import os
import re
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
from hwsim.files import Diagnostic, DiagnosticError, read_document
from hwsim.pipeline.folder import FolderError
from hwsim.pipeline.session import find, load
from hwsim.study import (
    PoolProgress,
    RunJob,
    StoredRun,
    check_place,
    compare,
    join_stored,
    keep,
    plan_jobs,
    read_reproduction,
    read_stored,
    run_sweep,
    values,
    write_stored,
)
from hwsim.study.crew import Crew
from hwsim.study.sweep import _answer, metric_of
from hwsim.study.worker import _why
from tests.conftest import Command, run_here


def test_end_to_end(short: Path, tmp_path: Path, hwsim_command: Command) -> None:
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

    kept = short.parent / "results" / "figure.json"
    assert json.loads(kept.read_text())["command"] == f"hwsim reproduce {short} --keep"
    assert kept.with_suffix(".png").read_bytes()[:4] == b"\x89PNG"
    answers = sorted((tmp_path / "runs" / "figure" / "answers").iterdir())
    assert len(answers) == 8
    left = [".sweep.lock", "answers", "figure.png"]
    assert sorted(path.name for path in (tmp_path / "runs" / "figure").iterdir()) == left

    def none(_: PoolProgress) -> None:
        raise AssertionError("nothing is left to run")

    again = read_reproduction(read_document(short), short)
    done = run_sweep(again, plan_jobs(again), tmp_path / "runs" / "figure", 2, none)
    assert values(done.runs) == values(read_stored(again)[0])

    quiet = hwsim_command("reproduce", short, "--kept", cwd=tmp_path / "scenarios")
    assert quiet.returncode == 1
    assert f"made by hwsim reproduce {short} --keep" in quiet.stdout
    assert not (tmp_path / "scenarios" / "runs").exists()

    before = kept.read_bytes()
    scenario = short.parent / "short.toml"
    scenario.write_text(scenario.read_text().replace("period = 1", "period = 1\ntemperature = 0.5"))  # of no classes
    failing = hwsim_command("reproduce", short, "--keep", "--jobs", "2", "--out", "other")
    assert failing.returncode == 3
    assert kept.read_bytes() == before, "runs that all failed are nothing to keep"


def test_only_what_is_missing_is_run(short: Path, tmp_path: Path) -> None:
    found = read_reproduction(read_document(short), short)
    jobs = plan_jobs(found, ["controller.epochs=1"])[:3]
    first = run_sweep(found, jobs, tmp_path / "out", 1)
    lost = tmp_path / "out" / "answers" / f"{jobs[1].key[:16]}.json"
    lost.write_text(lost.read_text()[:20])  # cut short
    seen: list[PoolProgress] = []
    again = run_sweep(found, jobs, tmp_path / "out", 1, seen.append)
    assert values(again.runs) == values(first.runs)
    assert seen[-1].jobs == 1
    assert (seen[-1].done, seen[-1].share) == (1, 1.0)


def test_a_failing_run_and_a_dying_worker_are_named(short: Path, tmp_path: Path) -> None:
    found = read_reproduction(read_document(short), short)
    jobs = plan_jobs(found, ["controller.epochs=300"])[:3]

    def order(job: object) -> dict[str, object]:
        number = jobs.index(job)  # type: ignore[arg-type]
        scenario = str(short.parent / "none.toml") if number == 0 else str(short.parent / "short.toml")
        folder = str(tmp_path / f"run{number}")
        settings = ["controller.epochs=200000"] if number == 1 else []
        kept = str(tmp_path / f"{number}.json")
        return {
            "scenario": scenario,
            "settings": settings,
            "seed": 1,
            "folder": folder,
            "kept": kept,
            "events": [],
            "keep_folder": False,
        }

    with Crew(1) as crew:

        def watch(_: PoolProgress) -> None:
            worker = crew._workers[0]
            if worker.job is jobs[1] and (tmp_path / "run1" / "schedule.sqlite").exists():
                worker.process.kill()

        said = dict(crew.carry_out(jobs, order, watch))
    assert "none.toml:1:1: no such file" in said[jobs[0]]["failed"]
    assert said[jobs[1]]["failed"].startswith("its process was ended by signal 9 (out of memory?)")
    assert said[jobs[2]]["answer"]["events"] == 4


def test_an_answer_right_behind_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both lines come in one piece: the second is not left in a buffer that nobody looks into again."""
    lines = r'json.dumps({"share": 0.5}) + "\n" + json.dumps({"answer": n}) + "\n"'
    work = f"import json\nfor n, _ in enumerate(sys.stdin): sys.stdout.write({lines}); sys.stdout.flush()"
    monkeypatch.setattr("hwsim.study.crew._WORK", f"exec({work!r})")
    jobs = [RunJob(str(number), "s", (), 0, (("c", "1", number),), 1.0) for number in range(3)]
    deadline = time.monotonic() + 60

    def watch(_: PoolProgress) -> None:
        assert time.monotonic() < deadline, "an answer is waited for that came long ago"

    with Crew(1) as crew:
        assert [said["answer"] for _, said in crew.carry_out(jobs, lambda job: {"seed": job.seed}, watch)] == [0, 1, 2]


def test_interrupted(short: Path, tmp_path: Path) -> None:
    """Ctrl-C: exit code 130, no worker left, nothing half-written but the runs that go on later."""
    words = ["reproduce", str(short), "--set", "controller.epochs=1000000", "--jobs", "1", "--curve", "plain"]
    process = subprocess.Popen([sys.executable, "-m", "hwsim", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    runs, deadline = tmp_path / "runs" / "figure", time.monotonic() + 60
    while not list(runs.glob("*/schedule.sqlite")) and time.monotonic() < deadline and process.poll() is None:
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


def test_a_worker_ends_with_who_started_it(short: Path, tmp_path: Path) -> None:
    """In the middle of a run, once nobody holds the other end of its stdin."""
    words = [sys.executable, "-c", "from hwsim.study.worker import main; main()"]
    worker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    order = {"scenario": str(short.parent / "short.toml"), "settings": ["controller.epochs=1000000"], "seed": 1}
    order |= {"folder": str(tmp_path / "run"), "kept": str(tmp_path / "kept"), "events": [], "keep_folder": False}
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(order) + "\n")
    worker.stdin.flush()
    while "share" not in (said := json.loads(worker.stdout.readline())):
        assert "compiling" in said
    worker.stdin.close()
    assert worker.wait(20) == 0
    worker.stdout.close()


def test_what_nobody_foresaw_is_named_with_its_place() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        divmod(1, len(""))
    assert re.fullmatch(r"ZeroDivisionError: .* \(test_conduct\.py:\d+\)", _why(caught.value))
    assert _why(DiagnosticError([Diagnostic("a.toml", 1, 1, "wrong")])) == "a.toml:1:1: wrong"


def test_results_of_parts_are_put_together(short: Path) -> None:
    """What was kept stays while the file asks for the same run; other runs of the same point take its place."""
    found = read_reproduction(read_document(short), short)
    keys = {place: job.key[:8] for job in plan_jobs(found) for place in job.places}

    def kept(curve: str, x: str, seed: int, value: float) -> StoredRun:
        return StoredRun(curve, x, seed, value, 0.1, keys[curve, x, seed])

    assert join_stored(found, [kept("quick", "4", 1, 0.5)], "a") == ([kept("quick", "4", 1, 0.5)], "a")
    stale = replace(kept("plain", "8", 2, 0.9), key="00000000")
    write_stored(found, [kept("plain", "4", 2, 0.7), stale, kept("quick", "4", 1, 0.5)], "a")
    new = [kept("quick", "4", 1, 0.4), kept("quick", "4", 2, 0.3)]
    assert join_stored(found, new, "b") == ([*new, kept("plain", "4", 2, 0.7)], "a && b")


def test_kept_results_that_are_none(short: Path) -> None:
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


KEPT = [
    StoredRun(curve, x, seed, 1.5, 0.1, "0" * 8) for curve in ("quick", "plain") for x in ("4", "8") for seed in (1, 2)
]


def test_kept_results_of_some_points(
    short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_stored(read_reproduction(read_document(short), short), KEPT, "by hand")
    reproduce(str(short), kept=True, curve=["quick"], x=["8"], seeds=1, json=True)
    lines = json.loads(capsys.readouterr().out)["curves"]
    assert {line["name"]: [point["runs"] for point in line["points"]] for line in lines} == {
        "quick": [0, 1],
        "plain": [0, 0],
    }


@pytest.mark.parametrize("text", ["<<<<<<< HEAD", '{"runs": 5}', '{"runs": [{"curve": "quick"}]}', "VALUE", "[]"])
def test_kept_results_that_cannot_be_read_are_not_written_over(short: Path, text: str) -> None:
    """Found out before anything is computed; and again at the end, since hours may lie between."""
    found = read_reproduction(read_document(short), short)
    path = write_stored(found, KEPT, "by hand")
    path.write_text(path.read_text().replace("1.5", '"much"') if text == "VALUE" else text)
    before = path.read_text()
    for act in (lambda: check_place(found), lambda: keep(found, KEPT, "now"), lambda: reproduce(str(short), keep=True)):
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
        keep(found, [StoredRun(*place, float(number), 0.1, key)], f"command {number}")

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

    def again(_: PoolProgress) -> None:
        with pytest.raises(
            FolderError, match=r"out: another sweep is at work here; wait for it to end, or give another"
        ):
            run_sweep(found, jobs, tmp_path / "out", 1)

    assert len(run_sweep(found, jobs, tmp_path / "out", 1, again).runs) == 1
    assert len(run_sweep(found, jobs, tmp_path / "out", 1).runs) == 1
