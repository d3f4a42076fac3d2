"""Crossbar configuration as JSON: everything a tool needs to load it, and to check that it is the right one."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from hwsim.export.configured import ExportPlugin

if TYPE_CHECKING:
    from hwsim.export.configured import Configured, ConfiguredLayer


def _bank(layer: ConfiguredLayer, bank: int) -> dict[str, Any]:
    words = layer.fabric.words(layer.states[bank])
    settings = [f"{value:0{-(-width // 4)}x}" for value, width in words]
    return {
        "bank": bank,
        "permutation": layer.permutations[bank].tolist(),
        "settings_hex": settings,
        "toggles_from_previous": int(layer.toggles[bank]),
        "crc32": f"{zlib.crc32(' '.join(settings).encode()):08x}",
    }


def export(configured: Configured) -> dict[str, str]:
    """One JSON file with every bank of every reconnectable layer."""
    content = {
        "format": "hwsim configuration",
        "version": 1,
        "run": configured.identity,
        "event": configured.event,
        "technology": configured.technology,
        "permutation_convention": "position i is fed by cell permutation[i]: y[i] = x[p[i]]",
        "bit_order": "one word a stage, least significant bit is the lowest switch index, 1 = cross",
        "crc32_of": "settings_hex joined by single spaces, ASCII",
        "layers": [
            {
                "layer": layer.layer,
                "topology": layer.fabric.topology,
                "ports": layer.fabric.ports,
                "switches": layer.fabric.switches,
                "strides": list(layer.fabric.strides),
                "word_bits": [width for _, width in layer.fabric.words(layer.states[0])],
                "banks": [_bank(layer, bank) for bank in range(len(layer.states))],
            }
            for layer in configured.layers
        ],
        "registers": [registers.tolist() for registers in configured.registers],
    }
    return {"configuration.json": json.dumps(content, indent=1) + "\n"}


PLUGIN = ExportPlugin(
    name="json",
    summary="configuration, permutations and registers of all banks in one JSON file with checksums",
    export=export,
)
