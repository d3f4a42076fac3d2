"""The product kernels do what their reference implementations do, with any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.kernels.compile import threads
from hwsim.kernels.reading import dense, light, noise, photonic, photonic_column, planes, reads
from hwsim.kernels.reading.turns import take_turns
from tests.oracles import photonic as plain_photonic
from tests.oracles import products as plain

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
    share = rng.uniform(0.1, 1, (lossy, inputs))
    for unit in range(1, len(order)):  # some units want the light of the one before, on all rows or on the first ones
        if rng.integers(2):
            order[unit] = order[unit - 1].copy()
            share[unit:][:1] = share[unit - 1 :][:1]
            order[unit][inputs // 2 :] = rng.permutation(order[unit][inputs // 2 :])
    return {
        "drive": rng.random((samples, inputs)),
        "bright": rng.random((planes, units, inputs)),
        "dark": rng.random((planes, darks, inputs)),
        "input_on": np.array(order),
        "share": share,
        "least": share[:weak].min(axis=1, initial=1),
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


def held(values: np.ndarray, kind: Any) -> planes.Planes:
    """Transmissions as a kernel takes them; packed for reads in float32."""
    found = planes.empty(values.shape, exact=kind == np.float64)
    planes.fill(found, 0, list(values))
    return found


def read(given_: dict[str, Any], kind: Any = np.float64) -> np.ndarray:
    samples, (rows, columns, vectors, _) = len(given_["drive"]), given_["shape"].tolist()

    def standing(rows: np.ndarray) -> np.ndarray:
        found = light.blocks(samples, rows.shape[1], vectors, kind)
        for first in range(0, samples, 50):  # in parts, as they come
            light.stand(rows[first : first + 50], first, vectors, found)
        return found

    faults = given_["faults"]
    out = np.full((samples, given_["bright"].shape[1]), np.nan, kind)
    lit = reads.Light(
        standing(given_["drive"]),
        np.array([standing(f) for f in faults]) if faults.size else np.empty((2, 0, 0, 0), kind),
    )
    ways = reads.Ways(
        given_["input_on"].astype(np.uint16),  # as chips have it, so that it is compiled once
        given_["share"].astype(kind),
        given_["least"].astype(kind),
        np.zeros((0, 0), np.uint16),
    )
    if len(ways.input_on) > 1:
        (units, inputs), stale = ways.input_on.shape, np.ones(-(-len(ways.input_on) // columns), bool)
        turn = np.full((units, -(-inputs // rows)), 99, np.uint16)
        take_turns(ways, columns, rows, stale, turn)
        ways = ways._replace(turn=turn)
    law, tiles = reads.PhotonicLaw(*given_["law"].tolist()), reads.Tiles(*given_["shape"].tolist(), *given_["key"])
    photonic.read_tiles(lit, held(given_["bright"], kind), held(given_["dark"], kind), ways, law, tiles, out)
    return out


def steps(given_: dict[str, Any]) -> float:
    """A converter step of a whole tile."""
    return float(given_["law"][4] * min(given_["shape"][0], given_["drive"].shape[1]))


@settings(max_examples=30)
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


@settings(max_examples=30)
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
def test_tiles_in_float32(
    samples: int, inputs: int, units: int, rows: int, columns: int, seed: int, noisy: bool, moved: bool, ways: str
) -> None:
    """As in float64 over the same transmissions and drives, but for rounding, by an exact converter.

    A sum is off by 2^-24 of itself a term, its noise by 2^-24; converters of inputs, whose decisions are rounded
    likewise, are exact here too.
    """
    given_ = core(samples, inputs, units, rows, columns, seed, noisy=noisy, moved=moved, ways=ways)
    given_["law"][[4, 6]] = 0
    given_["drive"] = given_["drive"].astype(np.float32).astype(float)
    kept = {side: held(given_[side], np.float32) for side in ("bright", "dark")}
    given_ |= {side: np.array([planes.values(h, p) for p in range(len(h.fine))]) for side, h in kept.items()}
    wanted = plain_photonic.read_tiles(**given_)
    assert read(given_, np.float32) == pytest.approx(wanted, abs=inputs * 2.0**-21 * given_["law"][0])


@pytest.mark.parametrize("ways", WAYS)
def test_steps_in_float32(ways: str) -> None:
    """By a converter of 1000 steps: whole numbers of steps off, in fewer than 1 read of 1000."""
    given_ = core(70, 36, 11, 9, 4, 5, noisy=True, ways=ways)
    given_["law"][4], given_["law"][6] = 1e-6 * given_["law"][0] / 2e-3, 0
    off = (read(given_, np.float32) - read(given_)) / steps(given_)
    assert off == pytest.approx(np.rint(off), abs=0.01)
    assert np.abs(off).max() <= 1
    assert (np.abs(off) > 0.5).mean() < 2 * 4 / 1000  # two columns, four tiles


@given(
    count=st.integers(1, 5),
    rows=st.integers(1, 6),
    cells=st.integers(1, 40),
    low=st.sampled_from([0.0, 0.3]),
    spread=st.sampled_from([0.0, 1e-9, 0.01, 0.9]),
    seed=SEEDS,
)
def test_planes(count: int, rows: int, cells: int, low: float, spread: float, seed: int) -> None:
    """What is held is as near as is said, fits float32, is not below 0, and is what a kernel gets."""
    rng = np.random.default_rng(seed)
    base = rng.uniform(low, 1, (rows, cells))
    wanted = np.array([base, *(base * rng.uniform(1 - spread, 1 + spread, (count - 1, rows, cells)))])
    kept = held(wanted, np.float32)
    found = np.array([planes.values(kept, p) for p in range(count)])
    top = wanted.max(axis=(0, 2))[:, None]
    assert (np.abs(found[0] - wanted[0]) <= 2.0**-24 * top).all()
    largest = np.abs(wanted - wanted[0]).max(axis=(0, 2))[:, None]
    assert (np.abs(found - wanted) <= np.maximum(largest / 32766, 2.0**-24 * top)).all()
    assert np.array_equal(found.astype(np.float32), found)
    assert (found >= 0).all()
    row, begin = int(rng.integers(rows)), int(rng.integers(cells))
    for form, values in ((kept, found), (held(wanted, np.float64), wanted)):
        got = np.empty((count, cells - begin))
        photonic_column.fetch(form, row, begin, cells, 0.75, got)
        assert got == pytest.approx(0.75 * values[:, row, begin:], rel=1e-15)
        assert np.array_equal(planes.values(form, count - 1, slice(row, row + 1)), values[-1:, row])


@given(inputs=SIZES, units=SIZES, seed=SEEDS)
def test_tiles_of_one_cell(inputs: int, units: int, seed: int) -> None:
    """Every cell is converted alone: the law of one row written down for whole arrays at once."""
    given_ = core(3, inputs, units, 1, 1, seed, noisy=False)
    given_["law"][5], given_["shape"][2] = 0, 1
    full, step = given_["law"][0], steps(given_)
    light_ = full * given_["drive"][:, given_["input_on"]]
    lit, shade = (np.rint(light_ * given_[side][0] / step) for side in ("bright", "dark"))
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
        found.append((read(given_), read(given_, np.float32), out))
    assert all(np.array_equal(one, other) for one, other in zip(*found, strict=True))
