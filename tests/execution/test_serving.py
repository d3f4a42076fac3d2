"""What requests meet by theory, against the stream that is simulated, and the words where there is no theory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.serving import served
from hwsim.execution.timeline import PICOSECONDS, Compute, Parts, Port, Requests, Simulation, Switching
from hwsim.execution.timeline.parts import Host

PARTS = Parts(Port(32, 10, 0.0), Switching(1, 1, 0.0, 0.0, 0.0), Compute(30_000, 10_000, 1e-9))
RATE = 0.8 * PICOSECONDS / 10_000


def why(requests: Requests | None, *, hidden: bool = True) -> str:
    found = served(replace(PARTS, requests=requests), hidden=hidden)
    assert found.wait_mean is None
    assert found.latency_p99 is None
    return found.why


def test_why_there_is_no_number() -> None:
    poisson = Requests("poisson", rate=RATE)
    assert why(None) == "no stream of requests is given"
    assert why(Requests("trace", times_ps=np.ones(1, np.int64))) == "requests come at the times of a file"
    assert why(replace(poisson, queue=3)) == "the queue is finite"
    assert why(replace(poisson, rate=2 * RATE)).startswith("a load of 1.6 is more than the pipeline takes")
    assert why(poisson, hidden=False) == "requests meet a machine that reconnects"
    assert why(Requests("closed"), hidden=False) == "clients meet a machine that reconnects"
    assert why(Requests("closed", exponential=True)) == "clients are served for times drawn by chance"


@pytest.mark.parametrize("exponential", [False, True])
def test_a_poisson_stream(exponential: bool) -> None:
    """400,000 requests at 80 % load: the mean wait of M/M/1 has a standard error of 1.8 % (Daley 1968), M/D/1 less.

    Five of them are allowed, which a mean exceeds less than once in a million; the seed is fixed.
    """
    requests = Requests("poisson", rate=RATE, exponential=exponential)
    parts = replace(PARTS, requests=requests, host=Host(length_ps=round(400_000 / RATE * PICOSECONDS)))
    told, found = served(parts, hidden=True), Simulation(parts, 3).finish()
    assert told.why == ("M/M/1" if exponential else "M/D/1")
    assert found.throughput == pytest.approx(told.throughput, rel=5 / math.sqrt(400_000))
    assert found.utilisation["compute"] == pytest.approx(told.load, rel=0.02)
    for name in ("wait_mean", "latency_mean", "latency_p50", "latency_p99"):
        assert getattr(found, f"{name}_s") == pytest.approx(getattr(told, name), rel=0.09), name


@given(
    clients=st.integers(1, 9),
    think=st.integers(0, 90_000),
    interval=st.integers(1, 30_000),
    beyond=st.integers(0, 50_000),
)
def test_a_closed_loop(clients: int, think: int, interval: int, beyond: int) -> None:
    """After some rounds, answers come as often as Little's law says; each client has asked first at time 0."""
    once, rounds = interval + beyond + think, 300
    requests, compute = Requests("closed", clients=clients, think_ps=think), Compute(interval + beyond, interval, 0.0)
    longest = max(once, clients * interval)
    parts = replace(PARTS, requests=requests, compute=compute, host=Host(length_ps=rounds * longest))
    told, found = served(parts, hidden=True), Simulation(parts, 3).finish()
    assert told.throughput is not None
    assert abs(found.inferences - told.throughput * rounds * longest / PICOSECONDS) <= 2 * clients
    assert found.latency_mean_s == pytest.approx(told.latency_mean, rel=0.02)
