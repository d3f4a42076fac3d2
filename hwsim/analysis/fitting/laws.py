"""Laws of datasheets through estimates at levels, with the standard errors of their coefficients.

Estimates at levels are independent and come with standard errors, so laws are fitted by weighted least squares; spreads
by the likelihood of a sample variance (a gamma law), which weights by the law itself and not by the estimates. Standard
errors have closed forms; those of logarithms between plateaus are from resamples, with a seed that is stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device.resistive.fits import Fit

    Array = NDArray[Any]

ROUNDS = 60
"""Steps of scoring at most; a handful are needed."""
LINE = 2
"""Levels that a line needs, or a plateau."""
DOUBT = 4.0
"""How much better a law with a plateau must be, in squared standard errors: two of them."""
FINE = 4
"""Places between two levels where a plateau may end."""
RESAMPLES, SEED = 200, 0
"""Resamples behind the standard errors of a logarithm between plateaus, and their seed."""


class LawError(HwsimError, ValueError):
    """A law cannot be fitted; the message says what is missing."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class Fitted:
    """A fitted law: what a datasheet holds, a standard error for each of its free numbers, and what was not free."""

    value: Any
    errors: dict[str, float]
    notes: tuple[str, ...] = ()
    numbers: dict[str, float] | None = None
    """The free numbers by the names of their errors."""


def fit_spread(g: Array, variance: Array, noise: Array, freedom: Array, terms: int) -> tuple[Array, Array]:
    """Fit a polynomial spread ``sigma(g)`` to sample variances that also hold a known noise.

    Maximises the likelihood of the sample variances of normal errors: ``V = sigma(g)^2 + noise``.

    Args:
        g: levels (levels,).
        variance: sample variances at them.
        noise: variance of what was measured besides.
        freedom: degrees of freedom of each.
        terms: coefficients wanted, lowest order first.

    Returns:
        Coefficients (terms,) and their covariance (terms, terms).

    Raises:
        LawError: fewer levels than coefficients, or variances that leave nothing beside the noise.

    Example:
        >>> g = np.array([0.2, 0.5, 1.0])
        >>> found, covariance = fit_spread(g, (0.1 + 0.2 * g) ** 2, np.zeros(3), np.full(3, 99.0), 2)
        >>> found.round(6).tolist(), covariance.shape
        ([0.1, 0.2], (2, 2))
    """
    if len(g) < terms:
        raise LawError(f"{terms} coefficients need as many levels, and there are {len(g)}")
    rest = variance - noise
    if not (rest > 0).any():
        raise LawError("the noise of reads explains all that cells differ")
    powers = np.vander(g, terms, increasing=True)
    spread = np.sqrt(np.maximum(rest, 1e-3 * rest.max()))
    weights = np.sqrt(2 * freedom) * spread / np.maximum(variance, 1e-300)
    found = np.linalg.lstsq(powers * weights[:, None], spread * weights, rcond=None)[0]

    def loss(coefficients: Array) -> float:
        law = np.maximum((powers @ coefficients) ** 2 + noise, 1e-300)
        return float((freedom / 2 * (np.log(law) + variance / law)).sum())

    best, information = loss(found), np.eye(terms)
    for _ in range(ROUNDS):
        sigma = powers @ found
        law = np.maximum(sigma**2 + noise, 1e-300)
        slope = 2 * sigma[:, None] * powers
        information = (slope * (freedom / 2 / law**2)[:, None]).T @ slope
        score = slope.T @ (freedom / 2 * (variance - law) / law**2)
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        share = 1.0
        while share > 1e-6 and loss(found + share * step) > best:  # noqa: PLR2004 - as good as no step
            share /= 2
        new = loss(found + share * step)
        if best - new <= 1e-12 * abs(best):
            break
        found, best = found + share * step, new
    return found, np.linalg.pinv(information, hermitian=True)


