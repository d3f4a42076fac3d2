"""The function that a construction is to follow: a table of it over its domain, and straight lines beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

POINTS = 16385


@dataclass(frozen=True)
class Target:
    """A continuous function over ``low .. high``, as float64 values at points that rise.

    Example:
        >>> target = tabulate(np.square, 0.0, 1.0)
        >>> round(float(target.at(np.array([0.5]))[0]), 6), round(target.variation(4), 6)
        (0.25, 1.5)
    """

    points: Array
    values: Array

    @property
    def low(self) -> float:
        """Tell where the domain begins."""
        return float(self.points[0])

    @property
    def high(self) -> float:
        """Tell where it ends."""
        return float(self.points[-1])

    def at(self, x: Array) -> Array:
        """Interpolate between the points by straight lines."""
        return np.interp(x, self.points, self.values)

    def extended(self, by: float) -> Target:
        """Extend the target at both ends by a straight line of this length, as steep as the function is there."""
        x = np.array([self.low, self.low + by, self.high - by, self.high])
        y = self.at(x)
        points = np.concatenate([[self.low - by], self.points, [self.high + by]])
        return Target(points, np.concatenate([[2 * y[0] - y[1]], self.values, [2 * y[3] - y[2]]]))

    def scaled(self, shift: float, gain: float) -> Target:
        """Return ``(target - shift) / gain``."""
        return Target(self.points, (self.values - shift) / gain)

    def variation(self, pieces: int) -> float:
        """Tell how much the slope changes in all, over so many equal pieces of the domain."""
        slopes = np.diff(self.at(np.linspace(self.low, self.high, pieces + 1))) * pieces / (self.high - self.low)
        return float(np.abs(np.diff(slopes)).sum())


def tabulate(function: Callable[[Array], Array], low: float, high: float) -> Target:
    """Tabulate a function.

    Raises:
        ValueError: the function has a value that is not a finite number.
    """
    x = np.linspace(low, high, POINTS)
    y = np.asarray(function(x), np.float64).reshape(-1)
    if y.shape != x.shape or not np.isfinite(y).all():
        raise ValueError("the target has values that are not finite numbers; choose a domain where it is continuous")
    return Target(x, y)


def interpolate(x: Array, y: Array, low: float, high: float) -> Target:
    """Tabulate a function through samples; beyond the outermost samples its value stays constant.

    Args:
        x: float64 (samples,) in any order; of equal points the mean value counts.
        y: float64 (samples,).
        low: where the domain begins.
        high: where it ends.

    Example:
        >>> interpolate(np.array([1.0, 0.0]), np.array([2.0, 0.0]), 0.0, 1.0).at(np.array([0.25])).tolist()
        [0.5]
    """
    points, where = np.unique(np.asarray(x, np.float64), return_inverse=True)
    values = np.bincount(where, np.asarray(y, np.float64)) / np.bincount(where)
    if points[0] > low:
        points, values = np.concatenate([[low], points]), np.concatenate([values[:1], values])
    if points[-1] < high:
        points, values = np.concatenate([points, [high]]), np.concatenate([values, values[-1:]])
    return Target(points, values)
