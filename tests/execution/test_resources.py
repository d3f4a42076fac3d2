"""What machines take of their hardware, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwsim.cli.show import show
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch
from hwsim.device import Chip
from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.fpga.wired import FpgaWired
from hwsim.execution import Circuits, Machine, first_entry
from hwsim.execution.resources import account
from hwsim.model import Layer, Model, Start, start
from hwsim.report.resources import resource_lines
from hwsim.schedule import Entry, layout

LUT = FpgaLut(6, 8, 24, 2, 1e8, 2e-13)
SWITCH = Switch("s", "electronic", 0, 0, 0, 0, 0, 0, 0, 32, 1e8, 0, luts=1, data_flip_flops=2, state_flip_flops=2)
TWO = Model("2-1", (Layer(1, 2, "identity"),))
ONES = [Start(np.ones((1, 2)), np.zeros(1), 1.0)]


def make(device: FpgaLut, model: Model, values: list[Start] | None = None) -> Chip:
    x = np.array([[0.0] * model.inputs, [1.0] * model.inputs], np.float32)
    return device.fabricate(model, values or start(model, 0), x, 0)


def count(device: FpgaLut, model: Model, values: list[Start] | None = None) -> dict[str, Any]:
    fabrics = [CROSSBARS["benes"].build(bank.ports) for bank in layout(model, "output").layers]
    return account(make(device, model, values), Circuits(fabrics, layout(model, "output"), SWITCH, "any"))


def test_one_unit_by_hand() -> None:
    """31 x is 32 x - x: up to 7905, 13 bits; two of them 15810, 14 bits, and the bias in 25.

    A flip-flop behind each, 24 of the bias and 24 of its shadow; one switch of 8 bits takes 8 LUTs, 16 flip-flops of
    data and 2 of state.
    """
    found = count(LUT, TWO, ONES)
    assert found["of_weights"] == {"luts": 13 + 13 + 14 + 25, "flip_flops": 13 + 13 + 14 + 25 + 48}
    assert found["of_switches"] == {"luts": 8, "flip_flops": 18}
    assert (found["luts"], found["flip_flops"], found["switches"], found["cells"]) == (73, 131, 1, 2)
    assert found["cycles"] == 2 + 2
    assert "fits" not in found


def test_bit_serial_signals_take_one_wire() -> None:
    """A switch of one bit: one LUT, two flip-flops of data and two of state."""
    found = count(replace(LUT, architecture="serial"), TWO, ONES)
    assert found["of_switches"] == {"luts": 1, "flip_flops": 4}
    assert found["cycles"] == 8 + 2


def test_flip_flops_that_take_up_tables() -> None:
    """On iCE40 those of the bias, of its shadow, and of the switch: 50, which no LUT stands in front of."""
    device = replace(LUT, architecture="serial", family="ice40", part="P", part_luts=10**6, part_flip_flops=10**6)
    found = count(device, TWO, ONES)
    assert found["bare_flip_flops"] == 2 * (24 + 1)
    least = found["luts"] + 50
    assert count(replace(device, part_luts=least), TWO, ONES)["fits"]
    tight = count(replace(device, part_luts=least - 1), TWO, ONES)
    assert not tight["fits"]
    lines = [said for _, said in resource_lines(tight)]
    assert "50 of the flip-flops take up a LUT of the part each" in lines
    assert f"this takes {least / (least - 1):.1f} times its LUTs" in lines[-1]
    assert "bare_flip_flops" not in count(replace(device, family="ecp5"), TWO, ONES)


def test_wired_unit_by_hand() -> None:
    """An adder of 9 bits, the bias in 25, a table of 8 bits from 8 at 4 LUT6 each; 8 + 2 x 24 flip-flops, one clock."""
    model = Model("2-1-1", (Layer(1, 2, "relu"), Layer(1, 1, "identity")))
    values = [*ONES, Start(np.ones((1, 1)), np.zeros(1), 1.0)]
    found = count(FpgaWired(2, 8, 24, 0, 1e7, 2e-13), model, values)
    assert found["of_weights"]["luts"] == 9 + 25 + 8 * 4 + 25  # the last layer: a bias
    assert found["of_weights"]["flip_flops"] == 2 * (8 + 48)
    assert found["cycles"] == 2


@pytest.mark.parametrize("part_luts", [200, 400, 600, 1000, 3000])
def test_the_least_folding_that_fits(part_luts: int) -> None:
    """Beside trying one folding after the other."""
    model = Model("16-4-2", (Layer(4, 16, "relu"), Layer(2, 4, "identity")))
    device = replace(LUT, part="P", part_luts=part_luts + 5000, part_flip_flops=10**6)
    switches = (4 * 56 + 2 * 6) * 8
    device = replace(device, part_luts=part_luts + switches)
    found = count(device, model)
    taken = [count(replace(LUT, folding=n), model)["of_weights"]["luts"] for n in range(1, 17)]
    fitting = [n for n, luts in enumerate(taken, 1) if luts <= part_luts]
    assert found["of_switches"]["luts"] == switches
    assert found["fits"] == (1 in fitting)
    assert found.get("least_folding") == (None if found["fits"] else next(iter(fitting), None))


def test_what_is_said_of_a_part() -> None:
    tight = replace(LUT, part="P", part_luts=72, part_flip_flops=1000)
    verdict = dict(resource_lines(count(tight, TWO, ONES)))["  fits"]
    assert verdict.startswith("no: P has 72 LUTs and 1,000 flip-flops, and this takes 1.0 times its LUTs; ")
    assert "yes: P has 73" in dict(resource_lines(count(replace(tight, part_luts=73), TWO, ONES)))["  fits"]
    assert "the switches alone" in dict(resource_lines(count(replace(tight, part_luts=7), TWO, ONES)))["  fits"]
    wired = replace(FpgaWired(2, 8, 24, 0, 1e7, 2e-13), part="P", part_luts=9, part_flip_flops=1000)
    assert "no folding" in dict(resource_lines(count(wired, TWO, ONES)))["  fits"]


def test_registers_that_saturate_are_counted() -> None:
    """A step is 1/31/255 and 8 bits hold 127 of them: 0.016."""
    model = Model("2-3", (Layer(3, 2, "identity"),))
    values = [Start(np.ones((3, 2)), np.zeros(3), 1.0)]
    chip = make(replace(LUT, bias_bits=8), model, values)
    machine = Machine(model, chip, [None], SWITCH, "output", "any")
    machine.execute(first_entry(model, values))
    assert machine.saturated == 0
    machine.execute(Entry(1, 1, (None,), (np.array([0.5, 0.016, -0.017]),)))
    assert machine.saturated == 2
    machine.execute(Entry(2, 2, (None,), (np.zeros(3),)))
    assert machine.saturated == 0


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("fpga-lut-bthowen-2022", "427,008 of 53,376 switches"),
        ("photonic-feldmann-2021", "9,472 weights in 301 cores of 9 x 4, all side by side"),
        ("reram-wan-2022", "9,472 weights in 2 cores of 128 x 128"),
    ],
)
def test_a_model_on_a_device(device: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """64-128-10: 128 circuits of 32 x 11 switches and 10 of 64 x 13; 8 x 32 tiles of 9 x 4 and 15 x 3."""
    show(["model", "digits-mlp"], device=device)
    printed = capsys.readouterr().out
    assert said in printed
    assert ("XC7Z020 has 53,200 LUTs" in printed) == device.startswith("fpga")
