"""A schedule as lines of text, which ``hwsim replay`` and any spreadsheet read: event, layer, bank, position, cell.

Events from 1 up to the one that is exported. A line says which cell feeds a position from this event on, and there is
one for every position that changes. Lines with a word as their position set biases (``bias``), gains (``gain``) and
tell the optimiser steps (``steps``); ``hwsim help schedule`` has the rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.export.schedule_changes import changes
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.export.snapshot import Snapshot
    from hwsim.files.whole import Content

HEAD = "event,layer,bank,position,cell"


def _lines(snapshot: Snapshot) -> Iterator[str]:
    yield "# hwsim export csv, version 1"
    yield HEAD
    for event, kind, layer, places, positions, values in changes(snapshot):
        if kind == "steps":
            yield f"{event},,,steps,{values[0]}"
            continue
        rows = zip(places.tolist(), positions.tolist(), values.tolist(), strict=True)
        for place, position, value in rows:
            yield f"{event},{layer},{place},{position if kind == 'cell' else kind},{value!r}"


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
