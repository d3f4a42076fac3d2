"""Any event of a schedule again, as switch settings: routing is deterministic, so permutations are enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.crossbar import extend
from hwsim.export import Configured, ConfiguredLayer
from hwsim.plan import KEPT, assemble, initial_values
from hwsim.schedule import ScheduleError, open_schedule

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from hwsim.plan import Plan


def configured(plan: Plan, schedule_path: Path, event: int) -> Configured:
    """Route a schedule up to an event and hand over every bank's configuration.

    Args:
        plan: the run's plan.
        schedule_path: its schedule file.
        event: number of the event, 0 for the state after power-up.

    Raises:
        ScheduleError: there is no such event.
    """
    task = plan.task.load(plan.task_parameters)
    machine = assemble(plan, task, initial_values(plan, task, schedule_path.parent / KEPT))
    with open_schedule(schedule_path) as schedule:
        last = schedule.events() - 1
        if not 0 <= event <= last:
            raise ScheduleError(f"{schedule_path}: no event {event}; the schedule holds events 0 to {last}")
        for entry in schedule.entries():
            before = [None if state is None else state.copy() for state in machine.states]
            machine.execute(entry)
            if entry.event == event:
                break
    layers = []
    for number, (fabric, state, old) in enumerate(zip(machine.fabrics, machine.states, before, strict=True)):
        if fabric is not None and state is not None and old is not None:
            permutations = extend(machine.permutations[number], fabric.ports)
            layers.append(ConfiguredLayer(number, fabric, permutations, state, fabric.toggles_many(old, state)))
    registers: tuple[np.ndarray, ...] = tuple(machine.register_codes())
    return Configured(plan.identity, event, plan.switch.name, tuple(layers), registers)
