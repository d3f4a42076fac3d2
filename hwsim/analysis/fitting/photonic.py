"""What a table tells of photonic phase-change cells: range, levels, errors of programming and drift of transmission."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.analysis.fitting.laws import LawError
from hwsim.analysis.fitting.levels import Levels, estimate
from hwsim.analysis.fitting.numbers import Number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.analysis.fitting.table import Measurements

    Array = NDArray[Any]

DECIBEL = np.log(10) / 10
"""Relative change of a transmission by a decibel."""
FEW = 3
"""Levels from which on it is seen how they are spaced."""
DOUBT = 4.0
"""How much likelier, twice the logarithm, two kinds of error must be than one."""


def tell(table: Measurements) -> tuple[Levels, list[Number]]:
    """Estimate every number of a datasheet that a table tells; return the estimates behind them too.

    Args:
        table: transmissions as shares of the light; times from one second on show drift.

    Raises:
        LawError: fewer than two levels, or cells that the law does not have.
    """
    if table.time is not None:  # no drift in the first second, by the law
        table = replace(table, time=np.maximum(table.time, 1.0))
    levels = estimate(table, np.ones_like)
    dark, bright = (int(of(levels.mean)) for of in (np.argmin, np.argmax))
    if levels.mean[dark] <= 0 or dark == bright:
        raise LawError("cells need two levels at least, and light through each of them")
    relative = levels.mean_error / levels.mean
    ratio = 10 * float(np.log10(levels.mean[bright] / levels.mean[dark]))
    loss = -10 * float(np.log10(levels.mean[bright]))
    numbers = [
        _decibels("extinction", ratio, float(np.hypot(relative[dark], relative[bright])) / DECIBEL),
        _decibels("cell_loss", loss, float(relative[bright]) / DECIBEL),
    ]
    count = len(levels.mean)
    if count & (count - 1) == 0:
        numbers.append(Number("chip", "level_bits", f"{count.bit_length() - 1} bit", {}, {}, (f"{count} levels",)))
        if count >= FEW:
            numbers.append(_spacing(levels))
    numbers += _programming(levels, float(levels.mean[bright] - levels.mean[dark]))
    told = np.isfinite(levels.slope) & (levels.slope_error > 0)
    if told.any():
        numbers.append(_drift(levels.slope[told], levels.slope_error[told]))
    return levels, numbers


def _decibels(key: str, value: float, error: float) -> Number:
    return Number("chip", key, f"{value:.6g} dB", {key: error}, {key: value})


def _spacing(levels: Levels) -> Number:
    """Tell which of the two ways of spacing the means of the levels are nearer to."""
    means = np.sort(levels.mean)
    ways = {
        "transmission": np.linspace(means[0], means[-1], len(means)),
        "decibel": np.geomspace(means[0], means[-1], len(means)),
    }
    off = {name: float(np.abs(means - way).max()) for name, way in ways.items()}
    best = min(off, key=lambda name: off[name])
    words = ", ".join(f"{size:.2g} ({name})" for name, size in off.items())
    return Number("chip", "level_spacing", best, {}, {}, (f"means of levels lie off equal steps by up to {words}",))


def _programming(levels: Levels, swing: float) -> list[Number]:
    """Estimate errors in shares of the swing and in decibels: one of them, or both if the table needs both."""
    parts = np.stack([np.full(len(levels.mean), swing**2), (DECIBEL * levels.mean) ** 2], axis=1)
    fits = [_components(parts, levels, used) for size in (1, 2) for used in combinations(range(2), size)]
    sound = [fit for fit in fits if fit is not None]
    if not sound:
        raise LawError("programming_error: the noise of reads explains all that cells differ")
    loss, found, sizes = min(sound, key=lambda fit: fit[0] + DOUBT / 2 * int((fit[1] > 0).sum()))
    del loss
    numbers = []
    for key, value, size in zip(("programming_error", "programming_error_db"), np.sqrt(found), sizes, strict=True):
        shown = f"{value:.6g} dB" if key.endswith("db") else float(f"{value:.6g}")
        if value:
            numbers.append(Number("chip", key, shown, {key: float(size)}, {key: float(value)}))
        else:
            numbers.append(Number("chip", key, shown, {}, {}, ("the other kind of error explains the spread",)))
    return numbers


def _components(parts: Array, levels: Levels, used: tuple[int, ...]) -> tuple[float, Array, Array] | None:
    """Estimate variances of some kinds of error: return minus the likelihood, variances, errors of their roots.

    None where the likeliest variances are not all above 0.
    """
    rows, freedom, noise = parts[:, used], levels.cells - 1.0, levels.noise
    variance = np.maximum(levels.variance, 1e-300)
    found = np.linalg.lstsq(rows / variance[:, None], (variance - noise) / variance, rcond=None)[0]
    information = np.eye(len(used))
    for _ in range(50):
        law = np.maximum(rows @ np.maximum(found, 0) + noise, 1e-300)
        information = (rows * (freedom / 2 / law**2)[:, None]).T @ rows
        score = rows.T @ (freedom / 2 * (variance - noise) / law**2)
        found = np.linalg.lstsq(information, score, rcond=None)[0]
    if (found <= 0).any():
        return None
    law = rows @ found + noise
    whole, sizes = np.zeros(2), np.zeros(2)
    whole[list(used)] = found
    sizes[list(used)] = np.sqrt(np.diag(np.linalg.pinv(information, hermitian=True))) / (2 * np.sqrt(found))
    return float((freedom / 2 * (np.log(law) + variance / law)).sum()), whole, sizes


def _drift(slopes: Array, errors: Array) -> Number:
    """Fit one exponent to all cells.

    Raises:
        LawError: transmissions grow with time, for which the law has no word.
    """
    weights = 1 / errors**2
    value, error = float((weights * slopes).sum() / weights.sum()), float(1 / np.sqrt(weights.sum()))
    if value < -3 * error:
        raise LawError(
            f"drift_exponent: cells grow clearer with time ({value:.3g} +- {error:.2g}), and none may by the law"
        )
    notes = () if value > 0 else (f"the table gives {value:.2g}, none within its standard error",)
    shown = float(f"{max(value, 0.0):.6g}")
    return Number("event", "drift_exponent", shown, {"drift_exponent": error}, {"drift_exponent": value}, notes)
