"""The product kernels do what their plain twins do, with any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.kernels import dense, photonic
from hwsim.kernels import plain_products as plain
from hwsim.kernels.compile import threads

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(1, 20)


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = numba.get_num_threads()
    yield
    threads(before)


@given(samples=st.integers(0, 5), inputs=st.integers(0, 20), units=SIZES, bits=st.integers(1, 29), seed=SEEDS)
def test_integers(samples: int, inputs: int, units: int, bits: int, seed: int) -> None:
    """20 products of 58 bits and a bias of 62 stay within 64."""
    rng = np.random.default_rng(seed)
    signals = rng.integers(-(2**bits), 2**bits, (samples, inputs), np.int32)
    weights = rng.integers(-(2**bits), 2**bits, (units, inputs), np.int32)
    bias = rng.integers(-(2**62), 2**62, units)
    out = np.full((samples, units), 7)
    dense.dense_integer(signals, weights, bias, out)
    assert out.tolist() == plain.dense_integer(signals, weights, bias)


def test_the_largest_integers() -> None:
    low, high = -(2**31), 2**31 - 1
    signals, weights = np.array([[low], [high]], np.int32), np.array([[low], [high]], np.int32)
    out = np.empty((2, 2), np.int64)
    dense.dense_integer(signals, weights, np.array([2**62 - 1, -1]), out)
    assert out.tolist() == [[2**63 - 1, low * high - 1], [high * low + 2**62 - 1, high**2 - 1]]


@given(samples=st.integers(0, 5), inputs=st.integers(0, 20), units=SIZES, seed=SEEDS)
def test_floats(samples: int, inputs: int, units: int, seed: int) -> None:
    """To the last bit: the order of the sums is part of the meaning."""
    rng = np.random.default_rng(seed)
    signals, weights = rng.normal(size=(samples, inputs)), rng.normal(size=(units, inputs))
    out = np.full((samples, units), np.nan)
    dense.dense_float(signals, weights, out)
    assert np.array_equal(out, plain.dense_float(signals, weights))


def core(
    samples: int, inputs: int, units: int, rows: int, columns: int, seed: int, *, noisy: bool, moved: bool = True
) -> dict[str, Any]:
    """Arguments of a read with every number of its own size: nothing in it cancels by chance."""
    rng = np.random.default_rng(seed)
    tiles, groups = -(-inputs // rows), -(-units // columns)
    order = [rng.permutation(inputs) if moved else np.arange(inputs) for _ in range(units)]
    return {
        "drive": rng.random((samples, inputs)),
        "cells": rng.random((units, inputs)),
        "reference": rng.random((groups, tiles * rows)),
        "row_of": np.array(order, np.int64).reshape(units, inputs),
        "noise": rng.standard_normal((samples, tiles * (units + 2 * groups))) if noisy else np.zeros((3, 1)),
        "law": np.array([2e-3, 1e-5, 1e-9, 0.01, 2e-3 * rng.uniform(0.001, 0.1)]),
        "shape": np.array([rows, columns, int(noisy)]),
    }


def read(given_: dict[str, Any]) -> NDArray[np.float64]:
    out = np.full((len(given_["drive"]), len(given_["cells"])), np.nan)
    photonic.read_tiles(**given_, out=out)
    return out


def steps(given_: dict[str, Any]) -> float:
    """The converter's step of a tile with one row in use; all differences are whole multiples of it."""
    return float(given_["law"][4])


@given(
    samples=st.integers(0, 4),
    inputs=SIZES,
    units=SIZES,
    rows=st.integers(1, 9),
    columns=st.integers(1, 5),
    seed=SEEDS,
    noisy=st.booleans(),
)
def test_tiles(samples: int, inputs: int, units: int, rows: int, columns: int, seed: int, noisy: bool) -> None:
    """Equal but for the order of sums; on the edge of two codes that may be a step a tile, seen in 1 of 1e10 reads."""
    given_ = core(samples, inputs, units, rows, columns, seed, noisy=noisy)
    assert read(given_) == pytest.approx(plain.read_tiles(**given_), rel=1e-9, abs=1e-9 * steps(given_))


@given(inputs=SIZES, units=SIZES, seed=SEEDS)
def test_tiles_of_one_cell(inputs: int, units: int, seed: int) -> None:
    """Every cell is converted alone: the law of one row written down for whole arrays at once."""
    given_ = core(3, inputs, units, 1, 1, seed, noisy=False)
    full, step = given_["law"][0], steps(given_)
    cell = np.take_along_axis(given_["cells"], given_["row_of"], axis=1)
    dark = np.take_along_axis(given_["reference"], given_["row_of"], axis=1)
    light = full * given_["drive"][:, None, :]
    wanted = (np.rint(light * cell / step) - np.rint(light * dark / step)).sum(axis=2)
    assert read(given_) / step == pytest.approx(wanted, abs=1e-9)


@given(inputs=SIZES, units=SIZES, rows=st.integers(1, 9), columns=st.integers(1, 5), seed=SEEDS)
def test_a_permutation_of_rows_is_one_of_inputs(inputs: int, units: int, rows: int, columns: int, seed: int) -> None:
    """Input i on row p[i] is the straight core with that row's light; a fine converter hides the order of sums."""
    given_ = core(2, inputs, units, rows, columns, seed, noisy=False, moved=False)
    p = np.random.default_rng(seed).permutation(inputs)
    moved = {**given_, "row_of": np.tile(p, (units, 1)), "drive": given_["drive"][:, p]}
    assert read(moved) == pytest.approx(read(given_), abs=1e-9 * steps(given_))


def test_noise_of_size_zero_is_none() -> None:
    given_ = core(3, 7, 5, 3, 2, 0, noisy=True)
    quiet = {**given_, "noise": np.zeros_like(given_["noise"])}
    assert np.array_equal(read(quiet), read({**given_, "shape": np.array([3, 2, 0])}))
    assert not np.array_equal(read(quiet), read(given_))


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one processor")  # type: ignore[attr-defined]
def test_any_number_of_threads_gives_the_same() -> None:
    given_ = core(65, 33, 17, 9, 4, 1, noisy=True)
    rng = np.random.default_rng(2)
    signals, weights = rng.integers(-99, 99, (65, 33), np.int32), rng.integers(-99, 99, (17, 33), np.int32)
    found = []
    for number in (1, 2):
        threads(number)
        out = np.empty((65, 17), np.int64)
        dense.dense_integer(signals, weights, np.arange(17), out)
        found.append((read(given_), out))
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])
