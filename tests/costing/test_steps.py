"""Where reconnections come from: arrays, texts, schedules, and a random source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import hwsim
from hwsim.costing import Redrawn, from_arrays, read_permutations, sweep
from hwsim.costing.sweep import moved_ports
from hwsim.crossbar import PermutationError, crossbar
from hwsim.files import DiagnosticError
from tests.conftest import run_here


def chain(drawn: Redrawn) -> Iterator[NDArray[np.int64]]:
    """Every permutation, each connected before the next is drawn."""
    connected = list(drawn.start)
    for (wanted,) in drawn.following(connected):
        assert wanted is not None
        yield wanted
        connected[0] = wanted


@given(st.integers(2, 40), st.data())
def test_each_random_reconnection_moves_as_many_as_asked(ports: int, data: st.DataObject) -> None:
    moved = data.draw(st.integers(2, ports))
    drawn = Redrawn(ports, count=3, moved=moved, seed=data.draw(st.integers(0, 9)))
    (before,) = drawn.start
    for wanted in chain(drawn):
        assert np.count_nonzero(wanted != before) == moved
        assert sorted(wanted[0].tolist()) == list(range(ports))
        before = wanted


def test_random_reconnections_are_the_same_at_every_pass() -> None:
    drawn = Redrawn(50, count=4, moved=None, seed=3)
    first, again = (np.concatenate(list(chain(drawn))) for _ in range(2))
    other = np.concatenate(list(chain(Redrawn(50, 4, None, 4))))
    assert (first == again).all()
    assert (first != other).any()
    assert len(drawn) == len(first) == 4


def test_moved_cells_are_drawn_without_favour() -> None:
    """Each of 9 derangements of 4 is as likely: chi-squared of 3,600 draws, false alarm 1 in 10,000 (31.8 at 8)."""
    counts: dict[tuple[int, ...], int] = {}
    drawn = Redrawn(4, count=3600, moved=4, seed=1)
    (before,) = drawn.start
    for wanted in chain(drawn):
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
    with pytest.raises(DiagnosticError) as caught:
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
def test_the_schedule_of_a_run_costs_what_the_run_said(topology: str, tiny: Path, tmp_path: Path) -> None:
    """Circuits and register writes together are the run's bill; of a full crossbar with what closes it at first."""
    # a file does not tell which cells are equal
    literal = ('crossbar.equivalence="none"', 'crossbar.effort="greedy"', f'crossbar.topology="{topology}"')
    final = run_here(tiny, tmp_path / "run", *literal)["final"]
    path = tmp_path / "run" / "schedule.sqlite"
    reconnections = read_permutations(path)
    (row,) = hwsim.cost(path, topology=topology, effort="greedy")
    assert reconnections.shapes == ((12, 64), (10, 12))
    assert row["reconnections"] == len(reconnections) + (topology == "crossbar")
    assert row["toggles_total"] == final["toggles"]
    assert row["moves_total"] == final["moves"]
    assert row["switches"] == sum(n * crossbar(topology, ports).switches for n, ports in reconnections.shapes)
    assert row["register_writes_total"] == final["bias_writes"] > 0
    assert row["energy_j_total"] < final["energy_j"]
    assert row["energy_j_total"] + row["register_energy_j_total"] == pytest.approx(final["energy_j"], rel=1e-12)
    assert row["time_s_total"] + row["register_time_s_total"] == pytest.approx(final["time_s"], rel=1e-12)
    # 32 bits each through the port, beside what holding meanwhile takes, which is nothing here
    assert row["register_energy_j_total"] == pytest.approx(final["bias_writes"] * 32 * 1.5e-12)
    each = hwsim.cost(path, topology=topology, effort="greedy", each=True)
    assert sum(one["register_writes"] for one in each) == final["bias_writes"]
    assert [one["event"] for one in each] == sorted({one["event"] for one in each})


def test_moved_ports_reach_from_two_to_all() -> None:
    assert moved_ports(2) == [2]
    assert moved_ports(3) == [2, 3]
    assert moved_ports(1000)[0::9] == [2, 1000]


def test_a_sweep_of_a_crossbar_is_two_toggles_a_port() -> None:
    line, blocked = sweep(6, ["crossbar", "omega"], ["any"], count=2)
    assert line["mean"] == [2.0 * moved for moved in line["moved"]]
    assert blocked["topology"] == "omega"
    assert "blocked" in blocked
