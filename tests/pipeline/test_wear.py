"""Wear levelling: switches that toggled much are spared, whatever interrupts the run."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim
from hwsim.pipeline.folder import RunFolder
from tests.conftest import run_here

WEARING = [
    "crossbar.technology=pcm-gst-chen-2022",
    "device.name=photonic-feldmann-2021",
    "controller.epochs=16",
    "execution.reference=false",
    "execution.scores=last",
    'execution.guard="1 ns"',
]


def test_the_most_worn_switch_lasts_longer(tiny: Path, tmp_path: Path) -> None:
    plain = run_here(tiny, tmp_path / "plain", *WEARING)
    spared = run_here(tiny, tmp_path / "spared", *WEARING, "execution.minimise=wear")
    lives = [one["execution"]["lifetime"]["switch_reconnections"] for one in (plain, spared)]
    assert plain["events"] == spared["events"]
    assert lives[1] > 1.1 * lives[0]  # at hardly any more toggles
    assert spared["final"]["toggles"] < 1.01 * plain["final"]["toggles"]
    assert spared["final"]["accuracy"] == pytest.approx(plain["final"]["accuracy"], abs=0.1)

    def stop(_: str, __: float, row: object) -> None:
        if isinstance(row, dict) and row["event"] == 4:
            raise KeyboardInterrupt

    scenario = hwsim.load(tiny, [*WEARING, "execution.minimise=wear"])
    with pytest.raises(KeyboardInterrupt):
        hwsim.run(scenario, tmp_path / "cut", stop)
    again = run_here(tiny, tmp_path / "cut", *WEARING, "execution.minimise=wear")
    assert again == {**spared, "run": str(tmp_path / "cut")}
    assert RunFolder(tmp_path / "cut").rows() == RunFolder(tmp_path / "spared").rows()
