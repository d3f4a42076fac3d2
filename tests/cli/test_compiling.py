"""The first run on a machine says that it compiles, and every run where it stands, with and without a terminal."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from hwsim.cli.progress import RunProgress, Sweep
from hwsim.kernels.watch import STAGE, logged, ring
from hwsim.study import RunJob, SweepProgress, WorkerPool
from hwsim.study.sweep import _gather
from tests.conftest import Command

SMALL = ("device.name='ideal'", "crossbar.topology='crossbar'", "controller.epochs=1", "execution.reference=false")


@pytest.mark.slow
def test_the_first_run_says_that_it_compiles(tiny: Path, tmp_path: Path, hwsim_process: Command) -> None:
    words = ["run", tiny, *(word for text in SMALL for word in ("--set", text)), "--out"]
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    first = hwsim_process(*words, "a", **cache)
    assert first.returncode == 0, first.stderr
    assert first.stderr.splitlines()[0] == "compiling (once on this machine)"
    second = hwsim_process(*words, "b", **cache)
    assert "compiling" not in second.stderr


@pytest.mark.slow
def test_a_quiet_first_run_says_nothing(tiny: Path, tmp_path: Path, hwsim_process: Command) -> None:
    words = ["run", tiny, *(word for text in SMALL for word in ("--set", text)), "--quiet"]
    quiet = hwsim_process(*words, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("hwsim.cli.progress.LINE_SECONDS", 0.02)
    monkeypatch.setattr("hwsim.kernels.watch._Count.done", 0)  # other tests of this process have compiled before

    def wait(text: str) -> None:
        said, deadline = "", time.monotonic() + 20
        while text not in said:
            assert time.monotonic() < deadline, said
            time.sleep(0.01)
            said += capsys.readouterr().err

    with RunProgress() as progress:
        time.sleep(0.1)
        assert capsys.readouterr().err == "", "nothing has begun"
        ring(1)
        wait(f"{STAGE}\n")
        ring(1)
        ring(-1)
        wait(" kernels so far, ")
        ring(-1)
        progress.report("training", 0.5, None)
        wait("training 50%\n")
    time.sleep(0.1)
    capsys.readouterr()
    time.sleep(0.1)
    assert capsys.readouterr().err == "", "it has ended"


def test_workers_say_that_they_compile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [{"compiling": True}, {"compiling": False}, {"answer": {}}]
    work = f"import pickle, time\npickle.load(sys.stdin.buffer)\nfor one in {[json.dumps(one) for one in said]!r}: "
    work += "print(one, flush=True); time.sleep(1)"
    monkeypatch.setattr("hwsim.study.worker_pool._WORK", f"exec({work!r})")
    seen: list[SweepProgress] = []
    with Sweep(1) as sweep, WorkerPool(1, tmp_path) as pool:

        def watch(progress: SweepProgress) -> None:
            seen.append(progress)
            sweep.watch(progress)

        job = RunJob("a", "s", (), 0, (("c", "1", 0),), 1.0)
        pool.submit(job.task())
        _gather(pool, [job], lambda _, answer: answer.result == {}, watch)
    assert {one.compiling for one in seen} == {True, False}
    assert (seen[-1].compiling, seen[-1].failed) == (False, 0)
    assert capsys.readouterr().err.splitlines() == [f"0 of 1 runs, {STAGE}, 0%"]


def test_python_is_told_by_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "hwsim"), logged():
        for _ in range(3):  # more often than a line is due
            ring(1)
            ring(-1)
    ring(1)
    ring(-1)
    (record,) = caplog.records
    assert record.name == "hwsim"
    assert record.getMessage().startswith(STAGE)


def test_only_kernels_of_this_package_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    import hwsim.kernels.compile as compiling

    heard: list[Any] = []
    monkeypatch.setattr(compiling, "ring", heard.append)

    def add_one(x: Any) -> Any:
        return x + 1

    foreign: Any = numba.njit(add_one)
    assert foreign(1) == 2
    assert heard == []
    add_one.__module__ = "hwsim.test"
    assert foreign(1.5) == 2.5
    assert heard == [1, -1]