def fit_law(form: Fit, g: Array, found: Array, errors: Array, *, scales: bool) -> Fitted:
    """Fit a law of the form that a base datasheet has to estimates at levels.

    Args:
        form: the law of the base datasheet: where its pieces part, and how many coefficients it has.
        g: levels, in units of the largest.
        found: estimates (levels,).
        errors: their standard errors.
        scales: whether an error grows with what it is an error of, as a spread's does.

    Raises:
        LawError: too few levels for a piece of it.
    """
    if form.power is not None:
        return _fit_power(form, g, found, errors)
    low = g < form.below
    values: dict[str, Any] = {"below": form.below}
    told: dict[str, float] = {}
    numbers: dict[str, float] = {}
    notes: list[str] = []
    if form.below > 0:
        piece = _fit_logarithm(form, g[low], found[low], errors[low], scales=scales)
        values |= piece.value
        told, numbers, notes = dict(piece.errors), dict(piece.numbers or {}), list(piece.notes)
    if form.below <= 1 and low.all():
        values["polynomial"] = list(form.polynomial)
        notes.append(f"polynomial kept from the base: no level from {form.below:g} of the largest on tells")
    elif form.below <= 1:
        terms, rows = len(form.polynomial), int((~low).sum())
        if terms > rows:
            notes.append(f"polynomial of {rows} coefficients in place of {terms}, as many as there are levels")
            terms = rows
        powers = np.vander(g[~low], terms, increasing=True)
        coefficients, covariance = _line(powers, found[~low], errors[~low], scales=scales)
        values["polynomial"] = coefficients.tolist()
        for power, (value, variance) in enumerate(zip(coefficients, np.diag(covariance), strict=True)):
            told[f"polynomial[{power}]"] = float(np.sqrt(variance))
            numbers[f"polynomial[{power}]"] = float(value)
    if not told:
        raise LawError("no level tells it")
    return Fitted({key: value for key, value in values.items() if value or key != "below"}, told, tuple(notes), numbers)


def _line(rows: Array, found: Array, errors: Array, *, scales: bool) -> tuple[Array, Array]:
    """Fit a line by least squares, weighted anew by the law where errors grow with it; return its covariance too."""
    weights, count = 1 / errors, rows.shape[1]
    coefficients: Array = np.zeros(count)
    covariance: Array = np.eye(count)
    for _ in range(4 if scales else 1):
        weighted = rows * weights[:, None]
        coefficients = np.linalg.lstsq(weighted, found * weights, rcond=None)[0]
        covariance = np.linalg.pinv(weighted.T @ weighted, hermitian=True)
        if scales:
            law = rows @ coefficients
            sound = (law > 0) & (found > 0)
            weights = np.where(sound, found / np.where(sound, law * errors, 1.0), 1 / errors)
    return coefficients, covariance


def _fit_logarithm(form: Fit, g: Array, found: Array, errors: Array, *, scales: bool) -> Fitted:
    """Fit ``clip(a ln g + b, least, largest)``, with its bounds wherever between levels the fit is best.

    Where levels leave open which of them lie on a plateau, errors of single levels say too little: standard errors are
    those of refits of resampled levels.
    """
    count = len(g)
    if count < LINE:
        note = f"logarithm and clip kept from the base: {count} levels below {form.below:g} of the largest tell"
        return Fitted({"logarithm": list(form.logarithm), "clip": list(form.clip)}, {}, (note,))
    x, weights = np.log(g), 1 / errors
    kinks = _kinks(x)
    best, reached = _clipped(x, kinks, weights, found[None])
    if scales:  # errors that grow with the law are taken from it
        law = np.clip(best[0, 0] * x + best[0, 1], best[0, 2], best[0, 3])
        sound = (law > 0) & (found > 0)
        weights = np.where(sound, found / np.where(sound, law * errors, 1.0), weights)
        best, reached = _clipped(x, kinks, weights, found[None])
    again = found + np.random.default_rng(SEED).standard_normal((RESAMPLES, count)) / weights
    sizes = _clipped(x, kinks, weights, again)[0].std(axis=0, ddof=1)
    names = ("logarithm[0]", "logarithm[1]", "least", "largest")
    slope, offset, least, largest = (float(number) for number in best[0])
    notes = [f"standard errors from {RESAMPLES} resamples of the levels, seed {SEED}"]
    for end, seen in zip(("first", "last"), reached[0], strict=True):
        if not seen:
            name = "least" if (end == "first") == (slope > 0) else "largest"
            notes.append(f"{name} not reached: it is what the line gives at the {end} level")
    told = dict(zip(names, sizes.tolist(), strict=True))
    law_ = {"logarithm": [slope, offset], "clip": [least, largest]}
    return Fitted(law_, told, tuple(notes), dict(zip(names, best[0].tolist(), strict=True)))


