"""A run on a photonic core behind optical circuits, exported: its own table of path losses is what the files say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from hwsim.pipeline.replay import configured
from hwsim.pipeline.session import load
from tests.conftest import Command, run_here
from tests.export.optics import walk
from tests.export.test_photonic_core import arriving

OPTICAL = ("device.name=photonic-feldmann-2021", "crossbar.technology=eo-mzi-lu-2016", "controller.epochs=2")


def test_a_run_on_light(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run = tmp_path / "run"
    run_here(tiny, run, *OPTICAL, "controller.period=1")
    snapshot = configured(load(tiny, [*OPTICAL, "controller.period=1"]).plan(), run / "schedule.sqlite", 1)
    chip = snapshot.chip
    for name in ("photonic-yaml", "photonic-core"):
        done = hwsim_command("export", "run", "--format", name, "--event", 1, "--out", name)
        assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "photonic-yaml").iterdir())) == 12 + 10
    for layer in snapshot.layers:
        shares = chip.layers[layer.layer].paths_before[0].transmission  # type: ignore[attr-defined]
        for bank in (0, len(layer.states) - 1):
            file = Path("photonic-yaml") / f"layer{layer.layer}_bank{bank}.yml"
            netlist = yaml.load((tmp_path / file).read_bytes(), yaml.CSafeLoader)
            ways = [walk(netlist, f"position{position}") for position in range(shares.shape[1])]
            assert [cell for cell, _ in ways] == [f"cell{cell}" for cell in layer.permutations[bank]]
            assert [10 ** (-lost / 10) for _, lost in ways] == pytest.approx(shares[bank], rel=1e-6)
            assert "a sound configuration" in hwsim_command("check", str(file)).stdout
    tile = yaml.load((tmp_path / "photonic-core" / "layer1_tile2_1.yml").read_bytes(), yaml.CSafeLoader)
    mean = chip.device.mean_path  # type: ignore[attr-defined]
    found = [arriving(tile, f"row{row}")["unit9"] for row in (9, 10, 11)]
    assert found == pytest.approx(np.array(chip.cells(1))[9, 9:] * mean, rel=1e-12)


@pytest.mark.parametrize("name", ["photonic-yaml", "photonic-spice", "photonic-gds", "photonic-core"])
def test_a_run_without_light_is_refused(name: str, tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    done = hwsim_command("export", "run", "--format", name, "--out", "files")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert ("no photonic core" if name == "photonic-core" else "are electronic") in done.stderr
    assert not (tmp_path / "files").exists()
