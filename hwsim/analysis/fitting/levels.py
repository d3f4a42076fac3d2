"""What is estimated at each level: programmed value, spread, drift exponent, read noise, each with its standard error.

A cell's value at a time t is ``G (t / t0)^-nu (1 + Q s(t) N)``: programmed at random around its level, drifting with an
exponent of its own, read with noise in proportion. Noise is told from repeated reads, or from what is left beside the
drift; logarithms of noisy means are made free of bias to fourth order in the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hwsim.analysis.fitting.table import Measurements

    Array = NDArray[Any]

NOISIEST = 0.25
"""Relative noise of a mean of reads beyond which its logarithm is too far off to say how a cell drifts."""
CLEAR = 4.0
"""Standard deviations between a level and zero, where cells would be cut off."""
TIMES = 2
"""Times that a drift needs, and cells that a spread needs."""


@dataclass(frozen=True)
class Levels:
    """Estimates, one per level in rising order, float64 (levels,); NaN where a level does not tell.

    ``mean`` of the programmed cells and ``spread`` between them as first read; ``variance`` is that spread squared,
    ``noise`` the part of it that is noise of reads; ``exponent`` and ``exponent_spread`` of drift whose
    sign is dropped, ``slope`` the plain mean of it with its sign; ``flicker`` is Q.
    Those ending in ``_error`` are standard errors.
    """

    target: Array
    cells: NDArray[np.int64]
    mean: Array
    mean_error: Array
    spread: Array
    variance: Array
    noise: Array
    exponent: Array
    exponent_error: Array
    exponent_spread: Array
    exponent_spread_error: Array
    slope: Array
    slope_error: Array
    flicker: Array
    flicker_error: Array
    first: float
    """Time of the first read, s; NaN where no times are known."""
    last: float
    reads: int
    times: int
    clear: NDArray[np.bool_]
    """Levels far enough from zero that no cell was cut off there."""


@dataclass(frozen=True)
class _Reads:
    """Reads of a cell at one time: their mean, variance, number; which cell, and how strong noise of Q = 1 would be."""

    sample: NDArray[np.int64]
    level: NDArray[np.int64]
    time: Array
    mean: Array
    variance: Array
    count: Array
    strength: Array


def estimate(table: Measurements, strength: Callable[[Array], Array]) -> Levels:
    """Estimate every level of a table.

    Args:
        table: the measurements.
        strength: relative read noise at times (s) of a cell whose Q is 1.
    """
    reads = _gather(table, strength)
    levels = int(table.level.max()) + 1
    target = np.array([table.target[table.level == n][0] for n in range(levels)])
    flicker, freedom = _noise(reads, levels)
    lines = _drift_lines(reads, flicker, levels)
    if not np.isfinite(flicker).any():
        flicker, freedom = lines.left, lines.freedom
        lines = _drift_lines(reads, flicker, levels)
    first = float(reads.time.min())
    start = _first_reads(reads)
    known = np.nan_to_num(flicker)
    relative = (known[start.level] * start.strength) ** 2 / start.count
    noise = start.mean**2 * relative / (1 + relative)
    drift = [_fold(lines.slope[lines.level == n], lines.variance[lines.level == n]) for n in range(levels)]
    slopes = [_mean(lines.slope[lines.level == n]) for n in range(levels)]
    moved = np.nan_to_num(np.array([one[0] for one in drift]))
    value = start.mean * (start.time / first) ** moved[start.level]
    found = np.array([_moments(value[start.level == n], noise[start.level == n]) for n in range(levels)])
    cells = np.bincount(start.level, minlength=levels)
    spread = np.sqrt(np.maximum(found[:, 1] - found[:, 2], 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return Levels(
            target=target,
            cells=cells,
            mean=found[:, 0],
            mean_error=np.sqrt(found[:, 1] / cells),
            spread=spread,
            variance=found[:, 1],
            noise=found[:, 2],
            exponent=np.array([one[0] for one in drift]),
            exponent_error=np.array([one[2] for one in drift]),
            exponent_spread=np.array([one[1] for one in drift]),
            exponent_spread_error=np.array([one[3] for one in drift]),
            slope=np.array([one[0] for one in slopes]),
            slope_error=np.array([one[1] for one in slopes]),
            flicker=flicker,
            flicker_error=flicker / np.sqrt(2 * freedom),
            first=first if table.time is not None else float("nan"),
            last=float(reads.time.max()) if table.time is not None else float("nan"),
            reads=len(table.value),
            times=len(np.unique(reads.time)) if table.time is not None else 0,
            clear=found[:, 0] > CLEAR * np.sqrt(found[:, 1]),
        )


def _gather(table: Measurements, strength: Callable[[Array], Array]) -> _Reads:
    """Put the reads of one cell at one time together."""
    time = np.ones(len(table.value)) if table.time is None else table.time
    order = np.lexsort((time, table.sample))
    sample, when, value = table.sample[order], time[order], table.value[order]
    new = np.flatnonzero(np.r_[True, (np.diff(sample) != 0) | (np.diff(when) != 0)])
    count = np.diff(np.r_[new, len(value)]).astype(np.float64)
    mean = np.add.reduceat(value, new) / count
    square = np.add.reduceat((value - np.repeat(mean, count.astype(np.int64))) ** 2, new)
    variance = np.where(count > 1, square / np.maximum(count - 1, 1), 0.0)
    scale = np.ones(len(new)) if table.time is None else strength(when[new])
    return _Reads(sample[new], table.level[order][new], when[new], mean, variance, count, scale)


def _noise(reads: _Reads, levels: int) -> tuple[Array, Array]:
    """Estimate Q of every level from repeated reads, and its degrees of freedom."""
    again = (reads.count > 1) & (reads.mean > 0)
    level, count, strength = reads.level[again], reads.count[again], reads.strength[again] ** 2
    share = reads.variance[again] / reads.mean[again] ** 2 / strength
    freedom = np.bincount(level, count - 1, levels)
    found = np.zeros(levels)
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(3):  # one over the square of a noisy mean is too large
            high = 1 + 3 * np.nan_to_num(found)[level] * strength / count
            found = np.bincount(level, (count - 1) * share / high, levels) / freedom
        return np.sqrt(found), freedom


@dataclass(frozen=True)
class _Lines:
    """Drift of single cells: exponents and variances of their errors; per level, Q from what lies off the lines."""

    level: NDArray[np.int64]
    slope: Array
    variance: Array
    left: Array
    freedom: Array


def _drift_lines(reads: _Reads, flicker: Array, levels: int) -> _Lines:
    """Fit a line to the logarithms of every cell that was read at several times."""
    relative = np.nan_to_num(flicker)[reads.level] ** 2 * reads.strength**2 / reads.count
    noisy = np.bincount(reads.level, relative > NOISIEST**2, levels) > 0
    dark = np.bincount(reads.sample, reads.mean <= 0) > 0  # cut off, or without a logarithm
    use = ~noisy[reads.level] & ~dark[reads.sample]
    _, cell = np.unique(reads.sample[use], return_inverse=True)
    cell = cell.reshape(-1)
    level = np.zeros(int(cell.max(initial=-1)) + 1, np.int64)
    level[cell] = reads.level[use]
    q = relative[use]
    x, y = np.log(reads.time[use] / reads.time.min()), np.log(np.maximum(reads.mean[use], 1e-300))
    y = y + q / 2 + 0.75 * q**2  # a noisy mean's logarithm lies too low
    weight = reads.count[use] / reads.strength[use] ** 2

    def total(of: Array) -> Array:
        return np.bincount(cell, of, len(level))

    whole = total(weight)
    middle, height = total(weight * x) / whole, total(weight * y) / whole
    width = total(weight * (x - middle[cell]) ** 2)
    times = total(np.ones(len(x)))
    told = (times >= TIMES) & (width > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = total(weight * (x - middle[cell]) * (y - height[cell])) / width
        left = total(weight * (y - height[cell] - slope[cell] * (x - middle[cell])) ** 2)
        mean_q = total(q) / times
        error = np.nan_to_num(flicker)[level] ** 2 * (1 + 2.5 * mean_q) / width
        free = np.where(told, times - TIMES, 0.0)
        sums = np.bincount(level[told], left[told], levels)
        freedom = np.bincount(level, free, levels)
        rest = np.sqrt(np.where(freedom > 0, sums / freedom, np.nan))
    rest = _unbiased(rest, reads, levels)
    return _Lines(level[told], -slope[told], error[told], rest, freedom)


def _unbiased(rest: Array, reads: _Reads, levels: int) -> Array:
    """Estimate Q from the spread of logarithms, which is wider than that of the reads by 5/4 of their variance."""
    share = np.bincount(reads.level, reads.strength**2 / reads.count, levels) / np.bincount(
        reads.level, minlength=levels
    )
    found = rest.copy()
    for _ in range(6):
        found = rest / np.sqrt(1 + 2.5 * found**2 * share)
    return found


def _first_reads(reads: _Reads) -> _Reads:
    """Select the first reads of every cell."""
    first = np.flatnonzero(np.r_[True, np.diff(reads.sample) != 0])  # rows lie by cell and then by time
    return _Reads(*(getattr(reads, name)[first] for name in _Reads.__dataclass_fields__))


def _moments(value: Array, noise: Array) -> tuple[float, float, float]:
    """Compute mean and sample variance of cells, and the part of that which reads add."""
    return float(value.mean()), float(value.var(ddof=1)) if len(value) > 1 else float("nan"), float(noise.mean())


def _mean(values: Array) -> tuple[float, float]:
    """Compute the mean and its standard error; NaN of less than two."""
    if len(values) < TIMES:
        return float("nan"), float("nan")
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _fold(slope: Array, variance: Array) -> tuple[float, float, float, float]:
    """Estimate mean and spread of exponents ``|mu + sigma N|`` measured with errors, and both standard errors.

    Most likely values; the standard errors are from the curvature of the likelihood there.

    Example:
        >>> slopes = np.abs(np.random.default_rng(0).normal(0.05, 0.03, 4000))
        >>> mean, spread, one, other = _fold(slopes, np.full(4000, 1e-6))
        >>> bool(abs(mean - 0.05) < 4 * one), bool(abs(spread - 0.03) < 4 * other)
        (True, True)
    """
    if len(slope) < TIMES + 1:
        return (float("nan"),) * 4
    from scipy.optimize import minimize
    from scipy.special import log_ndtr

    size = max(float(np.abs(slope).mean()), float(slope.std()), 1e-12)
    seen, wide = slope / size, variance / size**2

    def loss(at: Array) -> float:
        mu, var = at[0], float(np.exp(2 * at[1]))
        both = var + wide
        narrow = np.sqrt(var * np.maximum(wide, 1e-12 * both) / both)
        sides = []
        for sign in (1, -1):
            middle = (sign * mu * wide + seen * var) / both
            sides.append(-((seen - sign * mu) ** 2) / 2 / both + log_ndtr(middle / narrow))
        return float((np.log(both) / 2 - np.logaddexp(*sides)).sum())

    rest = max(float(seen.var(ddof=1) - wide.mean()), 1e-6)
    begin = np.array([abs(float(seen.mean())), np.log(rest) / 2])
    found = minimize(loss, begin, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 800}).x
    spread = float(np.exp(found[1])) * (1 + 0.75 / len(seen))  # the likeliest spread is too small by so much
    curve = _curvature(loss, found)
    covariance = np.linalg.pinv(curve, hermitian=True)
    sizes = np.sqrt(np.maximum(np.diag(covariance), 0))
    floor = float(np.sqrt(wide.mean()) * (2 / len(seen)) ** 0.25)  # of a spread that errors hide
    wide_spread = spread * float(sizes[1]) if spread > floor / 2 else floor
    return abs(float(found[0])) * size, spread * size, float(sizes[0]) * size, wide_spread * size


def _curvature(loss: Callable[[Array], float], at: Array, step: float = 1e-3) -> Array:
    """Compute second derivatives of a function of few numbers, by differences."""
    count = len(at)
    steps = np.eye(count) * step
    found = np.empty((count, count))
    for i in range(count):
        for j in range(count):
            corners = [loss(at + a * steps[i] + b * steps[j]) for a in (1, -1) for b in (1, -1)]
            found[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    return found
