"""The training kernels take the steps of their reference implementation, in double precision to 1e-9."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.kernels.training.dense_training import fold
from hwsim.kernels.training.learning import Batches, Learned, Net, Optimiser, Samples, Units
from hwsim.kernels.training.rectified import train_rectified
from hwsim.kernels.training.shallow import run_shallow, train_shallow
from tests.oracles import training as plain

SEEDS = st.integers(0, 2**32)


def _values(rng: np.random.Generator, inputs: int, rows: int, outputs: int, kind: type) -> list[Any]:
    shapes = [(inputs, rows, 32), (rows, 32), (outputs, rows, 32), (1, outputs + 1)]
    return [rng.standard_normal(shape).astype(kind) * kind(0.5) for shape in shapes]


def _optimiser(law: Any, clock: Any, adam: int = 1) -> Optimiser:
    """From rate, epsilon, the two l2_factors and the sharpness."""
    rate, epsilon, hidden, read, sharpness = (float(number) for number in law)
    return Optimiser(bool(adam), rate, epsilon, hidden, read, sharpness, clock)


def _one_output(values: list[Any], moments: list[Any]) -> tuple[Net, Net]:
    """Views on values and moments of a network of one output."""
    own, past = Net(*values), Net(*moments)
    return own._replace(read=own.read[0]), past._replace(read=past.read[:, 0])


def _learned(*which: int) -> Learned:
    return Learned(*(bool(one) for one in which))


def _moments(values: list[Any]) -> list[Any]:
    return [np.zeros((2, *value.shape), value.dtype) for value in values]


@settings(max_examples=30)
@given(
    inputs=st.integers(1, 9),
    rows=st.integers(1, 3),
    outputs=st.integers(1, 4),
    samples=st.integers(1, 30),
    size=st.integers(1, 12),
    classes=st.booleans(),
    unit=st.sampled_from([(0, 0.0), (0, 0.25), (0, 1.0), (1, 0.0)]),
    learned=st.lists(st.integers(0, 1), min_size=6, max_size=6),
    seed=SEEDS,
)
def test_any_units(
    inputs: int,
    rows: int,
    outputs: int,
    samples: int,
    size: int,
    classes: bool,
    unit: tuple[int, float],
    learned: list[int],
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, inputs)) * (rng.random((samples, inputs)) < 0.6)
    y = np.zeros((0, outputs)) if classes else rng.standard_normal((samples, outputs))
    labels = rng.integers(0, outputs, samples) if classes else np.zeros(0, np.int64)
    span = np.array([0, -(-samples // size), size])
    law = np.array([0.05, 1e-8, 0.01 * (seed % 2), 0.02, rng.choice([0.5, 1.0, 2.0])])
    values, order = _values(rng, inputs, rows, outputs, np.float64), rng.permutation(samples)
    twin = [value.copy() for value in values]
    moments, twin_moments, clock, twin_clock = _moments(values), _moments(values), np.ones(2), np.ones(2)
    losses, twin_losses = [], []
    for _ in range(3):
        data, batches = Samples(x, y, labels), Batches(order, *(int(n) for n in span))
        optimiser, which = _optimiser(law, clock, learned[5]), _learned(*learned[:5])
        losses.append(train_shallow(data, batches, optimiser, Units(*unit), which, Net(*values), Net(*moments)))
        given_: Any = ((x, y, labels), order, span, law, unit, learned, twin_clock, twin, twin_moments)
        twin_losses.append(plain.train(*given_))
    assert np.allclose(losses, twin_losses, rtol=1e-9, atol=1e-12)
    for mine, other in zip([*values, *moments], [*twin, *twin_moments], strict=True):
        assert np.allclose(mine, other, rtol=1e-7, atol=1e-10)
    out = np.empty((samples, outputs))
    run_shallow(x, Units(*unit), Net(*values), out)
    assert np.allclose(out, plain.forward(*unit, values, x)[2], rtol=1e-9, atol=1e-9)


@settings(max_examples=30)
@given(
    inputs=st.sampled_from([1, 3]),
    rows=st.integers(1, 4),
    samples=st.integers(1, 40),
    size=st.integers(1, 20),
    slope=st.sampled_from([0.0, 0.01, 1.0]),
    learned=st.lists(st.integers(0, 1), min_size=4, max_size=4),
    seed=SEEDS,
)
def test_rectified_units(
    inputs: int, rows: int, samples: int, size: int, slope: float, learned: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, (samples, inputs)), rng.standard_normal(samples)
    span, law = np.array([0, -(-samples // size), size]), np.array([0.002, 1e-8, 0.0, 0.01 * (seed % 2), 1.0])
    values, order = _values(rng, inputs, rows, 1, np.float64), rng.permutation(samples)
    twin = [value.copy() for value in values]
    moments, twin_moments, clock, twin_clock = _moments(values), _moments(values), np.ones(2), np.ones(2)
    some, nothing = [0, 0, *learned], np.zeros(0, np.int64)
    for _ in range(3):
        data, batches = Samples(x, y, nothing), Batches(order, *(int(n) for n in span))
        optimiser, which = _optimiser(law, clock, learned[3]), _learned(0, 0, *learned[:3])
        loss = train_rectified(data, batches, optimiser, slope, which, *_one_output(values, moments))
        given_: Any = ((x, y[:, None], nothing), order, span, law, (0, slope), some, twin_clock, twin, twin_moments)
        assert loss == pytest.approx(plain.train(*given_), rel=1e-9)
    for mine, other in zip([*values, *moments], [*twin, *twin_moments], strict=True):
        assert np.allclose(mine, other, rtol=1e-7, atol=1e-10)


def test_single_precision_stays_single() -> None:
    """Steps in float32 differ from those in float64 by roundings of float32 and by more than none."""
    rng = np.random.default_rng(1)
    x, y, order = rng.uniform(-1, 1, (64, 1)), rng.standard_normal(64), rng.permutation(64)
    found = []
    for kind in (np.float32, np.float64):
        values = [value.astype(kind) for value in _values(np.random.default_rng(2), 1, 2, 1, np.float64)]
        net, moments = _one_output(values, _moments(values))
        for _ in range(25):
            data, law = Samples(x.astype(kind), y.astype(kind), np.zeros(0, np.int64)), (0.01, 1e-8, 0.0, 0.0, 1.0)
            optimiser = _optimiser(law, np.ones(2))
            train_rectified(data, Batches(order, 0, 8, 8), optimiser, 0.0, _learned(0, 0, 1, 1, 1), net, moments)
        found.append(net.read.astype(np.float64))
    difference = np.abs(found[0] - found[1]).max() / np.abs(found[1]).max()
    assert 0 < difference < 1e-4


def test_sums_are_folded_in_a_fixed_order() -> None:
    """What a lane holds is added in one order, whatever the machine: golden bits of float32."""
    lanes = (np.arange(64, dtype=np.float32).reshape(2, 32) + np.float32(0.1)) ** 3
    sums = np.empty(2, np.float32)
    fold(lanes, sums)
    parts = [np.float32(0)] * 4
    for row in range(2):
        for k in range(4):
            part = lanes[row, k]
            for lane in range(k + 4, 32, 4):
                part = np.float32(part + lanes[row, lane])
            parts[k] = part
        assert sums[row] == np.float32(np.float32(parts[0] + parts[2]) + np.float32(parts[1] + parts[3]))


def test_golden_bits() -> None:
    """Sums, products, quotients and roots are rounded alike everywhere: so are 40 steps of Adam, in float32."""
    rng = np.random.default_rng(5)
    x, order = rng.integers(-64, 65, (64, 1)).astype(np.float32) / 64, rng.permutation(64)
    y = (x[:, 0] ** 3 - x[:, 0]).astype(np.float32)
    values = [rng.integers(-64, 65, shape).astype(np.float32) / 64 for shape in ((1, 5, 32), (5, 32), (1, 5, 32))]
    weight, bias, read = values
    head = np.array([[0.25, 1.0]], np.float32)
    net, past = _one_output([weight, bias, read, head], _moments([weight, bias, read, head]))
    data = Samples(x, y, np.zeros(0, np.int64))
    for epoch in range(5):
        optimiser = _optimiser((0.01 * 0.5**epoch, 1e-8, 0.0, 0.0, 1.0), np.ones(2))
        train_rectified(data, Batches(order, 0, 8, 8), optimiser, 0.0, _learned(0, 0, 1, 1, 1), net, past)
    assert [zlib.crc32(values.tobytes()) for values in (read, head)] == [696470173, 283179399]
