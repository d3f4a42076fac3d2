"""A machine as it stands now, as exports take it; and the machine of a finished run before its first event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.export import LayerSnapshot, Snapshot
from hwsim.pipeline.fabrication import KEPT, assemble, initial_values
from hwsim.task.loading import load_task

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.execution import Machine
    from hwsim.scenario import Plan
    from hwsim.task import Task


def prepare(plan: Plan, schedule_path: Path) -> tuple[Task, Machine]:
    """Return a plan's task, and its machine as it stood before the first entry of its schedule."""
    task = load_task(plan.task, plan.task_parameters)
    return task, assemble(plan, task, initial_values(plan, task, schedule_path.parent / KEPT))


def snapshot(identity: str, machine: Machine, event: int) -> Snapshot:
    """Return every bank's configuration as the machine of a run holds it now, after an event."""
    now = machine.circuits
    layers = tuple(
        LayerSnapshot(number, fabric, permutations, state, toggled)
        for number, (fabric, permutations, state, toggled) in enumerate(
            zip(now.fabrics, now.permutations, now.states, now.toggled, strict=True)
        )
        if fabric is not None and state is not None
    )
    registers = tuple(machine.register_codes())
    chip, switch = machine.chip, machine.switch
    return Snapshot(identity, event, switch.name, machine.model, layers, registers, chip, switch=switch)
