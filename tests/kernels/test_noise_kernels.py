"""Normal deviates: of the right law, the same whichever way they are drawn, and as a plain reference draws them."""

from __future__ import annotations

from math import exp, log

import numba
import numpy as np
import pytest
from scipy import stats

from hwsim.kernels.compile import SMALL, threads
from hwsim.kernels.reading import noise
from hwsim.kernels.reading.reads import Converter

MASK = 2**64 - 1


def plain_mix(state: int) -> int:
    state = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ state >> 27) * 0x94D049BB133111EB) & MASK
    return state ^ state >> 31


def plain_normal(key: int, number: int) -> float:
    """Deviate ``number`` of a key, in integers of any length."""
    gamma, edge = 0x9E3779B97F4A7C15, [float(e) for e in noise.EDGES]
    state = bits = plain_mix((key + (number + 1) * gamma) & MASK)

    def uniform() -> int:
        nonlocal state
        state = (state + gamma) & MASK
        return plain_mix(state)

    while True:
        layer, u = bits & 255, (bits >> 11) * 2.0**-52 - 1
        x: float = u * edge[layer]
        if abs(x) < edge[layer + 1]:
            return x
        while layer == 0:
            a, b = ((uniform() >> 11) + 0.5) * 2.0**-53, ((uniform() >> 11) + 0.5) * 2.0**-53
            far: float = log(a) / noise.TAIL
            if -2 * log(b) >= far * far:
                return far - noise.TAIL if u < 0 else noise.TAIL - far
        outer, inner = (exp(-0.5 * (e * e - x * x)) for e in edge[layer : layer + 2])
        if inner + (uniform() >> 11) * 2.0**-53 * (outer - inner) < 1:
            return x
        bits = uniform()


def test_the_reference() -> None:
    out = np.empty((40, 100))
    for key in (0, 12345, MASK):
        noise.draw_normals(out, np.uint64(key))
        assert out.reshape(-1) == pytest.approx([plain_normal(key, n) for n in range(out.size)], rel=1e-12)


def test_the_law() -> None:
    """H0: standard normal. 1e6 deviates; Kolmogorov-Smirnov, chi-square of the variance, and binomial counts beyond
    3 and beyond the ziggurat's edge; H0: neighbours are uncorrelated. False alarms 1e-3 a test, key fixed."""
    out = np.empty((1000, 1000))
    noise.draw_normals(out, np.uint64(7))
    z = out.reshape(-1)
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert 5e-4 < stats.chi2(z.size).cdf((z**2).sum()) < 1 - 5e-4
    for edge in (3.0, noise.TAIL):
        assert stats.binomtest(int((np.abs(z) > edge).sum()), z.size, 2 * stats.norm.sf(edge)).pvalue > 1e-3
    for lag in (1, 1000):
        assert abs(np.corrcoef(z[:-lag], z[lag:])[0, 1]) < 3.3 / 1000


@pytest.mark.parametrize("size", [1, 63, 64, 65, 200_000])
def test_single_precision(size: int) -> None:
    """The same deviates to 2^-23 of themselves and 2^-28, the rare ones of edges and tail among them."""
    wanted, found = np.empty(size), np.full(size, np.nan, np.float32)
    for key in (0, 12345, MASK):
        noise.fill_normals(np.uint64(key), noise.GAMMA, wanted)
        noise.fill_singles(np.uint64(key), noise.GAMMA, found)
        assert (np.abs(found - wanted) <= 2.0**-23 * np.abs(wanted) + 2.0**-28).all()
    assert size < 1000 or np.abs(found).max() > noise.TAIL


def test_places_of_bits() -> None:
    bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
    assert noise.PLACES[(bits * noise.RULER) >> np.uint64(58)].tolist() == list(range(64))


@pytest.mark.parametrize("step", [0.0, 0.25])
def test_reads(step: float) -> None:
    """Noise of both variances, then the converter; small work and large give the same deviates."""
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(5, 4)).astype(np.float32)
    variances = rng.random((5, 4)).astype(np.float32)
    law, common = Converter(*np.array([step, -3, 3], np.float32)), np.float32(0.5)
    normals = np.empty((5, 4))
    noise.draw_normals(normals, np.uint64(3))
    wanted = sums + normals * np.sqrt(variances + 0.5)
    wanted = np.clip(np.rint(wanted / step), -3, 3) * step if step else wanted
    noise.convert_outputs(sums, variances, common, np.uint64(3), law, 1)
    assert sums == pytest.approx(wanted, rel=1e-5, abs=1e-6)
    before = sums.copy()
    noise.convert_outputs(sums, np.empty((0, 0), np.float32), common, np.uint64(3), law, 0)
    assert np.array_equal(sums, before)


def test_inputs() -> None:
    x = np.array([[0.1, 0.3, 9.0, -9.0]], np.float32)
    out, squares = np.empty_like(x), np.empty_like(x)
    noise.convert_inputs(x, Converter(*np.array([0.25, -2, 3], np.float32)), out, squares)
    assert out.tolist() == [[0.0, 0.25, 0.75, -0.5]]
    assert squares.tolist() == [[0.0, 0.0625, 0.5625, 0.25]]


def test_small_work_and_large_and_any_threads_agree() -> None:
    before, found = numba.get_num_threads(), []
    large = np.empty((SMALL // 64 + 1, 64))
    try:
        for number in (1, int(numba.config.NUMBA_NUM_THREADS)):  # type: ignore[attr-defined]
            threads(number)
            noise.draw_normals(large, np.uint64(9))
            found.append(large.copy())
    finally:
        threads(before)
    small = np.empty((10, 64))
    noise.draw_normals(small, np.uint64(9))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(small, found[0][:10])
