"""All runs of a reproduction: those done before answer from their files, the others are carried out."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.pipeline.folder import SCHEDULE, owned
from hwsim.study.crew import Crew, PoolProgress
from hwsim.study.jobs import wanted_events
from hwsim.study.stored import SHORT, StoredRun, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hwsim.scenario.reproduction import Reproduction
    from hwsim.study.jobs import RunJob

ANSWERS, LOCK = "answers", ".sweep.lock"
BUSY = "another sweep is at work here; wait for it to end, or give another folder with --out"


@dataclass(frozen=True)
class SweepResult:
    """What came of the runs: results, run by run, and the names of those that failed with why."""

    runs: list[StoredRun]
    failed: dict[str, str]


def run_sweep(
    reproduction: Reproduction,
    jobs: Sequence[RunJob],
    out: Path,
    workers: int,
    watch: Callable[[PoolProgress], None] = lambda _: None,
) -> SweepResult:
    """Carry out the jobs whose answers are not there yet.

    Args:
        reproduction: the file.
        jobs: from :func:`hwsim.study.plan_jobs`.
        out: folder of answers, and of runs while they last.
        workers: processes side by side.
        watch: told how far all are.
    """
    kept = {job.key: out / ANSWERS / f"{job.key[:16]}.json" for job in jobs}
    answers = {job.key: found for job in jobs if (found := _answer(kept[job.key])) is not None}
    failed: dict[str, str] = {}
    maps, events = reproduction.file.picture == "activity", wanted_events(reproduction)
    if maps:  # the picture needs the schedules too
        gone = [job.key for job in jobs if not (run_folder(out, job) / SCHEDULE).is_file()]
        answers = {key: answer for key, answer in answers.items() if key not in gone}

    def order(job: RunJob) -> dict[str, Any]:
        folder = run_folder(out, job)
        return {
            "scenario": job.scenario,
            "settings": job.settings,
            "seed": job.seed,
            "folder": str(folder),
            "kept": str(kept[job.key]),
            "events": events,
            "keep_folder": maps,
        }

    waiting = [job for job in jobs if job.key not in answers]
    out.mkdir(parents=True, exist_ok=True)
    with owned(out / LOCK, BUSY), Crew(workers) as crew:
        for job, said in crew.carry_out(waiting, order, watch):
            if "answer" in said:
                answers[job.key] = said["answer"]
            else:
                failed[job.name] = str(said["failed"])
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


def run_folder(out: Path, job: RunJob) -> Path:
    """Where a job's run lies while it lasts, or stays where pictures need it."""
    safe = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in job.name)
    return out / f"{safe}-{job.key[:8]}"


def metric_of(answer: dict[str, Any], metric: str) -> float | None:
    """The metric in an answer: of the last event, or the reference.

    Example:
        >>> metric_of({"final": {"loss": 0.5}, "reference": 0.9}, "reference")
        0.9
    """
    value = answer["final"].get(metric, answer.get(metric))
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _answer(path: Path) -> dict[str, Any] | None:
    """A run's answer where one is there and whole."""
    try:
        found: Any = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and isinstance(found.get("final"), dict) and "seconds" in found
    return found if whole else None