def _kinks(x: Array) -> Array:
    """List pairs of places where plateaus may end, (pairs, 2), infinite for none: two levels on each, two between."""
    fine = np.unique(np.concatenate([np.linspace(one, other, FINE + 1) for one, other in pairwise(x)]))
    left = [-np.inf, *fine[fine >= x[LINE - 1]]]
    right = [np.inf, *fine[fine <= x[-LINE]]]
    pairs = [(one, other) for one in left for other in right if ((x >= one) & (x <= other)).sum() >= LINE]
    return np.array(pairs)


def _clipped(x: Array, kinks: Array, weights: Array, found: Array) -> tuple[Array, Array]:
    """Fit lines with plateaus to each row of estimates (rows, levels).

    Returns:
        Slope, offset, least and largest, (rows, 4), and whether the first and the last level lie on a plateau.
    """
    square = weights**2 / (weights**2).sum()
    seen = np.clip(x, kinks[:, :1], kinks[:, 1:])
    middle = seen @ square
    apart = seen - middle[:, None]
    width = apart**2 @ square
    slopes = (apart * square) @ found.T / width[:, None]  # (pairs, rows)
    height = found @ square
    total = ((found - height[:, None]) ** 2) @ square
    miss = (total - slopes**2 * width[:, None]) * (weights**2).sum() + DOUBT * np.isfinite(kinks).sum(axis=1)[:, None]
    best = miss.argmin(axis=0)
    slope = slopes[best, np.arange(len(found))]
    offset = height - slope * middle[best]
    ends = slope[:, None] * seen[best][:, [0, -1]] + offset[:, None]
    return np.stack([slope, offset, ends.min(axis=1), ends.max(axis=1)], axis=1), np.isfinite(kinks[best])


def _fit_power(form: Fit, g: Array, found: Array, errors: Array) -> Fitted:
    """Fit ``min(p / max(g^q, floor), largest)``: levels below some g lie on a plateau, or none."""
    if (found <= 0).any():
        raise LawError("a level shows no noise at all")
    x, y, wide = np.log(g), np.log(found), errors / found
    best: tuple[float, int, Array, Array] = (np.inf, 0, np.zeros(3), np.eye(3))
    for first in (0, *range(LINE, len(g) - LINE + 1)):
        rows = np.zeros((len(g), 3))
        rows[:first, 0], rows[first:, 1], rows[first:, 2] = 1, 1, -x[first:]
        used = [bool(first), True, True]
        numbers, covariance = _line(rows[:, used], y, wide, scales=False)
        whole, spread = np.zeros(3), np.zeros((3, 3))
        whole[used], spread[np.ix_(used, used)] = numbers, covariance
        if first and not (whole[2] and x[first - 1] <= (whole[1] - whole[0]) / whole[2] <= x[first]):
            continue
        miss = float((((rows @ whole - y) / wide) ** 2).sum()) + DOUBT * (first > 0)
        if miss < best[0]:
            best = (miss, first, whole, spread)
    miss, first, whole, spread = best
    if not np.isfinite(miss):
        raise LawError(f"a power law needs {LINE} levels, and there are {len(g)}")
    power = form.power or (0.0, 0.0, 0.0, 0.0)
    prefactor, exponent, sizes = float(np.exp(whole[1])), float(whole[2]), np.sqrt(np.diag(spread))
    told = {"power[0]": prefactor * float(sizes[1]), "power[1]": float(sizes[2])}
    estimates, notes = {"power[0]": prefactor, "power[1]": exponent}, []
    floor, largest = power[2], power[3]
    if first:
        largest = float(np.exp(whole[0]))
        told["power[3]"], estimates["power[3]"] = largest * float(sizes[0]), largest
        notes.append("power[2], which the plateau hides, kept from the base")
    else:
        notes.append("power[2] and power[3] kept from the base: no level lies on the plateau")
    return Fitted({"power": [prefactor, exponent, floor, largest]}, told, tuple(notes), estimates)
