"""Streams of requests: two engines and the definition agree to the picosecond, and laws that hold exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hwsim.execution.timeline import Compute, Requests, recursion
from hwsim.execution.timeline.feed import Feed
from hwsim.execution.timeline.latencies import StreamTally, bucket_of, lower_edge
from hwsim.execution.timeline.requests import Stream
from hwsim.kernels.queue import BUCKETS, bucket
from tests.oracles import queue

COMPUTE = st.builds(
    lambda interval, extra: Compute(latency_ps=interval + extra, interval_ps=interval, energy=0.0),
    st.integers(0, 60),
    st.integers(0, 90),
).filter(lambda compute: compute.latency_ps > 0)
OPEN = st.builds(
    Requests,
    arrivals=st.sampled_from(["poisson", "trace"]),
    rate=st.sampled_from([1e10, 4e10, 1e11]),
    times_ps=st.lists(st.integers(0, 1500), max_size=40).map(lambda times: np.array(sorted(times), np.int64)),
    queue=st.sampled_from([None, 0, 1, 2, 5]),
    policy=st.sampled_from(["wait", "drop"]),
    exponential=st.booleans(),
)
CLOSED = st.builds(
    Requests,
    arrivals=st.just("closed"),
    clients=st.integers(1, 5),
    think_ps=st.integers(0, 70),
    exponential=st.booleans(),
)
CHANGES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 300)), max_size=4)
"""Time from one to the next, and how long each takes."""


def watch(stream: Stream, changes: list[tuple[int, int]], length: int) -> tuple[StreamTally, list[tuple[int, int]]]:
    """Interrupt a stream: what it counts, and when no inference could begin."""
    shut, now = list[tuple[int, int]](), 0
    for gap, takes in changes:
        at = now + gap
        empty = stream.drain(at)
        now = empty + takes
        stream.block(empty, now)
        shut.append((at, now))
    return stream.finish(now + length), shut


def numbers(tally: StreamTally) -> dict[str, object]:
    return vars(tally) | {"counts": np.flatnonzero(tally.counts).tolist() + tally.counts[tally.counts > 0].tolist()}


@settings(max_examples=200, deadline=None)
@given(
    requests=OPEN | CLOSED,
    compute=COMPUTE,
    changes=CHANGES,
    length=st.integers(1, 800),
    seed=st.integers(0, 9),
    some=st.integers(0, 40),
)
def test_both_engines_are_the_definition(
    requests: Requests, compute: Compute, changes: list[tuple[int, int]], length: int, seed: int, some: int
) -> None:
    """Traced: none, some, or all of the requests."""
    tally, shut = watch(Stream(replace(requests, traced=0), compute, seed), changes, length)
    for traced in (some, 10**6):
        again, other = watch(Stream(replace(requests, traced=traced), compute, seed), changes, length)
        assert numbers(again) == numbers(tally)
        assert other == shut
    until = tally.watched_ps
    seen = queue.serve(requests, compute, seed, shut, until)
    assert (tally.served, tally.dropped, tally.waiting) == (len(seen.served), seen.dropped, len(seen.waiting))
    assert tally.waited_ps == sum(begin - come for come, begin, _, _ in seen.served)
    assert tally.answered_ps == sum(done - come for come, _, _, done in seen.served)
    assert tally.busy_ps == sum(min(left, until) - begin for _, begin, left, _ in seen.served)
    present = sum(min(done, until) - come for come, _, _, done in seen.served)
    assert tally.present_ps == present + sum(until - come for come in seen.waiting)
    found = {int(one): int(tally.counts[one]) for one in np.flatnonzero(tally.counts)}
    assert found == queue.histogram([done - come - tally.offset_ps for come, _, _, done in seen.served])
    for at, end in shut:  # the pipeline is empty before anything is loaded
        assert all(done <= end for _, begin, _, done in seen.served if begin < at)


@settings(max_examples=50, deadline=None)
@given(requests=CLOSED, compute=COMPUTE, changes=CHANGES, length=st.integers(1, 3000), seed=st.integers(0, 9))
def test_a_closed_loop_obeys_littles_law(
    requests: Requests, compute: Compute, changes: list[tuple[int, int]], length: int, seed: int
) -> None:
    """Mean number in the system = throughput times mean time in it, as an identity of whole numbers.

    The number in the system is integrated here from its steps, request by request; clients are in it or think.
    """
    stream = Stream(requests, compute, seed)
    tally, _ = watch(stream, changes, length)
    until = tally.watched_ps
    begun = [(one.come_ps, 1) for one in stream.answered] + [(one.done_ps, -1) for one in stream.answered]
    area = number = last = 0
    for time, step in [*sorted(step for step in begun if step[0] < until), (until, 0)]:
        area, number, last = area + number * (time - last), number + step, time
    assert area <= tally.present_ps  # those who wait at the end never began
    assert area == tally.present_ps or tally.waiting
    away = [(one.done_ps, one.done_ps + requests.think_ps) for one in stream.answered]
    thinking = sum(min(again, until) - min(done, until) for done, again in away)
    assert tally.present_ps + thinking == requests.clients * until


@settings(max_examples=60, deadline=None)
@given(requests=CLOSED, compute=COMPUTE, changes=CHANGES, length=st.integers(2000, 9000), window=st.integers(1, 40))
def test_what_a_closed_loop_repeats_is_multiplied(
    requests: Requests, compute: Compute, changes: list[tuple[int, int]], length: int, window: int
) -> None:
    requests = replace(requests, traced=5)
    plain, _ = watch(Stream(requests, compute, 0), changes, length)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recursion, "LONG", 2 * window + 10)
        patch.setattr(recursion, "WINDOW", window)
        multiplied, _ = watch(Stream(requests, compute, 0), changes, length)
    assert numbers(multiplied) == numbers(plain)


def test_a_closed_loop_of_very_many_requests() -> None:
    """Three clients, two of which fit into a round of 50: each has an answer every 60, for three months."""
    tally = Stream(Requests("closed", clients=3), Compute(50, 20, 0.0), 0).finish(6 * 10**18)
    assert tally.served == 3 * 10**17
    assert tally.present_ps == 18 * 10**18
    assert tally.latency_ps(0.5) == 60


@given(requests=OPEN, chunk=st.integers(1, 50), seed=st.integers(0, 9))
def test_the_size_of_chunks_changes_nothing(requests: Requests, chunk: int, seed: int) -> None:
    requests = replace(requests, arrivals="poisson", exponential=True)
    whole, parts = Feed(requests, 37, seed, 200), Feed(requests, 37, seed, chunk)
    times, services = list[int](), list[int]()
    while len(times) < 200:
        times += parts.times.tolist()
        services += parts.services.tolist()
        parts.more_times()
        parts.more_services()
    assert times[:200] == whole.times.tolist()
    assert services[:200] == whole.services.tolist()


@given(value=st.integers(0, 2**62))
def test_buckets(value: int) -> None:
    (number,) = queue.histogram([value])
    assert bucket(value) == bucket_of(value) == number < BUCKETS - 1
    edge, width = lower_edge(number), lower_edge(number + 1) - lower_edge(number)
    assert edge <= value < edge + width
    assert width <= max(1, edge / 1024)


def test_a_rate_is_not_biased_by_whole_picoseconds() -> None:
    """H0: the mean gap is 1.7 ps, where gaps rounded one by one would have another. 2^22 gaps of relative deviation
    1: false alarm below 1e-6 (five deviations)."""
    feed = Feed(Requests("poisson", rate=1e12 / 1.7), 10, 0)
    n = 0
    while n < 2**22:
        n, last = n + feed.times.size, int(feed.times[-1])
        feed.more_times()
    assert last / n == pytest.approx(1.7, rel=5 / n**0.5)


@pytest.mark.parametrize("traced", [0, 10**6])
@pytest.mark.parametrize("mean", [1e15, 3e17, 1e19, 1e24])
def test_rare_requests_stay_rare(mean: float, traced: int) -> None:
    """H0: one a quarter of an hour, and rarer: Poisson in number over 23 days. False alarm below 1e-6 each."""
    until = 2 * 10**18
    requests = Requests("poisson", rate=1e12 / mean, exponential=True, traced=traced)
    tally = Stream(requests, Compute(10, 10, 0.0), 0).finish(until)
    assert stats.poisson.cdf(tally.served, until / mean) > 1e-6
    assert stats.poisson.sf(tally.served - 1, until / mean) > 1e-6
    assert tally.served == tally.came
    assert 0 <= tally.busy_ps < 1e6


@pytest.mark.parametrize("traced", [0, 5000, 10**6])
def test_sums_of_waits_are_exact_beyond_64_bits(traced: int) -> None:
    """So many requests at once, each served for a second: the n-th waits for n seconds."""
    number, second = 10_000, 10**12
    requests = Requests("trace", times_ps=np.zeros(number, np.int64), traced=traced)
    tally = Stream(requests, Compute(2 * second, second, 0.0), 0).finish(number * second)
    assert tally.served == number
    assert tally.waited_ps == second * number * (number - 1) // 2 > 2**64
    assert tally.present_ps == tally.answered_ps - second == tally.waited_ps + 2 * number * second - second
    assert tally.latency_ps(1.0) == pytest.approx((number + 1) * second, rel=2**-10)


def test_far_more_requests_than_are_served() -> None:
    """H0: 1e14 a second, Poisson, of whom one in a million is served; all others wait, for half the time on the mean.
    Five deviations: false alarm below 1e-6 each."""
    until, served, came = 10**10, 10**6, 10**12
    tally = Stream(Requests("poisson", rate=1e14, traced=100), Compute(10_000, 10_000, 0.0), 0).finish(until)
    assert tally.served == served
    assert tally.came == pytest.approx(came, abs=5 * came**0.5)
    assert tally.present_ps == pytest.approx(came * until // 2, rel=5 / came**0.5)


def test_a_closed_loop_in_which_no_time_passes_is_refused() -> None:
    with pytest.raises(ValueError, match="need inferences that take time"):
        Stream(Requests("closed"), Compute(0, 0, 0.0), 0)


def test_a_closed_loop_that_would_drop_is_refused() -> None:
    compute = Compute(10, 10, 0.0)
    for requests in (Requests("closed", clients=3, queue=2), Requests("closed", policy="drop")):
        with pytest.raises(ValueError, match="clients of a closed loop wait"):
            Stream(requests, compute, 0)
