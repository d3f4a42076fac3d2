"""Any event of a schedule again, as switch settings: routing is deterministic, so permutations are enough."""

from __future__ import annotations

import dataclasses
from itertools import islice
from typing import TYPE_CHECKING

from hwsim.execution import replay
from hwsim.pipeline.snapshot import prepare, snapshot
from hwsim.pipeline.trial import trial
from hwsim.schedule import ScheduleError, open_schedule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hwsim.export import Snapshot
    from hwsim.scenario import Plan
    from hwsim.schedule import Entry


def configured(plan: Plan, schedule_path: Path, event: int) -> Snapshot:
    """Route a schedule up to an event and hand over every bank's configuration.

    Args:
        plan: the run's plan.
        schedule_path: its schedule file.
        event: number of the event, 0 for the state after power-up.

    Raises:
        ScheduleError: there is no such event.
    """
    task, machine = prepare(plan, schedule_path)
    with open_schedule(schedule_path) as schedule:
        last = schedule.events() - 1
        if not 0 <= event <= last:
            raise ScheduleError(f"{schedule_path}: no event {event}; the schedule holds events 0 to {last}")
        replay(schedule.entries(), machine, until=event)
    return dataclasses.replace(
        snapshot(plan.identity, machine, event),
        history=lambda: _read(schedule_path, event),
        before=lambda: configured(plan, schedule_path, event - 1) if event else None,
        trial=lambda images: trial(plan, schedule_path, event, images),
        quiet=lambda: (task.test_x, machine.infer(task.test_x, None)),
    )


def _read(schedule_path: Path, last: int) -> Iterator[Entry]:
    """Yield the entries of a schedule up to an event."""
    with open_schedule(schedule_path) as schedule:
        yield from islice(schedule.entries(), last + 1)
