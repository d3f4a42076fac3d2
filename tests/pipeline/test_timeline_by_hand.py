"""A run in time whose machine and simulation take round numbers: what is counted, and what a reconnection took."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from hwsim.controller import Expense
from hwsim.execution.timeline import Compute, Parts, Port, Switching
from hwsim.pipeline import timeline as module
from hwsim.pipeline.timeline import Timeline
from hwsim.pipeline.worth import Means


class Simulated:
    """A simulation in which reconnection n takes n + 1 joules and 10 ** n microseconds, after a pause of as much."""

    def __init__(self, parts: Parts, *_: Any, **__: Any) -> None:
        self.parts, self.now_ps, self.planned = parts, 0, list[bool]()

    def carry_out(self, _: object, *, planned: bool) -> Any:
        long = 10**6 * 10 ** len(self.planned)
        self.planned.append(planned)
        begin, self.now_ps = self.now_ps + long, self.now_ps + 2 * long
        return SimpleNamespace(begin_ps=begin, end_ps=self.now_ps, energy_j=float(len(self.planned)))

    def finish(self) -> Any:
        """Watch to 5 ms, past the last reconnection."""
        self.now_ps = 5 * 10**9
        row = {"watched_ps": self.now_ps, "energy": {"idle": 2.0}, "toggles": 7, "wait_mean_s": None}
        return SimpleNamespace(row=lambda: row)


def _entry(event: int, *, found: bool = False, faults: bool = False) -> Any:
    return SimpleNamespace(event=event, found=(1,) * found, faults=(1,) * faults)


@pytest.fixture
def timeline(monkeypatch: pytest.MonkeyPatch) -> Timeline:
    """Event 0 moves 100 positions; the machine is watched for 5 ms."""
    host: Any = SimpleNamespace(length_ps=5 * 10**9, issue_ps=lambda batch, number, _now: 10**9 * batch + number)
    parts = Parts(Port(1, 1, 0.0), Switching(1, 1, 0.0, 0.0, 0.0), Compute(1, 1, 0.0), host=host)
    upkeep = SimpleNamespace(broke=lambda _: None, look=lambda _: None, sum_up=dict)
    for name, stub in (("parts_of", lambda *_: parts), ("Simulation", Simulated), ("Upkeep", lambda *_: upkeep)):
        monkeypatch.setattr(module, name, stub)
    machine = SimpleNamespace(
        work=object(),
        spent=Expense(),
        circuits=SimpleNamespace(worn=11),
        read=Expense(energy_j=0.5, time_ps=7, reads=3),
    )
    plan = SimpleNamespace(scenario=SimpleNamespace(seed=1))
    return Timeline(cast("Any", plan), cast("Any", machine), cast("Any", None))


def _follow(timeline: Timeline, entry: Any, moves: int) -> None:
    machine = cast("Any", timeline.machine)
    machine.spent += Expense(moves=moves, toggles=2 * moves, bias_writes=1, energy_j=1e3, time_ps=10**15, reads=5)
    timeline.follow(entry)


def test_means_are_those_of_reconnections_after_event_0(timeline: Timeline) -> None:
    """2 and 3 J, 10 and 100 us, 8 and 4 moves; event 0 took 1 J, 1 us and 100 moves."""
    assert timeline._means() == Means(0, 0.0, 0.0, 0.0)
    _follow(timeline, _entry(0), 100)
    assert timeline._means() == Means(0, 0.0, 0.0, 0.0)
    _follow(timeline, _entry(1), 8)
    assert timeline._means() == Means(1, 2.0, 1e-5, 8.0)
    _follow(timeline, _entry(2), 4)
    assert timeline._means() == Means(2, 2.5, 5.5e-5, 6.0)


def test_what_breaks_is_no_reconnection(timeline: Timeline) -> None:
    _follow(timeline, _entry(0), 100)
    _follow(timeline, _entry(1), 8)
    before = timeline._means()
    _follow(timeline, _entry(2, faults=True), 0)
    assert timeline._means() == before
    assert len(cast("Any", timeline.simulation).planned) == 2


def test_a_repair_is_a_reconnection_that_the_host_did_not_plan(timeline: Timeline) -> None:
    """So the next planned one has the number that it would have without the repair."""
    for event, found in enumerate((False, False, True, True, False)):
        _follow(timeline, _entry(event, found=found), 1)
    assert cast("Any", timeline.simulation).planned == [True, True, False, False, True]
    assert timeline.until_ps(99) == 99 * 10**9 + 3
    assert timeline._means().count == 4


def test_nothing_more_is_issued_after_the_last_one_until_the_end(timeline: Timeline) -> None:
    """5 ms without a further reconnection; at a step where there is one; never before what was done last."""
    assert timeline.until_ps(None) == 5 * 10**9
    assert timeline.until_ps(0) == 0
    assert timeline.until_ps(2) == 2 * 10**9
    cast("Any", timeline.simulation).now_ps = 6 * 10**9
    assert timeline.until_ps(None) == timeline.until_ps(2) == 6 * 10**9
    assert timeline.until_ps(7) == 7 * 10**9


def test_what_was_spent_is_billed_as_it_went_in_time_and_reads_as_the_machine_bills_them(timeline: Timeline) -> None:
    """1 + 2 J of reconnections and 0.5 J of reads, 11 us and 7 ps; all counts are the machine's."""
    _follow(timeline, _entry(0), 100)
    _follow(timeline, _entry(1), 8)
    assert timeline.spent == Expense(
        moves=108, toggles=216, bias_writes=2, energy_j=3.5, time_ps=11 * 10**6 + 7, reads=10
    )


def test_a_finished_run_tells_its_own_end_from_that_of_watching(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reconnections end after 2 + 20 us; what they are worth is reckoned of 5 ms and of the most worn switch."""
    monkeypatch.setattr(module, "worth", lambda _, __, means, worn, seconds: {"worth": (means, worn, seconds)})
    _follow(timeline, _entry(0), 100)
    _follow(timeline, _entry(1), 8)
    assert timeline.finish() == {
        "makespan_s": pytest.approx(22e-6),
        "watched_s": pytest.approx(5e-3),
        "toggles": 7,
        "energy_j": {"idle": 2.0},
        "reconnection": {"energy_j": 2.0, "time_s": pytest.approx(1e-5), "moves": 8.0},
        "worth": (Means(1, 2.0, 1e-5, 8.0), 11, pytest.approx(5e-3)),
    }
