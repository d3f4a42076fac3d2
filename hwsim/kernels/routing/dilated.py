"""Route dilated Beneš networks by looping, where each half of a loop's connections takes one sub-block.

Every switch carries one signal. With N = 2^L ports, connections are routed as in a Beneš whose outputs have their two
lowest bits exchanged; what it decides at level e, upper or lower sub-block, is bit N >> e of the wire that the signal
then takes among the 2 N. Reference implementation: ``tests/oracles/dilated.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel
from hwsim.kernels.walk import follow, mate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCRATCH = 8
"""Rows of n numbers that routing one permutation scribbles on."""


@kernel
def low_exchanged(number: int, n: int) -> int:
    """A number with its two lowest bits exchanged; as it is where n has no two bits.

    Example:
        >>> [low_exchanged(number, 8) for number in range(8)]
        [0, 2, 1, 3, 4, 6, 5, 7]
    """
    return number if n < 4 else (number & ~3) | (number & 1) << 1 | (number >> 1 & 1)


@kernel
def route_one(
    n: int,
    p: NDArray[np.int64],
    cost: NDArray[np.float64],
    scratch: NDArray[np.int32],
    state: NDArray[np.uint8],
) -> None:
    """Route one permutation, block by block from the outside in; a loop is turned where that costs less.

    Args:
        n: ports, a power of two and at least 2.
        p: input of each output.
        cost: two numbers per switch, cost of state 0 and of state 1; empty: no cost is consulted.
        scratch: 8 n numbers.
        state: states, overwritten.

    Example:
        >>> import numpy as np
        >>> state = np.zeros(4, np.uint8)
        >>> route_one(2, np.array([1, 0]), np.zeros(0), np.zeros(16, np.int32), state)
        >>> state.tolist()
        [1, 0, 1, 1]
    """
    length = 0
    while 1 << length < n:
        length += 1
    take, give, came, goes = scratch[:n], scratch[n : 2 * n], scratch[2 * n : 3 * n], scratch[3 * n : 4 * n]
    half, path = scratch[4 * n : 5 * n], scratch[5 * n : 6 * n]
    next_came, next_goes = scratch[6 * n : 7 * n], scratch[7 * n : 8 * n]
    for o in range(n):
        take[low_exchanged(o, n)] = p[o]
        came[o] = o
        goes[low_exchanged(o, n)] = o
    for level in range(length - 1):
        m, h = n >> level, n >> (level + 1)
        front, behind = level * n, (2 * length - 1 - level) * n
        for b in range(0, n, m):
            for o in range(m):
                give[b + take[b + o]] = o
                half[b + o] = -1
            for start in range(h):
                if half[b + start] >= 0:
                    continue
                i, count, stay, turn = start, 0, 0.0, 0.0
                while True:  # i takes the upper sub-block, the mate of its output the lower one
                    j = follow(i, h, take, b, give, b)[1]
                    half[b + i], half[b + j] = 0, 1
                    path[count], path[count + 1] = i, j
                    count += 2
                    i = mate(j, h)
                    if i == start:
                        break
                for k in range(count if len(cost) else 0):
                    i = path[k]
                    o = give[b + i]
                    at = 2 * (front + b + i)
                    value = (came[b + i] >> (length - level) & 1) ^ half[b + i]
                    stay, turn = stay + cost[at + value], turn + cost[at + 1 - value]
                    at = 2 * (behind + low_exchanged(b + o, n))
                    value = (goes[b + o] >> (length - level) & 1) ^ half[b + i]
                    stay, turn = stay + cost[at + value], turn + cost[at + 1 - value]
                if turn < stay:
                    for k in range(count):
                        half[b + path[k]] ^= 1
            for i in range(m):
                o, d = give[b + i], half[b + i]
                state[front + b + i] = (came[b + i] >> (length - level) & 1) ^ d
                state[behind + low_exchanged(b + o, n)] = (goes[b + o] >> (length - level) & 1) ^ d
                inner = b + d * h
                next_came[inner + i % h] = came[b + i]
                next_goes[inner + o % h] = goes[b + o]
                path[d * h + o % h] = i % h
            for o in range(m):
                take[b + o] = path[o]
                came[b + o] = next_came[b + o]
                goes[b + o] = next_goes[b + o]
    for w in range(n):
        i = (w & ~1) + take[w]
        d = w & 1
        state[(length - 1) * n + i] = (came[i] >> 1 & 1) ^ d
        state[length * n + w] = (came[i] ^ goes[w]) & 1


@parallel_kernel
def route_many(
    n: int,
    permutations: NDArray[np.int64],
    cost: NDArray[np.float64],
    tables: int,
    scratch: NDArray[np.int32],
    state: NDArray[np.uint8],
) -> None:
    """Route one permutation per bank.

    Args:
        n: ports, a power of two and at least 2.
        permutations: one row of n a bank.
        cost: as in :func:`route_one`, one table for all banks, or one per bank.
        tables: how many tables: 0, 1, or as many as banks.
        scratch: one row of 8 n numbers per chunk, at least one chunk.
        state: one row per bank, overwritten.

    Example:
        >>> import numpy as np
        >>> state = np.zeros(8, np.uint8)
        >>> route_many(2, np.array([1, 0, 0, 1]), np.zeros(0), 0, np.zeros(16, np.int32), state)
        >>> state.tolist()
        [1, 0, 1, 1, 0, 1, 0, 0]
    """
    banks, chunks = len(permutations) // n, len(scratch) // (SCRATCH * n)
    switches = len(state) // max(banks, 1)
    for chunk in prange(chunks):
        for bank in range(chunk, banks, chunks):
            at = 2 * switches * (bank if tables > 1 else 0)
            table = cost[at : at + 2 * switches * min(tables, 1)]
            own = scratch[chunk * SCRATCH * n : (chunk + 1) * SCRATCH * n]
            route_one(
                n,
                permutations[bank * n : (bank + 1) * n],
                table,
                own,
                state[bank * switches : (bank + 1) * switches],
            )
