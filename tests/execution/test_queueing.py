"""Waits of M/D/1 against Erlang's alternating sum, in as many digits as that takes, and against a simulated queue."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.queueing import HEAVY, mean_wait, wait_within


def erlang(wait: float, load: float) -> float:
    """The share that waits no longer, as Erlang gave it in 1909."""
    with localcontext() as context:
        context.prec = 40 + math.ceil(2 * load * wait)
        rate, time, total = Decimal(load), Decimal(wait), Decimal(0)
        for served in range(math.floor(wait) + 1):
            early = rate * (served - time)
            total += (early**served if served else Decimal(1)) / math.factorial(served) * (-early).exp()
        return float((1 - rate) * total)


@given(st.floats(0.05, 0.97), st.floats(0.5, 0.999))
def test_as_many_wait_longer_as_erlang_says(load: float, share: float) -> None:
    wait = wait_within(share, load, 1.0)
    assert erlang(wait, load) == pytest.approx(share, abs=1e-9) if wait else share <= 1 - load


def test_heavy_traffic_takes_over_where_it_is_right() -> None:
    below, above = (wait_within(0.99, load, 1.0) * (1 - load) for load in (HEAVY - 1e-4, HEAVY))
    assert below == pytest.approx(above, rel=1e-3)


@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize("load", [0.5, 0.8])
def test_against_a_simulated_queue(load: float, exponential: bool) -> None:
    """Lindley's recursion over 400,000 requests in 40 runs: all four pass but once in ten thousand (z below 4)."""
    rng = np.random.default_rng(1909)
    runs, each, warm = 40, 10_000, 2_000
    served = 3e-6 * (rng.exponential(size=(runs, each)) if exponential else np.ones((runs, each)))
    gaps = rng.exponential(3e-6 / load, (runs, each))
    wait, waits = np.zeros(runs), np.empty((runs, each))
    for number in range(each):
        waits[:, number] = wait
        wait = np.maximum(wait + served[:, number] - gaps[:, number], 0)
    waits = waits[:, warm:]
    for found, told in (
        (waits.mean(axis=1), mean_wait(load, 3e-6, exponential=exponential)),
        ((waits <= wait_within(0.99, load, 3e-6, exponential=exponential)).mean(axis=1), 0.99),
    ):
        assert abs(found.mean() - told) < 4.3 * found.std(ddof=1) / math.sqrt(runs)
