"""Figures and tables of papers again: the runs they need side by side, and the numbers beside the published ones."""

from hwsim.scenario.reproduction import Reproduction, ReproductionFile, read_reproduction, shown
from hwsim.study.activity import read_activity
from hwsim.study.jobs import RunJob, plan_jobs
from hwsim.study.outcome import Line, Outcome, Point, Verdict, compare
from hwsim.study.pool import Pool, PoolAnswer, PoolError, PoolReport, PoolTask
from hwsim.study.stored import (
    StoredRun,
    add_stored,
    check_place,
    join_stored,
    read_stored,
    stored_path,
    values,
    write_stored,
)
from hwsim.study.sweep import SweepProgress, SweepResult, run_sweep, schedule_path
from hwsim.study.table import table
from hwsim.study.worker_pool import WorkerPool, cores

__all__ = [
    "Line",
    "Outcome",
    "Point",
    "Pool",
    "PoolAnswer",
    "PoolError",
    "PoolReport",
    "PoolTask",
    "Reproduction",
    "ReproductionFile",
    "RunJob",
    "StoredRun",
    "SweepProgress",
    "SweepResult",
    "Verdict",
    "WorkerPool",
    "add_stored",
    "check_place",
    "compare",
    "cores",
    "join_stored",
    "plan_jobs",
    "read_activity",
    "read_reproduction",
    "read_stored",
    "run_sweep",
    "schedule_path",
    "shown",
    "stored_path",
    "table",
    "values",
    "write_stored",
]
