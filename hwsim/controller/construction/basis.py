"""The fixed basis of Cai's network: ReLU functions that rise to the right or to the left of their breakpoints.

Source: Y. Cai, G. Chen, Z. Qiao, Neural networks trained by weight permutation are universal approximators, Neural
Networks 187 (2025) 107277 (arXiv 2407.01033), eq. (1): phi+_i(x) = ReLU(x - b_i), phi-_i(x) = ReLU(b_i - x).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Basis:
    """Functions ``steepness * ReLU(x - breakpoint)`` where ``right``, ``steepness * ReLU(breakpoint - x)`` elsewhere.

    Args:
        breakpoints: float64 (functions,), in any order.
        right: bool (functions,), whether a function rises to the right.
        steepness: the slope of all of them, above 0.
    """

    breakpoints: Array
    right: NDArray[np.bool_]
    steepness: float = 1.0

    def values(self, x: Array) -> Array:
        """Return every function at every point, float64 (points, functions).

        Example:
            >>> Basis(np.array([0.5, 0.5]), np.array([True, False])).values(np.array([0.0, 0.75])).tolist()
            [[0.0, 0.5], [0.25, 0.0]]
        """
        ahead = np.asarray(x, np.float64)[:, None] - self.breakpoints
        return self.steepness * np.maximum(np.where(self.right, ahead, -ahead), 0)

    def sum(self, coefficients: Array, x: Array) -> Array:
        """Add up all functions with these coefficients, float64 (points,), in O((points + functions) log).

        Example:
            >>> basis = Basis(np.array([0.5, 0.5]), np.array([True, False]))
            >>> basis.sum(np.array([1.0, -2.0]), np.array([0.0, 0.75])).tolist()
            [-1.0, 0.25]
        """
        x = np.asarray(x, np.float64)
        found = np.zeros(len(x))
        for side, sign in ((self.right, 1.0), (~self.right, -1.0)):
            breakpoints, weights = sign * self.breakpoints[side], np.asarray(coefficients)[side]
            order = np.argsort(breakpoints, kind="stable")
            breakpoints, weights = breakpoints[order], weights[order]
            below = np.searchsorted(breakpoints, sign * x)
            slope = np.concatenate([[0.0], np.cumsum(weights)])[below]
            offset = np.concatenate([[0.0], np.cumsum(weights * breakpoints)])[below]
            found += slope * (sign * x) - offset
        return self.steepness * found


def read_basis(weights: Array, bias: Array) -> Basis:
    """Read the basis that a hidden ReLU layer with one input computes, ``ReLU(w x + b)``.

    Args:
        weights: float64 (functions, 1), of one magnitude within a thousandth and both signs.
        bias: float64 (functions,).

    Raises:
        ValueError: the layer is not of this form; the message says what was found and what would work.

    Example:
        >>> read_basis(np.array([[1.0], [-1.0]]), np.array([0.25, 0.25])).breakpoints.tolist()
        [-0.25, 0.25]
    """
    weights = np.asarray(weights, np.float64)
    if weights.shape[1] != 1:
        raise ValueError(f"a construction takes functions of one input, not of {weights.shape[1]}; use a 1-D task")
    w = weights[:, 0]
    steepness = float(np.median(np.abs(w)))
    if steepness == 0 or np.abs(np.abs(w) - steepness).max() > 1e-3 * steepness:
        raise ValueError("hidden weights must all be +w or -w; give the first layer weights = 'signs'")
    if np.all(w > 0) or np.all(w < 0):
        raise ValueError("hidden weights of one sign alone; give the first layer weights = 'signs' and an even width")
    return Basis(-np.asarray(bias, np.float64) / w, w > 0, steepness)
