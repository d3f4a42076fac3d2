"""The main job as its user has it: digits learned by reconnection, exported, and bit for bit in two simulators."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hwsim.pipeline.exporting import export_run
from tests.conftest import ROOT, run_here
from tests.export.rtl.test_project import logic
from tests.tools import call, icarus, lint, verilator, yosys

pytestmark = pytest.mark.rtl
IMAGES = 359
"""All test images of the digits."""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 64-128-10 with two reconnections."""
    run = tmp_path_factory.mktemp("wide") / "run"
    run_here("digits-fpga-laperm", run, "controller.epochs=8")
    return run


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 64-16-10 with two reconnections."""
    folder = tmp_path_factory.mktemp("narrow")
    scenario = (ROOT / "scenarios" / "digits-fpga-laperm.toml").read_text()
    (folder / "narrow.toml").write_text(scenario.replace('name = "digits-mlp"', "hidden = [16]"))
    run_here(folder / "narrow.toml", folder / "run", "controller.epochs=8")
    return folder / "run"


def exported(run: Path, folder: Path, **options: Any) -> dict[str, str]:
    """What a simulation reads of an export of the last event."""
    written = export_run(run, "rtl", None, folder / "rtl", **options)
    return logic({path.name: path.read_text() for path in written})


def summary(phases: int, images: int, units: int) -> str:
    """How the line of a bench begins that passed: all images before and after, and 40 of the exercise."""
    count = (phases - 1) * images + 40
    what = f"{count * units} accumulators of 2 layers and {count * 10} outputs compared, 0 differ; "
    return f"PASS, {count} images in {phases} phases: {what}"


def test_folded_in_verilator(wide: Path, tmp_path: Path) -> None:
    files = exported(wide, tmp_path, arch="folded", images=IMAGES)
    assert summary(3, IMAGES, 138) in verilator(files, "bench", tmp_path)
    assert summary(3, IMAGES, 138) in call([tmp_path / "obj_dir" / "bench", "+even"], tmp_path)


def test_folded_in_icarus(wide: Path, tmp_path: Path) -> None:
    files = exported(wide, tmp_path, arch="folded", images=IMAGES)
    assert summary(3, IMAGES, 138) in icarus(files, "bench", tmp_path)


def test_spatial_in_icarus(wide: Path, tmp_path: Path) -> None:
    files = exported(wide, tmp_path, arch="spatial", images=50)
    assert summary(3, 50, 138) in icarus(files, "bench", tmp_path)


@pytest.mark.parametrize("pipeline", [0, 3])
def test_narrow_and_spatial_in_verilator(narrow: Path, tmp_path: Path, pipeline: int) -> None:
    files = exported(narrow, tmp_path, arch="spatial", images=IMAGES, pipeline=pipeline)
    assert summary(3, IMAGES, 26) in verilator(files, "bench", tmp_path)
    assert summary(3, IMAGES, 26) in call([tmp_path / "obj_dir" / "bench", "+even"], tmp_path)


@pytest.mark.parametrize("arch", ["spatial", "folded"])
def test_the_logic_is_clean(narrow: Path, tmp_path: Path, arch: str) -> None:
    """Verilator has no remark, and Yosys finds no latch and no conflict."""
    files = exported(narrow, tmp_path, arch=arch, images=1)
    listed = re.search(r"^LOGIC = (.*?)\n\n", (tmp_path / "rtl" / "Makefile").read_text(), re.MULTILINE | re.DOTALL)
    assert listed is not None
    verilog = listed[1].replace("\\", " ").split()
    assert not lint({name: files[name] for name in verilog}, "network", tmp_path)
    none = "select -assert-none t:$dlatch* t:$adlatch* t:$sr t:$dlatchsr"
    script = [f"read_verilog {' '.join(verilog)}", "hierarchy -check -top network", "proc", none, "check -assert"]
    yosys(script, tmp_path / "rtl")
