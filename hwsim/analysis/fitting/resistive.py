"""What a table tells of resistive cells: their largest conductance, spread of programming, drift and 1/f noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.analysis.fitting.laws import LawError, fit_law, fit_spread
from hwsim.analysis.fitting.levels import Levels, estimate
from hwsim.analysis.fitting.numbers import Number
from hwsim.device.resistive.fits import Fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from hwsim.analysis.fitting.table import Measurements

    Array = NDArray[Any]

ALWAYS = ("largest_conductance", "fitted_conductance", "programming")
"""Numbers that every table tells; the others need times, devices or repeated reads."""

NODES = 9
"""Nodes of the mean over a level's cells."""


def strength(read_time: float) -> Callable[[Array], Array]:
    """Compute 1/f noise relative to a cell whose Q is 1, at times after programming: ``sqrt(ln((t + t_r) / 2 t_r))``.

    Example:
        >>> strength(250e-9)(np.array([20.0])).round(2).tolist()
        [4.18]
    """
    return lambda time: np.asarray(np.sqrt(np.log((time + read_time) / (2 * read_time))), np.float64)


def tell(table: Measurements, base: Mapping[str, Any]) -> tuple[Levels, list[Number], dict[str, list[float]]]:
    """Estimate every number of a datasheet that a table tells; return estimates and measured ranges too.

    Args:
        table: conductances in microsiemens.
        base: numbers of the datasheet that says which laws to fit, in SI units.

    Raises:
        LawError: a law cannot be fitted; the message says what is missing.
    """
    law = strength(base["read_time"])
    if table.time is not None and table.time.min() <= base["read_time"]:
        raise LawError(
            f"a time since programming is not longer than a read, {base['read_time']:g} s; is the unit right?"
        )
    levels = estimate(table, law)
    largest = float(levels.target.max())
    if largest <= 0:
        raise LawError("all targets are 0")
    g = levels.target / largest
    numbers = [Number("chip", key, largest, {}, {}, ("microsiemens, the largest target",)) for key in ALWAYS[:2]]
    relaxing = len(base["programming"]) > 1
    rows: list[list[float]] = []
    errors: dict[str, float] = {}
    estimates: dict[str, float] = {}
    notes: list[str] = []
    for age, one in _ages(table, levels, law) if relaxing else [(0.0, levels)]:
        row, sizes, told = _programming(one, g, base["programming"], age)
        rows.append(row)
        errors |= {f"{name} at {age:g} s" if relaxing else name: size for name, size in sizes.items()}
        estimates |= {f"{name} at {age:g} s" if relaxing else name: row[1 + n] for n, name in enumerate(sizes)}
        notes += told
    numbers.append(Number("chip", "programming", rows, errors, estimates, tuple(dict.fromkeys(notes))))
    valid: dict[str, list[float]] = {}
    if table.time is None:
        return levels, numbers, valid
    numbers.append(Number("event", "first_read", f"{levels.first:g} s", {}, {}, ("the first time of the table",)))
    if relaxing:
        ages = [row[0] for row in rows]
        numbers.append(Number("event", "age", f"{ages[0]:g} s", {}, {}, ("the first age that was measured",)))
        return levels, numbers, {"age": [ages[0], ages[-1]]}
    numbers += _drift(levels, g, base)
    if any(number.key == "drift_mean" for number in numbers):
        valid["age"] = [0.0, levels.last - levels.first]
        if base["age"] > valid["age"][1]:
            numbers.append(Number("event", "age", f"{valid['age'][1]:g} s", {}, {}, ("the longest that was measured",)))
    if np.isfinite(levels.flicker).any():
        numbers.append(_noise(levels, g, base["flicker"], largest))
    return levels, numbers, valid


def _ages(table: Measurements, levels: Levels, law: Callable[[Array], Array]) -> list[tuple[float, Levels]]:
    """Fit each time by itself, if the base's cells relax in place of drifting."""
    time = table.time
    if time is None:
        return [(0.0, levels)]
    found = []
    for age in np.unique(time):
        rows = time == age
        sample = np.unique(table.sample[rows], return_inverse=True)[1].reshape(-1)
        if len(np.unique(table.level[rows])) < len(levels.target):
            raise LawError(f"not every level was measured at {age:g} s, and the base has a spread for each age")
        part = replace(
            table,
            target=table.target[rows],
            value=table.value[rows],
            time=time[rows],
            sample=sample,
            level=table.level[rows],
        )
        found.append((float(age), estimate(part, law)))
    return found


