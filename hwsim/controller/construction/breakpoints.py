"""Breakpoint by breakpoint: the sum bends where the target bends, every coefficient in the place where it is needed.

At a breakpoint the slope of the sum changes by the coefficient there (of both functions where two share it). Walking
from left to right, two coefficients at a time are taken from those not used yet: one of a few that are spread over all
of them, and with it the one that brings the sum back onto the target a little further on. What is missed at one
breakpoint is mended at the next, so nothing adds up. At last neighbours that rise to opposite sides are
exchanged, which adds lines (linear reorganisation), until the line of the whole is right too.

This goes beyond the proof of Cai, Chen and Qiao (arXiv 2407.01033), which adds up steps
(:mod:`hwsim.controller.construction.step_functions`): a sum of n breakpoints follows a smooth function with
an error of order 1 / n^2, one of n steps with one of order 1 / n.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.controller.construction.basis import Basis
from hwsim.controller.construction.signs import couples, flip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.controller.construction.target import Target

    Array = NDArray[np.float64]

TRIES = 24
"""Coefficients that are tried for the first of two."""
EVEN = 1e-3
"""How much gaps between equidistant values may differ, which cells of a real chip make them do."""


class Strategy(NamedTuple):
    """The rules by which one walk chooses values.

    Args:
        reach: how far on the sum is to meet the target again, in mean distances of two breakpoints.
        large: preference for large coefficients, which are harder to place later.
        steady: weight of the slope between two breakpoints that do not share a place.
    """

    reach: float = 1.0
    large: float = 0.0
    steady: float = 0.0


def bend(basis: Basis, values: Array, target: Target, strategy: Strategy, *, shifted: bool) -> Array:
    """Give every function of a basis one of the values, so that their sum follows the target.

    Args:
        basis: the functions.
        values: float64 (functions,), each to be used exactly once.
        target: what the sum is to follow.
        strategy: how to choose.
        shifted: whether a constant will be added that makes the mean right.

    Returns:
        float64 (functions,): the values in the order of the functions.
    """
    order = np.argsort(basis.breakpoints, kind="stable")
    walk = _Walk(Basis(basis.breakpoints[order], basis.right[order]), values * basis.steepness, target, strategy)
    walk.go()
    walk.fix_ends(shifted=shifted)
    found = np.empty(len(values))
    found[order] = walk.chosen
    by_size = np.argsort(found, kind="stable")
    found[by_size] = np.sort(values)  # the very values, not their products with the steepness
    return found


class _Walk:
    def __init__(self, basis: Basis, values: Array, target: Target, strategy: Strategy) -> None:
        self.basis, self.strategy = basis, strategy
        inside = (basis.breakpoints >= target.low) & (basis.breakpoints <= target.high)
        self.inside, self.outside = np.flatnonzero(inside), np.flatnonzero(~inside)
        self.low, self.high = target.low, target.high
        self.distance = 2 * (self.high - self.low) / max(len(self.inside), 2)
        self.target = target.extended((1 + strategy.reach) * self.distance)
        self.pool = np.sort(values)
        self.chosen = np.zeros(len(values))
        self.x, self.y, self.slope = self.low, 0.0, 0.0

    def go(self) -> None:
        """Place every value."""
        breakpoints, ends = self.basis.breakpoints, self._slopes()
        first, last = self._surplus(self.pool.sum() - (ends[1] - ends[0]))
        middle = self.inside[len(first) : len(self.inside) - len(last)]
        self.slope = self._reachable(ends[0] - first.sum())
        for k, value in zip(self.inside, first, strict=False):
            self._bend(int(k), float(value))
        self.y = self._height(self.x)
        for number in range(0, len(middle), 2):
            following = breakpoints[middle[number + 2]] if number + 2 < len(middle) else self.high
            self._place(middle[number : number + 2], following)
        self._move(self.high)
        self.end = self.y
        for k, value in zip(self.inside[len(self.inside) - len(last) :], last, strict=True):
            self.chosen[k] = value
        self.chosen[self.outside] = self.pool[: len(self.outside)]

    def _slopes(self) -> tuple[float, float]:
        """Return the target's slopes at both ends."""
        at = self.target.at(np.array([self.low, self.low + self.distance, self.high - self.distance, self.high]))
        return float(at[1] - at[0]) / self.distance, float(at[3] - at[2]) / self.distance

    def _height(self, x: float) -> float:
        return float(self.target.at(np.array([x]))[0])

    def _surplus(self, surplus: float) -> tuple[Array, Array]:
        """Choose values that bend the sum more than the target bends in all: they go to both ends, off the pool."""
        largest = self.pool[::-1] if surplus > 0 else self.pool
        sums = np.cumsum(np.abs(np.where(largest * surplus > 0, largest, 0)))
        count = min(int(np.searchsorted(sums, abs(surplus) - 0.5 * abs(largest[0]))), len(self.inside) // 2)
        taken, self.pool = largest[:count], np.sort(largest[count:])
        return taken[0::2], taken[1::2]

    def _reachable(self, slope: float) -> float:
        """Return the nearest slope that sums of equidistant values can have at the lower end."""
        gaps = np.diff(np.unique(self.pool))
        if not len(gaps) or np.ptp(gaps) > EVEN * gaps.max():
            return slope
        rising = int((self.basis.right & (self.basis.breakpoints <= self.low)).sum())
        falling = int((~self.basis.right & (self.basis.breakpoints > self.low)).sum())
        first = (rising - falling) * float(self.pool.min())
        return float(first + gaps.mean() * round((slope - first) / gaps.mean()))

    def _move(self, x: float) -> None:
        self.y += self.slope * (x - self.x)
        self.x = x

    def _bend(self, k: int, value: float) -> None:
        self._move(float(self.basis.breakpoints[k]))
        self.slope += value
        self.chosen[k] = value

    def _place(self, group: NDArray[np.int64], following: float) -> None:
        """Give one or two neighbouring breakpoints their values."""
        pool, strategy = self.pool, self.strategy
        breakpoints = self.basis.breakpoints[group]
        self._move(float(breakpoints[0]))
        ahead = max(following, float(breakpoints[-1]) + strategy.reach * self.distance)
        missing = self._height(ahead) - self.y - self.slope * (ahead - self.x)
        levers = ahead - breakpoints
        if len(group) == 1:
            best = np.array([np.abs(pool * levers[0] - missing).argmin()])
        else:
            best = self._two(missing, levers, float(breakpoints[1] - breakpoints[0]))
        for k, value in zip(group, pool[best], strict=True):
            self._bend(int(k), float(value))
        self.pool = np.delete(pool, best)

    def _two(self, missing: float, levers: Array, between: float) -> NDArray[np.int64]:
        """Tell where in the pool the two values stand that fit best."""
        pool, strategy = self.pool, self.strategy
        first = np.unique(np.linspace(0, len(pool) - 1, min(TRIES, len(pool))).round().astype(np.int64))
        wanted = (missing - pool[first] * levers[0]) / levers[1]
        near = np.searchsorted(pool, wanted)
        second = np.stack([np.clip(near + shift, 0, len(pool) - 1) for shift in (-2, -1, 0, 1)])
        cost = (np.abs(pool[second] - wanted) - strategy.large * np.abs(pool[first])) * levers[1]
        if between > 0 and strategy.steady:
            there = self._height(self.x + between) - self.y - self.slope * between
            cost = cost + strategy.steady * np.abs(pool[first] * between - there)
        cost[second == first] = np.inf
        row, column = np.unravel_index(int(cost.argmin()), cost.shape)
        return np.array([first[column], second[row, column]])

    def fix_ends(self, *, shifted: bool) -> None:
        """Exchange neighbours that rise to opposite sides until the sum is right at both ends (or rises right)."""
        up, down = couples(self.basis, self.low, self.high)
        found = self.basis.sum(self.chosen, np.array([self.low, self.high]))
        wanted = np.array([self._height(self.low), self.end])
        delta = self.chosen[up] - self.chosen[down]
        breakpoints = self.basis.breakpoints
        effects = np.stack([delta * (breakpoints[down] - self.low), -delta * (self.high - breakpoints[up])], axis=1)
        left = wanted - found
        if shifted:
            effects, left = effects[:, 1:] - effects[:, :1], left[1:] - left[:1]
        apart = np.abs(breakpoints[up] - breakpoints[down])
        order = np.argsort(-np.abs(delta) if apart.max(initial=0) == 0 else apart, kind="stable")
        turned = flip(effects, left, order)
        up, down = up[turned], down[turned]
        self.chosen[up], self.chosen[down] = self.chosen[down].copy(), self.chosen[up].copy()
