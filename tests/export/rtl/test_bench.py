"""The bench finds logic that breaks the rules of its streams, and files that are not the ones it was written with."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from hwsim.export.rtl.bench import bench
from hwsim.export.verilog import architecture_of
from tests.export.rtl.test_project import folder, logic
from tests.export.rtl.test_spatial import dense
from tests.tools import ToolError, call, icarus, need

SEEDS = 25
BREAKS = {
    "writes are seen before a commit": ("spatial", "hwsim_active.v", "if (commit) active", "active"),
    "commits are not seen": (
        "spatial",
        "hwsim_active.v",
        "if (commit) active",
        "if (commit && active === {BITS{1'bx}}) active",
    ),
    "a result is lost when it must wait": (
        "spatial",
        "hwsim_control.v",
        "result || (out_valid && !out_ready)",
        "result",
    ),
    "a result is given twice": (
        "spatial",
        "hwsim_control.v",
        "(out_valid && !out_ready)",
        "(out_valid && !(out_ready && stepping))",
    ),
    "an image is lost": ("spatial", "hwsim_control.v", "assign in_ready = free &&", "assign in_ready = 1'b1 ||"),
    "no image is taken": ("spatial", "hwsim_control.v", "assign in_ready = free &&", "assign in_ready = 1'b0 &&"),
    "words are taken and not written": (
        "spatial",
        "network.v",
        "assign cfg_write = cfg_valid && cfg_ready",
        "assign cfg_write = 1'b0",
    ),
    "memories swap with every image": (
        "folded",
        "hwsim_folded.v",
        "in_valid && in_commit && taking",
        "in_valid && taking",
    ),
    "memories swap with any beat": ("folded", "hwsim_folded.v", " && taking && store == {STORE{1'b0}};", " && taking;"),
    "memories never swap": ("folded", "hwsim_folded.v", "active <= !active", "active <= active"),
    "a sum is lost when it must wait": ("folded", "hwsim_folded.v", "(!node_ends || out_ready)", "1'b1"),
    "a sum that is taken stays": ("folded", "hwsim_folded.v", "(!node_ends || out_ready)", "!node_ends"),
    "codes are taken out of turn": ("folded", "hwsim_folded.v", "assign in_ready = taking", "assign in_ready = 1'b1"),
    "words are taken that are not offered": (
        "spatial",
        "network.v",
        "assign cfg_write = cfg_valid && cfg_ready",
        "assign cfg_write = cfg_ready",
    ),
}


def told(files: dict[str, str], folder_: Path, *plusargs: str) -> str:
    """What a bench says that must fail."""
    with pytest.raises(ToolError) as found:
        icarus(files, "bench", folder_, plusargs=plusargs)
    assert found.value.code == 1
    return found.value.told


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return logic(folder(dense(5, 4, 3, images=12), "spatial"))


@pytest.mark.parametrize("arch", ["spatial", "folded"])
def test_a_swap_at_any_time_loses_and_repeats_no_word(tmp_path: Path, arch: str) -> None:
    """Streams stand still by chance around the swap; every result comes once, in order, of its own configuration."""
    files = logic(folder(dense(5, 4, 3, images=6), arch))
    clocks = set()
    for seed in range(SEEDS):
        if seed == 0:
            said = icarus(files, "bench", tmp_path)
        else:
            said = call([need("vvp"), "-n", "bench.vvp", f"+seed={seed}"], tmp_path)
        assert "PASS, 12 images in 2 phases: 84 accumulators of 2 layers and 36 outputs compared, 0 differ" in said
        clocks.add(said.split()[-2])
    assert len(clocks) > SEEDS / 2


@pytest.mark.parametrize("what", BREAKS)
def test_logic_that_breaks_a_rule(files: dict[str, str], tmp_path: Path, what: str) -> None:
    arch, name, old, new = BREAKS[what]
    files = files if arch == "spatial" else logic(folder(dense(5, 4, 3, images=12), arch))
    assert old in files[name]
    said = told({**files, name: files[name].replace(old, new)}, tmp_path, "+seed=2")  # stalls between any two words
    assert re.search(r"^(DIFFERS|FAIL, nothing moves)", said, re.MULTILINE)
    assert re.search(r"^FAIL", said, re.MULTILINE)


@pytest.mark.parametrize(
    ("number", "what"), [("CLOCKS", "an image takes"), ("LATENCY", "latency is"), ("WORDS", "compared, or not loaded")]
)
def test_clocks_that_are_not_those_told(files: dict[str, str], tmp_path: Path, number: str, what: str) -> None:
    wrong = re.sub(rf"\.{number}\((\d+)\)", lambda found: f".{number}({int(found[1]) + 1})", files["bench.v"])
    assert what in told({**files, "bench.v": wrong}, tmp_path, "+even")


def test_a_bench_that_loads_while_nothing_is_under_way_is_no_success(files: dict[str, str], tmp_path: Path) -> None:
    head, verdict, rest = files["bench.v"].partition("hwsim_verdict")
    rest = re.sub(r"\.(first|gives)\(\w+\),", r".\1(1'b0),", rest)
    assert "no configuration word was taken" in told({**files, "bench.v": head + verdict + rest}, tmp_path)


def test_nothing_compared_is_no_success(files: dict[str, str], tmp_path: Path) -> None:
    none = re.sub(r"IMAGES\(\d+\)", "IMAGES(0)", files["bench.v"]).replace("== 32'd24", "== 32'd0")
    assert "something was not compared" in told({**files, "bench.v": none}, tmp_path)


@pytest.mark.parametrize("name", ["stimuli.mem", "load_exercise.mem", "layer0_expected.mem", "output_expected.mem"])
@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_a_memory_file_that_is_another(files: dict[str, str], tmp_path: Path, name: str, how: str) -> None:
    lines = files[name].splitlines()
    last = max(number for number, line in enumerate(lines) if not line.startswith("//"))
    lines[last] = "" if how == "cut" else f"{int(lines[last], 16) ^ 1:x}"
    assert f"FAIL: {name} is not the file" in told({**files, name: "\n".join([*lines, ""])}, tmp_path)


def test_phases_of_other_sizes() -> None:
    case = dense(5, 4, 3, images=4)
    first, last = case.phases
    made = architecture_of(case.netlist, "spatial")
    with pytest.raises(ValueError, match=r"phases of \[4, 4, 5\] images"):
        bench(made, case.netlist, [first, first, last.__class__(**{**vars(last), "inputs": np.zeros((5, 5))})])
