"""A schedule as a Parquet file, with columns of numbers, which ``hwsim replay`` and every data frame read.

Columns: ``event``; ``kind``, which is ``cell``, ``bias``, ``gain`` or ``steps``; ``layer``; ``bank`` (of a bias: the
unit); ``position``; ``cell`` (of ``steps``: the optimiser steps); ``value`` of a bias or gain. What a kind does not
have is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.export.schedule_changes import changes
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.parquet import KINDS, check_bytes, read_columns, write_columns

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.export.schedule_changes import Change
    from hwsim.export.snapshot import Snapshot

COLUMNS = {"event": "i", "kind": "U", "layer": "i", "bank": "i", "position": "i", "cell": "i", "value": "f"}
"""Columns with their kinds (:mod:`hwsim.files.parquet`)."""


def _columns(change: Change) -> dict[str, NDArray[Any]]:
    event, kind, layer, places, positions, values = change
    lacking = np.full(len(values), -1)
    return {
        "event": np.full(len(values), event),
        "kind": np.full(len(values), kind),
        "layer": np.full(len(values), layer),
        "bank": lacking if kind == "steps" else places,
        "position": positions if kind == "cell" else lacking,
        "cell": lacking if kind in {"bias", "gain"} else values,
        "value": values if kind in {"bias", "gain"} else np.full(len(values), np.nan),
    }


def export(snapshot: Snapshot) -> dict[str, bytes]:
    """Write one file with every event up to the snapshot's."""
    parts = [_columns(change) for change in changes(snapshot)]
    columns = {
        name: np.concatenate([np.zeros(0, KINDS[kind]), *(part[name] for part in parts)])
        for name, kind in COLUMNS.items()
    }
    about = {
        "hwsim.format": "hwsim export parquet, version 1",
        "hwsim.run": snapshot.identity,
        "hwsim.event": str(snapshot.event),
    }
    return {"schedule.parquet": write_columns(columns, about)}


def _verify(path: Path) -> None:
    check_bytes(path)
    read_columns(path, COLUMNS)


PLUGIN = ExportPlugin(
    name="parquet",
    summary="the schedule as columns of event, kind, layer, bank, position, cell and value, which hwsim replay takes",
    export=export,
    needs="network",
    named="schedule.parquet",
    checksum="CRC-32 of all bytes, and SHA-256 of all rows, in the metadata; CRC-32 of every page",
    verify=_verify,
)
