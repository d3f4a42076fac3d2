"""What every file of text says first: which format it is, of which run and event, and of which circuits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.export.told import Told, ToldLayer
from hwsim.files.remark import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsim.export.snapshot import LayerSnapshot, Snapshot


def mark(name: str) -> str:
    """Return the words by which a file is told to be of a format.

    Example:
        >>> mark("readmemh")
        'hwsim export readmemh, version 1'
    """
    return f"hwsim export {name}, version 1"


def heading(snapshot: Snapshot, layer: LayerSnapshot) -> dict[str, Any]:
    """Return remarks by key; texts that come from people are harmless in any format."""
    return {
        "run": snapshot.identity,
        "event": snapshot.event,
        "network": one_line(snapshot.model.title),
        "technology": one_line(snapshot.technology),
        "layer": layer.layer,
        "topology": one_line(layer.fabric.topology),
        "ports": layer.fabric.ports,
        "cells": snapshot.cells(layer),
        "banks": len(layer.states),
    }


def told(remarks: Mapping[str, str], **configuration: Any) -> Told:
    """Return what a file of one layer tells: its heading, and words, states or changes that follow from the rest."""
    layer, ports, cells = (int(remarks[key]) for key in ("layer", "ports", "cells"))
    found = ToldLayer(layer, remarks["topology"], ports, cells, **configuration)
    return Told(remarks["run"], int(remarks["event"]), remarks["technology"], (found,))
