"""Assign cells to positions where cells of one class may be exchanged: few moves, many short circles.

Reference implementation: ``tests/oracles/exchange.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def assign_one(
    n: int,
    classes: int,
    label: NDArray[np.int32],
    wanted: NDArray[np.int32],
    old: NDArray[np.int64],
    scratch: NDArray[np.int64],
    new: NDArray[np.int64],
) -> bool:
    """A permutation that shows wanted classes and leaves alone every position that is right already.

    A wrong position that shows class a and wants b is an arc b -> a: the cell it gives away serves another that
    wants a.
    Pairs of opposite arcs are closed first, each one transposition; what is left is closed in circles as they are met.

    Args:
        n: ports.
        classes: how many classes there are.
        label: class of each cell.
        wanted: class wanted at each position.
        old: permutation before.
        scratch: 5 n + 2 classes numbers.
        new: permutation, overwritten.

    Returns:
        Whether the classes of the cells are those wanted; the permutation is of no use where they are not.

    Example:
        >>> new, scratch = np.zeros(3, np.int64), np.zeros(19, np.int64)
        >>> label, wanted = np.array([0, 1, 1], np.int32), np.array([1, 0, 1], np.int32)
        >>> assign_one(3, 2, label, wanted, np.array([0, 1, 2]), scratch, new), new.tolist()
        (True, [1, 0, 2])
    """
    follow = scratch[:n]
    keys, order = scratch[n : 2 * n], scratch[2 * n : 3 * n]
    trail, ways = scratch[3 * n : 4 * n], scratch[4 * n : 5 * n]
    first, depth = scratch[5 * n : 5 * n + classes], scratch[5 * n + classes : 5 * n + 2 * classes]
    for v in range(classes):
        first[v], depth[v] = 0, -1
    for o in range(n):
        first[label[old[o]]] += 1
        first[wanted[o]] -= 1
    for v in range(classes):
        if first[v] != 0:
            return False
        first[v] = -1
    wrong = 0
    for o in range(n):
        new[o] = old[o]
        a, b = label[old[o]], wanted[o]
        if a != b:
            keys[wrong] = min(a, b) * np.int64(classes) + max(a, b)
            ways[wrong] = o
            wrong += 1
    by_pair = np.argsort(keys[:wrong], kind="mergesort")
    # within a group of one pair of classes: the rising ones wait in order, and each falling one takes the first
    at = 0
    left = 0
    while at < wrong:
        end = at
        while end < wrong and keys[by_pair[end]] == keys[by_pair[at]]:
            end += 1
        up, down = at, at
        while True:
            while up < end and label[old[ways[by_pair[up]]]] > wanted[ways[by_pair[up]]]:
                up += 1
            while down < end and label[old[ways[by_pair[down]]]] < wanted[ways[by_pair[down]]]:
                down += 1
            if end in (up, down):
                break
            x, y = ways[by_pair[up]], ways[by_pair[down]]
            new[x], new[y] = old[y], old[x]
            up += 1
            down += 1
        rest = min(up, down)
        for k in range(rest, end):
            o = ways[by_pair[k]]
            rising = label[old[o]] < wanted[o]
            if (rising and k >= up) or (not rising and k >= down):
                order[left] = o
                left += 1
        at = end
    for k in range(left - 1, -1, -1):
        o = order[k]
        follow[o] = first[wanted[o]]
        first[wanted[o]] = o
    for k in range(left):
        here, count = np.int64(wanted[order[k]]), 0
        while first[here] >= 0:
            depth[here] = count
            o = first[here]
            first[here] = follow[o]
            trail[count] = o
            count += 1
            here = np.int64(label[old[o]])
            if depth[here] >= 0:  # a circle: each position takes the cell of the one before it
                start = depth[here]
                for t in range(start, count):
                    giver = trail[t - 1] if t > start else trail[count - 1]
                    depth[wanted[trail[t]]] = -1
                    new[trail[t]] = old[giver]
                count = start
        # the arcs balance at every class, so that a walk always ends where it began
    return True


@parallel_kernel
def assign_many(
    n: int,
    classes: int,
    label: NDArray[np.int32],
    wanted: NDArray[np.int32],
    old: NDArray[np.int64],
    scratch: NDArray[np.int64],
    new: NDArray[np.int64],
    fits: NDArray[np.uint8],
) -> None:
    """One permutation per bank, banks in parallel; arguments as in :func:`assign_one`, rows of n.

    Args:
        n: ports, at least 1.
        classes: how many classes there are.
        label: rows of n.
        wanted: rows of n.
        old: rows of n.
        scratch: 5 n + 2 classes numbers per chunk.
        new: rows of n, overwritten.
        fits: per bank, whether the classes of the cells are those wanted, overwritten.
    """
    size = 5 * n + 2 * classes
    chunks, banks = len(scratch) // size, len(fits)
    for chunk in prange(chunks):
        for row in range(chunk, banks, chunks):
            fits[row] = assign_one(
                n,
                classes,
                label[row * n : (row + 1) * n],
                wanted[row * n : (row + 1) * n],
                old[row * n : (row + 1) * n],
                scratch[chunk * size : (chunk + 1) * size],
                new[row * n : (row + 1) * n],
            )
