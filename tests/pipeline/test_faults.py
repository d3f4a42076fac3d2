"""Runs in which parts break: what stands in the score, that it is found and mended, and that kills change no bit."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

import hwsim
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.errors import HwsimWarning
from hwsim.execution import ExecutionError, replay
from hwsim.pipeline.exporting import export_run
from hwsim.pipeline.fabrication import assemble, initial_values
from hwsim.pipeline.folder import RunFolder
from hwsim.pipeline.snapshot import prepare
from hwsim.pipeline.timeline import Timeline
from hwsim.schedule import Entry, Fault, ScheduleFile, open_schedule, read_steps
from tests.conftest import run_here

STEPS = """
[execution]
issue = "steps"
step_time = "1 ms"
reference = false
"""
TWO = """
[[fault]]
at = "60 ms"
layer = 0
bank = 2
switch = 180
stuck = "cross"
[[fault]]
at = "50 ms"
layer = 1
bank = 4
switch = 8
stuck = "cross"
"""
DEAD = """
[[fault]]
at = "60 ms"
layer = 0
bank = 1
cell = 20
reads = 0.25
"""


@pytest.fixture
def broken(tiny: Path) -> Path:
    """A small scenario whose reconnections are issued at their steps, to which tables can be added."""
    tiny.write_text(tiny.read_text().replace("epochs = 6", "epochs = 4") + STEPS)
    return tiny


def entries(folder: Path) -> list[Entry]:
    with open_schedule(folder / "schedule.sqlite") as schedule:
        return list(schedule.entries())


def test_what_breaks_is_found_and_gone_around(broken: Path, tmp_path: Path) -> None:
    broken.write_text(broken.read_text() + TWO)
    run_here(broken, tmp_path / "run")
    rows, kept = RunFolder(tmp_path / "run").rows(), entries(tmp_path / "run")
    said = [row["fault"] for row in rows]
    assert [text for text in said if text and not text.startswith("found")] == [
        "layer 1 bank 4 switch 8 stuck in cross",
        "layer 0 bank 2 switch 180 stuck in cross",
    ]
    found = [text for text in said if text and text.startswith("found")]
    assert any("layer 0 bank 2 switch 180 stuck in cross, routed around" in text for text in found)
    assert all(row["accuracy"] is not None for row in rows)
    broke, known = ({one for entry in kept for one in getattr(entry, name)} for name in ("faults", "found"))
    assert broke == known
    for entry, text in zip(kept, said, strict=True):
        assert bool(text) == bool(entry.faults or entry.found)
    # what is known is gone around: after the last event every position has what was asked for
    plan = hwsim.load(broken).plan()
    _, machine = prepare(plan, tmp_path / "run" / "schedule.sqlite")
    stuck: dict[tuple[int, int, int], int] = {}

    def check(entry: Entry) -> None:
        """The circuits realise what their switches say, stuck ones stand as they are stuck, and all else is asked."""
        for fault in entry.faults:
            assert fault.switch is not None
            assert fault.state is not None
            stuck[fault.layer, fault.bank, fault.switch] = fault.state
        for number, (states, fabric) in enumerate(zip(machine.circuits.states, machine.circuits.fabrics, strict=True)):
            assert isinstance(fabric, SwitchNetwork)
            assert states is not None
            for (layer, bank, switch), state in stuck.items():
                assert layer != number or states[bank, switch] == state
            assert np.array_equal(machine.circuits.permutations[number], _walked(fabric, states))
            odd = np.flatnonzero((machine.permutations[number] != machine.asked[number]).any(axis=1))
            assert {(number, int(bank)) for bank in odd} <= {(layer, bank) for layer, bank, _ in stuck}
        if entry.found:
            assert all(map(np.array_equal, machine.permutations, machine.asked))

    replay(kept, machine, after=check)
    assert len(stuck) == 2


def _walked(fabric: SwitchNetwork, states: NDArray[np.uint8]) -> NDArray[np.int64]:
    on = np.tile(np.arange(fabric.ports), (len(states), 1))
    for number, (a, b) in enumerate(zip(fabric.wire_a, fabric.wire_b, strict=True)):
        crossed = states[:, number] == 1
        on[crossed, a], on[crossed, b] = on[crossed, b], on[crossed, a]
    return on


@pytest.mark.parametrize("repair", ["train", "none"])
def test_what_is_not_gone_around_stays_and_is_said(broken: Path, tmp_path: Path, repair: str) -> None:
    broken.write_text(broken.read_text() + f'[execution.faults]\nrepair = "{repair}"\n' + TWO)
    run_here(broken, tmp_path / "run")
    said = [row["fault"] or "" for row in RunFolder(tmp_path / "run").rows()]
    outcome = "trained around" if repair == "train" else "left as it is"
    assert any(f"layer 0 bank 2 switch 180 stuck in cross, {outcome}" in text for text in said)
    _, machine = prepare(hwsim.load(broken).plan(), tmp_path / "run" / "schedule.sqlite")
    replay(entries(tmp_path / "run"), machine)
    differ = [np.flatnonzero((a != b).any(axis=1)) for a, b in zip(machine.permutations, machine.asked, strict=True)]
    assert {(layer, int(bank)) for layer, banks in enumerate(differ) for bank in banks} <= {(0, 2), (1, 4)}
    assert [np.count_nonzero(a != b) for a, b in zip(machine.permutations, machine.asked, strict=True)] != [0, 0]


def test_what_has_no_way_around_exchanges_two_positions_and_is_trained_around(broken: Path, tmp_path: Path) -> None:
    """A Waksman network has fewer ways than a Beneš; the schedule keeps what was asked for."""
    text = broken.read_text().replace('"benes"', '"waksman"').replace("epochs = 4", "epochs = 6")
    broken.write_text(text + TWO.replace("50 ms", "1 s"))
    with pytest.warns(HwsimWarning, match="would break at 1 s"):
        run_here(broken, tmp_path / "run")
    rows, kept = RunFolder(tmp_path / "run").rows(), entries(tmp_path / "run")
    said = "layer 0 bank 2: no way around what is stuck, positions exchanged, trained around"
    blocked = [number for number, row in enumerate(rows) if row["fault"] == said]
    assert blocked
    _, machine = prepare(hwsim.load(broken).plan(), tmp_path / "run" / "schedule.sqlite")

    def check(entry: Entry) -> None:
        """Two positions of that bank meet each other's cells, and only there."""
        wrong = np.argwhere(machine.permutations[0] != machine.asked[0])
        if entry.event in blocked:
            assert [bank for bank, _ in wrong] == [2, 2]
            pair = [position for _, position in wrong]
            asked = kept[entry.event].permutations[0]
            assert asked is not None
            assert machine.permutations[0][2, pair].tolist() == asked[2, pair[::-1]].tolist()
        elif known:
            assert not wrong.size
        known.extend(entry.found)

    known: list[Fault] = []
    replay(kept, machine, after=check)


