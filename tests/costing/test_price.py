"""Rows of a comparison: every number by hand for small cases, and as sums and walks for random ones."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hwsim
from hwsim.costing import Redrawn, from_arrays, price
from hwsim.costing.row import COLUMNS, EACH_COLUMNS
from hwsim.crossbar import CROSSBARS, crossbar
from hwsim.crossbar.routing.effort import EFFORTS
from hwsim.errors import ArgumentError
from hwsim.files import DiagnosticError
from hwsim.scenario.lookup import read_switch, sheets

TWO = [[1, 0, 3, 2], [1, 0, 2, 3]]
BLOCKED = [0, 2, 1, 3, 4, 5, 6, 7]
"""An omega network of 8 cannot do this."""


def _row(permutations: object, topology: str, technology: str, **more: object) -> dict[str, object]:
    (row,) = hwsim.cost(permutations, topology=topology, technology=technology, **more)  # type: ignore[arg-type]
    return row


def _toggles(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[k] for k in ("reconnections", "toggles_total", "toggles_mean", "toggles_p95", "toggles_max"))


def _losses(row: dict[str, object]) -> list[object]:
    return [row[f"loss_db_{key}"] for key in ("min", "mean", "max")]


def test_a_crossbar_of_four_by_hand() -> None:
    """PCM: SET 100 nJ, 1 us; RESET 2 uJ, 50 us; 2 dB a crosspoint passed or turned; endurance 2,800; 1.5 pJ a bit."""
    row = _row(TWO, "crossbar", "pcm-gst")
    assert list(row) == list(COLUMNS)
    assert (row["topology"], row["technology"], row["effort"]) == ("crossbar", "pcm-gst-chen-2022", "greedy")
    assert (row["ports"], row["switches"], row["depth"], row["configuration_bits"]) == (4, 16, 1, 8)
    assert row["moves_total"] == 4 + 2
    # first four crosspoints close, then two open and two close
    assert _toggles(row) == (2, 8, 4.0, 4.0, 4)
    assert row["energy_j_total"] == pytest.approx(4 * 100e-9 + (2 * 100e-9 + 2 * 2e-6) + 2 * 8 * 1.5e-12, rel=1e-12)
    # eight bits are one word of 10 ns, then 1 us to close, 50 us to open
    assert row["time_s_total"] == pytest.approx(10e-9 + 1e-6 + 10e-9 + 50e-6, rel=1e-12)
    assert row["hold_w"] == 0
    # output o from input i passes by i crosspoints on its way in and 3 - o on its way out
    passed = [[1 + 3, 0 + 2, 3 + 1, 2 + 0], [1 + 3, 0 + 2, 2 + 1, 3 + 0]]
    loss = [2.0 * (1 + n) for step in passed for n in step]
    assert _losses(row) == pytest.approx([min(loss), np.mean(loss), max(loss)])
    # three crosspoints leak into every output, -8 dB each
    assert row["crosstalk_db"] == pytest.approx(-8 + 10 * math.log10(3))
    # the crosspoints that close and open again toggle twice in two reconnections
    assert row["lifetime_reconnections"] == 2800 / (2 / 2)


def test_a_benes_of_four_by_hand() -> None:
    """One switch crosses, then goes back: six bits are one word each time; nothing wears, bits lose nothing."""
    row = _row([[1, 0, 2, 3], [0, 1, 2, 3]], "benes", "fpga-register")
    assert (row["switches"], row["depth"], row["configuration_bits"], row["moves_total"]) == (6, 3, 6, 4)
    assert _toggles(row) == (2, 2, 1.0, 1.0, 1)
    assert row["energy_j_total"] == pytest.approx(2 * 12e-12 + 2 * 6 * 1.5e-12, rel=1e-12)
    assert row["time_s_total"] == pytest.approx(2 * (10e-9 + 10e-9), rel=1e-12)
    assert _losses(row) == [None, None, None]
    assert (row["crosstalk_db"], row["lifetime_reconnections"], row["hold_w"]) == (None, None, 0)


def test_holding_and_loss_of_one_crossed_switch() -> None:
    row = _row([1, 0], "benes", "eo-mzi")
    assert (row["hold_w"], row["depth"], row["crosstalk_db"]) == (1e-3, 1, -20.0)
    assert _losses(row) == [0.96, 0.96, 0.96]
    # a bit in 10 ns, 3.2 ns to settle, all the while 1 mW
    assert row["energy_j_total"] == pytest.approx(1e-12 + 1.5e-12 + 1e-3 * 13.2e-9, rel=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["benes", "crossbar", "odd-even-merge"]), st.integers(2, 9))
def test_energy_is_the_sum_of_what_was_done(seed: int, topology: str, ports: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.array([[rng.permutation(ports) for _ in range(2)] for _ in range(4)])
    switch = read_switch("eo-mzi-lu-2016", sheets("switch")["eo-mzi-lu-2016"])
    fabric = crossbar(topology, ports)
    states, energy, time, toggles = fabric.power_up(2), 0.0, 0.0, []
    for step in steps:
        new = fabric.route_many(step, states, "greedy")
        changed, sets, held = fabric.toggles_many(states, new), fabric.sets_many(states, new), fabric.held_many(new)
        on = changed > 0
        word = -(-fabric.configuration_bits // switch.port_width) / switch.port_clock
        ends = [
            word * (number + 1)
            + max(switch.set_time * (sets[bank] > 0), switch.reset_time * (changed[bank] > sets[bank]))
            for number, bank in enumerate(np.flatnonzero(on))
        ]
        duration = max(ends, default=0.0)
        energy += sets.sum() * switch.set_energy + (changed - sets).sum() * switch.reset_energy
        energy += on.sum() * fabric.configuration_bits * switch.port_energy
        energy += held[on].sum() * switch.hold_power * duration
        time += duration
        toggles.append(int(changed.sum()))
        states = new
    (row,) = price(from_arrays(steps), [topology], ["eo-mzi"], ["greedy"])
    assert row["energy_j_total"] == pytest.approx(energy, rel=1e-9)
    assert row["time_s_total"] == pytest.approx(time, rel=1e-9)
    assert row["toggles_mean"] == np.mean(toggles)
    assert row["hold_w"] == pytest.approx(fabric.held_many(states).sum() * switch.hold_power)


@pytest.mark.parametrize("topology", CROSSBARS)
def test_losses_are_those_of_a_walk_through_the_graph(topology: str) -> None:
    """Identity of 8 ports, which every topology can do: sum of the edges' losses from each output's input."""
    switch = read_switch("pcm-sb2se3-yu-2026", sheets("switch")["pcm-sb2se3-yu-2026"])
    fabric = crossbar(topology, 8)
    graph = fabric.graph(fabric.route(range(8)).state, switch)
    walks = [nx.shortest_path_length(graph, ("in", i), ("out", i), weight="loss") for i in range(8)]
    row = _row(list(range(8)), topology, "pcm-sb2se3")
    assert _losses(row) == pytest.approx([min(walks), np.mean(walks), max(walks)])


@pytest.mark.skipif("time-multiplexed" not in CROSSBARS, reason="no such topology yet")
def test_a_circuit_multiplexed_in_time_holds_one_cycle_at_a_time() -> None:
    fabric = crossbar("time-multiplexed", 16)
    permutation = np.random.default_rng(2).permutation(16)
    row = _row(permutation, "time-multiplexed", "mems")
    assert row["lifetime_reconnections"] is None
    held = int(fabric.held_many(fabric.route(permutation).state[None, :])[0])
    assert _row(permutation, "time-multiplexed", "eo-mzi")["hold_w"] == pytest.approx(1e-3 * held / 4)


def test_all_combinations_in_order() -> None:
    rows = hwsim.cost(
        [2, 0, 1, 3], topology=["crossbar", "benes"], technology=["to-mzi", "cmos"], effort=["any", "greedy"]
    )
    assert [(row["topology"], row["technology"], row["effort"]) for row in rows] == [
        (topology, technology, effort)
        for topology in ("crossbar", "benes")
        for technology in ("to-mzi-bogaerts-2020", "cmos-28nm-socet-2025")
        for effort in ("any", "greedy")
    ]


def test_repeated_words_are_priced_once() -> None:
    rows = hwsim.cost([1, 0], topology=["benes", "benes"], technology=["eo-mzi", "eo-mzi-lu-2016"])
    assert len(rows) == 1


def test_what_is_minimised_is_not_dearer_than_with_other_aims() -> None:
    """A single step from power-up, exactly solved: each aim has the least of its own number."""
    effort = "exact" if "exact" in EFFORTS else "greedy"
    given_ = np.random.default_rng(3).permutation(8)
    rows = {
        aim: _row(given_, "benes", "eo-mzi", effort=effort, minimise=aim, dwell=1.0)
        for aim in ("toggles", "energy", "loss")
    }
    toggles = {aim: row["toggles_mean"] for aim, row in rows.items()}
    losses = {aim: row["loss_db_mean"] for aim, row in rows.items()}
    assert toggles["toggles"] == min(toggles.values())  # type: ignore[type-var]
    assert rows["energy"]["hold_w"] == min(row["hold_w"] for row in rows.values())  # type: ignore[type-var]
    assert losses["loss"] <= losses["energy"] + 1.0  # type: ignore[operator]


def test_a_blocked_row_says_so_and_the_others_stand() -> None:
    rows = hwsim.cost(BLOCKED, topology=["benes", "omega"], technology=["eo-mzi", "cmos"], effort="any")
    assert ["blocked" in row for row in rows] == [False, False, True, True]
    assert [rows[2][key] for key in ("ports", "switches", "moves_total", "toggles_mean", "loss_db_mean")] == [
        8,
        12,
        None,
        None,
        None,
    ]
    assert rows[2]["blocked"].startswith("reconnection 0: bank 0: an omega network cannot do this: outputs ")


def test_a_size_that_a_topology_cannot_have_is_a_blocked_row() -> None:
    rows = hwsim.cost([1, 0, 2, 3, 4], topology=["omega", "crossbar"])
    assert "blocked" in rows[0]
    assert (rows[0]["ports"], rows[0]["switches"]) == (5, None)
    assert rows[1]["moves_total"] == 2


def test_nothing_that_can_be_is_an_error() -> None:
    with pytest.raises(DiagnosticError) as caught:
        hwsim.cost([1, 0, 2, 3, 4], topology=["omega", "butterfly"], effort=["any", "greedy"])
    lines = str(caught.value).splitlines()
    assert [re.split(r"[, ]", line)[1] for line in lines] == ["butterfly:", "omega:"]
    assert all(line.startswith("--topology:1:1: ") and "choose another topology" in line for line in lines)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ({}, "--random:1:1: nothing to price, give permutations, or the ports of random ones"),
        (
            {"permutations": [1, 0], "random": 4},
            "--random:1:1: permutations and random ones are both given, give permutations, or the ports of random ones",
        ),
        (
            {"permutations": [1, 0], "technology": "pcm"},
            "--technology:1:1: ambiguous switch technology 'pcm', give more of the name: "
            "pcm-gst-chen-2022, pcm-sb2se3-yu-2026",
        ),
        (
            {"permutations": [1, 0], "minimise": "loses"},
            "--minimise:1:1: unknown minimise 'loses', did you mean 'loss'? known: toggles, energy, loss, wear",
        ),
        (
            {"permutations": [1, 0], "dwell": -1.0},
            "--dwell:1:1: no time to hold, found -1.0, give a time of at least 0 s",
        ),
        (
            {"permutations": [2, 0, 1], "ports": 2},
            "--ports:1:1: a crossbar of 2 ports is too small for a permutation of 3, give at least 3",
        ),
    ],
)
def test_refusals(words: dict[str, object], wanted: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        hwsim.cost(**words)  # type: ignore[arg-type]
    assert str(caught.value) == wanted


def test_more_ports_than_the_permutation_has(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("1 0 2\n")
    (row,) = hwsim.cost(tmp_path / "p.txt", topology="crossbar", ports=8)
    assert (row["ports"], row["moves_total"], row["switches"]) == (8, 2, 64)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"random": "5"}, "random must be a whole number or None, found '5' of type str"),
        ({"random": 5.5}, "random must be a whole number or None"),
        ({"random": 5, "count": None}, "count must be a whole number, found None"),
        ({"random": 5, "moved": "3"}, "moved must be"),
        ({"random": 5, "seed": "a"}, "seed must be"),
        ({"random": 5, "ports": "9"}, "ports must be"),
        ({"random": 5, "topology": 3}, "topology must be a text or a list of texts, found '3' of type int"),
        ({"random": 5, "technology": [None]}, "technology must be"),
        ({"random": 5, "effort": None}, "effort must be"),
        ({"random": 5, "minimise": 3}, "minimise must be a text"),
        ({"random": 5, "dwell": "1 s"}, "dwell must be a number"),
    ],
)
def test_arguments_of_the_wrong_type(words: dict[str, Any], says: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{says}"):
        hwsim.cost(**words)


def test_rows_are_flat_and_means_are_totals_over_the_count() -> None:
    rows = hwsim.cost(random=9, count=7, topology=["benes", "crossbar"], technology=["eo-mzi", "fpga-register"])
    for row in rows:
        assert all(isinstance(value, int | float | str | None) for value in row.values())
        for key in ("moves", "toggles", "energy_j", "time_s"):
            assert row[f"{key}_mean"] == pytest.approx(row[f"{key}_total"] / row["reconnections"])
        assert row["reconnections"] == 7


def test_a_row_for_each_reconnection_sums_to_the_row_of_all() -> None:
    words: dict[str, Any] = {"random": 9, "count": 7, "topology": ["omega", "benes"], "technology": ["eo-mzi", "cmos"]}
    each, (blocked, also, *whole) = hwsim.cost(**words, each=True), hwsim.cost(**words)
    assert all(list(row) == list(EACH_COLUMNS) for row in each if "blocked" not in row)
    assert [row["topology"] for row in each if "blocked" in row] == ["omega", "omega"]
    assert blocked["blocked"] == also["blocked"]
    for row in whole:
        mine = [one for one in each if (one["topology"], one["technology"]) == (row["topology"], row["technology"])]
        assert [one["event"] for one in mine] == list(range(7))
        for key in ("moves", "toggles", "energy_j", "time_s"):
            assert sum(one[key] for one in mine) == pytest.approx(row[f"{key}_total"])
        assert max(one["toggles"] for one in mine) == row["toggles_max"]
        assert {one["register_writes"] for one in mine} == {None}


@pytest.mark.parametrize("topology", ["omega", "butterfly"])
def test_a_blocking_circuit_is_priced_over_what_passes(topology: str) -> None:
    """All pairs of 8 exchanged from straight on: those that pass are found by a walk through the graph."""
    fabric = crossbar(topology, 8)
    graph = fabric.graph()

    def passes(p: np.ndarray) -> bool:
        """One path to each output, and no wire or switch terminal twice."""
        used = [node for i in range(8) for node in nx.shortest_path(graph, ("in", int(p[i])), ("out", i))]
        return len(used) == len(set(used))

    (row,) = hwsim.cost(random=8, count=40, moved=2, topology=topology, seed=5)
    before, passed = np.arange(8), 0
    drawn = Redrawn(8, 40, 2, 5)
    connected = [before[None, :]]
    for (wanted,) in drawn.following(connected):
        assert wanted is not None
        if passes(wanted[0]):
            connected[0], passed = wanted, passed + 1
    assert 0 < passed < 40
    assert row["reconnections"] == passed
    assert row["blocked_share"] == pytest.approx(1 - passed / 40)
    assert row["moves_total"] == 2 * passed
    (free,) = hwsim.cost(random=8, count=40, moved=2, topology="benes", seed=5)
    assert (free["reconnections"], free["blocked_share"]) == (40, None)


def test_a_blocking_circuit_that_passes_nothing_says_so() -> None:
    with pytest.raises(
        DiagnosticError, match="--topology:1:1: omega: all 3 are blocked, the first: reconnection 0: bank 0"
    ):
        hwsim.cost(random=32, count=3, topology="omega")
