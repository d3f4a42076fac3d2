"""What stands between products does what its reference implementations do, with any number of threads."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.kernels.compile import threads
from hwsim.kernels.reading import integer, layers
from hwsim.kernels.reading.reads import Settling, Windows
from hwsim.model import activate
from hwsim.model.activation import CODES
from hwsim.model.layer import Window, pad_same
from tests.oracles import layers as plain_layers

SEEDS = st.integers(0, 2**32)
SIDES = st.integers(1, 6)


@given(size=st.tuples(SIDES, SIDES), kernel=st.tuples(SIDES, SIDES), stride=st.tuples(SIDES, SIDES), seed=SEEDS)
@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_windows(kind: Any, size: Any, kernel: Any, stride: Any, seed: int) -> None:
    """Same padding always fits; valid pools where it does."""
    rng = np.random.default_rng(seed)
    image = rng.integers(-99, 99, (2, *size, 3)).astype(kind)
    for window in (pad_same(size, kernel, stride), Window(kernel, stride)):
        places = window.places(size)
        if min(places) < 1:
            continue
        windows = Windows._make([*kernel, *stride, *window.before, *places])
        rows = np.full((2 * places[0] * places[1], 3 * kernel[0] * kernel[1]), 7, kind)
        layers.gather_windows(image, windows, rows)
        assert np.array_equal(rows, plain_layers.gather_windows(image, windows))
    assert pad_same(size, kernel, stride).places(size) == (-(-size[0] // stride[0]), -(-size[1] // stride[1]))
    if min(places) >= 1:
        for name in ("pool_largest", "pool_sum"):
            found = np.full((2, *places, 3), 7, kind)
            getattr(layers, name)(image, windows, found)
            assert np.array_equal(found, getattr(plain_layers, name)(image, windows))


def parameters(name: str, units: int, rng: np.random.Generator) -> list[float]:
    match name:
        case "leaky-relu":
            return [0.1]
        case "look-up":
            return [-1.5, 2.0, 7, *rng.normal(size=7 * rng.choice([1, units]))]
        case "legendre" | "laguerre" | "hermite":
            return list(rng.normal(size=5))
    return []


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", CODES)
@given(rows=st.integers(0, 4), units=st.integers(1, 5), seed=SEEDS)
def test_settle(name: Any, kind: Any, rows: int, units: int, seed: int) -> None:
    """Single precision against double; a step or an entry of a table may change at an edge, which is rare."""
    rng = np.random.default_rng(seed)
    sums, gain, bias = (rng.normal(size=s).astype(kind) for s in ((rows, units), units, units))
    given_ = parameters(name, units, rng)
    out = np.full((rows, units), np.nan, kind)
    layers.activate(sums, gain, bias, CODES[name], np.array(given_ or [0.0]), out)
    wanted = activate(name, given_, (gain * sums + bias).astype(np.float64))
    assert out == pytest.approx(
        wanted, rel=1e-5 if kind == np.float32 else 1e-12, abs=1e-4 if kind == np.float32 else 1e-11
    )
    layers.activate(sums, gain, bias, CODES[name], np.array(given_ or [0.0]), sums)
    assert np.array_equal(sums, out)


@given(
    rows=st.integers(0, 5),
    units=st.integers(1, 5),
    kind=st.integers(0, 3),
    shift=st.integers(0, 12),
    slope=st.integers(0, 6),
    seed=SEEDS,
)
def test_settle_integers(rows: int, units: int, kind: int, shift: int, slope: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sums = rng.integers(-(2**20), 2**20, (rows, units)).astype(np.float32)
    bias = rng.integers(-(2**18), 2**18, units)
    tables = rng.integers(-9, 9, (rng.choice([1, units]), 256)).astype(np.int32)
    law = Settling(kind, shift, -128 if kind == 3 else 0, 127, slope)
    out = np.full((rows, units), np.nan, np.float32)
    integer.settle_integers(sums, bias, law, tables, out)
    assert out.tolist() == plain_layers.settle_integers(sums, bias, law, tables)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one processor")  # type: ignore[attr-defined]
def test_any_number_of_threads_gives_the_same() -> None:
    rng = np.random.default_rng(0)
    before, found = numba.get_num_threads(), []
    sums: NDArray[np.float32] = rng.normal(size=(65, 33)).astype(np.float32)
    image = rng.normal(size=(5, 9, 9, 3)).astype(np.float32)
    try:
        for number in (1, 2):
            threads(number)
            out, pooled = np.empty_like(sums), np.empty((5, 4, 4, 3), np.float32)
            layers.activate(sums, sums[0], sums[1], CODES["tanh"], np.zeros(1), out)
            layers.pool_sum(image, Windows(2, 2, 2, 2, 0, 0, 4, 4), pooled)
            found.append((out, pooled))
    finally:
        threads(before)
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])