def test_a_method_goes_on_from_what_stands(broken: Path, tmp_path: Path) -> None:
    """Training around a fault is another training than not knowing of it; routing around is what was wanted."""
    digests = {}
    for repair in ("route", "train", "none"):
        path = broken.with_name(f"{repair}.toml")
        path.write_text(broken.read_text() + f'[execution.faults]\nrepair = "{repair}"\n' + TWO)
        run_here(path, tmp_path / repair)
        digests[repair] = entries(tmp_path / repair)[-1].registers[0].tobytes()
    run_here(broken, tmp_path / "whole")
    whole = entries(tmp_path / "whole")[-1].registers[0].tobytes()
    assert digests["route"] == digests["none"] == whole  # gradients never saw it
    assert digests["train"] != whole


@pytest.mark.parametrize(
    "more",
    [
        '[execution.faults]\nhazard = "1e-2 Hz"\n',
        '[execution.faults]\nrepair = "train"\n' + TWO + DEAD,
        '[execution.faults]\ntest = "accuracy"\nfall = 0.001\n' + TWO + DEAD,
    ],
    ids=["hazard", "trained", "accuracy"],
)
def test_killed_around_every_event(broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    """Stop right before and right after each append, and go on: the same rows, answer and times."""
    broken.write_text(broken.read_text().replace("reference = false", "reference = false\ntrace = true") + more)
    calm = run_here(broken, tmp_path / "calm")

    class Stop(BaseException):
        pass

    real, seen = ScheduleFile.append, set()
    for before in (True, False):

        def append(self: ScheduleFile, entry: Entry, *rest: object, before: bool = before) -> None:
            if (before, entry.event) in seen:
                real(self, entry, *rest)  # type: ignore[arg-type]
                return
            seen.add((before, entry.event))
            if not before:
                real(self, entry, *rest)  # type: ignore[arg-type]
            raise Stop

        monkeypatch.setattr(ScheduleFile, "append", append)
        for _ in itertools.count():
            try:
                stopped = run_here(broken, tmp_path / f"stopped-{before}")
                break
            except Stop:
                continue
        assert stopped == {**calm, "run": str(tmp_path / f"stopped-{before}")}
        assert RunFolder(tmp_path / f"stopped-{before}").rows() == RunFolder(tmp_path / "calm").rows()
        for name in ("trace.jsonl", "trace.json"):
            assert (tmp_path / f"stopped-{before}" / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()
    rows = RunFolder(tmp_path / "calm").rows()
    assert len(seen) == 2 * len(rows)
    assert any(row["fault"] for row in rows)
    counts = calm["execution"]["faults"]
    assert counts["events"] == sum(bool(entry.faults or entry.found) for entry in entries(tmp_path / "calm"))


def test_a_dead_cell_is_read_as_it_is_said_to_be(broken: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    broken.write_text(broken.read_text() + DEAD)
    run_here(broken, tmp_path / "run")
    rows = RunFolder(tmp_path / "run").rows()
    at = next(number for number, row in enumerate(rows) if row["fault"])
    assert rows[at]["fault"] == "layer 0 bank 1 cell 20 dead, reads 0.25"
    assert rows[at]["toggles"] == rows[at - 1]["toggles"]
    _, machine = prepare(hwsim.load(broken).plan(), tmp_path / "run" / "schedule.sqlite")
    real = machine.chip.cells(0).astype(np.float64).copy()
    replay(entries(tmp_path / "run"), machine)
    differ = np.argwhere(machine.chip.cells(0) != real)
    assert differ.tolist() == [[1, 20]]


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_an_exported_schedule_has_events_of_faults_too(broken: Path, tmp_path: Path, name: str) -> None:
    """It is read again with an event for each, at which nothing is reconnected."""
    broken.write_text(broken.read_text() + TWO)
    run_here(broken, tmp_path / "run")
    plan = hwsim.load(broken).plan()
    kept = entries(tmp_path / "run")
    (path,) = export_run(tmp_path / "run", name, None, tmp_path / f"schedule.{name}")
    steps = read_steps(path, plan.model, "output")
    assert [step.steps for step in steps] == [entry.batch for entry in kept[1:]]


def test_the_hazard_of_many_switches(broken: Path) -> None:
    """Times between faults are exponential with the rate of all working switches, places and states uniform.

    1,000 draws at one seed, each of three tests at a false-alarm rate of 0.1 %.
    """
    broken.write_text(broken.read_text() + '[execution.faults]\nhazard = "2e-2 Hz"\n')
    plan = hwsim.load(broken).plan()
    task = plan.task.load(plan.task_parameters)
    machine = assemble(plan, task, initial_values(plan, task))
    timeline, last, faults = Timeline(plan, machine, task, keep=True), Entry(0, 0, (None, None), ()), list[Fault]()
    for _ in range(1000):
        entry = timeline.upkeep.breaking(last, 10**18)
        assert entry is not None
        timeline.follow(entry)
        faults += entry.faults
    switches = machine.circuits.switches
    waits = np.diff([0, *(span.begin_ps for span in timeline.simulation.spans)]) * 1e-12
    working = switches - np.arange(1000)  # those that may still break
    assert stats.kstest(waits * 2e-2 * working, "expon").pvalue > 1e-3
    fabrics = machine.circuits.fabrics
    counts = [0 if fabric is None else fabric.switches for fabric in fabrics]
    starts = [0, machine.layout.layers[0].banks * counts[0]]
    places = [starts[one.layer] + one.bank * counts[one.layer] + (one.switch or 0) for one in faults]
    assert len(set(places)) == len(places)  # a stuck switch stays as it is
    assert stats.kstest((np.array(places) + 0.5) / switches, "uniform").pvalue > 1e-3
    assert stats.binomtest(sum(one.state or 0 for one in faults), len(faults)).pvalue > 1e-3


def test_a_hazard_ends_when_everything_is_stuck(broken: Path) -> None:
    broken.write_text(broken.read_text() + DEAD + '[execution.faults]\nhazard = "1000 GHz"\n')
    plan = hwsim.load(broken).plan()
    task = plan.task.load(plan.task_parameters)
    machine = assemble(plan, task, initial_values(plan, task))
    timeline, last, faults = Timeline(plan, machine, task), Entry(0, 0, (None, None), ()), list[Fault]()
    while (entry := timeline.upkeep.breaking(last, 10**18)) is not None:
        timeline.follow(entry)
        faults += entry.faults
    switches = {(one.layer, one.bank, one.switch) for one in faults if one.switch is not None}
    assert len(switches) == machine.circuits.switches
    assert len(faults) == len(switches) + 1  # and the cell


def test_a_cell_that_cannot_read_that_is_refused_before_anything_runs(broken: Path, tmp_path: Path) -> None:
    broken.write_text(broken.read_text() + DEAD.replace("0.25", "2.5"))
    with pytest.raises(ExecutionError, match=r"layer 0 bank 1 cell 20 dead, reads 2.5: .* at most, not 2.5"):
        run_here(broken, tmp_path / "run")
    assert not (tmp_path / "run" / "schedule.sqlite").exists()


def test_what_would_break_after_the_end_is_said(broken: Path, tmp_path: Path) -> None:
    broken.write_text(broken.read_text() + TWO.replace("60 ms", "3 s"))
    with pytest.warns(HwsimWarning, match=r"1 of \[\[fault\]\] would break at 3 s or later"):
        run_here(broken, tmp_path / "run")
    assert next(row["fault"] for row in RunFolder(tmp_path / "run").rows() if row["fault"]).startswith("layer 1 bank 4")
