"""What a scenario will take in time and energy, without training and without simulating.

Its machine is put together, and some reconnections to random permutations are routed; sums over them, in closed form,
stand for the run. Of a finished run its own reconnections are summed instead.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, cycle
from pathlib import Path
from typing import TYPE_CHECKING

from hwsim.controller.multi_task import reconnects
from hwsim.errors import check_type
from hwsim.execution import first_entry, replay
from hwsim.model import start
from hwsim.pipeline.estimate_table import Basis, Line, table
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.fabrication import assemble, initial_values
from hwsim.pipeline.folder import SCHEDULE
from hwsim.pipeline.session import Scenario, load
from hwsim.pipeline.snapshot import prepare
from hwsim.scenario import check_memory
from hwsim.scenario.found import sure
from hwsim.schedule import Entry, open_schedule
from hwsim.stream import stream
from hwsim.task.loading import load_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.execution import Machine
    from hwsim.execution.timeline import Work
    from hwsim.scenario import Plan

BREAKING = "parts break and are searched for in their time"
SAMPLES = 3
"""Random reconnections that are routed; they stand for all, one after the other."""


def estimate(what: Scenario | str | Path) -> list[Line]:
    """Say in closed form what a scenario will take in time and energy, or what a finished run took.

    A scenario's training is not carried out, and nothing is simulated.

    Args:
        what: from :func:`hwsim.load`, or what that takes; or a run folder.

    Returns:
        Lines as ``hwsim estimate`` prints them, of which pandas makes a table.

    Raises:
        DiagnosticError: a faulty scenario.
        DataError: the task's data cannot be had.
        MemoryError: the run cannot fit this machine.
        FolderError, ScheduleError: no finished run lies in the folder.

    Example:
        >>> found = {line.key: line for line in estimate("digits-fpga-laperm")}
        >>> found["reconnections"].value, found["energy_j.toggling"].unit
        (31, 'J')
    """
    if isinstance(what, Scenario):
        return estimate_plan(what.plan())
    check_type("what", what, "a path")
    return _sum_up(Path(what)) if Path(what).is_dir() else estimate_plan(load(what).plan())


def estimate_plan(plan: Plan) -> list[Line]:
    """Estimate from random reconnections of a plan's machine; errors as of :func:`estimate`."""
    check_memory(plan)
    task = load_task(plan.task, plan.task_parameters)
    trained = plan.scenario.fabrication.values == "trained"  # an estimate trains nothing
    values = start(plan.model, plan.scenario.seed) if trained else initial_values(plan, task)
    machine = assemble(plan, task, values)
    machine.execute(first_entry(plan.model, values))
    first, before = sure(machine.work), machine.spent.moves
    samples = list(_random_works(plan, machine))
    told_steps = reconnects(plan.controller, plan.controller_parameters, task)
    steps = None if told_steps is None else list(told_steps)
    unknown = _breaking(plan)
    if steps is None:
        unknown = unknown or f"{plan.controller.name} says only as it works how often it reconnects"
    elif plan.in_time and plan.switch.endurance is not None and len(steps) > plan.switch.endurance:
        unknown = unknown or "a switch that toggles every time wears out on the way"
    told = "random permutations, all registers" if plan.controller.rewires else "all registers"
    moves = (machine.spent.moves - before) / len(samples)
    drawn = "with drawn values in place of trained ones" if trained else ""
    basis = Basis(told, moves, unknown=unknown, values=drawn)
    numbered = zip(enumerate(range(1, SAMPLES + 1) if steps is None else steps, 1), cycle(samples), strict=False)
    works = (replace(work, event=event, batch=step) for (event, step), work in numbered)
    return table(plan, machine, chain([first], works), basis)


def _sum_up(run: Path) -> list[Line]:
    """Sum up the reconnections of a finished run."""
    plan = plan_of(run)
    _, machine = prepare(plan, run / SCHEDULE)
    works: list[Work] = []
    broken: list[Entry] = []

    def follow(entry: Entry) -> None:
        works.append(sure(machine.work))
        broken.extend([entry] if entry.faults else [])

    with open_schedule(run / SCHEDULE) as schedule:
        replay(schedule.entries(), machine, after=follow)
    mean = machine.spent.moves / max(len(works) - 1, 1)  # event 0 moves nothing
    wear = machine.circuits.wear
    worn = None if wear is None else max(layer.most for layer in wear)
    return table(plan, machine, works, Basis(moves=mean, worn=worn, unknown=BREAKING if broken else _breaking(plan)))


def _breaking(plan: Plan) -> str:
    """Say why a machine has no closed form whose parts break; return "" where none does."""
    scenario = plan.scenario
    return BREAKING if scenario.fault or scenario.execution.faults else ""


def _random_works(plan: Plan, machine: Machine) -> Iterator[Work]:
    """Reconnect a machine to random permutations, and write all registers each time: the most that there can be."""
    rng = stream(plan.scenario.seed, "estimate/permutations")
    written = sum(bank.registers for bank in machine.layout.layers)
    for number in range(1, SAMPLES + 1):
        drawn = tuple(
            rng.permuted(before, axis=1) if bank.learned and plan.controller.rewires else None
            for before, bank in zip(machine.permutations, machine.layout.layers, strict=True)
        )
        machine.execute(Entry(number, 0, drawn, tuple(machine.registers)))
        yield replace(sure(machine.work), registers=written)
