"""What changes at each event of a schedule, as exports write it: connections, registers, optimiser steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.export.snapshot import Snapshot


class Change(NamedTuple):
    """Changes of one kind in one layer at one event, side by side."""

    event: int
    kind: Literal["cell", "bias", "gain", "steps"]
    layer: int
    """-1 for ``steps``."""
    places: NDArray[np.int64]
    """Banks of ``cell``, units of ``bias``, numbers of ``gain``."""
    positions: NDArray[np.int64]
    """Of ``cell``; 0 of all else."""
    values: NDArray[np.int64] | NDArray[np.float64]
    """Cells, registers, or the optimiser steps taken by then."""


def changes(snapshot: Snapshot) -> Iterator[Change]:
    """Yield the changes from event 1 to the snapshot's, in order.

    A position that is fed by another cell than before has a row, and so has a register whose value changes; all
    registers at the first event, since other chips may start from other values. An event at which nothing of that
    changes, such as one at which something broke, has its optimiser steps.
    """
    layers, none, steps = snapshot.model.layers, np.zeros(1, np.int64), 0
    cells: list[NDArray[np.int64] | None] = [None] * len(layers)
    registers: list[NDArray[np.float64] | None] = [None] * len(layers)
    for entry in snapshot.history():
        if not entry.event:
            continue
        changed = list[Change]()
        for layer, after in enumerate(entry.permutations):
            if after is not None:
                before = cells[layer]
                straight = np.tile(np.arange(after.shape[1]), (len(after), 1))
                banks, positions = np.nonzero((straight if before is None else before) != after)
                changed.append(Change(entry.event, "cell", layer, banks, positions, after[banks, positions]))
                cells[layer] = after
        for layer, values in enumerate(entry.registers):
            changed += _written(entry.event, layer, layers[layer].units, registers[layer], values)
            registers[layer] = values
        if entry.batch != steps or entry.event == 1 or not any(change.values.size for change in changed):
            yield Change(entry.event, "steps", -1, none, none, np.array([entry.batch]))
        yield from changed
        steps = entry.batch


def _written(
    event: int, layer: int, units: int, before: NDArray[np.float64] | None, after: NDArray[np.float64]
) -> Iterator[Change]:
    numbers = np.arange(len(after)) if before is None else np.flatnonzero(before != after)
    biases, gains = numbers[numbers < units], numbers[numbers >= units]
    yield Change(event, "bias", layer, biases, np.zeros_like(biases), after[biases])
    yield Change(event, "gain", layer, gains - units, np.zeros_like(gains), after[gains])
