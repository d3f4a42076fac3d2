"""Snapshots of circuits with permutations by chance, without a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwsim.crossbar import CROSSBARS, Fabric
from hwsim.crossbar.technology import Switch
from hwsim.export import LayerSnapshot, Snapshot
from hwsim.model import Layer, Model

LIGHT = Switch(
    "light",
    "optical",
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    32,
    1e8,
    0,
    bar_loss=2.0,
    cross_loss=0.96,
    crossing_loss=0.02,
    crosstalk=-20,
)


class Numbered:
    """A chip whose cells hold their own numbers."""

    def __init__(self, units: int, inputs: int) -> None:
        self.held = np.arange(units * inputs).reshape(units, inputs)

    def cells(self, layer: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        del layer
        return self.held


def built(name: str, ports: int) -> Fabric | None:
    """A circuit of so many ports, None where a power of two is wanted."""
    try:
        return CROSSBARS[name].build(ports)
    except ValueError:
        return None


def routed(fabric: Fabric, banks: int, rng: np.random.Generator) -> LayerSnapshot:
    """Banks with permutations by chance; of a blocking circuit, with switches by chance."""
    if fabric.blocking == "blocking":
        states = rng.integers(0, 2, (banks, fabric.switches)).astype(np.uint8)
        p = fabric.apply_many(states, np.tile(np.arange(fabric.ports), (banks, 1)))
    else:
        p = np.stack([rng.permutation(fabric.ports) for _ in range(banks)])
        states = fabric.route_many(p, effort="any")
    return LayerSnapshot(0, fabric, p, states, fabric.toggles_many(fabric.power_up(banks), states))


def taken(
    fabric: Fabric,
    banks: int,
    seed: int | np.random.Generator,
    title: str = "net",
    technology: str = "none",
    event: int = 1,
) -> Snapshot:
    """A snapshot of one layer after an event, before which there were others."""
    drawn = seed if isinstance(seed, int) else int(seed.integers(2**31))
    layer = routed(fabric, banks, np.random.default_rng([drawn, event]))
    return Snapshot(
        "0" * 64,
        event,
        technology,
        Model(title, (Layer(banks, fabric.ports),)),
        (layer,),
        (np.arange(banks),),
        Numbered(banks, fabric.ports),
        before=lambda: taken(fabric, banks, drawn, title, technology, event - 1) if event else None,
        switch=LIGHT,
    )
