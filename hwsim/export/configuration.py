"""Crossbar configuration as JSON: everything a tool needs to load it, and to check that it is the right one."""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from hwsim.export.snapshot import DIRECTION, ExportPlugin

if TYPE_CHECKING:
    from hwsim.export.snapshot import LayerSnapshot, Snapshot

_NUMBERS = re.compile(r"\[\s+(-?\d[^\[\]{}\"]*?)\s+\]")


def _bank(layer: LayerSnapshot, bank: int) -> dict[str, Any]:
    words = layer.fabric.words(layer.states[bank])
    settings = [f"{value:0{-(-width // 4)}x}" for value, width in words]
    return {
        "bank": bank,
        "permutation": layer.permutations[bank].tolist(),
        "settings_hex": settings,
        "toggles_from_previous": int(layer.toggles[bank]),
        "crc32": f"{zlib.crc32(' '.join(settings).encode()):08x}",
    }


def export(snapshot: Snapshot) -> dict[str, str]:
    """Write one JSON file with every bank of every reconnectable layer, and the wiring of their circuits."""
    orders = dict.fromkeys(layer.fabric.word_order for layer in snapshot.layers)
    content = {
        "format": "hwsim configuration",
        "version": 2,
        "run": snapshot.identity,
        "event": snapshot.event,
        "technology": snapshot.technology,
        "permutation_convention": "position i is fed by cell permutation[i]: y[i] = x[p[i]]",
        "direction": DIRECTION,
        "bit_order": "; or: ".join(orders),
        "crc32_of": "settings_hex joined by single spaces, ASCII",
        "layers": [
            {
                "layer": layer.layer,
                "topology": layer.fabric.topology,
                "ports": layer.fabric.ports,
                "cells": snapshot.cells(layer),
                "switches": layer.fabric.switches,
                "strides": list(layer.fabric.strides),
                "bit_order": layer.fabric.word_order,
                "wiring": layer.fabric.describe(),
                "word_bits": [width for _, width in layer.fabric.words(layer.states[0])],
                "banks": [_bank(layer, bank) for bank in range(len(layer.states))],
            }
            for layer in snapshot.layers
        ],
        "registers": [registers.tolist() for registers in snapshot.registers],
    }
    text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", json.dumps(content, indent=1))
    return {"configuration.json": text + "\n"}


PLUGIN = ExportPlugin(
    name="json",
    summary="configuration, wiring, permutations and registers of all banks in one JSON file with checksums",
    export=export,
    needs="network",
    in_runs=True,
)
