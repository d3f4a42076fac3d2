"""What breaks in a run, how the host finds out, and what it does then.

Parts break at given times, by a hazard, and switches at the end of their endurance, whether anybody knows or not. After
a reconnection the host may test: by patterns that are read back, or by the accuracy on a share of the training set.
Where something is wrong, the circuits concerned are searched (:mod:`hwsim.execution.finding`), and what is found is an
event of its own: circuits are routed around it, or training goes on with what stands.

All of this repeats itself to the last bit when a schedule is carried out again: what breaks is kept in it and held
against what was to break, and tests are made anew.
"""

from __future__ import annotations

import heapq
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hwsim.controller import YieldingController
from hwsim.errors import HwsimWarning
from hwsim.execution import ExecutionError
from hwsim.execution.finding import Examination, astray, count_patterns
from hwsim.execution.timeline import PICOSECONDS, Work
from hwsim.files.quantity import format_quantity
from hwsim.scenario.execution import FaultsChoice
from hwsim.schedule import Entry, Fault
from hwsim.schedule.fault import STATES
from hwsim.score import evaluate
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.controller import Controller
    from hwsim.execution import Machine
    from hwsim.execution.timeline import Simulation
    from hwsim.scenario import Plan
    from hwsim.scenario.execution import FaultEntry
    from hwsim.task import Task

SHARE, MOST = 10, 500
"""The validation share is the last tenth of the training set, and so many samples at most."""


