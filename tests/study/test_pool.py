"""The seam between a sweep and who carries out its runs: any pool that keeps the promises will do."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hwsim.files import parse_document, read_document
from hwsim.study import (
    Pool,
    PoolError,
    SweepProgress,
    plan_jobs,
    read_reproduction,
    run_sweep,
    schedule_path,
    values,
)
from tests.conftest import run_here
from tests.study.conftest import ElsewherePool, gather
from tests.study.test_activity import FILE as ACTIVITY


def test_a_sweep_over_another_pool(short: Path, tmp_path: Path) -> None:
    """Answers come last first, one fails: each stands where its key says, as the scenario by itself gives it."""
    found = read_reproduction(read_document(short), short)
    jobs = plan_jobs(found)[:4]
    pool: Pool = ElsewherePool(1)
    seen: list[SweepProgress] = []
    done = run_sweep(found, jobs, tmp_path / "out", pool, seen.append)
    assert done.failed == {jobs[1].name: "a machine is gone"}
    got = values(done.runs)
    for job in (jobs[0], jobs[2], jobs[3]):
        alone = run_here(short.parent / "short.toml", tmp_path / job.key, *job.settings, seed=job.seed)
        assert [got.pop(place) for place in job.places] == [alone["final"]["max_error"]] * len(job.places)
    assert got == {}
    assert [(one.done, one.failed) for one in seen] == [(1, 0), (2, 0), (3, 1), (4, 1)]
    costs = [job.cost for job in jobs]
    shares = [(costs[3] + costs[0] / 2) / sum(costs), (sum(costs[2:]) + costs[0] / 2) / sum(costs)]
    shares += [(sum(costs[1:]) + costs[0] / 2) / sum(costs), 1.0]
    assert [one.share for one in seen] == pytest.approx(shares)
    assert [one.compiling for one in seen] == [True, True, True, False]

    second = ElsewherePool()
    whole = run_sweep(found, jobs, tmp_path / "out", second)
    assert [task.key for task in second.submitted] == [jobs[1].key]
    assert whole.failed == {}
    assert len(whole.runs) == 4


def test_a_task_holds_all_that_a_run_needs(short: Path, tmp_path: Path) -> None:
    """No place of this machine goes out, and what the scenario names goes along: the model here is nowhere else."""
    for job in plan_jobs(read_reproduction(read_document(short), short)):
        task = job.task()
        assert str(tmp_path).encode() not in pickle.dumps(task)
        assert set(task.files) == {
            "models/short.toml",
            "devices/ideal.toml",
            "devices/fpga-register-ug474-2016.toml",
        }
        assert task.files["models/short.toml"] == (tmp_path / "models" / "short.toml").read_bytes()
    (short.parent / "short.toml").unlink()
    with ElsewherePool() as pool:
        (answer,) = gather(pool, [task]).values()
    assert answer.failed == ""
    assert str(tmp_path) not in str(answer)


def test_files_of_a_run_come_back(short: Path, tmp_path: Path) -> None:
    """The picture of activity needs schedules; they are written beside the answers, whole."""
    found = read_reproduction(parse_document(ACTIVITY, str(short)), short)
    (job,) = plan_jobs(found)
    done = run_sweep(found, [job], tmp_path / "out", ElsewherePool())
    assert schedule_path(tmp_path / "out", job).read_bytes()[:15] == b"SQLite format 3"
    assert [(run.curve, run.x) for run in done.runs] == [("a", x) for x in ("0", "1", "3")]
    names = sorted(path.suffix for path in (tmp_path / "out" / "answers").iterdir())
    assert names == [".json", ".sqlite"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"result": None}, "its answer is damaged"),
        ({"result": {"final": 3}}, "its answer is damaged"),
        ({"files": {}}, "its answer lacks schedule.sqlite"),
    ],
)
def test_answers_that_cannot_be_used(short: Path, tmp_path: Path, change: Mapping[str, Any], why: str) -> None:
    found = read_reproduction(parse_document(ACTIVITY, str(short)), short)
    (job,) = plan_jobs(found)
    pool = ElsewherePool(change=lambda answer: replace(answer, **change))
    seen: list[SweepProgress] = []
    done = run_sweep(found, [job], tmp_path / "out", pool, seen.append)
    assert (done.runs, done.failed, seen[-1].failed) == ([], {job.name: why}, 1)
    assert not (tmp_path / "out" / "answers").exists()


def test_an_answer_that_nobody_waits_for(short: Path, tmp_path: Path) -> None:
    found = read_reproduction(read_document(short), short)
    pool = ElsewherePool(change=lambda answer: replace(answer, key="another one"))
    with pytest.raises(PoolError, match=r"an answer that nobody waits for \(key 'another '\)"):
        run_sweep(found, plan_jobs(found)[:1], tmp_path / "out", pool)
    assert not pool.open
