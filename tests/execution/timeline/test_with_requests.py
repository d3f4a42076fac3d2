"""The whole machine: requests that make way for reconnections and tests, which are as long as they are without them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.timeline import Host, Parts, Passage, Requests, Simulation, Span, Tally, Work
from tests.execution.timeline import machines

LATENCY = machines.COMPUTE.latency_ps


@st.composite
def requests(draw: st.DrawFn) -> Requests:
    """Draw a stream of some hundred requests at most, all of which are simulated one by one."""
    arrivals: Literal["poisson", "closed", "trace"] = draw(st.sampled_from(["poisson", "closed", "trace"]))
    times = np.array(sorted(draw(st.lists(st.integers(0, 200_000), min_size=1, max_size=20))), np.int64)
    return Requests(
        arrivals,
        rate=draw(st.floats(1e6, 1e8)),
        clients=draw(st.integers(1, 4)),
        think_ps=draw(st.integers(0, 50_000)),
        times_ps=times,
        queue=None if arrivals == "closed" else draw(st.none() | st.integers(1, 4)),
        policy="wait" if arrivals == "closed" else draw(st.sampled_from(["wait", "drop", "old"])),
        exponential=draw(st.booleans()),
    )


def simulate(parts: Parts, works: list[Work], patterns: int, *, keep: bool) -> tuple[list[Passage], Tally, list[Span]]:
    """Carry out reconnections, each followed by a test where there are patterns."""
    simulation, passages = Simulation(parts, 3, keep=keep), []
    for work in works:
        passages.append(simulation.carry_out(work))
        if patterns:
            passages.append(simulation.test("read-back", patterns))
    return passages, simulation.finish(), simulation.spans


MACHINES = {
    "parts": machines.parts(),
    "works": machines.works(),
    "stream": requests(),
    "patterns": st.integers(0, 3),
}


def busy(parts: Parts, stream: Requests) -> Parts:
    """Return the machine with requests, and reconnections so far apart that some are served in between."""
    return replace(parts, requests=stream, host=Host("steps", step_ps=33 * parts.host.step_ps, length_ps=300_000))


@given(**MACHINES)
def test_requests_make_way(parts: Parts, works: list[Work], stream: Requests, patterns: int) -> None:
    """Nothing is inferred while it cannot be; a reconnection begins when what runs is done, and is as long as ever."""
    parts = busy(parts, stream)
    passages, _, spans = simulate(parts, works, patterns, keep=True)
    alone, _, _ = simulate(replace(parts, requests=None), works, patterns, keep=False)
    assert [one.busy_ps for one in passages] == [one.busy_ps for one in alone]
    assert [one.energy for one in passages] == [one.energy for one in alone]
    test = (patterns - 1) * machines.COMPUTE.interval_ps + LATENCY
    assert not patterns or all(one.busy_ps == test for one in passages[1::2])
    compute = sorted(span[1:3] for span in spans if span.resource == "compute")
    assert all(one[1] <= two[0] for one, two in pairwise(compute))
    inferences = [span for span in spans if span.what == "inference"]
    away = [span for span in spans if span.resource == "unavailable" and span.begin_ps < span.end_ps]
    for one in away:
        assert not any(span.begin_ps < one.end_ps and one.begin_ps < span.end_ps for span in inferences)
    last = 0
    for passage in passages:
        ready = max(passage.issue_ps, last)
        if parts.memory == "single" and not stream.exponential:
            assert ready <= passage.begin_ps < ready + LATENCY
        last = passage.end_ps


@given(**MACHINES)
def test_the_tally_is_that_of_the_spans(parts: Parts, works: list[Work], stream: Requests, patterns: int) -> None:
    parts = busy(parts, stream)
    passages, tally, spans = simulate(parts, works, patterns, keep=True)
    inferences = [span for span in spans if span.what == "inference"]
    assert tally.inferences == len(inferences)
    assert tally.tests == sum(span.amount for span in spans if span.what == "read-back" and span.resource == "compute")
    computing = sum(span.energy for span in spans if span.resource == "compute")
    assert tally.energy["compute"] + tally.energy["conversion"] == pytest.approx(computing, rel=1e-12)
    watched = tally.watched_ps
    used = sum(min(span.end_ps, watched) - span.begin_ps for span in spans if span.resource == "compute")
    assert tally.utilisation["compute"] == pytest.approx(used / watched, rel=1e-12)
    assert tally.availability == pytest.approx(1 - sum(one.busy_ps for one in passages) / watched, rel=1e-12)
    assert tally.throughput == pytest.approx(tally.inferences / watched * 1e12)
    if stream.arrivals == "trace":
        assert tally.inferences + tally.dropped + tally.waiting == np.count_nonzero(stream.times_ps < watched)
    assert (tally.wait_mean_s is None) == (tally.inferences == 0)


@given(**MACHINES)
def test_looking_changes_nothing(parts: Parts, works: list[Work], stream: Requests, patterns: int) -> None:
    """No number of the tally depends on spans that are kept, or on which requests are simulated one by one."""
    parts = busy(parts, stream)
    seen = simulate(parts, works, patterns, keep=True)
    assert simulate(parts, works, patterns, keep=True) == seen
    assert simulate(parts, works, patterns, keep=False) == (*seen[:2], [])
    few = replace(parts, requests=replace(stream, traced=3))
    assert simulate(few, works, patterns, keep=False) == (*seen[:2], [])
