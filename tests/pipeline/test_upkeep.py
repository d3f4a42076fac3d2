"""When parts break, when the host tests, and what a search is billed, each on the edge; nothing is trained here."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.crossbar import crossbar
from hwsim.crossbar.technology import Switch
from hwsim.execution import Circuits, ExecutionError, Machine
from hwsim.execution.finding import read_back, search
from hwsim.execution.timeline import Simulation, Work
from hwsim.pipeline.faults import Upkeep
from hwsim.scenario import Plan
from hwsim.scenario.execution import FaultEntry, FaultsChoice
from hwsim.schedule import Bank, Entry, Fault, Layout
from hwsim.task import Shape, Task

SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 3e-12, 2e-12, 1e-3, 0.0, 0.0, 4, 1e8, 1e-12)
MS = 10**9
"""Picoseconds in a millisecond."""


class Clock:
    """In place of the machine in time: a clock that the test sets, and all that was asked of it."""

    def __init__(self) -> None:
        self.now_ps = 0
        self.tests: list[tuple[str, int]] = []
        self.works: list[Work] = []
        self.marks: list[tuple[int, str]] = []

    def test(self, what: str, inferences: int) -> None:
        self.tests.append((what, inferences))

    def carry_out(self, work: Work, *, planned: bool) -> None:
        assert not planned
        self.works.append(work)

    def mark(self, at_ps: int, what: str) -> None:
        self.marks.append((at_ps, what))


class Net:
    """In place of a machine: real circuits, 2 of 4 ports and 3 of 2, before cells that answer so many samples right."""

    def __init__(self) -> None:
        self.layout = Layout((Bank(0, 2, 4, 0, learned=True), Bank(1, 3, 2, 0, learned=True)))
        self.circuits = Circuits([crossbar("benes", 4), crossbar("benes", 2)], self.layout, SWITCH)
        self.chip = SimpleNamespace(noisy=False)
        self.right = 0
        self.seen: list[int] = []

    def infer(self, inputs: NDArray[np.float32], noise: object) -> NDArray[np.float64]:
        """Answer the first ``right`` samples right, which are numbered in the only feature: odd ones are of class 1."""
        assert noise is None
        self.seen = inputs[:, 0].astype(int).tolist()
        said = np.array(self.seen) % 2
        said[self.right :] ^= 1
        answers: NDArray[np.float64] = np.eye(2)[said]
        return answers

    def stick(self, *faults: Fault) -> None:
        for fault in faults:
            self.circuits.prepared(self.circuits.stick(fault, known=False))


def samples(count: int) -> Task:
    """A task whose samples are numbered from 0 on, those of its test set from 10,000 on."""
    train, test = (np.arange(count) + start for start in (0, 10_000))
    columns = (numbers.astype(np.float32)[:, None] for numbers in (train, test))
    train_x, test_x = columns
    return Task(Shape(1, 2, "classification"), train_x, train % 2, test_x, test % 2, (0.0, 2e4))


def upkeep(net: Net, clock: Clock, given: list[dict[str, Any]], count: int = 160, **chosen: Any) -> Upkeep:
    execution = SimpleNamespace(faults=FaultsChoice(**chosen))
    scenario = SimpleNamespace(execution=execution, fault=[FaultEntry(**one) for one in given], seed=0)
    plan = cast("Plan", SimpleNamespace(scenario=scenario))
    return Upkeep(plan, cast("Machine", net), cast("Simulation", clock), samples(count))


def entry(event: int = 4) -> Entry:
    return Entry(event, 10 * event, (None, None), (np.zeros(2, np.float32),))


def switch(at: str, bank: int, number: int, stuck: str = "cross") -> dict[str, Any]:
    return {"at": at, "layer": 0, "bank": bank, "switch": number, "stuck": stuck}


def test_a_part_breaks_by_its_time_and_not_a_picosecond_before() -> None:
    kept = upkeep(Net(), Clock(), [switch("5 ms", 1, 3)])
    assert kept.breaking(entry(), 5 * MS - 1) is None
    found = kept.breaking(entry(), 5 * MS)
    assert found is not None
    assert (found.event, found.batch, found.permutations, found.found) == (5, 40, (None, None), ())
    assert found.faults == (Fault(0, 1, switch=3, state=1),)


def broken_by(kept: Upkeep, until_ps: int) -> list[Fault]:
    """Let everything break that does by a time."""
    found, last = list[Fault](), entry()
    while (now := kept.breaking(last, until_ps)) is not None:
        kept.broke(now)
        found += now.faults
        last = now
    return found


def test_a_switch_that_is_stuck_is_not_stuck_again() -> None:
    """The first state stays; a cell, and the same switch of another bank, are other parts."""
    given = [switch("1 ms", 1, 3), switch("2 ms", 1, 3, "bar"), switch("3 ms", 0, 3, "bar")]
    cell = {"at": "2 ms", "layer": 0, "bank": 1, "cell": 3, "reads": 0.5}
    net, clock = Net(), Clock()
    net.check_death = lambda fault: None  # type: ignore[attr-defined]
    kept = upkeep(net, clock, [*given, cell])
    assert broken_by(kept, 2 * MS - 1) == [Fault(0, 1, switch=3, state=1)]
    assert kept.waits
    assert broken_by(kept, 9 * MS) == [Fault(0, 1, cell=3, value=0.5), Fault(0, 0, switch=3, state=0)]
    assert [at for at, _ in clock.marks] == [1 * MS, 2 * MS, 3 * MS]
    assert not kept.waits
    assert kept.sum_up() == {"broke": 3, "found": 0, "events": 3}


@pytest.mark.parametrize("at", ["5 ms", "7 ms"], ids=["next", "later"])
def test_a_switch_that_wore_out_does_not_break_when_it_was_to(at: str) -> None:
    """It breaks at once, in the state that it has; what else waits breaks in its turn."""
    net, clock = Net(), Clock()
    kept = upkeep(net, clock, [switch(at, 1, 3), switch("6 ms", 0, 2)], test="none")
    worn = Fault(0, 1, switch=3, state=0)
    net.circuits.worn_out, clock.now_ps = [worn], 2 * MS
    kept.look(entry())
    mending = kept.mending(entry())
    assert mending is not None
    assert (mending.event, mending.faults, mending.found) == (5, (worn,), ())
    kept.broke(mending)
    assert kept.mending(mending) is None
    assert broken_by(kept, 9 * MS) == [Fault(0, 0, switch=2, state=1)]
    assert clock.marks == [(2 * MS, worn.words), (6 * MS, "layer 0 bank 0 switch 2 stuck in cross")]


def test_another_part_than_was_to_break_is_refused() -> None:
    kept = upkeep(Net(), Clock(), [switch("5 ms", 1, 3)])
    other = Entry(5, 40, (None, None), (), faults=(Fault(0, 1, switch=3, state=0),))
    with pytest.raises(ExecutionError, match=r"event 5: .* stuck in bar, and the scenario has another part break"):
        kept.broke(other)


def test_a_hazard_breaks_every_switch_of_every_layer_once() -> None:
    """12 switches of the first layer and 3 of the second: as many places, all of them there."""
    found = broken_by(upkeep(Net(), Clock(), [], hazard="1 kHz"), 10**18)
    places = sorted((one.layer, one.bank, one.switch) for one in found)
    assert places == [*((0, bank, one) for bank in range(2) for one in range(6)), *((1, bank, 0) for bank in range(3))]


def test_the_least_time_between_tests_counts_from_the_last_one() -> None:
    clock = Clock()
    kept, tested = upkeep(Net(), clock, [], test_every="1 ms"), []
    for now in (0, MS - 1, MS, 2 * MS - 1, 2 * MS + 5, 3 * MS, 3 * MS + 4, 3 * MS + 5):
        before, clock.now_ps = len(clock.tests), now
        kept.look(entry())
        tested += [now] if len(clock.tests) > before else []
    assert tested == [MS, 2 * MS + 5, 3 * MS + 5]
    assert set(clock.tests) == {("read-back", 2 + 1)}  # log2 of the ports of each layer


def test_a_fall_of_the_accuracy_is_told_from_the_best_so_far() -> None:
    """Of 16 samples, by more than a quarter; after it the accuracy is compared with what is left."""
    net, clock = Net(), Clock()
    kept = upkeep(net, clock, [], test="accuracy", fall=0.25)
    fell = {}
    for event, net.right in enumerate((10, 12, 12, 8, 9, 7, 7, 3, 16, 12, 11)):
        clock.tests = []
        kept.look(entry(event))
        assert clock.tests[0] == ("accuracy", 16)
        assert clock.tests[1:] == ([("read-back", 3)] if kept.words else [])
        if kept.words:
            fell[event] = kept.words
    said = "accuracy on the validation share fell from {} to {}, no circuit is at fault"
    assert fell == {5: said.format(0.75, 0.4375), 10: said.format(1, 0.6875)}


@pytest.mark.parametrize(
    ("count", "first", "share"), [(160, 144, 16), (159, 144, 15), (3, 2, 1), (4_990, 4_491, 499), (9_000, 8_500, 500)]
)
def test_the_validation_share_is_the_end_of_the_training_set(count: int, first: int, share: int) -> None:
    net, clock = Net(), Clock()
    upkeep(net, clock, [], count, test="accuracy").look(entry())
    assert net.seen == list(range(first, first + share))
    assert clock.tests == [("accuracy", share)]


@pytest.mark.parametrize("connected", [False, True], ids=["power-up", "connected"])
def test_a_search_is_billed_as_it_was_carried_out(connected: bool) -> None:
    """One load after another in both banks, then what stood before; each configuration is read back by 2 patterns."""
    net, clock = Net(), Clock()
    if connected:
        net.circuits.reconnect([np.array([[3, 2, 1, 0], [1, 2, 3, 0]]), np.array([[1, 0], [1, 0], [0, 1]])])
    states = net.circuits.states[0]
    assert states is not None
    loaded = states.copy()
    faults = [Fault(0, bank, switch=bank + 1, state=1 - int(loaded[bank, bank + 1])) for bank in range(2)]
    net.stick(*faults)
    standing = net.circuits.standing
    kept = upkeep(net, clock, [])
    kept.look(entry())
    assert kept.found == tuple(faults)
    # the same search beside the machine: how many configurations it takes, and which
    configurations = [loads_of(net, loaded[fault.bank], fault) for fault in faults]
    patterns = [("search", 2 * len(configured)) for configured in configurations]
    assert clock.tests == [("read-back", 3), *patterns]
    sent = list[int]()
    for bank, configured in enumerate(configurations):
        passed = [loaded[bank], *configured, loaded[bank]]
        sent += [bank for old, new in pairwise(passed) if not np.array_equal(old, new)]
    assert [(int(work.bank[0]), int(work.bits[0])) for work in clock.works] == [(bank, 6) for bank in sent]
    assert {(work.event, int(work.layer[0]), work.registers) for work in clock.works} == {(4, 0, 0)}
    now = standing
    for work in clock.works:  # the other banks stand as they are
        now += int(work.sets[0] - work.resets[0])
        assert work.standing == now
    assert now == standing


def loads_of(net: Net, loaded: NDArray[np.uint8], fault: Fault) -> list[NDArray[np.uint8]]:
    """The configurations that a search of a circuit with one stuck switch loads."""
    fabric, found = net.circuits.fabrics[0], list[NDArray[np.uint8]]()
    assert fabric is not None
    assert fault.switch is not None
    assert fault.state is not None
    stuck, state = fault.switch, fault.state

    def read(states: NDArray[np.uint8]) -> NDArray[np.int64]:
        stand = states.copy()
        stand[stuck] = state
        back: NDArray[np.int64] = read_back(fabric, stand[None])[0]
        return back

    def load(states: NDArray[np.uint8]) -> NDArray[np.int64]:
        found.append(states.copy())
        return read(states)

    search(fabric, load, [(loaded, read(loaded))])
    return found
