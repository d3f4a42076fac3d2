"""Linear reorganisation: signs for the basis functions that are left over, so that what they add is a flat line.

Source: Cai, Chen, Qiao (arXiv 2407.01033), Lemma 3.1: a function left over with coefficients (c, -c) at a breakpoint b
adds the line c (x - b). Signs can be given so that the slopes add up to no more than the largest gap between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.controller.construction.basis import Basis

    Array = NDArray[np.float64]

ROUNDS = 60


def balance(values: Array) -> NDArray[np.int64]:
    """Choose signs +1 or -1 with which the values add up to at most :func:`largest_gap` (Lemma 3.1).

    Neighbours in size are taken off each other, and the differences are added with signs that keep the sum small.

    Example:
        >>> values = np.array([0.1, 0.2, 0.3, 0.4])
        >>> float(abs(balance(values) @ values)) < 1e-15
        True
    """
    values = np.asarray(values, np.float64)
    order = np.argsort(-np.abs(values), kind="stable")
    signs = np.where(values < 0, -1, 1)
    total = 0.0
    for first in range(0, len(order), 2):
        couple = order[first : first + 2]
        sizes = np.abs(values[couple])
        difference = float(sizes[0] - (sizes[1] if len(couple) == 2 else 0.0))  # noqa: PLR2004 - a couple
        turn = -1 if total > 0 else 1
        total += turn * difference
        signs[couple[0]] *= turn
        signs[couple[1:]] *= -turn
    return signs


def largest_gap(values: Array) -> float:
    """Return the largest gap between neighbouring magnitudes; if their number is odd, zero counts as one more.

    Example:
        >>> largest_gap(np.array([0.5, -0.75])), largest_gap(np.array([0.5]))
        (0.25, 0.5)
    """
    sizes = np.sort(np.abs(np.asarray(values, np.float64)))
    if len(sizes) % 2:
        sizes = np.concatenate([[0.0], sizes])
    return float(np.diff(sizes).max(initial=0.0))


def couples(basis: Basis, low: float, high: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair neighbouring breakpoints of opposite sides, the nearest first, each function in one couple at most.

    Returns:
        The functions that rise to the right and those that rise to the left, couple by couple, int64.

    Example:
        >>> from hwsim.controller.construction import Basis
        >>> basis = Basis(np.array([0.0, 0.5, 0.1, 0.5]), np.array([True, True, False, False]))
        >>> [each.tolist() for each in couples(basis, -1.0, 1.0)]
        [[1, 0], [3, 2]]
    """
    inside = np.flatnonzero((basis.breakpoints > low) & (basis.breakpoints < high))
    order = inside[np.argsort(basis.breakpoints[inside], kind="stable")]
    gaps, sides = np.diff(basis.breakpoints[order]), basis.right[order]
    possible = np.flatnonzero(sides[:-1] != sides[1:])
    used = np.zeros(len(order), bool)
    chosen = []
    for k in possible[np.argsort(gaps[possible], kind="stable")]:
        if not used[k] and not used[k + 1]:
            used[k] = used[k + 1] = True
            chosen.append((order[k], order[k + 1]) if sides[k] else (order[k + 1], order[k]))
    pairs = np.array(chosen, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def flip(effects: Array, wanted: Array, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Choose which couples to exchange so that the sum of their effects comes as near as possible to what is wanted.

    First one couple after the other, where it helps; then, as long as it helps, the best one or two of all.

    Args:
        effects: float64 (couples, quantities), what an exchange adds.
        wanted: float64 (quantities,).
        order: the couples in the order in which to try them.

    Example:
        >>> flip(np.array([[1.0], [0.3], [-0.2]]), np.array([0.1]), np.arange(3)).tolist()
        [False, True, True]
    """
    flipped = np.zeros(len(effects), bool)
    left = np.asarray(wanted, np.float64).copy()
    for k in order:
        if float((left - effects[k]) @ (left - effects[k])) < float(left @ left):
            flipped[k], left = True, left - effects[k]
    for _ in range(ROUNDS):
        moves = _best(np.where(flipped[:, None], -effects, effects), left)
        if moves is None:
            break
        for k in moves:
            left = left - (-effects[k] if flipped[k] else effects[k])
            flipped[k] = ~flipped[k]
    return flipped


def _best(changes: Array, left: Array) -> tuple[int, ...] | None:
    """Return the one or two changes that come nearest, or None if no change comes nearer."""
    if not len(changes):
        return None
    best, found = float(left @ left) * (1 - 1e-9) - 1e-30, None
    after = left - changes
    single = (after**2).sum(axis=1)
    if single.min() < best:
        best, found = float(single.min()), (int(single.argmin()),)
    if changes.shape[1] == 1:
        one, rest = _second(changes[:, 0], after[:, 0])
    else:
        squares = (changes**2).sum(axis=1)
        table = single[:, None] - 2 * after @ changes.T + squares[None, :]
        np.fill_diagonal(table, np.inf)
        one = table.argmin(axis=1)
        rest = ((after - changes[one]) ** 2).sum(axis=1)
    k = int(rest.argmin())
    return (k, int(one[k])) if rest[k] < best and one[k] != k else found


def _second(changes: Array, after: Array) -> tuple[NDArray[np.int64], Array]:
    """Find the nearest other change to what each change already made leaves, and the square of what stays."""
    order = np.argsort(changes, kind="stable")
    ranks = np.searchsorted(changes[order], after)
    best, found = np.full(len(changes), np.inf), np.zeros(len(changes), np.int64)
    for shift in (-2, -1, 0, 1):
        other = order[np.clip(ranks + shift, 0, len(order) - 1)]
        square = np.where(other == np.arange(len(changes)), np.inf, (after - changes[other]) ** 2)
        better = square < best
        best, found = np.where(better, square, best), np.where(better, other, found)
    return found, best
