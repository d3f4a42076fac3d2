"""Units of one network in the order of another's: which are the same after another training run.

Source: Glukhov, Permutative redundancy (arXiv 2411.07008), which compares patterns of connections by Sorensen-Dice and
reorders greedily; the assignment is that of S. Ainsworth et al., Git Re-Basin (ICLR 2023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def compare_binary(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> Array:
    """Compute Sorensen-Dice of every two patterns, ``2 |u and v| / (|u| + |v|)``: 1 alike, 0 apart; 1 if empty.

    Args:
        one: bool (units, inputs).
        other: bool (units of the other, inputs).

    Example:
        >>> compare_binary(np.array([[True, True]]), np.array([[True, False], [True, True]])).round(4).tolist()
        [[0.6667, 1.0]]
    """
    u, v = one.astype(np.float64), other.astype(np.float64)
    return _share(2 * u @ v.T, u.sum(axis=1)[:, None] + v.sum(axis=1)[None, :])


def compare_real(one: Array, other: Array) -> Array:
    """Compare weights with their signs: ``2 <u, v> / (|u|^2 + |v|^2)``, from -1 to 1; equal weights give 1.

    For weights of 0 and 1 it is Sorensen-Dice.

    Example:
        >>> compare_real(np.array([[1.0, 2.0]]), np.array([[1.0, 2.0], [-1.0, -2.0]])).tolist()
        [[1.0, -1.0]]
    """
    return _share(2 * one @ other.T, (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :])


def _share(common: Array, whole: Array) -> Array:
    empty = whole == 0
    return np.where(empty, 1.0, common / np.where(empty, 1.0, whole))


def reorder(similarity: Array, method: Literal["assignment", "greedy"] = "assignment") -> NDArray[np.int64]:
    """Find which unit of a network is which of the reference: int64 (units,), unit ``p[i]`` stands for unit i.

    Args:
        similarity: (units of the reference, units of the network).
        method: ``assignment`` makes the sum of similarities largest; ``greedy`` takes the most similar two that are
            left, again and again.

    Raises:
        ValueError: the numbers of units differ.

    Example:
        >>> reorder(np.array([[0.1, 0.9], [0.8, 0.7]])).tolist(), reorder(np.eye(2)[::-1], "greedy").tolist()
        ([1, 0], [1, 0])
    """
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1]:  # noqa: PLR2004 - a table
        raise ValueError(f"reordering needs as many units in both networks, not {similarity.shape}")
    if method == "assignment":
        from scipy.optimize import linear_sum_assignment

        return np.asarray(linear_sum_assignment(similarity, maximize=True)[1], np.int64)
    found = np.full(len(similarity), -1, np.int64)
    taken = np.zeros(len(similarity), bool)
    for flat in np.argsort(-similarity, axis=None, kind="stable"):
        one, other = divmod(int(flat), len(similarity))
        if found[one] < 0 and not taken[other]:
            found[one], taken[other] = other, True
    return found
