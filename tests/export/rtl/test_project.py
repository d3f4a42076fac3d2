"""The exported folder as its user has it: the bench passes, every file is sound, options are refused in one line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwsim.export.reading import open_export
from hwsim.export.rtl.project import project
from hwsim.export.verilog import architecture_of
from hwsim.files import DiagnosticError
from hwsim.files.whole import split
from hwsim.pipeline.exporting import export_run
from tests.conftest import Command, run_here
from tests.export import networks
from tests.tools import icarus


def folder(case: networks.Case, arch: str, pipeline: int = 0, lanes: int = 1) -> dict[str, str]:
    """All files of a network by chance."""
    made = architecture_of(case.netlist, arch, pipeline, lanes)
    head = [f"hwsim export rtl, version 1; run {case.netlist.identity}, event 0, {arch}"]
    return {
        name: b"".join(split(content)).decode()
        for name, content in project(made, case.netlist, case.phases, head).items()
    }


def logic(files: dict[str, str]) -> dict[str, str]:
    """What a simulation reads."""
    return {name: text for name, text in files.items() if name.endswith((".v", ".mem")) and "board" not in name}


@pytest.mark.parametrize("arch", ["spatial", "folded", "folded --lanes 2"])
def test_a_run_is_exported_and_its_bench_passes(tiny: Path, tmp_path: Path, hwsim_command: Command, arch: str) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=2")
    result = hwsim_command("export", "run", "--format", "rtl", "--arch", *arch.split(), "--images", "4", "--out", "rtl")
    assert result.returncode == 0, result.stderr
    assert "hwsim_verdict.v" in result.stdout
    files = {path.name: path.read_text() for path in (tmp_path / "rtl").iterdir()}
    for name in files:
        assert open_export(tmp_path / "rtl" / name)[0] == "rtl"
    for plusargs in ((), ("+even",)):
        told = icarus(logic(files), "bench", tmp_path / "sim", plusargs=plusargs)
        assert "PASS, 12 images in 3 phases: 264 accumulators of 2 layers and 120 outputs compared, 0 differ" in told


@pytest.mark.parametrize("arch", ["spatial", "folded"])
def test_power_up_and_single_images(tiny: Path, tmp_path: Path, arch: str) -> None:
    """Nothing is before event 0; with an image a phase every image brings its configuration along."""
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    for event, images, phases in ((0, 3, 2), (1, 1, 3)):
        files = {
            path.name: path.read_text()
            for path in export_run(tmp_path / "run", "rtl", event, tmp_path / str(event), arch=arch, images=images)
        }
        told = icarus(logic(files), "bench", tmp_path / "sim")
        assert f"PASS, {phases * images} images in {phases} phases: {phases * images * 22} accumulators" in told


def test_a_flipped_byte_is_named(tmp_path: Path) -> None:
    files = folder(networks.build(networks.dense(np.random.default_rng(1)), images=2), "spatial")
    for name, text in files.items():
        path = tmp_path / name
        changed = bytearray(text.encode())
        changed[len(changed) // 2] ^= 1
        path.write_bytes(changed)
        with pytest.raises(DiagnosticError, match=re.escape(name)):
            open_export(path)


@pytest.mark.parametrize("arch", ["spatial", "folded"])
def test_load_lists_lead_from_one_configuration_to_the_next(arch: str) -> None:
    case = networks.build(networks.dense(np.random.default_rng(1)), images=2)
    made = architecture_of(case.netlist, arch)
    files = project(made, case.netlist, case.phases, ["head"])
    memories: list[dict[int, int]] = [{}, {}] if made.swaps else [{}]
    for number, phase in enumerate(case.phases):
        text = b"".join(split(files[f"load_{phase.name}.mem"])).decode()
        shadow = memories[number % len(memories)]
        for line in text.splitlines():
            if not line.startswith("//"):
                shadow[int(line, 16) >> made.word_bits] = int(line, 16) & (1 << made.word_bits) - 1
        assert shadow == dict(enumerate(made.words(phase.configuration).tolist()))


def test_memory_files_hold_the_configurations_and_constants_of_the_events_that_they_name() -> None:
    case = networks.build(networks.layers(5, 4, 3), images=2)
    first, second = (phase.configuration for phase in case.phases)
    phases = [case.phases[0], *(replace(case.phases[1], name=name) for name in ("after", "exercise"))]
    made = architecture_of(case.netlist, "spatial")
    files = project(made, case.netlist, phases, ["head"])

    def held(name: str) -> list[int]:
        lines = b"".join(split(files[name])).decode().splitlines()
        return [int(line, 16) for line in lines if not line.startswith("//")]

    assert held("configuration_before.mem") == made.words(first).tolist()
    assert held("configuration_after.mem") == made.words(second).tolist()
    for node in case.netlist.layers:
        codes, biases = (held(f"layer{node.layer}_{what}.mem") for what in ("cells", "biases"))
        assert codes == [code % 2**node.weight_bits for bank in node.codes.tolist() for code in bank]
        assert biases == [bias % 2**node.bias_bits for bias in second.biases[node.layer].tolist()]


def test_options_are_refused_in_one_line(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    for words, what in (
        (("json", "--arch", "folded"), "--arch:1:1: format 'json' has no such option, formats that have it: rtl"),
        (("rtl", "--arch", "flat"), "--arch: no architecture 'flat'; known: spatial, folded"),
        (("rtl", "--images", "0"), "--images: a bench needs at least one image, found 0"),
        (("rtl", "--lanes", "2"), "--lanes: the spatial architecture computes all units at once"),
        (("rtl", "--pipeline", "-1"), "--pipeline: registers stand every 1, 2, ... stages, or nowhere (0); found -1"),
        (("rtl", "--arch", "folded", "--lanes", "3"), "--lanes: a folded network has 1, 2, 4 or 8 lanes, found 3"),
        (("rtl", "--arch", "folded", "--pipeline", "2"), "--pipeline: the folded architecture has no stages"),
        (("rtl", "--lanes", "2"), "--lanes: the spatial architecture computes all units at once"),
        (("rtl", "--arch", "folded", "--lanes", "3"), "--lanes: a folded network has 1, 2, 4 or 8 lanes, found 3"),
    ):
        result = hwsim_command("export", "run", "--format", *words, "--out", "rtl")
        assert result.returncode == 2
        assert result.stderr.startswith(what)
        assert len(result.stderr.splitlines()) == 1
        assert not (tmp_path / "rtl").exists()
