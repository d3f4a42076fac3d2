"""A snapshot that each export can write: of a run, of optical circuits, of a photonic core."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import hwsim
from hwsim.export import Snapshot
from hwsim.pipeline.replay import configured
from tests.conftest import TINY_MODEL, TINY_SCENARIO, run_here
from tests.export.snapshots import LIGHT, built, taken
from tests.export.test_photonic_core import chip_of, snapshot_of

GRIDS = {"crosspoints": "crossbar"}


def run_on_fpga(folder: Path) -> Snapshot:
    """A small run on an FPGA array after one event; what its bench runs is reckoned once."""
    (folder / "models").mkdir()
    (folder / "models" / "tiny.toml").write_text(TINY_MODEL.replace("units = 12", "units = 2"))
    (folder / "tiny.toml").write_text(TINY_SCENARIO)
    run_here(folder / "tiny.toml", folder / "run", "controller.epochs=1")
    snapshot = configured(
        hwsim.load(folder / "tiny.toml", ["controller.epochs=1"]).plan(), folder / "run" / "schedule.sqlite", 1
    )
    phases, before, history = tuple(snapshot.trial(2)), snapshot.before(), tuple(snapshot.history())
    quiet = snapshot.quiet() if snapshot.quiet is not None else None
    return dataclasses.replace(
        snapshot,
        trial=lambda _: phases,
        before=lambda: before,
        history=lambda: history,
        quiet=None if quiet is None else lambda: quiet,
    )


@cache
def optical(topology: str) -> Snapshot:
    """Circuits of light, or grids, without a run."""
    fabric = built(topology, 4)
    assert fabric is not None
    return dataclasses.replace(taken(fabric, 1, 0), switch=LIGHT)


def snapshot_for(name: str, finished: Snapshot) -> Snapshot:
    if name == "photonic-core":
        return snapshot_of(chip_of("as published"))
    return optical(GRIDS.get(name, "benes")) if name in GRIDS or name.startswith("photonic") else finished
