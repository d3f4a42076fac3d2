"""What Yosys makes of the spatial architecture, beside the area that the bit-serial model tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.device.fpga.array import FpgaArray
from hwsim.device.fpga.chip import FpgaChip
from hwsim.device.fpga.serial import parts as model
from hwsim.execution import Circuits
from hwsim.execution.resources import account
from hwsim.export.rtl.architecture import TOP
from hwsim.export.rtl.spatial import spatial
from tests import cells
from tests.export import networks


def chip_of(case: networks.Case, family: str) -> FpgaChip:
    """The chip of a case, as a bit-serial one of a family."""
    chip = case.machine.chip
    assert isinstance(chip, FpgaChip)
    assert isinstance(chip.device, FpgaArray)
    return replace(chip, device=replace(chip.device, family=family, architecture="serial"))


def network(*activations: str, inputs: int, signed: bool) -> networks.Case:
    """Layers of 3 units, and one of 2."""
    rng = np.random.default_rng(0)
    hidden = [networks.table(kind="dense", units=3, **networks.activated(name, rng)) for name in activations]
    last = networks.table(kind="dense", units=2, activation="identity", bias="uniform", bias_bound=0.1)
    return networks.build(networks.read("".join([*hidden, last]), inputs), signed=signed)


CASES = [(("relu",), 16, False), (("leaky-relu",), 7, True)]


@pytest.mark.rtl
@pytest.mark.parametrize(("family", "case"), [("ice40", CASES[0]), ("ecp5", CASES[1])])
def test_parts_of_units(family: str, case: tuple[tuple[str, ...], int, bool], tmp_path: Path) -> None:
    """Tables, trees, accumulators and clips, each within 5 %; flip-flops of accumulators exactly."""
    unit = network(*case[0], inputs=case[1], signed=case[2])
    chip = chip_of(unit, family)
    told = [model(chip.device.widths, *each) for each in zip(chip.layers, chip.uses, strict=True)]
    made = cells.parts(spatial(unit.netlist).sources, TOP, family, tmp_path)
    trees = sum(found.luts for name, found in made.items() if "_unit" in name)
    assert sum(one.tables for one in told) == pytest.approx(made["hwsim_table"].luts, rel=0.05)
    assert sum(one.trees for one in told) == pytest.approx(trees, rel=0.05)
    assert sum(one.accumulators for one in told) == pytest.approx(made["hwsim_accumulator"].luts, rel=0.05)
    assert sum(one.clips for one in told) == pytest.approx(made["hwsim_clip"].luts, rel=0.05)
    assert sum(one.held for one in told) == made["hwsim_accumulator"].flip_flops


def beside(case: networks.Case, family: str, folder: Path) -> tuple[dict[str, Any], cells.Cells]:
    """What is told of a network with its circuits, and what Yosys finds, borders of modules dissolved."""
    circuits, made = case.machine.circuits, spatial(case.netlist)
    switch = replace(networks.SWITCH, luts=2, data_flip_flops=0, state_flip_flops=2)
    told = account(chip_of(case, family), Circuits(circuits.fabrics, circuits.layout, switch, "any"))
    assert told["cycles"] == made.latency
    return told, cells.cells(made.sources, TOP, family, folder)[TOP]


@pytest.mark.parametrize(("family", "case"), [("ice40", CASES[0]), ("ecp5", CASES[1])])
def test_a_whole_network(family: str, case: tuple[tuple[str, ...], int, bool], tmp_path: Path) -> None:
    """Flip-flops exactly, circuits and their registers included; LUTs within 5 %, without address decoders."""
    told, found = beside(network(*case[0], inputs=case[1], signed=case[2]), family, tmp_path)
    assert told["flip_flops"] == found.flip_flops
    assert told["luts"] == pytest.approx(found.luts, rel=0.05)


@pytest.mark.rtl
def test_registers_of_steps_and_tables(tmp_path: Path) -> None:
    """Steps give signals of one bit, and tables such as their entries need."""
    told, found = beside(network("step", "look-up", inputs=4, signed=True), "ice40", tmp_path)
    assert told["flip_flops"] == found.flip_flops


@pytest.mark.rtl
def test_registers_of_a_convolution(tmp_path: Path) -> None:
    """Places take turns, and their results are gathered."""
    first = networks.table(kind="conv2d", units=2, kernel=2, activation="relu", bias="uniform", bias_bound=0.1)
    last = networks.table(kind="dense", units=2, activation="identity", bias="uniform", bias_bound=0.1)
    model = networks.read(first + networks.table(kind="flatten") + last, 9, (1, 3, 3))
    told, found = beside(networks.build(model), "ice40", tmp_path)
    assert told["flip_flops"] == found.flip_flops
