"""All runs of a reproduction: those done before answer from their files, the others are given to a pool."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.files.whole import whole
from hwsim.pipeline.folder import SCHEDULE, owned
from hwsim.study.jobs import wanted_events
from hwsim.study.pool import PoolError, PoolReport
from hwsim.study.stored import SHORT, StoredRun, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hwsim.scenario.reproduction import Reproduction
    from hwsim.study.jobs import RunJob
    from hwsim.study.pool import Pool, PoolAnswer

ANSWERS, LOCK = "answers", ".sweep.lock"
BUSY = "another sweep is at work here; wait for it to end, or give another folder with --out"
WAIT = 0.5
"""Seconds after which whoever watches hears of a sweep again, though nothing was said."""


@dataclass(frozen=True)
class SweepResult:
    """Holds what came of the runs: results, run by run, and the names of those that failed with why."""

    runs: list[StoredRun]
    failed: dict[str, str]


@dataclass(frozen=True)
class SweepProgress:
    """Tells how far a sweep is, for whoever watches."""

    jobs: int
    done: int
    failed: int
    share: float
    """Of the whole cost, 0 to 1."""
    left_seconds: float | None
    """Estimate from what the jobs have taken so far; None in the beginning."""
    compiling: bool = False
    """Whether a worker is compiling kernels."""


def run_sweep(
    reproduction: Reproduction,
    jobs: Sequence[RunJob],
    out: Path,
    pool: Pool,
    watch: Callable[[SweepProgress], None] = lambda _: None,
) -> SweepResult:
    """Carry out the jobs whose answers are not there yet.

    Args:
        reproduction: the file.
        jobs: from :func:`hwsim.study.plan_jobs`.
        out: folder of answers.
        pool: who carries them out; its block is left when all have answered.
        watch: told how far all are, about twice a second.

    Raises:
        FolderError: another sweep works in the folder.
        OSError: an answer cannot be written; its run is not lost.
        PoolError: an answer belongs to no job that was given to the pool.
    """
    wanted = (SCHEDULE,) if reproduction.file.picture == "activity" else ()  # that picture needs the schedules too
    events = tuple(wanted_events(reproduction))
    answers: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    for job in jobs:
        there = all(_file(out, job.key, name).is_file() for name in wanted)
        if there and (found := _answer(answer_path(out, job.key))) is not None:
            answers[job.key] = found

    def take(job: RunJob, said: PoolAnswer) -> bool:
        if why := said.failed or _store(out, said, wanted):
            failed[job.name] = why
        else:
            answers[job.key] = json.loads(answer_path(out, job.key).read_text())
        return not why

    out.mkdir(parents=True, exist_ok=True)
    with owned(out / LOCK, BUSY), pool:
        missing = [job for job in jobs if job.key not in answers]
        for job in missing:
            pool.submit(job.task(events, wanted))
        _gather(pool, missing, take, watch)
    runs = []
    metrics = {curve.name: curve.metric or reproduction.file.metric for curve in reproduction.file.curve}
    for job in jobs:
        for curve, x, seed in job.places if job.key in answers else ():
            answer = answers[job.key]
            if events:
                answer = {"final": answer["rows"].get(x, {})}
            value = metric_of(answer, metrics[curve])
            if value is None:
                known = ", ".join([*answer["final"], "reference"]) if answer["final"] else f"no event {x}"
                failed[job.name] = f"its answer has no number {metrics[curve]!r}; it has {known}"
            else:
                runs.append(StoredRun(curve, x, seed, value, answers[job.key]["seconds"], job.key[:SHORT]))
    return SweepResult(in_order(reproduction, runs), failed)


def _gather(
    pool: Pool,
    jobs: Sequence[RunJob],
    take: Callable[[RunJob, PoolAnswer], bool],
    watch: Callable[[SweepProgress], None],
) -> None:
    """Wait until every job has answered; answers are taken as they come, and taking tells whether one is of use."""
    waiting, total, begin = {job.key: job for job in jobs}, sum(job.cost for job in jobs) or 1.0, time.monotonic()
    reports: dict[str, PoolReport] = {}
    failed, spent = 0, 0.0
    while waiting:
        for said in pool.collect(WAIT):
            if isinstance(said, PoolReport):
                reports[said.key] = said
                continue
            job = waiting.pop(said.key, None)
            if job is None:
                raise PoolError(f"the pool gave an answer that nobody waits for (key {said.key[:SHORT]!r})")
            failed, spent = failed + (not take(job, said)), spent + job.cost
        now = [report for key, report in reports.items() if key in waiting]
        share = (spent + sum(report.share * waiting[report.key].cost for report in now)) / total
        passed = time.monotonic() - begin
        left = passed / share * (1 - share) if share > 0 else None
        compiling = any(report.compiling for report in now)
        watch(SweepProgress(len(jobs), len(jobs) - len(waiting), failed, share, left, compiling))


def answer_path(out: Path, key: str) -> Path:
    """Name the file of a job's answer."""
    return _file(out, key, "answer.json")


def schedule_path(out: Path, job: RunJob) -> Path:
    """Name the file of a job's schedule, which is there where pictures need it."""
    return _file(out, job.key, SCHEDULE)


def _file(out: Path, key: str, name: str) -> Path:
    return out / ANSWERS / f"{key[:16]}{name[name.rindex('.') :]}"


def _store(out: Path, said: PoolAnswer, wanted: Sequence[str]) -> str:
    """Write an answer and its files, the answer last; why it cannot be used, empty where it can."""
    if not is_whole(said.result):
        return "its answer is damaged"
    if lacking := [name for name in wanted if name not in said.files]:
        return f"its answer lacks {', '.join(lacking)}"
    path = answer_path(out, said.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        with whole(_file(out, said.key, name)) as part:
            part.write_bytes(said.files[name])
    with whole(path) as part:
        part.write_text(json.dumps(said.result, indent=1) + "\n")
    return ""


def metric_of(answer: dict[str, Any], metric: str) -> float | None:
    """Return the metric in an answer: of the last event, or the reference.

    Example:
        >>> metric_of({"final": {"loss": 0.5}, "reference": 0.9}, "reference")
        0.9
    """
    value = answer["final"].get(metric, answer.get(metric))
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _answer(path: Path) -> dict[str, Any] | None:
    """Read a run's answer, or return None if there is none or it is not whole."""
    try:
        found: Any = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if is_whole(found) else None


def is_whole(found: Any) -> bool:
    """Tell whether an answer has what every sweep reads of it.

    Example:
        >>> is_whole({"final": {"loss": 0.5}, "seconds": 2.0}), is_whole({"final": 0.5}), is_whole(None)
        (True, False, False)
    """
    return isinstance(found, dict) and isinstance(found.get("final"), dict) and "seconds" in found
