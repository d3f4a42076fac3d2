"""The laws of M/D/1 and M/M/1 against Erlang's formula in 300 digits, Pollaczek and Khinchine, and simulated streams.

Statistical tests have fixed seeds. A mean of n waits in a row has the standard error sqrt(v / n), with v the sum of
their covariances: load (2 + 5 load - 4 load^2 + load^3) / (1 - load)^4 for M/M/1 (D. J. Daley, Ann. Math. Statist. 39,
1968). For M/D/1 it is load / 2 / (1 - load)^4 in heavy traffic (W. Whitt, Management Science 35, 1989), and 0.7 to 0.8
of that in 150 streams at each of the three loads. Times are in units of the mean service.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hwsim.execution.timeline import Compute, Requests, recursion
from hwsim.execution.timeline.feed import Feed
from hwsim.execution.timeline.latencies import StreamTally, bucket_of
from hwsim.execution.timeline.requests import Stream
from hwsim.execution.timeline.stationary import Stationary
from hwsim.execution.timeline.stretch import draw
from hwsim.kernels import queue

INTERVAL = 10_000
EXTRA = 2_000
COMPUTE = Compute(latency_ps=INTERVAL + EXTRA, interval_ps=INTERVAL, energy=0.0)


def erlang(load: float, time: float) -> float:
    """P(W > t) of M/D/1 by Erlang's alternating series, which takes some hundred digits."""
    with localcontext(prec=300):
        exact, total, factorial = Decimal(load), Decimal(0), Decimal(1)
        for j in range(int(time) + 1):
            factorial *= j or 1
            x = exact * (j - Decimal(time))
            total += (x**j if j else 1) / factorial * (-x).exp()
        return float(1 - (1 - exact) * total)


@settings(deadline=None, max_examples=60)
@given(load=st.floats(1e-3, 0.99), time=st.floats(0, 80))
def test_waits_of_one_fixed_service(load: float, time: float) -> None:
    assert Stationary(load).wait_beyond(np.array([time]))[0] == pytest.approx(erlang(load, time), rel=1e-9)


@pytest.mark.parametrize("load", [1e-6, 0.3, 0.95, 0.9999])
@pytest.mark.parametrize("exponential", [False, True])
def test_the_mean_is_the_integral_of_the_law(load: float, exponential: bool) -> None:
    law = Stationary(load, exponential)
    steps = np.linspace(0, 1, 9)
    edges = np.array([*range(40), *np.geomspace(40, 60 / law.decay + 41, 60)])
    points, weights = np.polynomial.legendre.leggauss(20)  # exact up to degree 39 between two edges
    half = np.diff(edges)[:, None] / 2
    area = (law.wait_beyond(edges[:-1, None] + half * (points + 1)) * weights * half).sum()
    assert area == pytest.approx(law.wait_mean, rel=1e-7)
    assert law.wait_beyond(np.zeros(1))[0] == pytest.approx(load)  # Poisson arrivals see the server busy that often
    for share in (1 - load / 2, 1 - load * 1e-3):
        assert law.wait_beyond(np.array([law.wait(share)]))[0] == pytest.approx(1 - share, rel=1e-6)
        assert law.latency_beyond(np.array([law.latency(share)]))[0] == pytest.approx(1 - share, rel=1e-6)
    assert (np.diff(law.latency_beyond(steps)) <= 0).all()
    assert law.wait(1 - load) == 0


def standard_error(load: float, exponential: bool, number: float) -> float:
    """Standard error of the mean of so many waits that follow each other, of M/D/1 at the most."""
    markov = load * (2 + 5 * load - 4 * load**2 + load**3) / (1 - load) ** 4
    return math.sqrt((markov if exponential else load / 2 / (1 - load) ** 4) / number)


def watch(load: float, exponential: bool, number: float, seed: int, traced: int = 1000) -> StreamTally:
    requests = Requests("poisson", rate=load * 1e12 / INTERVAL, exponential=exponential, traced=traced)
    return Stream(requests, COMPUTE, seed).finish(round(number / load * INTERVAL))


