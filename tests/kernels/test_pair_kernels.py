"""Pairs of deviates from one number of bits, and reads that use them: the law, and a Monte Carlo of the read itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from hwsim.kernels.reading import noise, pairs
from tests.kernels.test_product_kernels import read
from tests.oracles import photonic as plain


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_reference(kind: Any) -> None:
    """Edges of layers (3 of 1000) and, by the choice of the keys, the tail (1 of 18,600) among both of the pairs."""
    one, other = np.full((2, 5_001), np.nan, kind)
    for key in (1, 21):
        pairs.fill_pairs(np.uint64(key) + noise.GAMMA, noise.GAMMA, one, other)
        wanted = np.array([plain.pair(key, n) for n in range(one.size)]).T
        assert np.array([one, other]) == pytest.approx(wanted, rel=2.0**-22, abs=2.0**-27)
        assert (np.abs(wanted).max(axis=1) > pairs.TAIL).all()


def test_the_law() -> None:
    """H0: standard normals, independent. 1e6 pairs; Kolmogorov-Smirnov, chi-square of the variance, binomial counts
    beyond 3 and in the tail, chi-square of 16 x 16 equally likely cells. False alarms 1e-3 a test, key fixed."""
    found = np.empty((2, 1_000_000))
    pairs.fill_pairs(np.uint64(7), noise.GAMMA, found[0], found[1])
    for z in found:
        assert stats.kstest(z, "norm").pvalue > 1e-3
        assert 5e-4 < stats.chi2(z.size).cdf((z**2).sum()) < 1 - 5e-4
        for edge in (3.0, pairs.TAIL):
            assert stats.binomtest(int((np.abs(z) > edge).sum()), z.size, 2 * stats.norm.sf(edge)).pvalue > 1e-3
    cells = np.searchsorted(stats.norm.ppf(np.arange(1, 16) / 16), found)
    assert stats.chisquare(np.bincount(16 * cells[0] + cells[1], minlength=256)).pvalue > 1e-3


@pytest.mark.parametrize("spread", [0.2, 0.7, 5.0])
def test_reads_of_units_with_orders_of_their_own(spread: float) -> None:
    """H0: a unit's read has the mean and variance of two columns, each with a normal of its own, rounded, subtracted.

    NumPy's normals, 1e6 reads, against 40,000 of the kernel: two units, amplifier noise of ``spread`` steps and half as
    much shot noise at full light. z of both means and both variances, and of the correlation, which is 0; false alarms
    1e-3 in each of three cases together, seeds fixed.
    """
    rng, samples = np.random.default_rng(3), 40_000
    drive, bright, dark = rng.random(4), rng.random((1, 2, 4)), rng.random((1, 1, 4))
    order, row_step = np.array([[0, 1, 2, 3], [2, 0, 3, 1]]), 1 / 64
    step = 4 * row_step
    shot, thermal = (spread * step) ** 2 / 4, (spread * step) ** 2
    found = read(
        {
            "drive": np.tile(drive, (samples, 1)),
            "bright": bright,
            "dark": dark,
            "input_on": order,
            "share": np.empty((0, 4)),
            "least": np.empty(0),
            "faults": np.empty((2, samples, 0)),
            "law": np.array([1.0, shot, thermal, 0.0, row_step, 0.0, 0.0, 0.0]),
            "shape": np.array([4, 4, 1, 1]),
            "key": np.array([11, 12], np.uint64),
        },
        np.float32,
    ).astype(float)
    z = []
    for unit in range(2):
        currents = [float(drive[order[unit]] @ column) for column in (bright[0, unit], dark[0, 0])]
        one, other = (
            np.rint((c + np.sqrt(shot * c + thermal) * rng.normal(size=1_000_000)) / step) * step for c in currents
        )
        wanted, got = one - other, found[:, unit]
        z.append((got.mean() - wanted.mean()) / np.hypot(got.std() / got.size**0.5, wanted.std() / wanted.size**0.5))
        squares = [(x - x.mean()) ** 2 for x in (got, wanted)]
        errors = [s.std() / s.size**0.5 for s in squares]
        z.append((squares[0].mean() - squares[1].mean()) / np.hypot(*errors))
    z.append(np.corrcoef(found.T)[0, 1] * samples**0.5)
    assert np.abs(z).max() < stats.norm.isf(0.5e-3 / len(z))