def _programming(
    levels: Levels, g: Array, base: list[list[float]], age: float
) -> tuple[list[float], dict[str, float], list[str]]:
    """Fit the spread of programming: a row of a datasheet, its standard errors, and notes."""
    use, notes = levels.clear & (levels.cells > 1), []
    if not use.any():
        raise LawError(
            "programming: every level lies within 4 of its standard deviations of 0, where cells are cut off"
        )
    if not use.all():
        notes.append(f"{int((~use).sum())} levels so near 0 that cells may be cut off there left out")
    terms = max(len(row) for row in base) - 1
    if terms > (count := int(use.sum())):
        notes.append(f"{count} coefficients in place of {terms}, as many as there are levels")
        terms = count
    noise = levels.noise[use]
    if not np.isfinite(levels.flicker).any():
        notes.append("no cell was read twice: noise of the read is in it")
    try:
        found, covariance = fit_spread(g[use], levels.variance[use], noise, levels.cells[use] - 1.0, terms)
    except LawError as error:
        raise LawError(f"programming: {error}") from None
    off = (levels.mean - levels.target) / np.maximum(levels.mean_error, 1e-300)
    worst = int(np.abs(off).argmax())
    if abs(off[worst]) > 4:  # noqa: PLR2004 - one in thousands of tables by chance
        notes.append(
            f"levels miss their targets by up to {levels.mean[worst] - levels.target[worst]:.3g} uS "
            f"({abs(off[worst]):.0f} standard errors), which the law does not have"
        )
    errors = {f"g^{power}": float(np.sqrt(covariance[power, power])) for power in range(terms)}
    return [age, *found.tolist()], errors, notes


def _drift(levels: Levels, g: Array, base: Mapping[str, Any]) -> list[Number]:
    """Estimate mean and spread of drift exponents, if cells were followed."""
    told = np.isfinite(levels.exponent)
    if not told.any():
        return []
    left = (f"{int((~told).sum())} levels whose reads are too noisy left out",) if not told.all() else ()
    pairs = (
        ("drift_mean", levels.exponent, levels.exponent_error, False),
        ("drift_spread", levels.exponent_spread, levels.exponent_spread_error, True),
    )
    found = [_number("chip", key, base[key], g, value, error, scales=scales) for key, value, error, scales in pairs]
    return [replace(number, notes=(*number.notes, *left)) for number in found]


def _noise(levels: Levels, g: Array, form: Fit, largest: float) -> Number:
    """Estimate the strength of noise against a cell's own conductance, of which a level's cells have several."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    own = np.maximum(g[:, None] + levels.spread[:, None] / largest * nodes, 1e-6)
    found, errors = levels.flicker, levels.flicker_error
    number = _number("event", "flicker", form, g, found, errors, scales=True)
    for _ in range(3):
        law = Fit.model_validate(number.value)
        middle = np.maximum(law.at(g), 1e-300)
        wider = np.sqrt((law.at(own) ** 2 * weights).sum(axis=1) / weights.sum()) / middle
        number = _number("event", "flicker", form, g, found / wider, errors / wider, scales=True)
    return number


def _number(part: str, key: str, form: Fit, g: Array, found: Array, errors: Array, *, scales: bool) -> Number:
    use = np.isfinite(found) & np.isfinite(errors) & (g > 0)
    use &= (found > 0) | (not scales)
    if form.power is None and not form.below and len(form.polynomial) == 1 and not use.any():
        return Number(part, key, {})
    try:
        law = fit_law(form, g[use], found[use], np.maximum(errors[use], 1e-300), scales=scales)
    except LawError as error:
        raise LawError(f"{key}: {error}") from None
    return Number(part, key, law.value, law.errors, law.numbers or {}, law.notes)
