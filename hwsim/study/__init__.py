"""Figures and tables of papers again: the runs they need side by side, and the numbers beside the published ones."""

from hwsim.scenario.reproduction import Reproduction, ReproductionFile, read_reproduction, shown
from hwsim.study.activity import read_activity
from hwsim.study.conduct import Conduct, conduct, run_folder
from hwsim.study.crew import Standing, cores
from hwsim.study.job import Job, plan_jobs
from hwsim.study.kept import Kept, check_place, join_kept, keep, kept_path, read_kept, values, write_kept
from hwsim.study.outcome import Line, Outcome, Point, Verdict, compare
from hwsim.study.table import table

__all__ = [
    "Conduct",
    "Job",
    "Kept",
    "Line",
    "Outcome",
    "Point",
    "Reproduction",
    "ReproductionFile",
    "Standing",
    "Verdict",
    "check_place",
    "compare",
    "conduct",
    "cores",
    "join_kept",
    "keep",
    "kept_path",
    "plan_jobs",
    "read_activity",
    "read_kept",
    "read_reproduction",
    "run_folder",
    "shown",
    "table",
    "values",
    "write_kept",
]
