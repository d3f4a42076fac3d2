"""The places of a basis where a function that rises to the right and one that rises to the left stand together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hwsim.controller.construction.basis import Basis

    Array = NDArray[np.float64]


LEAST = 8
"""Places that a grid has at least."""
EVEN = 1e-3
"""How much gaps between equidistant places may differ, which cells of a real chip make them do."""


@dataclass(frozen=True)
class Grid:
    """Places in rising order, each with two functions and two values, as near to equidistant as the basis has them.

    Args:
        basis: the functions.
        values: float64 (functions,).
        up: int64 (places,), the functions that rise to the right.
        down: int64 (places,), those that rise to the left.
        plus: int64 (places,), where in ``values`` the coefficient c stands that goes with a place.
        minus: int64 (places,), where its negative stands.
        others: the same four of the couples that are not part of the grid.
    """

    basis: Basis
    values: Array
    up: NDArray[np.int64]
    down: NDArray[np.int64]
    plus: NDArray[np.int64]
    minus: NDArray[np.int64]
    others: tuple[NDArray[np.int64], ...]

    @property
    def size(self) -> int:
        """Count the places of the grid."""
        return len(self.up)

    @property
    def low(self) -> float:
        """Return the lowest breakpoint."""
        return float(self.basis.breakpoints.min())

    @property
    def high(self) -> float:
        """Return the highest breakpoint."""
        return float(self.basis.breakpoints.max())

    @property
    def locations(self) -> Array:
        """Tell where the places are."""
        return np.asarray((self.basis.breakpoints[self.up] + self.basis.breakpoints[self.down]) / 2)

    def index(self, place: float) -> float:
        """Return the number of the place at a point, with a fraction between two places."""
        return float(np.interp(place, self.locations, np.arange(self.size)))

    def height(self, outer: float, inner: float) -> float:
        """Return half the jump of four places, ``2 (outer^2 - inner^2)`` in units of the mean distances (eq. 8)."""
        span = self.size - 1
        distance = (self.locations[-1] - self.locations[0]) / span
        step = (self.values[self.plus[-1]] - self.values[self.plus[0]]) / span
        return float(2 * (outer**2 - inner**2) * abs(distance * step) * self.basis.steepness)

    def write(
        self,
        found: Array,
        used: NDArray[np.bool_],
        four: NDArray[np.int64],
        match: Callable[[Array], tuple[Array, Array]],
        sign: int,
    ) -> None:
        """Give the functions of four places their values, by a matching of the ranks 1 to 4 with a sign."""
        ranks = np.arange(1.0, 5.0)
        for functions, wanted in zip((self.up[four], self.down[four]), match(ranks), strict=True):
            which = four[np.abs(wanted).astype(np.int64) - 1]
            cells = np.where(sign * wanted > 0, self.plus[which], self.minus[which])
            found[functions] = self.values[cells]
            used[cells] = True

    def rest(self, used: NDArray[np.bool_]) -> tuple[NDArray[np.int64], ...]:
        """Return what is not used yet: functions that rise to the right, to the left, values with their negatives."""
        left = ~used[self.plus]
        own = (self.up[left], self.down[left], self.plus[left], self.minus[left])
        return tuple(np.concatenate([a, b]) for a, b in zip(own, self.others, strict=True))


def choose_grids(basis: Basis, values: Array) -> Iterator[Grid]:
    """Choose grids to build steps on: the whole of an equidistant basis, parts of another one (Theorem 2.3).

    In a random basis the couples nearest to equidistant places, and the values nearest to equidistant coefficients,
    play the part of an equidistant basis; the fewer are wanted, the nearer they come.
    """
    up, down = pair_up(basis)
    order = np.argsort(values, kind="stable")
    # of values that come with their negatives, v[2 i] and -v[2 i] are far apart; else the upper half and the lower
    plus, minus = order[0::2], order[::-1][0::2]
    if not _equidistant(values[plus]):
        plus, minus = order[len(up) :], order[: len(up)][::-1]
    locations = (basis.breakpoints[up] + basis.breakpoints[down]) / 2
    regular = _equidistant(locations) and _equidistant(values[plus])
    parts = {len(up) // part for part in (2, 4, 8)} if not regular else set[int]()
    for size in sorted({len(up)} | {part for part in parts if part >= LEAST}):
        chosen = nearest(locations, size)
        cells = nearest(values[plus], size)
        rest = [np.delete(np.arange(len(up)), kept) for kept in (chosen, cells)]
        others = (up[rest[0]], down[rest[0]], plus[rest[1]], minus[rest[1]])
        yield Grid(basis, values, up[chosen], down[chosen], plus[cells], minus[cells], others)


def pair_up(basis: Basis) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair functions that rise to the right with ones that rise to the left, neighbours first, in order of place.

    Example:
        >>> from hwsim.controller.construction.basis import Basis
        >>> basis = Basis(np.array([0.0, 0.5, 0.1, 0.5]), np.array([True, True, False, False]))
        >>> [each.tolist() for each in pair_up(basis)]
        [[0, 1], [2, 3]]
    """
    order = np.argsort(basis.breakpoints, kind="stable")
    waiting: list[int] = []
    up, down = [], []
    for k in order:
        if waiting and basis.right[waiting[-1]] != basis.right[k]:
            other = waiting.pop()
            up.append(int(k) if basis.right[k] else other)
            down.append(other if basis.right[k] else int(k))
        else:
            waiting.append(int(k))
    rising, falling = np.array(up, np.int64), np.array(down, np.int64)
    by_place = np.argsort(basis.breakpoints[rising] + basis.breakpoints[falling], kind="stable")
    return rising[by_place], falling[by_place]


def nearest(points: Array, count: int) -> NDArray[np.int64]:
    """Choose so many of the points, each nearest to one of an equidistant row and taken once, in order.

    Example:
        >>> nearest(np.array([0.0, 0.1, 0.45, 0.5, 1.0]), 3).tolist()
        [0, 3, 4]
    """
    free = np.ones(len(points), bool)
    found = []
    for wanted in np.linspace(points.min(), points.max(), count):
        best = int(np.where(free, np.abs(points - wanted), np.inf).argmin())
        free[best] = False
        found.append(best)
    return np.array(sorted(found, key=lambda k: float(points[k])), np.int64)


def _equidistant(points: Array) -> bool:
    gaps = np.diff(np.sort(points))
    return bool(len(gaps) and np.ptp(gaps) < EVEN * gaps.max())