class Upkeep:
    """What breaks in one run, and the tests of its host.

    Args:
        plan: the run's plan.
        machine: its machine.
        simulation: the machine in time; tests take time there.
        task: what is learned.

    Raises:
        ExecutionError: accuracy is tested where several tasks take turns; a cell cannot be read as it is to be.
    """

    def __init__(self, plan: Plan, machine: Machine, simulation: Simulation, task: Task) -> None:
        execution = plan.scenario.execution
        self._machine, self._simulation, self._seed = machine, simulation, plan.scenario.seed
        self._chosen = execution.faults or FaultsChoice()
        self._test = self._chosen.test if execution.faults or plan.scenario.fault else "none"
        self._every = round((self._chosen.test_every or 0.0) * PICOSECONDS)
        self._tested = 0
        self._given = sorted(round(one.at * PICOSECONDS) for one in plan.scenario.fault)
        self._stuck = set[tuple[int, int, int | None]]()
        self._waiting = _breaking(plan, machine, self._stuck)
        self._next = next(self._waiting, None)
        self._worn_out: list[tuple[int, Fault]] = []
        self._best: float | None = None
        self._task = _share(task)
        self._counts = {"broke": 0, "found": 0, "events": 0}
        self.found: tuple[Fault, ...] = ()
        """What the test after the last entry found; the host is to be told."""
        self.words = ""
        """What that test has to say."""
        if self._test == "accuracy" and task.tasks:
            raise ExecutionError(
                "accuracy falls whenever another task has its turn; set execution.faults.test to 'read-back'"
            )

        for one in plan.scenario.fault:
            if one.cell is not None:
                machine.check_death(_fault(one))

    def breaking(self, last: Entry, until_ps: int) -> Entry | None:
        """Return the next entry, at which something breaks, if it does so by a time."""
        if self._next is None or self._next[0] > until_ps:
            return None
        return replace(_nothing(last), faults=(self._next[1],))

    def mending(self, last: Entry) -> Entry | None:
        """Return the next entry, at which the host gets to know what the test found, if it found anything.

        What came to its end with the last entry breaks before that.
        """
        if self._worn_out:
            return replace(_nothing(last), faults=tuple(fault for _, fault in self._worn_out))
        return replace(_nothing(last), found=self.found) if self.found else None

    def tell(self, entry: Entry, controller: Controller) -> str:
        """Tell the controller what stands where known faults forbid what it wanted; put all that happened into words.

        Args:
            entry: what was carried out and followed last.
            controller: what decides.
        """
        machine, told, said = self._machine, False, [fault.words for fault in entry.faults]
        yields = isinstance(controller, YieldingController) and self._chosen.repair != "none" and not machine.placing
        if not entry.faults and isinstance(controller, YieldingController) and yields and self._forced():
            controller.stands(machine.expected)
            told = True
        found = [f"{one.words}, {self._outcome(one, told=told)}" for one in entry.found]
        said += [f"found by {self._test}: {'; '.join(found)}"] if found else []
        if not entry.faults and not entry.found:
            banks = [f"layer {layer} bank {bank}" for layer, bank in machine.impossible]
            around = ", trained around" if told else ""
            said += [f"{bank}: no way around what is stuck, positions exchanged{around}" for bank in banks]
        return "; ".join([*said, *([self.words] if self.words else [])])

    def _forced(self) -> bool:
        """Tell whether faults that the host knows keep something from being as it was asked for."""
        machine = self._machine
        known = any(stuck is not None and stuck.banks.size for stuck in machine.circuits.stuck)
        return known and any(map(np.any, map(np.not_equal, machine.expected, machine.asked)))

    def _outcome(self, fault: Fault, *, told: bool) -> str:
        """Say what became of a fault that was found."""
        around = ", trained around" if told else ""
        if self._chosen.repair == "route":
            blocked = (fault.layer, fault.bank) in self._machine.impossible
            return f"no way around, two positions exchanged{around}" if blocked else "routed around"
        return around.removeprefix(", ") or "left as it is"

    def sum_up(self) -> dict[str, int]:
        """Count what broke, what of it was found, and the events of both; empty where nothing could break.

        A warning says which part of the scenario's own would have broken later than the run ended.
        """
        late = [] if self._next is None else [one for one in self._given if one >= self._next[0]]
        if late:
            end = format_quantity(self._simulation.now_ps / PICOSECONDS, "time")
            first = format_quantity(late[0] / PICOSECONDS, "time")
            what = f"{len(late)} of [[fault]] would break at {first} or later, and the machine is watched until {end}"
            hint = "set execution.length, or issue reconnections later (issue = 'steps')"
            warnings.warn(HwsimWarning(f"{what}; {hint}"), stacklevel=2)
        return dict(self._counts) if self._test != "none" or any(self._counts.values()) else {}

    @property
    def waits(self) -> bool:
        """Tell whether anything will break yet."""
        return self._next is not None

    def broke(self, entry: Entry) -> None:
        """Note in time what broke at an entry.

        Raises:
            ExecutionError: something else was to break.
        """
        self.words = ""
        self._counts["broke"] += len(entry.faults)
        self._counts["events"] += 1
        for fault in entry.faults:
            due = self._worn_out.pop(0) if self._worn_out else self._next
            if due is None or due[1] != fault:
                what = f"event {entry.event}: {fault.words}, and the scenario has another part break"
                raise ExecutionError(f"{what}; remove the run folder and run its scenario again")
            self._simulation.mark(due[0], fault.words)
            self._next = next(self._waiting, None) if due is self._next else self._next

    def _wear_out(self) -> None:
        """Have switches that came to their end break next, in the states that they have; nothing else breaks them."""
        ended = self._machine.circuits.worn_out
        self._worn_out += [(self._simulation.now_ps, fault) for fault in ended]
        places = {_place(fault) for fault in ended}
        self._stuck |= places
        if self._next is not None and _place(self._next[1]) in places:
            self._next = next(self._waiting, None)

    def look(self, entry: Entry) -> None:
        """Test the machine after an entry that was carried out in time, where a test is due."""
        self.found, self.words, event = (), "", entry.event
        self._counts["found"] += len(entry.found)
        self._counts["events"] += bool(entry.found)
        self._wear_out()
        now = self._simulation.now_ps
        if self._test == "none" or (self._every and now - self._tested < self._every):
            return
        self._tested = now
        if self._test == "read-back" or self._fell(event):
            self._read_back(event)

    def _fell(self, event: int) -> bool:
        """Tell whether the accuracy on the validation share has fallen."""
        machine, task = self._machine, self._task
        noise = stream(self._seed, f"faults/{event}/read") if machine.chip.noisy else None
        found = evaluate(task, machine.infer(task.test_x, noise)).metric
        self._simulation.test("accuracy", len(task.test_x))
        before, self._best = self._best, max(found, self._best or 0.0)
        if before is None or found >= before - (self._chosen.fall or 0.0):
            return False
        self._best = found
        self.words = f"accuracy on the validation share fell from {before:g} to {found:g}"
        return True

    def _read_back(self, event: int) -> None:
        """Read all circuits back, and search those that surprise."""
        circuits = self._machine.circuits
        patterns = sum(count_patterns(fabric.ports) for fabric in circuits.fabrics if fabric is not None)
        if not patterns:
            return
        self._simulation.test("read-back", patterns)
        found, said = list[Fault](), [self.words] if self.words else []
        wrong = astray(circuits)
        for layer, bank in wrong:
            bench = Examination(circuits, layer, bank)
            faults, search = bench.search()
            self._bill(event, bench)
            found += faults
            where = f"layer {layer} bank {bank}"
            if not search.told:
                said.append(f"{where}: more switches are stuck than can be told apart")
        if said and not wrong:
            said.append("no circuit is at fault")
        self.found, self.words = tuple(found), ", ".join(said)

    def _bill(self, event: int, bench: Examination) -> None:
        """Carry out in time what a search loads and reads."""
        fabric = self._machine.circuits.fabrics[bench.layer]
        standing = float(self._machine.circuits.standing)
        start = bench.loads[-1].held if bench.loads else 0  # the last load puts back what stood before
        for load in (one for one in bench.loads if one.bits):
            columns = {name: np.array([getattr(load, name)], np.int64) for name in load._fields}
            work = Work(event, 0, **columns, registers=0, standing=standing - start + load.held)
            self._simulation.carry_out(work, planned=False)
        if fabric is not None and bench.loads:
            self._simulation.test("search", count_patterns(fabric.ports) * (len(bench.loads) - 1))


