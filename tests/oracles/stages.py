"""Signals sent through stages of switches, from the definitions, slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def pass_signals(
    state: NDArray[np.uint8], wire_a: Sequence[int], wire_b: Sequence[int], signals: NDArray[np.integer]
) -> NDArray[np.integer]:
    """Signals (banks, wires) after switches in order; a switch in cross exchanges its two wires.

    Example:
        >>> import numpy as np
        >>> pass_signals(np.array([[1]], np.uint8), [0], [1], np.array([[5, 7]])).tolist()
        [[7, 5]]
    """
    through = signals.copy()
    for s, (a, b) in enumerate(zip(wire_a, wire_b, strict=True)):
        crossed = state[:, s] == 1
        through[crossed, a], through[crossed, b] = through[crossed, b], through[crossed, a]
    return through


def count_paths(
    state: Sequence[int], switches: Sequence[tuple[int, int, int]], crossings: Sequence[Sequence[int]], wire: int
) -> tuple[int, int, int, int]:
    """Follow one signal: the wire it ends on, switches passed in bar and in cross, crossings passed.

    Args:
        state: state of each switch.
        switches: stage and both wires of each switch, in order.
        crossings: for each gap (before each stage, and after the last), crossings on each wire.
        wire: where it starts.

    Example:
        >>> count_paths([1], [(0, 0, 1)], [[0, 0], [3, 4]], 0)
        (1, 0, 1, 4)
    """
    passed, gap, counts = 0, 0, [0, 0]
    for value, (stage, a, b) in zip(state, switches, strict=True):
        if wire in {a, b}:
            passed += sum(crossings[g][wire] for g in range(gap, stage + 1))
            gap = stage + 1
            counts[value] += 1
            wire = (a if wire == b else b) if value else wire
    passed += sum(crossings[g][wire] for g in range(gap, len(crossings)))
    return wire, counts[0], counts[1], passed


def count_crossings(places: Sequence[int]) -> list[int]:
    """How many other wires each wire crosses, wire i running from place i to ``places[i]``.

    Example:
        >>> count_crossings([2, 0, 1])
        [2, 1, 1]
    """
    return [
        sum((i < j) != (place < other) for j, other in enumerate(places) if j != i) for i, place in enumerate(places)
    ]


def sort_tags(tags: Sequence[int], wire_a: Sequence[int], wire_b: Sequence[int]) -> tuple[list[int], list[int]]:
    """Tags after comparators in order, and the state of each; the smaller tag leaves on wire a.

    Example:
        >>> sort_tags([7, 5], [0], [1])
        ([5, 7], [1])
    """
    through, state = list(tags), []
    for a, b in zip(wire_a, wire_b, strict=True):
        state.append(int(through[a] > through[b]))
        through[a], through[b] = sorted((through[a], through[b]))
    return through, state
