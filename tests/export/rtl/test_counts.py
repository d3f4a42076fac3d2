"""What is counted from a netlist is what Yosys finds in its Verilog."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hwsim.export.netlist import Netlist
from hwsim.export.rtl.architecture import TOP
from hwsim.export.rtl.counts import flip_flops
from hwsim.export.rtl.spatial import spatial
from tests.export import networks
from tests.export.rtl.test_spatial import dense
from tests.tools import write, yosys


def cells(netlist: Netlist, every: int, folder: Path, *synth: str) -> dict[str, int]:
    """How many of every cell Yosys maps a network to."""
    sources = write(spatial(netlist, every).sources, folder)
    yosys([f"read_verilog {' '.join(sources)}", *synth, "tee -q -o stat.json stat -json"], folder)
    found: dict[str, int] = json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]
    return found


@pytest.mark.parametrize("every", [0, 3])
@pytest.mark.parametrize("kind", ["dense", "signed", "convolved"])
def test_flip_flops(tmp_path: Path, kind: str, every: int) -> None:
    if kind == "convolved":
        case = networks.build(networks.convolved(np.random.default_rng(2)))
    else:
        case = dense(16, 8, 4, signed=kind == "signed")
    found = cells(case.netlist, every, tmp_path, f"synth_ice40 -top {TOP}")
    told = flip_flops(case.netlist, every)
    assert sum(count for cell, count in found.items() if cell.startswith("SB_DFF")) == sum(told.values()), told
