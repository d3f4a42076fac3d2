"""Closed forms against the simulation: the same numbers where nothing contends, never more where something does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.closed_form import Sums
from hwsim.execution.timeline import Compute, Host, Parts, Port, Simulation, Switching, Work

PS = st.integers(0, 40)
PORTS = st.builds(
    Port,
    width=st.integers(1, 5),
    clock_ps=st.integers(1, 9),
    bit_energy=st.just(3e-12),
    burst=st.none() | st.integers(1, 4),
    pause=st.integers(0, 3),
    check_bits=st.sampled_from([0, 0, 3]),
    own_registers=st.booleans(),
)
SWITCHING = st.builds(
    Switching,
    set_ps=PS,
    reset_ps=PS,
    set_energy=st.just(2e-12),
    reset_energy=st.just(1e-12),
    hold_power=st.just(1e-3),
    order=st.sampled_from(["together", "reset-first"]),
    guard_ps=st.integers(0, 7),
)
HOSTS = st.builds(
    Host,
    issue=st.sampled_from(["done", "steps", "times"]),
    step_ps=st.integers(0, 90),
    times_ps=st.lists(st.integers(0, 300), max_size=3).map(lambda times: tuple(sorted(times))),
    length_ps=st.sampled_from([0, 500]),
)
MACHINES = st.builds(
    Parts,
    port=PORTS,
    switching=SWITCHING,
    compute=st.just(Compute(10, 10, 1e-12, idle_power=1e-6)),
    memory=st.sampled_from(["single", "double"]),
    host=HOSTS,
)


@st.composite
def courses(draw: Any) -> list[Work]:
    """Works of some banks of 6 switches that follow each other; some banks stay, and some works do nothing."""
    banks, works = draw(st.integers(1, 4)), []
    states = np.zeros((banks, 6), np.int64)
    for event in range(draw(st.integers(1, 5))):
        drawn = draw(st.lists(st.booleans(), min_size=6 * banks, max_size=6 * banks))
        new = np.array(drawn, np.int64).reshape(banks, 6)
        keep = draw(st.integers(0, banks))
        new[:keep] = states[:keep]
        rows = np.flatnonzero((new != states).any(axis=1))
        change = new[rows] - states[rows]
        sets, resets, held = (change > 0).sum(axis=1), (change < 0).sum(axis=1), new[rows].sum(axis=1)
        bits, registers = draw(st.integers(1, 12)) * np.ones_like(rows), draw(st.integers(0, 2))
        layer, standing, batch = np.zeros_like(rows), float(new.sum()), 5 * event
        works.append(Work(event, batch, layer, rows, bits, sets, resets, held, registers=registers, standing=standing))
        states = new
    return works


def simulated(parts: Parts, works: list[Work]) -> dict[str, Any]:
    machine = Simulation(parts, 1)
    for work in works:
        machine.carry_out(work)
    return machine.finish().row()


def summed(parts: Parts, works: list[Work]) -> dict[str, Any]:
    sums = Sums(parts)
    for work in works:
        sums.add(work)
    assert not sums.contention or parts.port.loss or parts.switching.drivers
    return sums.finish()


@given(parts=MACHINES, works=courses())
def test_they_agree_to_the_last_bit_where_nothing_contends(parts: Parts, works: list[Work]) -> None:
    told, found = summed(parts, works), simulated(parts, works)
    for name, value in told.items():
        if isinstance(value, dict):
            assert value == {key: found[name][key] for key in value}
        else:
            assert value == found[name]


@given(parts=MACHINES, works=courses(), drivers=st.integers(1, 24))
def test_few_drivers_never_make_it_shorter(parts: Parts, works: list[Work], drivers: int) -> None:
    """Where they suffice for all switches of every reconnection, nothing waits for them."""
    few = replace(parts, switching=replace(parts.switching, drivers=drivers))
    sums = Sums(few)
    for work in works:
        sums.add(work)
    told, found = sums.finish(), simulated(few, works)
    assert found["watched_ps"] >= told["watched_ps"]
    assert found["energy"]["toggling"] == told["energy"]["toggling"]
    assert found["energy"]["idle"] >= told["energy"]["idle"]
    if not sums.contention:
        assert found["watched_ps"] == told["watched_ps"]
        assert found["energy"]["holding"] == told["energy"]["holding"]
        assert found["utilisation"]["drivers"] == told["utilisation"]["drivers"]


@given(parts=MACHINES, works=courses())
def test_lost_words_never_make_it_shorter(parts: Parts, works: list[Work]) -> None:
    lossy = replace(parts, port=replace(parts.port, loss=0.05, check_bits=3))
    told, found = summed(lossy, works), simulated(lossy, works)
    assert found["watched_ps"] >= told["watched_ps"]
    assert found["port_bits"] - found["resent_bits"] == told["port_bits"]
    assert found["energy"]["configuration"] >= told["energy"]["configuration"]


@given(parts=MACHINES, works=courses())
def test_a_score_bills_the_same(parts: Parts, works: list[Work]) -> None:
    machine, sums = Simulation(parts, 1), Sums(parts)
    spent = 0.0
    for work in works:
        spent += machine.carry_out(work).energy_j
        sums.add(work)
    assert sums.energy_j == pytest.approx(spent, rel=1e-12)
    assert sums.now_ps == machine.now_ps


def test_a_part_that_stands_at_a_time_counts_from_the_end() -> None:
    """Circuits multiplexed in time: what stands grows by other than sets less resets.

    The first is done after 2 words and 7 ps, at 17 ps, the second after 10 words, at 67 ps.
    """
    layer, bank, bits, sets, resets, held = (np.array([value]) for value in (0, 0, 8, 4, 0, 2))
    works = [Work(n, 0, layer, bank, bits, sets, resets, held, n, 2.0 + 2.5 * n) for n in (0, 1)]
    parts = Parts(Port(4, 5, 1e-12), Switching(7, 7, 0.0, 0.0, 1.0), Compute(1, 1, 0.0), host=Host(length_ps=100))
    assert summed(parts, works)["energy"]["holding"] == simulated(parts, works)["energy"]["holding"]
    assert simulated(parts, works)["energy"]["holding"] == pytest.approx((2.0 * 50 + 4.5 * 33) * 1e-12)


@pytest.mark.parametrize(("drivers", "waits"), [(None, False), (6, False), (5, False), (4, True), (1, True)])
def test_switches_wait_where_more_change_at_a_time_than_there_are_drivers(drivers: int | None, waits: bool) -> None:
    """3 of one bank and 2 of another, then 4; as many drivers as switches are enough, and the sums are right."""
    changes = [([2, 2], [1, 0]), ([1, 1], [1, 1])]
    layer, bank, bits, held = (np.array(values) for values in ((0, 0), (0, 1), (8, 8), (2, 2)))
    works = [
        Work(n, 0, layer, bank, bits, np.array(sets), np.array(resets), held, registers=0, standing=4.0)
        for n, (sets, resets) in enumerate(changes)
    ]
    parts = Parts(Port(4, 5, 1e-12), Switching(7, 7, 0.0, 0.0, 1.0, drivers=drivers), Compute(1, 1, 0.0))
    sums = Sums(parts)
    for work in works:
        sums.add(work)
    told = f"up to 5 switches change at a time, and wait for {drivers} drivers"
    assert sums.contention == (told if waits else "")
    if not waits:
        assert sums.finish()["watched_ps"] == simulated(parts, works)["watched_ps"]
