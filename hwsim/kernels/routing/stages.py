"""Signals through stages of 2x2 switches in place: where they come out, what they pass, which wires cross.

Kernels take flat contiguous arrays: row r of an array of rows of length n starts at r n. Reference
implementation: ``tests/oracles/stages.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

# unsigned indices spare the compiler the branch for negative ones; mixed with signed numbers they would become floats
_0, _1, _2 = (np.uint64(value) for value in (0, 1, 2))


class Gaps(NamedTuple):
    """Crossings of waveguides in the gaps before each stage, and after the last."""

    starts: NDArray[np.int64]
    """The first switch of each stage, and the number of switches."""
    rows: NDArray[np.int32]
    """Of each gap its row of table, or -1 where nothing crosses."""
    table: NDArray[np.int32]
    """Rows of a number for each wire: its crossings."""


class Counts(NamedTuple):
    """What signals pass: in each array one row of a count for each signal for each bank."""

    bar: NDArray[np.int32]
    cross: NDArray[np.int32]
    crossings: NDArray[np.int32]


@parallel_kernel
def pass_signals(
    n: int,
    state: NDArray[np.uint8],
    wire_a: NDArray[np.int32],
    wire_b: NDArray[np.int32],
    signals: NDArray[np.int32],
) -> None:
    """Send signals through switches in order, in place: a switch in cross exchanges its two wires.

    Args:
        n: wires, at least 1.
        state: one row of states per bank.
        wire_a: one wire of each switch, stage by stage.
        wire_b: the other wire.
        signals: one row of n signals a bank, overwritten.

    Example:
        >>> signals, one, other = (np.array(v, np.int32) for v in ([5, 7], [0], [1]))
        >>> pass_signals(2, np.array([1], np.uint8), one, other, signals)
        >>> signals.tolist()
        [7, 5]
    """
    switches, wires = np.uint64(len(wire_a)), np.uint64(n)
    for bank in prange(len(signals) // n):
        first, base = np.uint64(bank) * wires, np.uint64(bank) * switches
        for number in range(switches):
            s = np.uint64(number)
            if state[base + s] == 1:
                a, b = first + np.uint64(wire_a[s]), first + np.uint64(wire_b[s])
                signals[a], signals[b] = signals[b], signals[a]


@parallel_kernel
def count_paths(
    n: int,
    ports: int,
    state: NDArray[np.uint8],
    wire_a: NDArray[np.int32],
    wire_b: NDArray[np.int32],
    gaps: Gaps,
    signals: NDArray[np.int32],
    counts: Counts,
) -> None:
    """Send numbered signals through switches and count what each passes.

    Args:
        n: wires, at least 1.
        ports: signals.
        state: one row of states per bank.
        wire_a: one wire of each switch, stage by stage.
        wire_b: the other wire.
        gaps: crossings between the columns of switches.
        signals: one row of n signals a bank, numbers of 0 .. ports - 1 or -1 for none; overwritten.
        counts: added to.

    Example:
        >>> signals, one, other, rows = (np.array(v, np.int32) for v in ([0, 1], [0], [1], [-1, 0]))
        >>> counts, gaps = Counts(*np.zeros((3, 2), np.int32)), Gaps(np.array([0, 1]), rows, np.array([3, 4], np.int32))
        >>> count_paths(2, 2, np.array([1], np.uint8), one, other, gaps, signals, counts)
        >>> signals.tolist(), [count.tolist() for count in counts]
        ([1, 0], [[0, 0], [1, 1], [4, 3]])
    """
    starts, rows, table = gaps
    bar, cross, crossings = counts
    switches, wires, last = np.uint64(len(wire_a)), np.uint64(n), len(rows) - 1
    for bank in prange(len(signals) // n):
        first, base, own = np.uint64(bank) * wires, np.uint64(bank) * switches, np.uint64(bank) * np.uint64(ports)
        for gap in range(last + 1):
            if rows[gap] >= 0:  # waveguides that cross on the way to the next column
                row = np.uint64(rows[gap]) * wires
                for w in range(wires):
                    wire = np.uint64(w)
                    if signals[first + wire] >= 0:
                        crossings[own + np.uint64(signals[first + wire])] += table[row + wire]
            if gap == last:
                break
            # the column of switches
            for number in range(np.uint64(starts[gap]), np.uint64(starts[gap + 1])):
                s = np.uint64(number)
                a, b = first + np.uint64(wire_a[s]), first + np.uint64(wire_b[s])
                one, other = signals[a], signals[b]
                if state[base + s] == 1:
                    signals[a], signals[b] = other, one
                    if one >= 0:
                        cross[own + np.uint64(one)] += 1
                    if other >= 0:
                        cross[own + np.uint64(other)] += 1
                else:
                    if one >= 0:
                        bar[own + np.uint64(one)] += 1
                    if other >= 0:
                        bar[own + np.uint64(other)] += 1


@kernel
def count_crossings(places: NDArray[np.int32], tree: NDArray[np.int32], found: NDArray[np.int32]) -> None:
    """Of wires that lie side by side and run to other places side by side: how many others each one crosses.

    A wire from place i to place p, with `below` wires that start and end above it, crosses i + p - 2 below.

    Args:
        places: where the wire from place i ends, a permutation of 0 .. n - 1.
        tree: n + 1 numbers of scratch.
        found: n counts, overwritten.

    Example:
        >>> found = np.zeros(3, np.int32)
        >>> count_crossings(np.array([2, 0, 1], np.int32), np.zeros(4, np.int32), found)
        >>> found.tolist()
        [2, 1, 1]

    Source: P. Fenwick, A new data structure for cumulative frequency tables (1994).
    """
    n = np.uint64(len(places))
    tree[:] = 0
    for start in range(n):
        i = np.uint64(start)
        place = np.uint64(places[i])
        below, at = 0, place
        while at > _0:
            below += tree[at]
            at &= at - _1
        found[i] = np.int32(i + place) - np.int32(2 * below)
        at = place + _1
        while at <= n:
            tree[at] += 1
            at += at & (~at + _1)
