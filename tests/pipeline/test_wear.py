"""Wear: switches that toggled much are spared, those at their end are stuck, whatever interrupts the run."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim
from hwsim.execution import replay
from hwsim.pipeline.folder import RunFolder
from hwsim.pipeline.snapshot import prepare
from hwsim.schedule import open_schedule
from tests.conftest import run_here

WEARING = [
    "crossbar.technology=pcm-gst-chen-2022",
    "device.name=photonic-feldmann-2021",
    "controller.epochs=16",
    "execution.reference=false",
    "execution.scores=last",
    'execution.guard="1 ns"',
]


def test_the_most_worn_switch_lasts_longer(tiny: Path, tmp_path: Path) -> None:
    plain = run_here(tiny, tmp_path / "plain", *WEARING)
    spared = run_here(tiny, tmp_path / "spared", *WEARING, "execution.minimise=wear")
    lives = [one["execution"]["lifetime"]["switch_reconnections"] for one in (plain, spared)]
    assert plain["events"] == spared["events"]
    assert lives[1] > 1.1 * lives[0]  # at hardly any more toggles
    assert spared["final"]["toggles"] < 1.01 * plain["final"]["toggles"]
    assert spared["final"]["accuracy"] == pytest.approx(plain["final"]["accuracy"], abs=0.1)

    def stop(_: str, __: float, row: object) -> None:
        if isinstance(row, dict) and row["event"] == 4:
            raise KeyboardInterrupt

    scenario = hwsim.load(tiny, [*WEARING, "execution.minimise=wear"])
    with pytest.raises(KeyboardInterrupt):
        hwsim.run(scenario, tmp_path / "cut", stop)
    again = run_here(tiny, tmp_path / "cut", *WEARING, "execution.minimise=wear")
    assert again == {**spared, "run": str(tmp_path / "cut")}
    assert RunFolder(tmp_path / "cut").rows() == RunFolder(tmp_path / "spared").rows()


def test_switches_at_their_end_are_stuck(tiny: Path, tmp_path: Path) -> None:
    """They break together, in the states that they had at their last toggle, and never toggle again."""
    short = [
        *(word for word in WEARING if "epochs" not in word),
        "controller.epochs=7",
        "crossbar.endurance=5",
        "execution.faults={test='none'}",
    ]
    answer = run_here(tiny, tmp_path / "run", *short)
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        entries, rows = list(schedule.entries()), schedule.scores()
    worn = [(entry.event, fault) for entry in entries for fault in entry.faults]
    assert len({event for event, _ in worn}) > 1
    assert all(fault.words in rows[event]["fault"] for event, fault in worn)
    _, machine = prepare(hwsim.load(tiny, short).plan(), tmp_path / "run" / "schedule.sqlite")
    replay(entries, machine)
    places = [(fault.layer, fault.bank, fault.switch) for _, fault in worn]
    assert len(set(places)) == len(places)
    for _, fault in worn:
        states = machine.circuits.states[fault.layer]
        assert states is not None
        assert states[fault.bank, fault.switch] == fault.state
    assert machine.circuits.worn == 5
    assert answer["events"] == len(entries) - 1
