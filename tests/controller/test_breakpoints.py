"""Units along few directions: the order they wake up in, and steps along it against the reference implementation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.controller.breakpoints import order_units
from hwsim.kernels.training.breakpoints import train_breakpoints
from hwsim.kernels.training.learning import Batches, Learned, Net, Optimiser, Points, Samples
from tests.controller.jobs import job
from tests.controller.test_compiled import CASES
from tests.oracles import training as plain

SIZES = {"units": st.integers(1, 70), "count": st.integers(1, 5), "inputs": st.integers(1, 3)}


def _units(rng: np.random.Generator, units: int, count: int, inputs: int) -> tuple[Any, Any]:
    """Weights (inputs, units) along a few directions, some of no length at all, and biases, some equal."""
    headings = rng.integers(-1, 2, (count, inputs))
    weight = (headings[rng.integers(0, count, units)] * rng.choice([0.25, 0.5, 1.0], units)[:, None]).T
    return weight, rng.choice([-0.5, 0.0, 0.3, 0.7], units) + rng.choice([0.0, 0.1], units)


@given(**SIZES, seed=st.integers(0, 2**32))
def test_as_many_are_awake_as_give_more_than_nothing(units: int, count: int, inputs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight, bias = _units(rng, units, count, inputs)
    points = order_units(weight, bias)
    assert len(np.unique(points.slots)) == units
    x = rng.integers(-8, 9, (20, inputs)) / 8  # sums without rounding: some samples are at breakpoints
    fed = x @ weight + bias
    awake = points.awake(x.astype(np.float32))
    for d in range(len(points.directions)):
        mine = points.slots % len(points.directions) == d
        rank = points.slots[mine] // len(points.directions)
        assert sorted(rank) == list(range(mine.sum()))
        for sample, many in zip(fed[:, mine], awake[:, d], strict=True):
            assert (sample > 0).sum() == many
            assert set(rank[sample > 0]) == set(range(many))


@given(
    **SIZES,
    samples=st.integers(1, 40),
    size=st.integers(1, 20),
    slope=st.sampled_from([0.0, 0.01, 1.0]),
    learned=st.lists(st.integers(0, 1), min_size=4, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_steps(
    units: int, count: int, inputs: int, samples: int, size: int, slope: float, learned: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    weight, bias = _units(rng, units, count, inputs)
    points = order_units(weight, bias)
    x, y = rng.uniform(-1, 1, (samples, inputs)), rng.standard_normal(samples)
    x = x.astype(np.float32).astype(np.float64)
    read, head = rng.standard_normal(units), rng.standard_normal((1, 2))
    rows = -(-points.factor.size // 32)
    mine, moments = np.zeros((rows, 32)), np.zeros((2, rows, 32))
    mine.reshape(-1)[points.slots] = read
    head_moments, clock, order = np.zeros((2, 1, 2)), np.ones(2), rng.permutation(samples)
    reference: Any = [weight[:, None], bias[None], read.reshape(1, 1, -1).copy(), head.copy()]
    reference_moments, reference_clock = [np.zeros((2, *value.shape)) for value in reference], np.ones(2)
    span, settings = np.array([0, -(-samples // size), size]), np.array([0.002, 1e-8, 0.0, 0.01 * (seed % 2), 1.0])
    direction, awake = np.ascontiguousarray(points.directions.T), points.awake(x.astype(np.float32))
    found, none = Points(direction, awake, points.factor, points.shift), np.zeros((0, 0))
    batches, which = Batches(order, *(int(n) for n in span)), Learned(False, False, *(bool(one) for one in learned[:3]))
    optimiser = Optimiser(bool(learned[3]), 0.002, 1e-8, 0.0, 0.01 * (seed % 2), 1.0, clock)
    for _ in range(3):
        seen, net = Samples(x, y, np.zeros(0, np.int64)), Net(none, none, mine, head)
        past = Net(none, none, moments, head_moments)
        loss = train_breakpoints(seen, found, batches, optimiser, slope, which, net, past)
        data = x, y[:, None], np.zeros(0, np.int64)
        given_: Any = (
            data,
            order,
            span,
            settings,
            (0, slope),
            [0, 0, *learned],
            reference_clock,
            reference,
            reference_moments,
        )
        assert loss == pytest.approx(plain.train(*given_), rel=1e-9)
    assert np.allclose(mine.reshape(-1)[points.slots], reference[2].reshape(-1), rtol=1e-7, atol=1e-9)
    assert np.allclose(head, reference[3], rtol=1e-7, atol=1e-9)
    rest = np.ones(mine.size, np.bool_)
    rest[points.slots] = False
    assert not mine.reshape(-1)[rest].any()


def test_it_pays_where_many_units_share_few_directions() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.integers(-1, 2, (2, 2560)) * 1.0, rng.standard_normal((2, 2560))
    bias = rng.standard_normal(2560)
    assert order_units(few, bias).pays(128)
    assert not order_units(few, bias).pays(1)
    assert not order_units(many, bias).pays(128)
    model, task, training = CASES[3][1], CASES[3][0], CASES[3][2]
    first = job(task, model).start[0]
    assert order_units(first.weights.T, first.bias).pays(training.batch), (
        "the case compared with torch's takes this path"
    )
