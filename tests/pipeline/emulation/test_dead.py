"""A cell that dies: what meets it reads a constant, wherever a reconnection takes it, and nobody is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import hwsim
from hwsim.execution import ExecutionError
from hwsim.schedule import Entry, Fault

UNITS, PORTS = 3, 4


@pytest.mark.parametrize(
    ("device", "near"), [("ideal", 1e-6), ("fpga-lut-bthowen-2022", 0.03), ("pcm-nandakumar-2019", 0)]
)
def test_a_dead_cell_is_read_as_a_constant_wherever_it_is_met(device: str, near: float) -> None:
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(PORTS, UNITS))
    rng = np.random.default_rng(1)
    x = rng.random((9, PORTS)).astype(np.float32)
    chip = hwsim.emulate(net, device, crossbar="benes", calibration=x)
    machine, first = chip.machine, np.array([[1, 0, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
    chip.reconnect(0, first)
    believed, real = machine.chip.nominal(0).copy(), machine.chip.cells(0).copy()
    machine.execute(Entry(2, 0, (None,), tuple(machine.registers), faults=(Fault(0, 1, cell=2, value=0.125),)))
    assert np.array_equal(machine.chip.nominal(0), believed)
    differ = machine.chip.cells(0) != real
    assert np.argwhere(differ).tolist() == [[1, 2]]
    weight, bias = (one.detach().numpy().copy() for one in net.parameters())
    weight[1, 2] = 0.125
    for permutations in (first, np.roll(first, 1, axis=1), np.stack([rng.permutation(PORTS) for _ in range(UNITS)])):
        chip.reconnect(0, permutations)
        expected = x @ np.take_along_axis(weight, permutations, axis=1).T + bias
        if near:
            assert np.allclose(chip(x, noise=False), expected, atol=near)
        one = np.zeros((2, PORTS), np.float32)
        one[1, int(np.flatnonzero(permutations[1] == 2)[0])] = 0.5  # the position that meets the dead cell alone
        low, high = machine.infer(one, None)[:, 1]
        assert high - low == pytest.approx(0.5 * 0.125, abs=0.02)


def test_what_cannot_die_is_said() -> None:
    chip = hwsim.emulate(nn.Sequential(nn.Linear(PORTS, UNITS)), "fpga-lut-bthowen-2022")
    for fault, said in (
        (Fault(1, 0, cell=0, value=0.0), "there is no layer 1"),
        (Fault(0, 3, cell=0, value=0.0), "3 banks of 4 cells"),
        (Fault(0, 0, cell=4, value=0.0), "no cell 4"),
        (Fault(0, 0, cell=0, value=1e6), "not 1e"),
    ):
        with pytest.raises(ExecutionError, match=said):
            chip.machine.strike(fault)