def _nothing(last: Entry) -> Entry:
    """Return an entry at which nothing is reconnected and nothing written, right after another one."""
    return Entry(last.event + 1, last.batch, (None,) * len(last.permutations), last.registers)


def _share(task: Task) -> Task:
    """Return the task with the validation share, the last samples of its training set, as its test set."""
    count = max(min(len(task.train_x) // SHARE, MOST), 1)
    return replace(task, test_x=task.train_x[-count:], test_y=task.train_y[-count:])


def _place(fault: Fault) -> tuple[int, int, int | None]:
    return fault.layer, fault.bank, fault.switch


def _breaking(plan: Plan, machine: Machine, stuck: set[tuple[int, int, int | None]]) -> Iterator[tuple[int, Fault]]:
    """Yield what breaks and when, in picoseconds, in order; a switch that is stuck stays as it is, and is noted."""
    given = sorted(((round(one.at * PICOSECONDS), _fault(one)) for one in plan.scenario.fault), key=lambda one: one[0])
    for at, fault in heapq.merge(given, _hazard(plan, machine, stuck), key=lambda one: one[0]):
        if fault.switch is None:
            yield at, fault
        elif _place(fault) not in stuck:
            stuck.add(_place(fault))
            yield at, fault


def _fault(one: FaultEntry) -> Fault:
    if one.switch is not None and one.stuck is not None:
        return Fault(one.layer, one.bank, switch=one.switch, state=STATES.index(one.stuck))
    return Fault(one.layer, one.bank, cell=one.cell, value=one.reads)


def _hazard(plan: Plan, machine: Machine, stuck: set[tuple[int, int, int | None]]) -> Iterator[tuple[int, Fault]]:
    """Draw which switch gets stuck next, and when, until all are: times of the whole machine are exponential."""
    chosen, circuits = plan.scenario.execution.faults, machine.circuits
    if chosen is None or not chosen.hazard:
        return
    banks = [bank.banks for bank in machine.layout.layers]
    counts = [0 if fabric is None else fabric.switches for fabric in circuits.fabrics]
    ends = np.cumsum(np.multiply(banks, counts))
    rng, now = stream(plan.scenario.seed, "faults/hazard"), 0.0
    while len(stuck) < ends[-1]:
        now += float(rng.exponential(1 / (chosen.hazard * int(ends[-1]))))
        place, state = int(rng.integers(ends[-1])), int(rng.integers(2))
        layer = int(np.searchsorted(ends, place, side="right"))
        bank, switch = divmod(place - int(ends[layer - 1] if layer else 0), counts[layer])
        yield round(now * PICOSECONDS), Fault(layer, bank, switch=switch, state=state)
