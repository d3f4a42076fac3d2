"""Mapped netlists in Icarus, with Yosys' models of the cells: they compute what the emulator does, flip-flops too."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwsim.boards.families import FAMILIES
from hwsim.boards.parts import PARTS
from hwsim.boards.synthesis import LARGE
from hwsim.export.rtl.bench import bench
from hwsim.export.verilog import architecture_of
from tests.export import networks
from tests.tools import call, need, package, write, yosys

pytestmark = pytest.mark.rtl
CELLS = {"ice40": ["cells_sim.v"], "ecp5": ["common_sim.vh", "ccu2c_sim.vh", "cells_ff.vh"]}
"""Yosys' models of the cells."""
MACROS = ("-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-DNO_INCLUDES")
ELABORATION = '$error("unsupported COMB mode %s", MODE);'
"""What Icarus cannot read, of a cell that stands in no mapped netlist."""


@pytest.mark.parametrize(("arch", "part"), [("spatial", "hx8k"), ("spatial", "ecp5-25k"), ("folded", "up5k")])
def test_a_mapped_netlist_computes_what_the_emulator_does(arch: str, part: str, tmp_path: Path) -> None:
    case = networks.build(networks.layers(16, 8, 4), images=100 if arch == "spatial" else 8)
    made = architecture_of(case.netlist, arch)
    family = PARTS[part].family
    logic = write({**made.sources, **made.memories}, tmp_path)
    large = [f"-D{LARGE}"] if PARTS[part].has.large_memories else []
    told = yosys(
        [
            f"read_verilog {' '.join([*large, *logic])}",
            *FAMILIES[family].script(PARTS[part], "network"),
            "check -assert",
            "select -assert-none t:$*",
            "write_verilog -noattr -noexpr mapped.v",
            "stat",
        ],
        tmp_path,
    )
    assert "DFF" in told or "TRELLIS_FF" in told
    for name in logic:  # nothing but what was mapped can be simulated
        (tmp_path / name).unlink()
    tried = write(bench(made, case.netlist, case.phases), tmp_path)
    models = package("pyosys") / "share" / family
    cells = write(
        {f"{name}.v": (models / name).read_text().replace(ELABORATION, "") for name in CELLS[family]}, tmp_path
    )
    words = [need("iverilog"), "-g2012", *MACROS]
    call([*words, "-s", "bench", "-o", "mapped.vvp", *tried, "mapped.v", *cells], tmp_path)
    said = call([need("vvp"), "-n", "mapped.vvp"], tmp_path)
    assert f"PASS, {2 * len(case.phases[0].inputs)} images in 2 phases" in said
    assert " 0 differ" in said
