"""Reconnections over time, and their file format."""

from hwsim.schedule.file import ScheduleError, ScheduleFile, StorageError, is_blank, open_schedule
from hwsim.schedule.layout import Bank, Entry, Layout

__all__ = ["Bank", "Entry", "Layout", "ScheduleError", "ScheduleFile", "StorageError", "is_blank", "open_schedule"]
