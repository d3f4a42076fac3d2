"""One layer of SWIM: pairs of data points, the units between them, and the read-out by least squares.

Source: E. L. Bolager, I. Burak, C. Datar, Q. Sun, F. Dietrich, Sampling weights of deep neural networks, NeurIPS 2023
(arXiv 2306.16830), in the form of the authors' package swimnetworks: ``w = s1 (z2 - z1) / |z2 - z1|^2`` and
``b = -<w, z1> - s2``. A pair is as likely as the target changes steeply between its points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Hidden = Literal["relu", "tanh"]

STEEPNESS: dict[str, tuple[float, float]] = {"relu": (1.0, 0.0), "tanh": (float(np.log(3)), float(np.log(3) / 2))}
"""s1 and s2: a ReLU unit is 0 at the first point and 1 at the second, a tanh unit -1/2 and 1/2."""

COINCIDE = 1e-9
"""Points nearer than this share of the largest distance among the candidates count as one; no unit fits between."""


def sample_pairs(
    z: Array, y: NDArray[np.generic], units: int, rng: np.random.Generator, repeats: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw pairs of points, with replacement, as likely as ``|y2 - y1| / |z2 - z1|``.

    Candidates are drawn first: as many times all points as there are units for each, and ``repeats`` times that.

    Args:
        z: float64 (points, inputs), the points as the layer sees them.
        y: class numbers (points,), which differ or do not, or values (points, outputs), of which the largest
            difference counts.
        units: pairs to draw.
        rng: the stream.
        repeats: how many more candidates.

    Returns:
        First and second point of each pair, int64 (units,).

    Raises:
        ValueError: all points are alike.

    Example:
        >>> z = np.array([[0.0], [1.0], [1.1]])
        >>> first, second = sample_pairs(z, np.array([0, 0, 1]), 4, np.random.default_rng(0))
        >>> sorted(set((first + second).tolist()))
        [2, 3]
    """
    points = len(z)
    if points < 2:  # noqa: PLR2004 - a pair
        raise ValueError("sampled values need two different points at least; give more training samples")
    count = points * max(1, -(-units // points)) * repeats
    first = rng.integers(0, points, count)
    second = (first + rng.integers(1, points, count)) % points
    distance = np.linalg.norm(z[second] - z[first], axis=1)
    apart = distance > COINCIDE * distance.max(initial=0.0)
    if not apart.any():
        raise ValueError("all training samples are alike where a layer takes them; sampled values need different ones")
    change = (y[first] != y[second]).astype(np.float64) if y.ndim == 1 else np.abs(y[second] - y[first]).max(axis=1)
    density = np.where(apart, change / np.where(apart, distance, 1.0), 0.0)
    if density.sum() <= 0:  # a constant target: any two points
        density = apart.astype(np.float64)
    chosen = rng.choice(count, units, p=density / density.sum())
    return first[chosen], second[chosen]


def place_units(z: Array, first: NDArray[np.int64], second: NDArray[np.int64], hidden: Hidden) -> tuple[Array, Array]:
    """Return weights (units, inputs) and biases (units,) of units that rise from one point to the other.

    Example:
        >>> z = np.array([[0.0, 0.0], [2.0, 0.0]])
        >>> weights, bias = place_units(z, np.array([0]), np.array([1]), "tanh")
        >>> np.tanh(z @ weights.T + bias).round(6).tolist()
        [[-0.5], [0.5]]
    """
    s1, s2 = STEEPNESS[hidden]
    change = z[second] - z[first]
    weights = s1 * change / (change**2).sum(axis=1, keepdims=True)
    return weights, -(weights * z[first]).sum(axis=1) - s2


def solve_output(features: Array, y: Array, rcond: float) -> tuple[Array, Array]:
    """Fit weights (outputs, features) and biases (outputs,) of the linear read-out, by least squares.

    Args:
        features: float64 (points, features).
        y: float64 (points, outputs).
        rcond: singular values below this share of the largest count as zero.

    Example:
        >>> weights, bias = solve_output(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]]), 1e-8)
        >>> weights.round(9).tolist(), bias.round(9).tolist()
        ([[2.0]], [1.0])
    """
    table = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    solved = np.linalg.lstsq(table, y, rcond=rcond)[0]
    return np.ascontiguousarray(solved[:-1].T), solved[-1]
