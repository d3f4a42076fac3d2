"""A finished run's schedule against what the run wrote down about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hwsim.schedule.file import ScheduleError

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.schedule.file import ScheduleFile


def check_recorded(path: Path, schedule: ScheduleFile) -> None:
    """Refuse a schedule that is not the one its run ended with, as ``answer.json`` beside it tells.

    Without such a file, or without a digest in it, there is nothing to compare with.

    Args:
        path: of the schedule file.
        schedule: the same, open.

    Raises:
        ScheduleError: another digest than the run recorded.
    """
    try:
        recorded = json.loads((path.parent / "answer.json").read_text("utf-8")).get("schedule_digest")
    except (OSError, ValueError, AttributeError):
        return
    if isinstance(recorded, str) and schedule.complete and (found := schedule.digest()) != recorded:
        raise ScheduleError(
            f"{path}: changed since the run ended (digest {found[:12]}, answer.json has {str(recorded)[:12]}); "
            "restore it, or remove the folder and run the scenario again"
        )
