"""A run in time: every reconnection goes through the simulated machine as it is executed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hwsim.controller import Expense
from hwsim.execution import replay
from hwsim.execution.timeline import PICOSECONDS, Simulation
from hwsim.execution.timeline.trace import write_traces
from hwsim.pipeline.faults import Upkeep
from hwsim.pipeline.parts import parts_of, refuse_endless
from hwsim.pipeline.snapshot import prepare
from hwsim.pipeline.worth import Means, worth
from hwsim.scenario.found import sure
from hwsim.schedule import open_schedule

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.execution import Machine
    from hwsim.execution.timeline import Tally
    from hwsim.scenario import Plan
    from hwsim.schedule import Entry
    from hwsim.task import Task

PICTURES = ("timeline", "energy")
"""Pictures of a run whose scenario says something about time, without their endings."""


class Timeline:
    """The machine of a run in time, told of every entry once the machine has executed it.

    Args:
        plan: the run's plan.
        machine: its machine, just after power-up.
        task: what it learns; a host may test on a share of it.
        keep: whether spans are kept, for traces and pictures.

    Raises:
        ExecutionError: no such machine can be simulated.
    """

    def __init__(self, plan: Plan, machine: Machine, task: Task, *, keep: bool = False) -> None:
        self.machine, self._plan = machine, plan
        parts = parts_of(plan, machine)
        refuse_endless(parts)
        self.simulation = Simulation(parts, plan.scenario.seed, keep=keep)
        self.upkeep = Upkeep(plan, machine, self.simulation, task)
        """What breaks, and what the host makes of it."""
        self._count = self._planned = 0
        self._first = self._reconnected = Expense()

    def follow(self, entry: Entry) -> None:
        """Carry out in time the entry that the machine executed last, and what the host tests after it."""
        if entry.faults:
            self.upkeep.broke(entry)
            return
        passage = self.simulation.carry_out(sure(self.machine.work), planned=not entry.found)
        self._planned += not entry.found
        self._reconnected += Expense(energy_j=passage.energy_j, time_ps=passage.end_ps - passage.begin_ps)
        self.upkeep.look(entry)
        if entry.event:
            self._count += 1
        else:
            self._first = replace(self._reconnected, moves=self.machine.spent.moves)

    @property
    def spent(self) -> Expense:
        """Return what the machine has spent, reconnections billed as they went in time; tests are not among them."""
        billed, read = self._reconnected, self.machine.read
        joules, picoseconds = billed.energy_j + read.energy_j, billed.time_ps + read.time_ps
        return replace(self.machine.spent, energy_j=joules, time_ps=picoseconds)

    def until_ps(self, batch: int | None) -> int:
        """Return when the next reconnection is issued, after so many optimiser steps; the end where there is none."""
        now, host = self.simulation.now_ps, self.simulation.parts.host
        return max(now, host.length_ps if batch is None else host.issue_ps(batch, self._planned, now))

    def finish(self) -> dict[str, Any]:
        """Watch to the end; returns the run's numbers in time, in SI units."""
        ended, tally = self.simulation.now_ps, self.simulation.finish()
        found = _in_si(tally, ended)
        means = self._means()
        if means.count:
            found["reconnection"] = {"energy_j": means.energy_j, "time_s": means.time_s, "moves": means.moves}
        if faults := self.upkeep.sum_up():
            found["faults"] = faults
        return {**found, **worth(self._plan, self.machine, means, self.machine.circuits.worn, found["watched_s"])}

    def _means(self) -> Means:
        """Return what a reconnection took in the mean, event 0 apart."""
        count, all_told, first = max(self._count, 1), self._reconnected, self._first
        moves = (self.machine.spent.moves - first.moves) / count
        joules, picoseconds = all_told.energy_j - first.energy_j, all_told.time_ps - first.time_ps
        return Means(self._count, joules / count, picoseconds / PICOSECONDS / count, moves)

    def write(self, folder: Path, found: dict[str, Any]) -> None:
        """Write traces and pictures of a finished timeline, where the scenario says something about time.

        Args:
            folder: of the run.
            found: what :meth:`finish` returned.
        """
        from hwsim.report.energy import draw_energy
        from hwsim.report.style import try_to_save
        from hwsim.report.timeline import draw_timeline

        if not self._plan.in_time:
            return
        spans, title, changes = self.simulation.spans, self._plan.scenario.title, self._plan.changes
        if self._plan.scenario.execution.trace:
            write_traces(folder, spans, self._plan.identity)
        for name, draw in zip(
            PICTURES,
            (lambda: draw_timeline(spans, title, changes), lambda: draw_energy(found["energy_j"], title, changes)),
            strict=True,
        ):
            try_to_save(draw, folder / f"{name}.png", folder / f"{name}.svg")


def _in_si(tally: Tally, ended_ps: int) -> dict[str, Any]:
    """Return the numbers of a tally as an answer has them, without those that there are not."""
    row = {key: value for key, value in tally.row().items() if value is not None}
    energy = row.pop("energy")
    times = {"makespan_s": ended_ps / PICOSECONDS, "watched_s": row.pop("watched_ps") / PICOSECONDS}
    return {**times, **row, "energy_j": energy}


def again(plan: Plan, schedule_path: Path) -> Timeline:
    """Carry out a finished run in time once more, with every span; nothing is trained, and the bits are the same."""
    task, machine = prepare(plan, schedule_path)
    timeline = Timeline(plan, machine, task, keep=True)
    with open_schedule(schedule_path) as schedule:
        replay(schedule.entries(), machine, after=timeline.follow)
    timeline.finish()
    return timeline
