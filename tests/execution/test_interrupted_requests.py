"""Requests while the machine is not to be had every so often: availability, and waits under vacations of the server."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.execution import Load
from hwsim.execution.timeline import Compute, Host, Parts, Port, Requests, Switching
from hwsim.execution.timeline.latencies import StreamTally
from hwsim.execution.timeline.requests import Stream
from hwsim.execution.timeline.simulation import Simulation
from tests.execution.timeline.machines import work

SERVICE = 10_000
COMPUTE = Compute(latency_ps=SERVICE, interval_ps=SERVICE, energy=0.0)


def interrupted(requests: Requests, period: int, away: int, times: int) -> StreamTally:
    """Watch a stream whose server goes away every period, once what it does is done, for so long."""
    stream = Stream(requests, COMPUTE, 2)
    for number in range(1, times):
        empty = stream.drain(number * period)
        stream.block(empty, empty + away)
    return stream.finish(times * period)


@given(
    period=st.integers(400, 1000),
    away=st.integers(0, 300),
    extra=st.integers(0, 50),
    traced=st.sampled_from([0, 20, 10**6]),
)
@settings(deadline=None)
def test_a_busy_pipeline_is_empty_when_its_client_has_an_answer(
    period: int, away: int, extra: int, traced: int
) -> None:
    """One client that always asks has an answer every latency, counted from when the machine was last to be had."""
    latency, opened = 40 + extra, 0
    compute = Compute(latency_ps=latency, interval_ps=40, energy=0.0)
    stream = Stream(Requests("closed", traced=traced), compute, 0)
    for at in range(period, 20 * period, period):
        empty = stream.drain(at)
        assert empty == opened + -(-(at - opened) // latency) * latency
        opened = empty + away
        stream.block(empty, opened)


@pytest.mark.parametrize("memory", ["single", "double"])
@pytest.mark.parametrize("load", [0.5, 0.7])
def test_availability_with_periodic_reconnection(load: float, memory: Literal["single", "double"]) -> None:
    """Closed form: of each period, what a reconnection keeps the machine for; loading hides behind a double memory. By
    requests, which are Poisson, the machine is seen available as large a share of the time, less the mean rest of a
    service that runs when a reconnection begins, load/2 services. H0: so it is; 5e6 requests, standard error of the
    share below 2e-4: 1e-3 are five of them, false alarm below 1e-6."""
    period, times, bits, settling = 4000 * SERVICE, 2500, 600, 400 * SERVICE
    away = settling + (bits * SERVICE if memory == "single" else 0)
    host = Host("times", times_ps=tuple(number * period for number in range(1, times)), length_ps=times * period)
    requests = Requests("poisson", rate=load * 1e12 / SERVICE, policy="drop")
    port, switching = Port(1, SERVICE, 0.0), Switching(settling, settling, 0.0, 0.0, 0.0)
    machine = Simulation(Parts(port, switching, COMPUTE, memory, host, requests), seed=2)
    machine.carry_out(work([]))
    for number in range(1, times):
        machine.carry_out(work([Load(bits=bits, sets=1, resets=0, held=1)], event=number))
    tally = machine.finish()
    form = 1 - away * (times - 1) / (period * times)
    assert tally.availability == pytest.approx(form, rel=1e-12)
    came = tally.inferences + tally.dropped + tally.waiting
    assert came == pytest.approx(load * 4000 * times, rel=5 / (load * 4000 * times) ** 0.5)
    seen = form - load * SERVICE / 2 * (times - 1) / (period * times)
    assert 1 - tally.dropped / came == pytest.approx(seen, rel=1e-3)


def vacations(load: float, period: float, away: float, number: int) -> list[float]:
    """Waits of M/D/1 whose server goes away every period, one at a time; times in services, another random number
    generator. The server finishes what it does, goes, and comes back after so long."""
    waits = list[float]()
    now = free = 0.0
    leaves = period
    for gap in np.random.default_rng(11).exponential(1 / load, number).tolist():
        now += gap
        while max(now, free) >= leaves:
            free = max(free, leaves) + away
            leaves += period
        begin = max(now, free)
        waits.append(begin - now)
        free = begin + 1
    return waits


@pytest.mark.parametrize(("load", "period", "away"), [(0.5, 50, 10), (0.6, 400, 120)])
def test_waits_under_vacations(load: float, period: int, away: int) -> None:
    """H0: the mean wait is that of a plain simulation. 400,000 requests in 40 runs of 10,000, whose means are nearly
    independent: within 4.5 standard errors, false alarm 1e-4; the stream has 4e6 requests, and an error of its own."""
    waits = np.array(vacations(load, period, away, 400_000))
    runs = waits.reshape(40, -1).mean(axis=1)
    error = runs.std(ddof=1) / len(runs) ** 0.5 * (1 + 0.1) ** 0.5
    requests = Requests("poisson", rate=load * 1e12 / SERVICE)
    tally = interrupted(requests, period * SERVICE, away * SERVICE, round(4e6 / load / period))
    assert error < 0.02 * waits.mean()
    assert tally.wait_mean_ps / SERVICE == pytest.approx(waits.mean(), abs=4.5 * error)
    late = np.quantile(waits.reshape(40, -1), 0.99, axis=1)
    error = late.std(ddof=1) / len(late) ** 0.5 * (1 + 0.1) ** 0.5
    assert tally.latency_ps(0.99) / SERVICE - 1 == pytest.approx(np.quantile(waits, 0.99), abs=4.5 * error + 0.1)
