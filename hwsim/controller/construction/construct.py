"""The permutation of a function: every way tried, the best one kept."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from hwsim.controller.construction.breakpoints import Strategy, bend
from hwsim.controller.construction.step_functions import stack_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hwsim.controller.construction.basis import Basis
    from hwsim.controller.construction.target import Target

    Array = NDArray[np.float64]

Method = Literal["breakpoints", "step-functions"]
Norm = Literal["largest", "root-mean-square"]


@dataclass(frozen=True)
class Construction:
    """A permutation and the registers that go with it.

    ``permutation`` is int64 (functions,): function i takes value ``permutation[i]``; ``gain`` and ``shift`` turn the
    sum into ``gain * sum + shift``; ``largest`` and ``root_mean_square`` are its errors over the domain.
    """

    permutation: NDArray[np.int64]
    gain: float
    shift: float
    largest: float
    root_mean_square: float


def construct(
    basis: Basis,
    values: Array,
    target: Target,
    *,
    method: Method = "breakpoints",
    norm: Norm = "largest",
    gain: float | None = None,
    shift: float | None = None,
    report: Callable[[float], None] = lambda _: None,
) -> Construction:
    """Build the permutation with which a fixed basis follows a target; no gradients.

    Args:
        basis: the functions.
        values: float64 (functions,): their coefficients, each to be used exactly once, in any order.
        target: the function and its domain.
        method: ``breakpoints`` bends the sum where the target bends; ``step-functions`` adds up steps, as the proof of
            Cai et al.
        norm: the error that is to be small.
        gain: a gain that cannot be changed (Theorem 2.2 of Cai et al. has 1), None where it is free.
        shift: a shift that cannot be changed (0 there), None where it is free.
        report: told the share of the ways tried.

    Example:
        >>> from hwsim.controller.construction import Basis, tabulate
        >>> b = np.linspace(-1, 1, 40)
        >>> basis = Basis(np.concatenate([b, b]), np.arange(80) < 40)
        >>> found = construct(basis, np.concatenate([b, -b]), tabulate(lambda x: -np.sin(2 * np.pi * x), -1, 1))
        >>> sorted(found.permutation.tolist()) == list(range(80)), found.largest < 0.03
        (True, True)
    """
    values = np.asarray(values, np.float64)
    x = np.linspace(target.low, target.high, max(2001, 8 * len(values) + 1))
    y = target.at(x)
    best: list[Construction] = []
    if method == "step-functions":
        ways = stack_steps(basis, values, target, gain, shift)
    else:
        ways = _breakpoint_ways(basis, values, target, gain, shift, best)
    for share, found in ways:
        tried = _evaluate(basis, found, values, (x, y), gain, shift)
        if not best or _error(tried, norm) < _error(best[0], norm):
            best[:] = [tried]
        report(share)
    if not best:
        raise ValueError(
            "the steps that these functions make are too few or too low for the target; widen the hidden layer, "
            "free the gain, or set method = 'breakpoints'"
        )
    return best[0]


def _error(found: Construction, norm: Norm) -> float:
    return found.largest if norm == "largest" else found.root_mean_square


def _breakpoint_ways(
    basis: Basis,
    values: Array,
    target: Target,
    gain: float | None,
    shift: float | None,
    best: list[Construction],
) -> Iterator[tuple[float, Array]]:
    """Yield arrangements for several gains, which say how steep one coefficient is, and several strategies."""
    shared = len(np.unique(basis.breakpoints)) <= len(basis.breakpoints) / 2 + 1
    steadies = (0.0,) if shared else (0.3, 1.0, 3.0)
    strategies = [Strategy(1.0, large, steady) for large in (0.0, 0.1) for steady in steadies]
    # all the bending that the values can do is half of their sum; a third to all of it is what walks come to use
    size = float(np.abs(values).sum()) * basis.steepness
    usual = max(2 * target.variation(len(values)) / size, 1e-12) if size else 1.0
    if gain is not None:
        strategies += [
            Strategy(reach, large, steady) for reach, large, steady in product((1.5, 2.5), (0.0, 0.1), steadies)
        ]
        # where the values cannot bend as much as the target, a part of its height is nearer than all of it
        aims = [target.scaled(shift or 0.0, gain).scaled(0.0, 1 / part) for part in (1.0, 0.7, 0.4, 0.2, 0.05)]
        work = [(aim, strategy) for aim in aims for strategy in strategies]
    else:
        scales = usual * np.geomspace(0.5, 6, 10)
        work = [(target.scaled(shift or 0.0, float(scale)), strategy) for scale in scales for strategy in strategies]
    refined = 24 if gain is None else 0
    for number, (aim, strategy) in enumerate(work):
        yield (number + 1) / (len(work) + refined), bend(basis, values, aim, strategy, shifted=shift is None)
    middle = abs(best[0].gain) if best and best[0].gain else usual
    for number in range(refined):
        scale, strategy = middle * (1 + 0.02 * (number - refined // 2 + 0.5)), strategies[number % len(strategies)]
        aim = target.scaled(shift or 0.0, scale)
        share = (len(work) + number + 1) / (len(work) + refined)
        yield share, bend(basis, values, aim, strategy, shifted=shift is None)


def _evaluate(
    basis: Basis, found: Array, values: Array, points: tuple[Array, Array], gain: float | None, shift: float | None
) -> Construction:
    """Fit free registers by least squares, then compute the errors."""
    x, y = points
    total = basis.sum(found, x)
    mean = total.mean() if shift is None else 0.0
    aim = y - (y.mean() if shift is None else shift)
    square = float((total - mean) @ (total - mean))
    least = len(x) * (1e-9 * basis.steepness * float(np.abs(values).sum()) * (x[-1] - x[0])) ** 2
    chosen = gain if gain is not None else float((total - mean) @ aim) / square if square > least else 1.0
    offset = shift if shift is not None else float(y.mean() - chosen * mean)
    error = chosen * total + offset - y
    permutation = np.empty(len(values), np.int64)
    permutation[np.argsort(found, kind="stable")] = np.argsort(values, kind="stable")
    return Construction(permutation, chosen, offset, float(np.abs(error).max()), float(np.sqrt((error**2).mean())))
