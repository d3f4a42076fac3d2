"""Step by step, as the proof goes: four basis couples make a step, the others add up to next to nothing.

Source: Cai, Chen, Qiao (arXiv 2407.01033). The target becomes a piecewise constant function whose jumps are all alike,
at the places where it crosses multiples of the jump (Lemma 2.1). Four couples of functions at b1 < b2 < b3 < b4 with
b1 + b4 = b2 + b3 and coefficients +-b1 .. +-b4 make one step (step matching, eq. 6; its height, eq. 8) or one constant
(constant matching, eq. 10). What is left over becomes lines whose slopes cancel (Lemma 3.1), and in a random basis the
couples nearest to an equidistant grid play its part (Theorem 2.3). The equations as used here are worked out in the
docstrings below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.controller.construction.places import Grid, choose_grids
from hwsim.controller.construction.signs import balance, flip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.controller.construction.basis import Basis
    from hwsim.controller.construction.target import Target

    Array = NDArray[np.float64]

FOUR = 4
FINE = 16385


def match_step(b: Array) -> tuple[Array, Array]:
    """Find coefficients of phi+ and phi- at b1 < b2 < b3 < b4, a permutation of +-b, whose sum is a step.

    With p = (-b1, b2, b3, -b4) and q = (b4, -b3, -b2, b1) both slopes outside vanish where b1 + b4 = b2 + b3. Left of
    b1 the sum is q . b = 2 (b1 b4 - b2 b3), right of b4 it is -p . b = b1^2 + b4^2 - b2^2 - b3^2: with b = m -+ a, m
    -+ c these are -2 (a^2 - c^2) and 2 (a^2 - c^2), so the step rises by 4 (b2 - b1) (b4 - b2).

    Example:
        >>> [each.tolist() for each in match_step(np.array([0.0, 1.0, 2.0, 3.0]))]
        [[-0.0, 1.0, 2.0, -3.0], [3.0, -2.0, -1.0, 0.0]]
    """
    return np.array([-b[0], b[1], b[2], -b[3]]), np.array([b[3], -b[2], -b[1], b[0]])


def match_constant(b: Array) -> tuple[Array, Array]:
    """Find coefficients of phi+ and phi- at b1 .. b4, a permutation of +-b, whose sum is a constant.

    With q = -p nothing bends, and the slope is the sum of p = (-b1, b2, b3, -b4), which vanishes where
    b1 + b4 = b2 + b3; what stays is -p . b = 2 (b2 - b1) (b4 - b2).

    Example:
        >>> [each.tolist() for each in match_constant(np.array([0.0, 1.0, 2.0, 3.0]))]
        [[-0.0, 1.0, 2.0, -3.0], [0.0, -1.0, -2.0, 3.0]]
    """
    p = np.array([-b[0], b[1], b[2], -b[3]])
    return p, -p


def place_steps(target: Target, jump: float) -> tuple[Array, NDArray[np.int64]]:
    """Find where the target crosses the middle between two multiples of the jump, from its first value on (Lemma 2.1).

    Returns:
        The places in rising order, and +1 or -1 for each: up or down. The function that jumps there is never further
        than half a jump from the target.

    Example:
        >>> from hwsim.controller.construction.target import tabulate
        >>> places, signs = place_steps(tabulate(np.abs, -1.0, 1.0), 0.5)
        >>> places.round(2).tolist(), signs.tolist()
        ([-0.75, -0.25, 0.25, 0.75], [-1, -1, 1, 1])
    """
    x = np.linspace(target.low, target.high, FINE)
    y = target.at(x)
    level = np.floor((y - y[0]) / jump + 0.5).astype(np.int64)
    change = np.diff(level)
    at = np.flatnonzero(change)
    counts = np.abs(change[at])
    return np.repeat((x[at] + x[at + 1]) / 2, counts), np.repeat(np.sign(change[at]), counts)


@dataclass(frozen=True)
class _Plan:
    """One way to stack steps: a grid, half the outer and inner distance of four places, a jump, copies of each step."""

    grid: Grid
    outer: float
    inner: float
    jump: float
    copies: int


def stack_steps(
    basis: Basis, values: Array, target: Target, gain: float | None, shift: float | None
) -> Iterator[tuple[float, Array]]:
    """Yield arrangements for several jumps and widths of a step, with the share of the ways that are done.

    Args:
        basis: the functions, as many that rise to the right as to the left.
        values: float64 (functions,).
        target: the function.
        gain: a fixed gain: a jump is then made of as many pseudo-copies as it takes (Theorem 2.2). None where free.
        shift: a fixed shift: constants then make up for it. None where free.

    Raises:
        ValueError: as many functions must rise to the right as to the left.
    """
    if basis.right.sum() * 2 != len(values):
        raise ValueError("steps need as many hidden units with weight +w as with -w; give the layer an even width")
    plans = [plan for grid in choose_grids(basis, values) for plan in _plans(grid, target, gain)]
    for number, plan in enumerate(plans):
        found = _arrange(basis, values, target, plan, gain, shift)
        if found is not None:
            yield (number + 1) / len(plans), found


def _plans(grid: Grid, target: Target, gain: float | None) -> Iterator[_Plan]:
    rise = float(np.abs(np.diff(target.at(np.linspace(target.low, target.high, FINE)))).sum())
    outers = [outer for outer in (1.5, 2.5, 3.5, 4.5, 6.5, 8.5, 12.5, 18.5, 26.5) if outer <= max(1.5, grid.size / 10)]
    most = grid.size // FOUR
    if rise == 0 or most == 0:
        return
    for outer in outers:
        if gain is None:
            for share in (1.0, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2):
                yield _Plan(grid, outer, 0.5, rise / max(share * most, 1), 1)
        else:
            for copies in (1, 2, 4, 8, 16, 32):
                jump = 2 * abs(gain) * copies * grid.height(outer, 0.5)
                if rise / jump <= most / copies:
                    yield _Plan(grid, outer, 0.5, jump, copies)


def _arrange(
    basis: Basis, values: Array, target: Target, plan: _Plan, gain: float | None, shift: float | None
) -> Array | None:
    """Step matching, constant matching, linear reorganisation; None where the steps find no place."""
    grid = plan.grid
    free = np.ones(grid.size, bool)
    found = np.zeros(len(values))
    used = np.zeros(len(values), bool)
    turn = -1 if gain is not None and gain < 0 else 1
    places, signs = place_steps(target, plan.jump)
    for place, sign in zip(places, signs, strict=True):
        for _ in range(plan.copies):
            four = _nearest(free, plan, grid.index(place))
            if four is None:
                return None
            free[four] = False
            grid.write(found, used, four, match_step, turn * int(sign))
    if shift is not None and gain is not None:
        aim = (float(target.at(np.array([target.low]))[0]) - shift) / gain
        _add_constants(basis, grid, found, used, free, aim)
    _add_lines(basis, values, grid, found, used, shifted=shift is None)
    return found


def _nearest(free: NDArray[np.bool_], plan: _Plan, centre: float) -> NDArray[np.int64] | None:
    """Find the four free places around a centre near this one."""
    offsets = np.array([0, plan.outer - plan.inner, plan.outer + plan.inner, 2 * plan.outer]).round().astype(np.int64)
    starts = len(free) - offsets[-1]
    if starts <= 0:
        return None
    fits = np.all([free[offset : offset + starts] for offset in offsets], axis=0)
    possible = np.flatnonzero(fits)
    if not len(possible):
        return None
    return offsets + int(possible[np.abs(possible + plan.outer - centre).argmin()])


def _add_constants(
    basis: Basis, grid: Grid, found: Array, used: NDArray[np.bool_], free: NDArray[np.bool_], aim: float
) -> None:
    """Add constants of four neighbouring places, as long as they bring the sum at the lower end nearer."""
    height = grid.height(1.5, 0.5)
    missing = aim - float(basis.sum(found, np.array([grid.low]))[0])
    for start in range(0, grid.size - FOUR, FOUR):
        if abs(missing) <= height / 2:
            return
        four = np.arange(start, start + FOUR)
        if free[four].all():
            sign = 1 if missing > 0 else -1
            free[four] = False
            grid.write(found, used, four, match_constant, sign)
            missing -= sign * height


def _add_lines(
    basis: Basis,
    values: Array,
    grid: Grid,
    found: Array,
    used: NDArray[np.bool_],
    *,
    shifted: bool,
) -> None:
    """Give what is left over signs whose lines cancel: Lemma 3.1, and then better ones where they can be found."""
    up, down, plus, minus = grid.rest(used)
    signs = balance(values[plus])
    found[up] = np.where(signs > 0, values[plus], values[minus])
    found[down] = np.where(signs > 0, values[minus], values[plus])
    ends = np.array([grid.low, grid.high])
    delta = (found[up] - found[down]) * basis.steepness
    effects = np.stack(
        [delta * (basis.breakpoints[down] - grid.low), -delta * (grid.high - basis.breakpoints[up])], axis=1
    )
    sums = basis.sum(found, ends)
    # all steps and constants are flat at both ends: what they leave between the ends are the jumps themselves
    jumps = found.copy()
    jumps[np.concatenate([up, down])] = 0
    flat = basis.sum(jumps, ends)
    left = flat - sums
    if shifted:
        effects, left = effects[:, 1:] - effects[:, :1], left[1:] - left[:1]
    turned = flip(effects, left, np.argsort(-np.abs(delta), kind="stable"))
    up, down = up[turned], down[turned]
    found[up], found[down] = found[down].copy(), found[up].copy()
