"""The whole machine with requests, by hand: when it makes way, for how long, and what everybody met."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from hwsim.execution import Load
from hwsim.execution.timeline import Compute, Host, Parts, Port, Requests, Simulation, Switching
from tests.execution.timeline import machines

COMPUTE = Compute(latency_ps=30_000, interval_ps=10_000, energy=10.0, conversion=3.0, idle_power=2.0)
MACHINE = Parts(
    Port(width=8, clock_ps=10_000, bit_energy=0.25),
    Switching(20_000, 20_000, 2.0, 1.0, 0.0, guard_ps=5_000),
    COMPUTE,
    host=Host(issue="times", times_ps=(100_000,), length_ps=400_000),
)
WORK = machines.work([Load(16, 1, 0, 1)], event=1, standing=1.0)
"""Two words for a bank, of which one switch is set."""
ONE_BY_ONE, COMPILED = 10_000, 0
"""Requests that are simulated in SimPy: all of them, or none."""


def machine(
    times: tuple[int, ...], traced: int, memory: Literal["single", "double"] = "single", **more: object
) -> Simulation:
    requests = replace(Requests("trace", times_ps=times, traced=traced), **more)  # type: ignore[arg-type]
    parts = replace(MACHINE, requests=requests, memory=memory)
    found = Simulation(parts, 0)
    nothing = found.carry_out(machines.work([]))
    assert (nothing.issue_ps, nothing.end_ps, nothing.busy_ps) == (0, 0, 0)
    return found


@pytest.mark.parametrize("traced", [ONE_BY_ONE, COMPILED])
def test_a_single_memory_waits_for_the_pipeline(traced: int) -> None:
    """What began at 95 ns is answered at 125; then 2 words, 20 ns to settle and a guard of 5. Who came at 100 waits."""
    simulation = machine((0, 95_000, 100_000, 300_000), traced)
    passage = simulation.carry_out(WORK)
    assert (passage.issue_ps, passage.begin_ps, passage.end_ps, passage.busy_ps) == (100_000, 125_000, 170_000, 45_000)
    tally = simulation.finish()
    assert (tally.watched_ps, tally.inferences, tally.dropped, tally.waiting) == (400_000, 4, 0, 0)
    assert tally.latency_mean_s == pytest.approx((3 * 30 + 100) * 1e-9 / 4)
    assert tally.wait_mean_s == pytest.approx(70e-9 / 4)
    assert tally.availability == pytest.approx(1 - 45 / 400)
    assert tally.throughput == pytest.approx(4 / 400e-9)
    assert tally.energy["compute"] == pytest.approx(4 * 7)
    assert tally.energy["conversion"] == pytest.approx(4 * 3)
    assert tally.energy["idle"] == pytest.approx(2 * 400e-9)
    assert tally.utilisation == {"port": 20 / 400, "compute": 40 / 400}


@pytest.mark.parametrize("traced", [ONE_BY_ONE, COMPILED])
def test_a_double_memory_loads_beside_and_makes_way_for_the_swap(traced: int) -> None:
    """Loaded at 120 ns; what began at 105 is answered at 135, and then the switches settle."""
    simulation = machine((0, 95_000, 100_000, 130_000), traced, "double")
    passage = simulation.carry_out(WORK)
    assert (passage.issue_ps, passage.begin_ps, passage.end_ps, passage.busy_ps) == (100_000, 100_000, 160_000, 25_000)
    tally = simulation.finish()
    assert tally.availability == pytest.approx(1 - 25 / 400)
    assert tally.latency_mean_s == pytest.approx((30 + 30 + 35 + 60) * 1e-9 / 4)


@pytest.mark.parametrize("traced", [ONE_BY_ONE, COMPILED])
def test_a_test_has_the_pipeline_for_itself(traced: int) -> None:
    """Three patterns, 10 ns apart, right behind the reconnection: who waits goes on waiting until 220 ns."""
    simulation = machine((0, 95_000, 100_000, 300_000), traced)
    simulation.carry_out(WORK)
    passage = simulation.test("read-back", 3)
    assert (passage.begin_ps, passage.end_ps, passage.busy_ps) == (170_000, 220_000, 50_000)
    assert passage.energy == pytest.approx({"compute": 21, "conversion": 9})
    tally = simulation.finish()
    assert (tally.tests, tally.inferences) == (3, 4)
    assert tally.wait_mean_s == pytest.approx(120e-9 / 4)
    assert tally.availability == pytest.approx(1 - 95 / 400)
    assert (tally.energy["compute"], tally.energy["conversion"]) == pytest.approx((7 * 7, 7 * 3))
    assert tally.utilisation["compute"] == pytest.approx((50 + 40) / 400)


@pytest.mark.parametrize("traced", [ONE_BY_ONE, COMPILED])
def test_who_comes_as_the_gate_shuts_is_dropped(traced: int) -> None:
    """The gate is shut at 100 ns, from then on and not only after; it is open again at 145 ns, from then on."""
    simulation = machine((99_999, 100_000, 139_999, 174_998, 174_999), traced, policy="drop")
    passage = simulation.carry_out(WORK)
    assert (passage.begin_ps, passage.end_ps) == (129_999, 174_999)
    tally = simulation.finish()
    assert (tally.inferences, tally.dropped) == (2, 3)
    assert tally.wait_mean_s == 0


@pytest.mark.parametrize("traced", [ONE_BY_ONE, COMPILED])
@pytest.mark.parametrize(("count", "half", "nearly_all"), [(100, 49, 98), (3, 1, 2), (101, 50, 99)])
def test_quantiles_of_a_burst(traced: int, count: int, half: int, nearly_all: int) -> None:
    """Request k of a burst is answered after 30 ns and k times 10: half have been after that of the middle one."""
    simulation = machine((0,) * count, traced)
    simulation.parts = replace(simulation.parts, host=Host(length_ps=2_000_000))
    tally = simulation.finish()
    assert tally.inferences == count
    for found, number in ((tally.latency_p50_s, half), (tally.latency_p99_s, nearly_all)):
        exact = (30 + 10 * number) * 1e-9
        assert found is not None
        assert exact <= found <= exact * (1 + 2**-10)
