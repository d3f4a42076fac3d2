"""Any event of a schedule again, as switch settings: routing is deterministic, so permutations are enough."""

from __future__ import annotations

import dataclasses
from itertools import islice
from typing import TYPE_CHECKING

from hwsim.execution import replay
from hwsim.export import LayerSnapshot, Snapshot
from hwsim.pipeline.fabrication import KEPT, assemble, initial_values
from hwsim.schedule import ScheduleError, open_schedule
from hwsim.task.loading import load_task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hwsim.execution import Machine
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
    task = load_task(plan.task, plan.task_parameters)
    machine = assemble(plan, task, initial_values(plan, task, schedule_path.parent / KEPT))
    with open_schedule(schedule_path) as schedule:
        last = schedule.events() - 1
        if not 0 <= event <= last:
            raise ScheduleError(f"{schedule_path}: no event {event}; the schedule holds events 0 to {last}")
        replay(schedule.entries(), machine, until=event)
    return dataclasses.replace(snapshot(plan, machine, event), history=lambda: _read(schedule_path, event))


def _read(schedule_path: Path, last: int) -> Iterator[Entry]:
    """Yield the entries of a schedule up to an event."""
    with open_schedule(schedule_path) as schedule:
        yield from islice(schedule.entries(), last + 1)


def snapshot(plan: Plan, machine: Machine, event: int) -> Snapshot:
    """Return every bank's configuration as the machine holds it now, after an event."""
    now = machine.circuits
    layers = tuple(
        LayerSnapshot(number, fabric, permutations, state, toggled)
        for number, (fabric, permutations, state, toggled) in enumerate(
            zip(now.fabrics, now.permutations, now.states, now.toggled, strict=True)
        )
        if fabric is not None and state is not None
    )
    registers = tuple(machine.register_codes())
    return Snapshot(plan.identity, event, plan.switch.name, plan.model, layers, registers, machine.chip)
