"""Cells of one class in a bank may be exchanged: finds the permutation that shows wanted classes and moves least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import PermutationError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def number_classes(cells: NDArray[Any]) -> NDArray[np.int32]:
    """Assign a number to each different value in cells: int32 of the same shape, in ascending order of value.

    Args:
        cells: values of any type that can be compared; only values equal to the last bit are of one class.

    Example:
        >>> number_classes(np.array([[0.5, -1.0, 0.5], [-1.0, 2.0, 2.0]])).tolist()
        [[1, 0, 1], [0, 2, 2]]
    """
    found = np.unique(cells, return_inverse=True)[1]
    return np.ascontiguousarray(found.reshape(cells.shape), np.int32)


def check_classes(classes: NDArray[Any], wanted: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    """Check both arrays; return them as contiguous int32 (banks, ports), and how many classes there are.

    Raises:
        ValueError: unequal shapes, not two dimensions, or a negative class.

    Example:
        >>> check_classes(np.array([[0, 1]]), np.array([[1, 0]]))[2]
        2
    """
    rows, wish = np.ascontiguousarray(classes, np.int32), np.ascontiguousarray(wanted, np.int32)
    if rows.ndim != 2 or rows.shape != wish.shape:  # noqa: PLR2004 - banks and ports
        raise ValueError(f"classes have shape {rows.shape}, those wanted {wish.shape}; give (banks, ports) for both")
    if min(rows.min(initial=0), wish.min(initial=0)) < 0:
        raise ValueError("a class is negative; number classes from 0 on (number_classes does)")
    return rows, wish, int(max(rows.max(initial=0), wish.max(initial=0))) + 1


def refuse_misfits(fits: NDArray[np.uint8]) -> None:
    """Say which bank cannot show what is wanted.

    Raises:
        PermutationError: where fits is 0.

    Example:
        >>> refuse_misfits(np.array([1, 1], np.uint8))
    """
    wrong = np.flatnonzero(fits == 0)
    if wrong.size:
        raise PermutationError(
            f"bank {wrong[0]}: the classes wanted are not those of its cells; ask for as many of each as there are"
        )


def assign_values(
    old: NDArray[np.int64], classes: NDArray[np.integer], wanted: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Find permutations that show the wanted classes with fewest moves, in as many cycles as possible.

    Args:
        old: permutations before, int64 (banks, ports).
        classes: class of each cell, (banks, ports), numbered from 0 on.
        wanted: class wanted at each position, (banks, ports).

    Returns:
        int64 (banks, ports); positions that show the right class already keep their cell.

    Raises:
        PermutationError: a bank's wanted classes are not those of its cells.
        ValueError: shapes that do not fit each other.

    Example:
        >>> old = np.array([[0, 1, 2, 3]])
        >>> assign_values(old, np.array([[7, 8, 7, 8]]), np.array([[8, 7, 7, 8]])).tolist()
        [[1, 0, 2, 3]]
    """
    from hwsim.kernels.compile import threading
    from hwsim.kernels.routing.exchange import assign_many

    rows, wish, class_count = check_classes(classes, wanted)
    if old.shape != rows.shape:
        raise ValueError(f"permutations have shape {old.shape}; give {rows.shape}")
    banks, n = rows.shape
    new, fits = np.empty((banks, n), np.int64), np.ones(banks, np.uint8)
    if n and banks:
        chunks = min(banks, 4 * threading()["threads"])
        scratch = np.empty(chunks * (5 * n + 2 * class_count), np.int64)
        before = np.ascontiguousarray(old, np.int64).reshape(-1)
        assign_many(n, class_count, rows.reshape(-1), wish.reshape(-1), before, scratch, new.reshape(-1), fits)
    refuse_misfits(fits)
    return new
