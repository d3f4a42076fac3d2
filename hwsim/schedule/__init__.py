"""Reconnections over time, and their file format."""

from hwsim.schedule.fault import Fault
from hwsim.schedule.file import ScheduleError, ScheduleFile, StorageError, is_blank, open_schedule
from hwsim.schedule.layout import Bank, Entry, Follower, Layout, layout
from hwsim.schedule.recorded import check_recorded
from hwsim.schedule.step import Step, digest_steps
from hwsim.schedule.steps import read_steps

__all__ = [
    "Bank",
    "Entry",
    "Fault",
    "Follower",
    "Layout",
    "ScheduleError",
    "ScheduleFile",
    "Step",
    "StorageError",
    "check_recorded",
    "digest_steps",
    "is_blank",
    "layout",
    "open_schedule",
    "read_steps",
]
