"""A schedule as lines of text, which ``hwsim replay`` and any spreadsheet read: event, layer, bank, position, cell.

Events from 1 up to the one that is exported. A line says which cell feeds a position from this event on, and there is
one for every position that changes. Lines with a word as their position set biases (``bias``), gains (``gain``) and
tell the optimiser steps (``steps``); ``hwsim help schedule`` has the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.export.snapshot import Snapshot
    from hwsim.files.whole import Content

HEAD = "event,layer,bank,position,cell"


def _connected(event: int, layer: int, before: NDArray[np.int64], after: NDArray[np.int64]) -> Iterator[str]:
    for bank, position in np.argwhere(before != after).tolist():
        yield f"{event},{layer},{bank},{position},{after[bank, position]}"


def _written(
    event: int, layer: int, units: int, before: NDArray[np.float64] | None, after: NDArray[np.float64]
) -> Iterator[str]:
    """List registers whose value changes; all at the first event, since other chips may start from other values."""
    for number in range(len(after)) if before is None else np.flatnonzero(before != after).tolist():
        word, place = ("bias", number) if number < units else ("gain", number - units)
        yield f"{event},{layer},{place},{word},{float(after[number])!r}"


def _lines(snapshot: Snapshot) -> Iterator[str]:
    yield "# hwsim export csv, version 1"
    yield HEAD
    layers = snapshot.model.layers
    cells: list[NDArray[np.int64] | None] = [None] * len(layers)
    registers: list[NDArray[np.float64] | None] = [None] * len(layers)
    steps = 0
    for entry in snapshot.history():
        if not entry.event:
            continue
        if entry.batch != steps or entry.event == 1:
            yield f"{entry.event},,,steps,{entry.batch}"
        steps = entry.batch
        for layer, after in enumerate(entry.permutations):
            if after is not None:
                straight = np.tile(np.arange(after.shape[1]), (len(after), 1))
                before = cells[layer]
                yield from _connected(entry.event, layer, straight if before is None else before, after)
                cells[layer] = after
        for layer, values in enumerate(entry.registers):
            yield from _written(entry.event, layer, layers[layer].units, registers[layer], values)
            registers[layer] = values


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file with every event up to the snapshot's."""
    return {"schedule.csv": checked((f"{line}\n".encode() for line in _lines(snapshot)), "script")}


PLUGIN = ExportPlugin(
    name="csv",
    summary="the schedule as lines of event, layer, bank, position, cell, which hwsim replay takes",
    export=export,
    needs="network",
    named="schedule.csv",
    checksum=RULE,
)
