"""Optical netlists read from their files alone, and light sent through them: no code of the writer is used."""

from __future__ import annotations

import zlib
from types import SimpleNamespace
from typing import Any

import numpy as np

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch
from hwsim.export import LayerSnapshot, Snapshot
from tests.export.snapshots import LIGHT, built, routed

STAGED = [name for name in CROSSBARS if name not in {"clos", "clos-strict", "crossbar", "time-multiplexed"}]
"""Every topology made of 2 x 2 switches."""


def taken(topology: str, ports: int, wanted: Any = None, banks: int = 2, switch: Switch = LIGHT) -> Snapshot | None:
    """A snapshot of banks with the wanted permutations, or some by chance; None where a circuit cannot have so many
    ports."""
    fabric = built(topology, ports)
    if fabric is None:
        return None
    layer = routed(fabric, banks, np.random.default_rng(ports))
    if wanted is not None:
        p = np.array(wanted)
        layer = LayerSnapshot(0, fabric, p, fabric.route_many(p, effort="any"), np.zeros(len(p), np.int64))
    model: Any = SimpleNamespace(layers=[SimpleNamespace(units=len(layer.states), inputs=ports)])
    chip: Any = None
    return Snapshot("0123456789abcdef" * 4, 1, switch.name, model, (layer,), (), chip, switch=switch)


def is_whole(text: str) -> bool:
    """Whether the last line has the CRC of the lines above it."""
    *above, last = text.splitlines(keepends=True)
    return last[2:] == f"crc32 {zlib.crc32(''.join(above).encode()):08x} of all bytes before this line\n"


def _passed(part: dict[str, Any], port: str) -> tuple[str, float]:
    """Where light leaves a component that it enters at a port, and the decibels it loses there."""
    settings = part["settings"]
    if part["component"] == "wire":
        return {"o1": "o2", "o2": "o1"}[port], settings["crossings"] * settings["crossing_loss"]
    assert part["component"] == "switch2x2"
    bar = {"o1": "o4", "o4": "o1", "o2": "o3", "o3": "o2"}
    cross = {"o1": "o3", "o3": "o1", "o2": "o4", "o4": "o2"}
    return (cross[port], settings["cross_loss"]) if settings["state"] else (bar[port], settings["bar_loss"])


def walk(netlist: dict[str, Any], start: str) -> tuple[str, float]:
    """The port at which light leaves that enters at another, and the decibels it loses on its way."""
    joined = netlist["connections"] | {end: begin for begin, end in netlist["connections"].items()}
    outside = {inner: name for name, inner in netlist["ports"].items()}
    here, lost = netlist["ports"][start], 0.0
    while True:
        name, port = here.split(",")
        port, loss = _passed(netlist["instances"][name], port)
        lost += loss
        if (leaves := f"{name},{port}") in outside:
            return outside[leaves], lost
        here = joined[leaves]
