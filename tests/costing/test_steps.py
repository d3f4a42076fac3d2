"""Where reconnections come from: arrays, texts, schedules, and a random source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.costing import Redrawn, from_arrays, read_permutations, sweep
from hwsim.costing.sweep import moved_ports
from hwsim.crossbar import PermutationError, crossbar
from hwsim.plan.lookup import find_sheet, read_switch
from hwsim.scenario import FaultError
from hwsim.schedule import open_schedule
from tests.conftest import run_here


@given(st.integers(2, 40), st.data())
def test_each_random_reconnection_moves_as_many_as_asked(ports: int, data: st.DataObject) -> None:
    moved = data.draw(st.integers(2, ports))
    drawn = Redrawn(ports, count=3, moved=moved, seed=data.draw(st.integers(0, 9)))
    (before,) = drawn.start
    for (wanted,) in drawn:
        assert wanted is not None
        assert np.count_nonzero(wanted != before) == moved
        assert sorted(wanted[0].tolist()) == list(range(ports))
        before = wanted


def test_random_reconnections_are_the_same_at_every_pass() -> None:
    drawn = Redrawn(50, count=4, moved=None, seed=3)
    first, again = (np.concatenate([wanted for (wanted,) in drawn if wanted is not None]) for _ in range(2))
    other = np.concatenate([wanted for (wanted,) in Redrawn(50, 4, None, 4) if wanted is not None])
    assert (first == again).all()
    assert (first != other).any()
    assert len(drawn) == len(first) == 4


def test_moved_cells_are_drawn_without_favour() -> None:
    """Each of 9 derangements of 4 is as likely: chi-squared of 3,600 draws, false alarm 1 in 10,000 (31.8 at 8)."""
    counts: dict[tuple[int, ...], int] = {}
    drawn = Redrawn(4, count=3600, moved=4, seed=1)
    (before,) = drawn.start
    for (wanted,) in drawn:
        assert wanted is not None
        change = tuple(np.argsort(before[0])[wanted[0]].tolist())
        counts[change] = counts.get(change, 0) + 1
        before = wanted
    assert len(counts) == 9
    assert sum((n - 400) ** 2 / 400 for n in counts.values()) < 31.8


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ({"random": 0}, "--random:1:1: out of range, found 0, give 1 to 67108864"),
        ({"random": 4, "count": 0}, "--count:1:1: out of range, found 0, give 1 to 10000000"),
        ({"random": 4, "seed": -1}, "--seed:1:1: out of range, found -1, give 0 to 9223372036854775807"),
        ({"random": 4, "moved": 1}, "--moved:1:1: 1 of 4 positions cannot move, give 2 to 4, or leave it out"),
        ({"random": 4, "moved": 5}, "--moved:1:1: 5 of 4 positions cannot move, give 2 to 4, or leave it out"),
        ({"random": 1, "moved": 2}, "--moved:1:1: 2 of 1 positions cannot move, leave it out"),
    ],
)
def test_random_refusals(words: dict[str, int], wanted: str) -> None:
    with pytest.raises(FaultError) as caught:
        hwsim.cost(**words)  # type: ignore[arg-type]
    assert str(caught.value) == wanted


@pytest.mark.parametrize(
    ("permutations", "wanted"),
    [
        ([[1, 0], [1, 1]], "reconnection 1: bank 0: no permutation: cell 1 stands at positions 0 and 1; "
         "give every cell once"),
        ([[1, 0], [1]], "no permutations: rows of unequal length; give (count, ports)"),
        ([], "no permutations: an array of shape (0,); give (count, ports)"),
        (np.zeros((1, 1, 1, 1), int), "no permutations: an array of shape (1, 1, 1, 1); give (count, ports)"),
    ],
)  # fmt: skip
def test_array_refusals(permutations: object, wanted: str) -> None:
    with pytest.raises(PermutationError) as caught:
        from_arrays(permutations)  # type: ignore[arg-type]
    assert str(caught.value) == wanted


def test_arrays_of_one_two_and_three_dimensions() -> None:
    assert from_arrays([1, 0]).shapes == from_arrays([[1, 0], [0, 1]]).shapes == ((1, 2),)
    assert from_arrays([[[1, 0], [0, 1], [1, 0]]]).shapes == ((3, 2),)


@pytest.mark.parametrize("topology", ["benes", "crossbar"])
def test_the_schedule_of_a_run_costs_what_the_run_said(tiny: Path, tmp_path: Path, topology: str) -> None:
    """The same toggles and moves; energy and time are those of the run without its register writes.

    A register is a word of 32 bits, sent after all configurations; the switches of the last bank, which take 10 ns
    either way, settle meanwhile.
    """
    literal = ('crossbar.freedom="none"', 'crossbar.effort="greedy"')  # a file does not tell which cells are equal
    final = run_here(tiny, tmp_path / "run", *literal, f'crossbar.topology="{topology}"')["final"]
    path = tmp_path / "run" / "schedule.sqlite"
    reconnections = read_permutations(path)
    (row,) = hwsim.cost(path, topology=topology, effort="greedy")
    assert reconnections.shapes == ((12, 64), (10, 12))
    counted = len(reconnections) + (topology == "crossbar")  # whose open crosspoints are closed first
    assert row["toggles"]["mean"] * counted == pytest.approx(final["toggles"])
    assert row["moves"] == final["moves"]
    assert row["switches"] == 12 * crossbar(topology, 64).switches + 10 * crossbar(topology, 12).switches

    switch = read_switch(*find_sheet("switch", "fpga-register-ug474-2016"))
    assert switch.hold_power == 0
    assert switch.set_time == switch.reset_time == 10e-9
    with open_schedule(path) as schedule:
        spent = [(score["bias_writes"], score["toggles"]) for score in schedule.scores()]
    before, later = (0, 0), 0.0
    for now in spent:
        sent = -(-32 * (now[0] - before[0]) // switch.port_width) / switch.port_clock
        later += max(sent - (switch.set_time if now[1] > before[1] else 0), 0)
        before = now
    assert final["bias_writes"] > 0
    energy = 32 * final["bias_writes"] * switch.port_energy
    assert final["energy_j"] - row["energy_j"] == pytest.approx(energy, rel=1e-9)
    assert final["time_s"] - row["time_s"] == pytest.approx(later, rel=1e-9)
    assert len(list(reconnections)) == len(list(reconnections)) == len(reconnections) + 1


def test_moved_ports_reach_from_two_to_all() -> None:
    assert moved_ports(2) == [2]
    assert moved_ports(3) == [2, 3]
    assert moved_ports(1000)[0::9] == [2, 1000]


def test_a_sweep_of_a_crossbar_is_two_toggles_a_port() -> None:
    line, blocked = sweep(6, ["crossbar", "omega"], ["any"], count=2)
    assert line["mean"] == [2.0 * moved for moved in line["moved"]]
    assert blocked["topology"] == "omega"
    assert "blocked" in blocked
