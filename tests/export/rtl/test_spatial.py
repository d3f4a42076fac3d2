"""The spatial architecture in simulation accumulates what the emulator does, in the clocks that are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwsim.export.rtl.architecture import TOP
from hwsim.export.rtl.spatial import spatial
from tests.export import networks
from tests.export.rtl import streams
from tests.tools import lint, yosys


def dense(*sizes: int, signed: bool = False, topology: str = "benes", images: int = 8) -> networks.Case:
    """A network of ReLU layers."""
    hidden = [
        networks.table(kind="dense", units=units, activation="relu", bias="uniform", bias_bound=0.1)
        for units in sizes[1:-1]
    ]
    last = networks.table(kind="dense", units=sizes[-1], activation="identity", bias="uniform", bias_bound=0.1)
    model = networks.read("".join([*hidden, last]), sizes[0])
    return networks.build(model, signed=signed, topology=topology, images=images)


@pytest.mark.parametrize("every", [0, 3])
@pytest.mark.parametrize("signed", [False, True])
def test_a_configuration_is_loaded_while_images_stream(tmp_path: Path, every: int, signed: bool) -> None:
    case = dense(16, 8, 4, signed=signed)
    streams.check(spatial(case.netlist, every), case.phases, tmp_path)


@pytest.mark.parametrize(("every", "clocks", "latency"), [(0, 9, 20), (3, 13, 26)])
def test_clocks_and_latency_are_those_of_the_simulation(tmp_path: Path, every: int, clocks: int, latency: int) -> None:
    case = dense(16, 8, 4)
    made = spatial(case.netlist, every)
    seen = streams.check(made, case.phases[:1], tmp_path, stalls=False)
    assert (made.clocks, made.latency) == (clocks, latency)
    assert set(np.diff(seen.entered[1:])) == {made.clocks}
    assert set(np.subtract(seen.left, seen.entered)) == {made.latency}


@pytest.mark.parametrize("every", [0, 2])
def test_no_tool_has_a_remark(tmp_path: Path, every: int) -> None:
    made = spatial(dense(5, 3, 2, signed=True).netlist, every)
    assert not lint(made.sources, TOP, tmp_path)
    read = [f"read_verilog {' '.join(made.sources)}", f"hierarchy -check -top {TOP}", "proc"]
    none = "select -assert-none t:$mem* t:$dlatch* t:$adlatch* t:$sr t:$dlatchsr"
    yosys([*read, none, f"synth_ice40 -top {TOP}", "check -assert", "select -assert-none t:SB_RAM*"], tmp_path)
