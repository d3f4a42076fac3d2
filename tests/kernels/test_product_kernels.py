"""The product kernels do what their plain twins do, with any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.kernels import dense, noise, photonic, plain_photonic
from hwsim.kernels import plain_products as plain
from hwsim.kernels.compile import threads

SEEDS = st.integers(0, 2**32)
SIZES = st.integers(1, 20)
WAYS = ("clear", "lossy", "weak", "faulty")


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
    samples: int,
    inputs: int,
    units: int,
    rows: int,
    columns: int,
    seed: int,
    *,
    noisy: bool,
    moved: bool = True,
    ways: str = "clear",
) -> dict[str, Any]:
    """Arguments of a read with every number of its own size: nothing in it cancels by chance.

    Ways to the cells are ``clear``, ``lossy``, or ``lossy`` and made up for by ``weak`` drives, ``faulty`` ones even.
    """
    rng = np.random.default_rng(seed)
    vectors, own = int(rng.integers(1, 5)), bool(rng.integers(2))
    planes, darks = vectors if rng.integers(2) else 1, units if own else -(-units // columns)
    order = [rng.permutation(inputs) for _ in range(units)] if moved else [np.arange(inputs)]
    lossy, weak, faulty = (len(order) * (ways in known) for known in (WAYS[1:], WAYS[2:], WAYS[3:]))
    return {
        "drive": rng.random((samples, inputs)),
        "bright": rng.random((planes, units, inputs)),
        "dark": rng.random((planes, darks, inputs)),
        "input_on": np.array(order, np.int64),
        "share": rng.uniform(0.1, 1, (lossy, inputs)),
        "scale": rng.uniform(0.1, 1, (weak, inputs)),
        "faults": rng.uniform(0.9, 1.1, (2, samples, inputs if faulty else 0)),
        "law": np.array(
            [
                *(2e-3, 1e-5, 1e-9, 0.01, 2e-3 * rng.uniform(0.001, 0.1), rng.choice([0.0, 0.01])),
                *(rng.choice([0.0, 255.0]), 0.01),
            ]
        ),
        "shape": np.array([rows, columns, vectors, int(noisy)]),
        "key": rng.integers(0, 2**64, 2, np.uint64),
    }


def read(given_: dict[str, Any]) -> np.ndarray:
    out = np.full((len(given_["drive"]), given_["bright"].shape[1]), np.nan)
    photonic.read_tiles(**given_, out=out)
    return out


def steps(given_: dict[str, Any]) -> float:
    """A converter step of a whole tile."""
    return float(given_["law"][4] * min(given_["shape"][0], given_["drive"].shape[1]))


@given(
    samples=st.integers(0, 70),
    inputs=SIZES,
    units=SIZES,
    rows=st.integers(1, 9),
    columns=st.integers(1, 5),
    seed=SEEDS,
    noisy=st.booleans(),
    moved=st.booleans(),
    ways=st.sampled_from(WAYS),
)
def test_tiles(
    samples: int, inputs: int, units: int, rows: int, columns: int, seed: int, noisy: bool, moved: bool, ways: str
) -> None:
    """Equal but for the order of sums; on the edge of two codes that may be a step a tile, seen in 1 of 1e10 reads."""
    given_ = core(samples, inputs, units, rows, columns, seed, noisy=noisy, moved=moved, ways=ways)
    assert read(given_) == pytest.approx(plain_photonic.read_tiles(**given_), rel=1e-9, abs=1e-9 * steps(given_))


@given(inputs=SIZES, units=SIZES, seed=SEEDS)
def test_tiles_of_one_cell(inputs: int, units: int, seed: int) -> None:
    """Every cell is converted alone: the law of one row written down for whole arrays at once."""
    given_ = core(3, inputs, units, 1, 1, seed, noisy=False)
    given_["law"][5], given_["shape"][2] = 0, 1
    full, step = given_["law"][0], steps(given_)
    light = full * given_["drive"][:, given_["input_on"]]
    lit, shade = (np.rint(light * given_[side][0] / step) for side in ("bright", "dark"))
    assert read(given_) / step == pytest.approx((lit - shade).sum(axis=2), abs=1e-9)


@given(inputs=SIZES, units=SIZES, rows=st.integers(1, 9), columns=st.integers(1, 5), seed=SEEDS)
def test_a_permutation_of_rows_is_one_of_inputs(inputs: int, units: int, rows: int, columns: int, seed: int) -> None:
    """Input p[r] on row r is the straight core with that row's light; a fine converter hides the order of sums."""
    given_ = core(2, inputs, units, rows, columns, seed, noisy=False, moved=False)
    p = np.random.default_rng(seed).permutation(inputs)
    moved = {**given_, "input_on": np.tile(np.argsort(p), (units, 1)), "drive": given_["drive"][:, p]}
    assert read(moved) == pytest.approx(read(given_), abs=1e-9 * steps(given_))


def test_noise_of_size_zero_is_none() -> None:
    given_ = core(3, 7, 5, 3, 2, 0, noisy=True)
    given_["law"][1:4] = 0
    quiet = {**given_, "shape": np.array([*given_["shape"][:3], 0])}
    assert np.array_equal(read(given_), read(quiet))
    given_["law"][1:4] = 1e-5, 1e-9, 0.01
    assert not np.array_equal(read(given_), read(quiet))


def test_vectors_share_the_core() -> None:
    """Sample s is vector s mod V: it sees plane s mod V, and a share of the currents of its read's other vectors."""
    given_ = core(8, 6, 5, 6, 1, 3, noisy=False, moved=False)
    rng = np.random.default_rng(0)
    given_["bright"], given_["dark"] = rng.random((4, 5, 6)), rng.random((4, 5, 6))
    given_["shape"][2], given_["law"][4:6] = 4, (0.0, 0.01)
    planes = np.einsum("rvi,vui->rvu", given_["drive"].reshape(2, 4, 6), given_["bright"] - given_["dark"])
    wanted = 0.99 * planes + 0.01 * planes.sum(axis=1, keepdims=True)
    assert read(given_) == pytest.approx(2e-3 * wanted.reshape(8, 5), rel=1e-9, abs=1e-12)


def test_draws_of_the_twin() -> None:
    """Number for number those of the kernel, tails included; their law is tested with the kernel."""
    out = np.empty((1, 30_000))
    noise.draw_normals(out, np.uint64(7))
    assert out[0] == pytest.approx([plain_photonic.normal(7, n) for n in range(out.size)], rel=1e-12)
    assert abs(out).max() > plain_photonic.TAIL


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
