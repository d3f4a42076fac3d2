"""Processes side by side: failing, dying, heard at once, ended with who started them, interrupted and going on."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hwsim.files import Diagnostic, DiagnosticError, read_document
from hwsim.study import PoolReport, PoolTask, RunJob, WorkerPool, plan_jobs, read_reproduction
from hwsim.study.worker import _why
from tests.study.conftest import gather


def _jobs(short: Path, *settings: str) -> list[RunJob]:
    return plan_jobs(read_reproduction(read_document(short), short), list(settings))


def test_a_failing_run_and_a_dying_worker_are_named(short: Path, tmp_path: Path) -> None:
    bad, dying, good = (job.task() for job in _jobs(short, "controller.epochs=4")[:3])
    bad = replace(bad, scenario=bad.scenario.replace('name = "short"', 'name = "none"'))
    dying = replace(dying, settings=(*dying.settings[:-1], "controller.epochs=200000"))
    with WorkerPool(1, tmp_path / "out") as pool:

        def look(report: PoolReport) -> None:
            (worker,) = pool._workers
            if report.key == dying.key and worker.task is dying and report.share > 0:
                worker.process.kill()

        said = gather(pool, [bad, dying, good], look)
    assert "scenario.toml:10:1: unknown model 'none'" in said[bad.key].failed
    assert said[dying.key].failed.startswith("its process was ended by signal 9 (out of memory?)")
    assert (said[good.key].result or {})["events"] == 4
    assert len(list((tmp_path / "out").iterdir())) == 2, "the run that answered leaves nothing, the others can go on"


def test_an_answer_right_behind_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both lines come in one piece: the second is not left in a buffer that nobody looks into again."""
    lines = r'json.dumps({"share": 0.5}) + "\n" + json.dumps({"answer": {"n": n}}) + "\n"'
    work = "import itertools, json, pickle\nfor n in itertools.count(): pickle.load(sys.stdin.buffer); "
    work += f"sys.stdout.write({lines}); sys.stdout.flush()"
    monkeypatch.setattr("hwsim.study.worker_pool._WORK", f"exec({work!r})")
    tasks = [PoolTask(str(number), "t", "", (), 0) for number in range(3)]
    with WorkerPool(1, tmp_path) as pool:
        assert [said.result for said in gather(pool, tasks).values()] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_a_worker_that_died_without_work_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool may be given tasks long after it answered all before; each worker here does one and ends."""
    work = "import pickle\npickle.load(sys.stdin.buffer); print('{\"answer\": {}}')"
    monkeypatch.setattr("hwsim.study.worker_pool._WORK", f"exec({work!r})")
    with WorkerPool(1, tmp_path) as pool:
        for number in range(2):
            assert not gather(pool, [PoolTask(str(number), "t", "", (), 0)])[str(number)].failed
            deadline = time.monotonic() + 20
            while pool._workers:
                assert time.monotonic() < deadline
                assert pool.collect(0.1) == []


def test_a_worker_ends_with_who_started_it(short: Path, tmp_path: Path) -> None:
    """In the middle of a run, once nobody holds the other end of its stdin."""
    words = [sys.executable, "-c", "from hwsim.study.worker import main; main()"]
    worker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    task = _jobs(short, "controller.epochs=1000000")[0].task()
    assert worker.stdin is not None
    assert worker.stdout is not None
    pickle.dump((task, tmp_path / "task"), worker.stdin)
    worker.stdin.flush()
    while b"share" not in (said := worker.stdout.readline()):
        assert b"compiling" in said
    worker.stdin.close()
    assert worker.wait(20) == 0
    worker.stdout.close()


def test_half_a_task_is_told_before_the_end() -> None:
    words = [sys.executable, "-c", "from hwsim.study.worker import main; main()"]
    half = pickle.dumps((PoolTask("k", "t", "", (), 0), Path()))[:-20]
    done = subprocess.run(words, input=half, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"UnpicklingError" in done.stderr or b"EOFError" in done.stderr


def test_an_answer_is_taken_before_its_run_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the block is left by an error, the answer may not have been written: its run stays for the next one."""
    work = "import json, pickle\ntask, folder = pickle.load(sys.stdin.buffer)\nfile = folder / 'run' / 'a.bin'\n"
    work += "said = {'answer': {'before': file.exists()}}\nfile.parent.mkdir(parents=True, exist_ok=True)\n"
    work += "file.write_bytes(bytes(range(256)))\nprint(json.dumps(said), flush=True)\nsys.stdin.read()"
    monkeypatch.setattr("hwsim.study.worker_pool._WORK", f"exec({work!r})")
    task = PoolTask("0123456789", "a name/of *", "", (), 0, wanted=("a.bin",))

    def answer(*, taken: bool) -> None:
        with WorkerPool(1, tmp_path) as pool:
            (found,) = gather(pool, [task]).values()
            assert found.files == {"a.bin": bytes(range(256))}
            assert found.result == {"before": taken}
            if not taken:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(taken=False)
    assert [path.name for path in tmp_path.iterdir()] == ["a_name_of__-01234567"]
    answer(taken=True)
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_foresaw_is_named_with_its_place() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        divmod(1, len(""))
    assert re.fullmatch(r"ZeroDivisionError: .* \(test_worker_pool\.py:\d+\)", _why(caught.value))
    assert _why(DiagnosticError([Diagnostic("a.toml", 1, 1, "wrong")])) == "a.toml:1:1: wrong"
