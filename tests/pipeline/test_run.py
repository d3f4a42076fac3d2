"""The main job, small: what lands in the folder, the same bits again, and kills at any moment."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.kernels.compile import threading, threads
from hwsim.pipeline.folder import RunFolder
from hwsim.schedule import ScheduleFile, is_blank, open_schedule
from tests.conftest import Command, answer, run_here

LITERAL = ('crossbar.equivalence="none"', 'crossbar.effort="greedy"')
KEYS = {"accuracy", "loss", "moves", "toggles", "bias_writes", "energy_j", "time_s"}


def test_what_a_run_leaves(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    found = answer(hwsim_command("run", tiny, "--json", "--out", "run"))
    assert {"run", "identity", "events", "final", "reference"} <= set(found)
    assert set(found["final"]) >= KEYS
    assert found["events"] == 6
    assert 0 <= found["reference"] <= 1
    run = tmp_path / "run"
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert files == {
        ".lock",
        "answer.json",
        "devices/fpga-lut-bthowen-2022.toml",
        "devices/fpga-register-ug474-2016.toml",
        "export/configuration.json",
        "export/layer0.mem",
        "export/layer1.mem",
        "models/tiny.toml",
        "provenance.json",
        "scenario.toml",
        "schedule.sqlite",
        "score.csv",
        "score.png",
        "score.svg",
    }
    with (run / "score.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["event"]) for row in rows] == list(range(7))
    for key in ("moves", "toggles", "bias_writes", "energy_j", "time_s"):
        values = [float(row[key]) for row in rows]
        assert values == sorted(values)
        assert values[-1] == found["final"][key] > 0
    assert all(float(row["accuracy_low"]) <= float(row["accuracy"]) <= float(row["accuracy_high"]) for row in rows)


def test_counts_follow_from_the_schedule(tiny: Path, tmp_path: Path) -> None:
    """Moves and toggles again, from the permutations in the file alone, one bank at a time."""
    from hwsim.crossbar import crossbar

    found = run_here(tiny, tmp_path / "run", *LITERAL)
    moves = toggles = 0
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        fabrics = [crossbar("benes", bank.ports) for bank in schedule.layout.layers]
        last = [[fabric.route(range(fabric.ports)) for _ in range(12)] for fabric in fabrics]
        for entry in schedule.entries():
            for layer, wanted in enumerate(entry.permutations):
                for bank, row in enumerate(wanted if wanted is not None else []):
                    new = fabrics[layer].route(row, previous=last[layer][bank])
                    assert np.array_equal(new.permutation(), row)
                    moves += int((row != last[layer][bank].permutation()).sum())
                    toggles += new.toggles(last[layer][bank])
                    last[layer][bank] = new
    assert (moves, toggles) == (found["final"]["moves"], found["final"]["toggles"])


def test_another_process_gives_the_same_bits_and_compiles_no_kernel_twice(
    tiny: Path, tmp_path: Path, hwsim_process: Command
) -> None:
    """With one thread, where this process has all; this process has compiled what the other one needs."""
    hwsim.run(hwsim.load(tiny), tmp_path / "a")
    here = RunFolder(tmp_path / "a").answer()
    there = answer(hwsim_process("run", tiny, "--json", "--out", "b", NUMBA_NUM_THREADS="1"))
    assert (here.pop("run"), here.pop("made_at")) != (there.pop("run"), "")
    assert here == there
    for name in ("score.csv", "score.svg", "score.png", "export/configuration.json", "export/layer0.mem"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    numba = json.loads((tmp_path / "b" / "provenance.json").read_text())["numba"]
    assert numba["kernels_compiled"] == 0


def test_photonic_same_bits_with_one_and_two_threads(tmp_path: Path) -> None:
    settings, before = ("controller.epochs=2", "execution.reference=false"), threading()["threads"]
    found = []
    try:
        for count in (1, 2):
            threads(count)
            found.append(run_here("digits-photonic-bias", tmp_path / str(count), *settings))
    finally:
        threads(before)
    assert found[0]["schedule_digest"] == found[1]["schedule_digest"]
    assert found[0]["final"] == found[1]["final"]


def test_another_seed_is_another_run(tiny: Path, tmp_path: Path) -> None:
    one = run_here(tiny, tmp_path / "a", "controller.epochs=1")
    two = run_here(tiny, tmp_path / "b", "controller.epochs=1", seed=1)
    assert one["identity"] != two["identity"]
    assert one["schedule_digest"] != two["schedule_digest"]


def test_a_second_run_answers_from_the_first(
    tiny: Path, tmp_path: Path, hwsim_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = run_here(tiny, Path("run"))
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.name != ".lock"}
    again = answer(hwsim_command("run", tiny, "--json", "--out", "run"))
    assert first == again
    assert stamps == {path: path.stat().st_mtime_ns for path in stamps}


def test_another_run_in_the_folder_is_refused(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    result = hwsim_command("run", tiny, "--seed", "5", "--out", "run")
    assert result.returncode == 2
    assert "another run lies here; give another folder with --out, or remove this one" in result.stderr


def test_two_processes_on_one_folder(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    words = [sys.executable, "-m", "hwsim", "run", str(tiny), "--out", "run", "--set", "controller.epochs=400"]
    first = subprocess.Popen([*words, "--quiet"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "run" / "schedule.sqlite").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        result = hwsim_command("run", tiny, "--out", "run", "--set", "controller.epochs=400")
        assert result.returncode == 2
        assert "another process is working on this run; wait for it to end" in result.stderr
        first.send_signal(signal.SIGINT)
        assert first.wait(30) == 130
    finally:
        first.kill()


def test_killed_in_the_middle(tiny: Path, tmp_path: Path) -> None:
    """Kill -9 once some reconnections are kept: gone on with, the run is an undisturbed one."""
    epochs = "controller.epochs=20"
    words = [sys.executable, "-m", "hwsim", "run", str(tiny), "--quiet", "--out", "killed", "--set", epochs]
    process = subprocess.Popen(words, cwd=tmp_path)
    path, deadline = tmp_path / "killed" / "schedule.sqlite", time.monotonic() + 120
    while not path.exists() or is_blank(path):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    with open_schedule(path) as schedule:
        assert not schedule.complete
    calm = run_here(tiny, tmp_path / "calm", epochs)
    assert run_here(tiny, tmp_path / "killed", epochs) == {**calm, "run": str(tmp_path / "killed")}
    assert (tmp_path / "killed" / "score.csv").read_bytes() == (tmp_path / "calm" / "score.csv").read_bytes()


@pytest.mark.slow
def test_killed_at_random_moments(tiny: Path, tmp_path: Path) -> None:
    """Kill -9 until the run comes through; its score is that of an undisturbed run."""
    epochs, tries = "controller.epochs=500", 8
    undisturbed = run_here(tiny, tmp_path / "calm", epochs)
    words = [sys.executable, "-m", "hwsim", "run", str(tiny), "--json", "--quiet", "--out", "killed", "--set", epochs]
    chance = random.Random(0)  # noqa: S311 - moments of kills
    kills = 0
    for attempt in range(30):
        process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, env=os.environ)
        # the last attempts wait longer, so that the run comes through on any machine
        wait = chance.uniform(0.5, 2.0) if attempt < tries else 60.0
        try:
            out, _ = process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0
        found = json.loads(out)
        break
    assert kills >= tries // 2
    assert found["schedule_digest"] == undisturbed["schedule_digest"]
    assert found["final"] == undisturbed["final"]
    assert found["reference"] == undisturbed["reference"]
    assert (tmp_path / "killed" / "score.csv").read_bytes() == (tmp_path / "calm" / "score.csv").read_bytes()


def test_killed_after_every_reconnection(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop right before and right after each append, and go on in the same process."""
    short = ("controller.epochs=3", "execution.reference=false")
    calm = run_here(tiny, tmp_path / "calm", *short)

    class Stop(BaseException):
        pass

    real, seen = ScheduleFile.append, set()
    for before in (True, False):

        def append(self: ScheduleFile, entry: object, *rest: object, before: bool = before) -> None:
            key = (before, getattr(entry, "event", -1))
            if key in seen:
                real(self, entry, *rest)  # type: ignore[arg-type]
                return
            seen.add(key)
            if not before:
                real(self, entry, *rest)  # type: ignore[arg-type]
            raise Stop

        monkeypatch.setattr(ScheduleFile, "append", append)
        folder = tmp_path / f"stopped-{before}"
        for _ in range(6):
            try:
                stopped = run_here(tiny, folder, *short)
                break
            except Stop:
                continue
        assert stopped == {**calm, "run": str(folder)}
        assert RunFolder(folder).rows() == RunFolder(tmp_path / "calm").rows()
    assert len(seen) == 8


def test_a_failed_expectation_ends_with_one(tiny: Path, hwsim_command: Command) -> None:
    result = hwsim_command("run", tiny, "--set", "expect.accuracy=1.0", "--set", "controller.epochs=1")
    assert result.returncode == 1
    assert "expected accuracy >= 1, found 0." in result.stderr


def test_the_resolved_scenario_runs_again(tiny: Path, tmp_path: Path) -> None:
    first = run_here(tiny, tmp_path / "run", "controller.epochs=2")
    shutil.rmtree(tmp_path / "models")
    second = run_here(tmp_path / "run" / "scenario.toml", tmp_path / "again")
    assert second["identity"] == first["identity"]
    assert second["schedule_digest"] == first["schedule_digest"]


def test_regression_reports_the_largest_error(tmp_path: Path) -> None:
    found = run_here("sine-photonic-laperm", tmp_path / "run", "controller.epochs=10")
    assert "accuracy" not in found["final"]
    assert found["final"]["max_error"] != found["final"]["max_error_noiseless"]