@pytest.mark.parametrize(
    ("exponential", "load", "number"),
    [(False, 0.5, 4e6), (False, 0.8, 2e7), (False, 0.95, 1e8), (True, 0.5, 4e6), (True, 0.8, 2e7), (True, 0.95, 1.9e8)],
)
def test_streams_wait_as_theory_says(
    exponential: bool, load: float, number: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request gone through. H0: the mean wait is that of the law, and so is the 99th percentile of latency. 2 %
    are at least five standard errors of the mean (false alarm below 1e-6), and three of the percentile (below 3e-3;
    they are 0.2 to 0.6 %, found from 150 streams each)."""
    monkeypatch.setattr(recursion, "LONG", 2**62)
    tally, law = watch(load, exponential, number, 1), Stationary(load, exponential)
    assert 5 * standard_error(load, exponential, number) < 0.02 * law.wait_mean
    assert tally.wait_mean_ps / INTERVAL == pytest.approx(law.wait_mean, rel=0.02)
    assert tally.latency_ps(0.99) == pytest.approx(law.latency(0.99) * INTERVAL + EXTRA, rel=0.02)
    assert tally.busy_ps / tally.watched_ps == pytest.approx(load, rel=8 / number**0.5)


def decorrelated(load: float, exponential: bool, number: int, apart: int) -> list[int]:
    """Every so many requests the wait of one, or wait and service where that is drawn, by the compiled recursion."""
    feed = Feed(Requests("poisson", rate=load * 1e12 / INTERVAL, exponential=exponential), INTERVAL, 3, apart)
    state, empty = np.zeros(queue.NUMBERS, np.int64), np.zeros(0, np.int64)
    line = queue.Line(state, empty, empty, np.zeros(queue.BUCKETS, np.int64))
    rule, found = queue.Rule(2**62, 2**62, INTERVAL, 0, -1, -1), list[int]()
    for _ in range(number):
        queue.serve(line, rule, feed.times, feed.services)
        found.append(int(state[queue.LEFT] - feed.times[-1]) - (0 if exponential else INTERVAL))
        state[queue.NEXT] = state[queue.DRAWN] = 0
        feed.more_times()
        feed.more_services()
    return found


@pytest.mark.parametrize("exponential", [False, True])
def test_a_stretch_in_one_draw_has_the_distribution_of_one_gone_through(exponential: bool) -> None:
    """H0: requests far apart in the recursion fall into buckets as often as those of a stretch that is drawn.
    Chi-square of 8,000 against 4e9 in at most 60 groups of buckets: false alarm 1e-3."""
    seen = np.array([bucket_of(value) for value in decorrelated(0.8, exponential, 8000, 700)])
    drawn = draw(Stationary(0.8, exponential), INTERVAL, 4 * 10**9, np.random.default_rng(0))
    assert drawn.counts.sum() == 4 * 10**9
    groups = np.minimum(drawn.counts.cumsum() * 60 // (4 * 10**9), 59)
    groups = np.unique(groups, return_inverse=True)[1]
    observed, expected = np.bincount(groups[seen], minlength=groups.max() + 1), np.bincount(groups, drawn.counts)
    assert len(observed) > 40 - 30 * (not exponential)
    assert stats.chisquare(observed, expected * len(seen) / expected.sum()).pvalue > 1e-3


@pytest.mark.parametrize("exponential", [False, True])
def test_a_stretch_in_one_draw_counts_as_many(exponential: bool) -> None:
    """H0: 4e12 requests: Poisson in number; mean wait, wait and service as of the law. Five deviations: 1e-6 each."""
    number, law = 4 * 10**12, Stationary(0.8, exponential)
    tally = watch(0.8, exponential, number, 5)
    assert all(
        np.array_equal(value, vars(tally)[name]) for name, value in vars(watch(0.8, exponential, number, 5, 0)).items()
    )
    assert tally.served == pytest.approx(number, abs=5 * number**0.5)
    assert tally.counts.sum() == tally.served
    assert tally.wait_mean_ps == pytest.approx(law.wait_mean * INTERVAL, rel=2e-5)
    assert tally.busy_ps / tally.served == pytest.approx(INTERVAL, rel=5 / number**0.5)
    assert tally.present_ps == pytest.approx(tally.answered_ps, rel=1e-9)
    assert tally.came == tally.served + tally.waiting


def ends(exponential: bool, seeds: int) -> tuple[list[int], list[int]]:
    """How many wait, and for how long the pipeline still runs, at the end of streams of 8,000 requests."""
    waiting, running = list[int](), list[int]()
    requests = Requests("poisson", rate=0.95e12 / INTERVAL, exponential=exponential, traced=0)
    until = round(8000 / 0.95 * INTERVAL)
    for seed in range(seeds):
        stream = Stream(requests, Compute(INTERVAL, INTERVAL, 0.0), seed)
        running.append(stream.drain(until) - until)
        waiting.append(stream.finish(until).waiting)
    return waiting, running


@pytest.mark.parametrize(("exponential", "window"), [(False, 60), (True, 200)])
def test_after_a_stretch_the_queue_is_as_long(exponential: bool, window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """H0: 400 streams end alike whether they were gone through or drawn up to a window before the end, in which a queue
    that began empty would not have grown as long. Kolmogorov and Smirnov of the numbers waiting and of what the
    pipeline still runs: false alarm 1e-3 each."""
    plain = ends(exponential, 400)
    monkeypatch.setattr(recursion, "LONG", 1000)
    monkeypatch.setattr(recursion, "WINDOW", window)
    monkeypatch.setattr(recursion, "SETTLED", 0)
    leapt = ends(exponential, 400)
    for one, other in zip(plain, leapt, strict=True):
        assert one != other
        assert stats.ks_2samp(one, other).pvalue > 1e-3
