"""The table of unary costs, and the wear of single switches."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar import CROSSBARS, BlockedError, crossbar
from hwsim.crossbar.routing.cost import Wear, switching_cost
from hwsim.crossbar.technology import Switch

SWITCH = Switch(
    name="test",
    medium="optical",
    set_time=1e-6,
    reset_time=5e-6,
    set_energy=3.0,
    reset_energy=7.0,
    hold_power=0.5,
    pass_energy=0.0,
    pass_time=0.0,
    port_width=32,
    port_clock=1e8,
    port_energy=0.25,
    bar_loss=0.125,
    cross_loss=0.5,
    crossing_loss=0.0625,
    crosstalk=-20.0,
    endurance=1000.0,
)
BEFORE = np.array([[0, 1]], np.uint8)


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [
        ({"toggles": 2.0}, [[0, 2], [2, 0]]),
        ({"energy": 10.0}, [[0, 30], [70, 0]]),
        ({"energy": 10.0, "even": True}, [[0, 50], [50, 0]]),
        ({"energy": 10.0, "dwell": 4.0}, [[0, 50], [70, 20]]),
        ({"loss": 1.0}, [[0.25, 1.0], [0.25, 1.0]]),
        ({"wear": 100.0, "worn": [[500, 10]]}, [[0, 50], [1, 0]]),
        ({"toggles": 1.0, "energy": 1.0, "dwell": 2.0, "loss": 8.0}, [[2, 13], [10, 9]]),
        ({}, [[0, 0], [0, 0]]),
    ],
)
def test_every_term_by_hand(weights: dict[str, float], wanted: list[list[float]]) -> None:
    assert switching_cost(SWITCH, BEFORE, **weights).tolist() == [wanted]  # type: ignore[arg-type]


def test_nothing_wears_without_endurance() -> None:
    lasting = replace(SWITCH, endurance=None)
    assert not switching_cost(lasting, BEFORE, wear=100.0, worn=[[500, 10]]).any()


@pytest.mark.parametrize(
    ("before", "weights", "wanted"),
    [
        ([[0, 2]], {}, "states before are not all 0 (bar) or 1 (cross); crosspoints have one configuration only"),
        ([[0.0, 1.0]], {}, "states before are not all 0 (bar) or 1 (cross); crosspoints have one configuration only"),
        ([0, 1], {}, "states before have shape (2,); give (banks, switches)"),
        (BEFORE, {"toggles": float("nan")}, "the weight of toggles is nan; give a finite number of at least 0"),
        (BEFORE, {"loss": -1.0}, "the weight of loss is -1.0; give a finite number of at least 0"),
        (BEFORE, {"dwell": float("inf")}, "the weight of dwell is inf; give a finite number of at least 0"),
        (BEFORE, {"worn": [[1.0]]}, "toggles so far have shape (1, 1); give (1, 2)"),
        (
            BEFORE,
            {"worn": [[1.0, float("nan")]]},
            "toggles so far of switch 1 of bank 0 are nan; give finite numbers of at least 0",
        ),
    ],
)
def test_refusals(before: object, weights: dict[str, object], wanted: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(wanted)}$"):
        switching_cost(SWITCH, before, **weights)  # type: ignore[arg-type]


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 12))
def test_the_sum_over_switches_is_the_price_of_the_change(seed: int, banks: int, switches: int) -> None:
    rng = np.random.default_rng(seed)
    old, new = rng.integers(0, 2, (2, banks, switches)).astype(np.uint8)
    table = switching_cost(SWITCH, old, toggles=2.0, energy=4.0, dwell=8.0, loss=16.0)
    chosen = np.take_along_axis(table, new[..., None].astype(np.int64), axis=2).sum()
    sets, resets = int((new > old).sum()), int((new < old).sum())
    crosses, bars = int(new.sum()), int((new == 0).sum())
    energy = 3.0 * sets + 7.0 * resets + 0.5 * 8.0 * crosses
    assert chosen == 2.0 * (sets + resets) + 4.0 * energy + 16.0 * 2 * (0.125 * bars + 0.5 * crosses)


def test_a_router_takes_the_table() -> None:
    """Where cross is dear, the cheapest configuration of the identity has no switch in cross."""
    fabric = crossbar("benes", 8)
    worst = np.ones((1, fabric.switches), np.uint8)
    cost = switching_cost(replace(SWITCH, hold_power=1e6), worst, energy=1.0, dwell=1.0)
    assert not fabric.route_many(np.arange(8)[None, :], worst, "greedy", cost).any()


@pytest.mark.parametrize("topology", [name for name in CROSSBARS if name != "time-multiplexed"])
@pytest.mark.parametrize("ports", [4, 8])
def test_wear_counts_every_toggle(topology: str, ports: int) -> None:
    rng = np.random.default_rng(ports)
    fabric = crossbar(topology, ports)
    wear = Wear(reconnections=30)
    old, total, single = fabric.power_up(2), 0, 0
    for _ in range(30):
        try:
            new = fabric.route_many(np.array([rng.permutation(ports) for _ in range(2)]), old, "greedy")
        except BlockedError:
            continue
        wear.count(old, new)
        total += int(fabric.toggles_many(old, new).sum())
        single += 1
        old = new
    assert int(wear.counts.sum()) == total
    assert bool(total) <= wear.most <= single


def test_wear_of_crosspoints_by_hand() -> None:
    wear = Wear(reconnections=3)
    for old, new in (([[-1, -1]], [[0, 1]]), ([[0, 1]], [[1, 0]]), ([[1, 0]], [[0, 1]])):
        wear.count(np.array(old, np.int32), np.array(new, np.int32))
    assert sorted(wear.counts.tolist()) == [2, 2, 3, 3]
    assert wear.most == 3


def test_wear_of_many_reconnections_does_not_overflow() -> None:
    wear = Wear(reconnections=600)
    states = [np.zeros((1, 1), np.uint8), np.ones((1, 1), np.uint8)]
    for step in range(600):
        wear.count(states[step % 2], states[1 - step % 2])
    assert wear.most == 600
