"""Figures and tables of papers again: the runs they need side by side, and the numbers beside the published ones."""

from hwsim.reproduction.activity import read_activity
from hwsim.reproduction.conduct import Conduct, conduct, run_folder
from hwsim.reproduction.crew import Standing, cores
from hwsim.reproduction.job import Job, plan_jobs
from hwsim.reproduction.kept import Kept, check_place, join_kept, keep, kept_path, read_kept, values, write_kept
from hwsim.reproduction.outcome import Line, Outcome, Point, Verdict, compare
from hwsim.reproduction.table import table
from hwsim.scenario.reproduction import Reproduction, ReproductionFile, read_reproduction, shown

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
