"""Requests while the machine is not to be had every so often: availability, and waits under vacations of the server."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.execution.timeline import Compute, Requests
from hwsim.execution.timeline.latencies import StreamTally
from hwsim.execution.timeline.requests import Stream

SERVICE = 10_000
COMPUTE = Compute(latency_ps=SERVICE, interval_ps=SERVICE, energy=0.0)


def interrupted(requests: Requests, period: int, away: int, times: int, compute: Compute = COMPUTE) -> StreamTally:
    """Watch a stream whose server goes away every period, once what it does is done, for so long."""
    stream = Stream(requests, compute, 2)
    for number in range(1, times):
        empty = stream.drain(number * period)
        stream.block(empty, empty + away)
    return stream.finish(times * period)


@given(
    period=st.integers(400, 1000),
    away=st.integers(0, 300),
    times=st.integers(1, 30),
    extra=st.integers(0, 50),
    traced=st.sampled_from([0, 10**6]),
)
@settings(deadline=None)
def test_availability_of_a_busy_pipeline_in_closed_form(
    period: int, away: int, times: int, extra: int, traced: int
) -> None:
    """One client that always asks has an answer every L: the pipeline is empty at the first multiple of L, counted from
    when it last opened, that is not before the period's end."""
    latency, shut, opened = 40 + extra, 0, 0
    for number in range(1, times):
        at = number * period
        empty = opened - (opened - at) // latency * latency
        opened = empty + away
        shut += opened - at
    compute = Compute(latency_ps=latency, interval_ps=40, energy=0.0)
    tally = interrupted(Requests("closed", traced=traced), period, away, times, compute)
    assert tally.availability == 1 - shut / tally.watched_ps


@pytest.mark.parametrize("load", [0.5, 0.7])
def test_availability_with_periodic_reconnection(load: float) -> None:
    """Closed form: a quarter of the time, and the mean rest of a service where one runs, load/2 services. The machine
    is seen available by as large a share of requests, since those are Poisson. H0: so it is; 6e6 requests, the standard
    error of the share below 2e-4: 1e-3 are five of them, false alarm below 1e-6."""
    period, times = 4000 * SERVICE, 2500
    away = period // 4
    tally = interrupted(Requests("poisson", rate=load * 1e12 / SERVICE, policy="drop"), period, away, times)
    form = 1 - (away + load * SERVICE / 2) / period * (times - 1) / times
    assert tally.availability == pytest.approx(form, rel=1e-4)
    assert tally.came > 4.9e6
    assert 1 - tally.dropped / tally.came == pytest.approx(form, rel=1e-3)


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
