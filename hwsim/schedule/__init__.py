"""Reconnections over time, and their file format."""

from hwsim.schedule.file import ScheduleError, ScheduleFile, StorageError, is_blank, open_schedule
from hwsim.schedule.layout import Bank, Entry, Follower, Layout, layout
from hwsim.schedule.recorded import check_recorded

__all__ = [
    "Bank",
    "Entry",
    "Follower",
    "Layout",
    "ScheduleError",
    "ScheduleFile",
    "StorageError",
    "check_recorded",
    "is_blank",
    "layout",
    "open_schedule",
]
