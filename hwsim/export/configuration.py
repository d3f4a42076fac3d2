"""Crossbar configuration as JSON: everything a tool needs to load it, and to check that it is the right one."""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.export.snapshot import DIRECTION, ExportPlugin
from hwsim.export.told import Told, ToldLayer
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.files.whole import Content

_NUMBERS = re.compile(r"\[\s+(-?\d[^\[\]{}\"]*?)\s+\]")


def _bank(layer: LayerSnapshot, bank: int) -> dict[str, Any]:
    words = layer.fabric.words(layer.states[bank])
    settings = [f"{value:0{-(-width // 4)}x}" for value, width in words]
    return {
        "bank": bank,
        "permutation": layer.permutations[bank].tolist(),
        "settings_hex": settings,
        "toggles_from_previous": int(layer.toggles[bank]),
        "crc32": _crc(settings),
    }


def _crc(settings: list[str]) -> str:
    return f"{zlib.crc32(' '.join(settings).encode()):08x}"


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one JSON file with every bank of every reconnectable layer, and the wiring of their circuits."""
    orders = dict.fromkeys(layer.fabric.word_order for layer in snapshot.layers)
    content = {
        "format": "hwsim export json, version 3",
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
    return {"configuration.json": checked(text.removesuffix("\n}") + ",\n", "json")}


def read(content: bytes) -> Told:
    """Read all layers; words are compared with each bank's own checksum too."""
    found = json.loads(content.rstrip().removesuffix(b",") + b"}")
    return Told(found["run"], found["event"], found["technology"], tuple(map(_told, found["layers"])))


def _told(layer: dict[str, Any]) -> ToldLayer:
    for bank in layer["banks"]:
        if bank["crc32"] != _crc(bank["settings_hex"]):
            raise ValueError(f"layer {layer['layer']}, bank {bank['bank']}: settings and their crc32 differ")
    return ToldLayer(
        layer["layer"],
        layer["topology"],
        layer["ports"],
        layer["cells"],
        words=[[int(word, 16) for word in bank["settings_hex"]] for bank in layer["banks"]],
        permutations=np.array([bank["permutation"] for bank in layer["banks"]], np.int64),
        wiring=layer["wiring"],
    )


PLUGIN = ExportPlugin(
    name="json",
    summary="configuration, wiring, permutations and registers of all banks in one JSON file with checksums",
    export=export,
    needs="network",
    in_runs=True,
    named="configuration.json",
    checksum=f"{RULE}; crc32 of every bank: of its settings_hex, joined by single spaces",
    read=read,
)
