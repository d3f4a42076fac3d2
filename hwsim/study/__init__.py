"""Figures and tables of papers again: the runs they need side by side, and the numbers beside the published ones."""

from hwsim.scenario.reproduction import Reproduction, ReproductionFile, read_reproduction, shown
from hwsim.study.activity import read_activity
from hwsim.study.crew import PoolProgress, cores
from hwsim.study.jobs import RunJob, plan_jobs
from hwsim.study.outcome import Line, Outcome, Point, Verdict, compare
from hwsim.study.stored import StoredRun, check_place, join_stored, keep, read_stored, stored_path, values, write_stored
from hwsim.study.sweep import SweepResult, run_folder, run_sweep
from hwsim.study.table import table

__all__ = [
    "Line",
    "Outcome",
    "Point",
    "PoolProgress",
    "Reproduction",
    "ReproductionFile",
    "RunJob",
    "StoredRun",
    "SweepResult",
    "Verdict",
    "check_place",
    "compare",
    "cores",
    "join_stored",
    "keep",
    "plan_jobs",
    "read_activity",
    "read_reproduction",
    "read_stored",
    "run_folder",
    "run_sweep",
    "shown",
    "stored_path",
    "table",
    "values",
    "write_stored",
]
