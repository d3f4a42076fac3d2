"""The emulated machine: what it counts, what it costs, and that it believes no fabric and no chip."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.crossbar import Fabric, crossbar
from hwsim.crossbar.technology import Switch
from hwsim.crossbar.topology.benes import Benes
from hwsim.device.fpga.lut import FpgaLut
from hwsim.execution import ExecutionError, Machine, first_entry
from hwsim.model import Layer, Model, Start
from hwsim.schedule import Entry, layout

GOLDEN = tomllib.loads((Path(__file__).parent.parent / "golden" / "port.toml").read_text())["event"]
SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 3e-12, 2e-12, 1e-3, 2e-13, 1e-9, 4, 1e8, 1e-12)
DEVICE = FpgaLut(weight_bits=8, activation_bits=8, bias_bits=24, headroom_bits=2, clock=1e8, lut_energy=2e-13)
WEIGHTS = np.array([[1.0, 0.5, -0.25, 0.125], [-1.0, 0.75, 0.0, 0.0625]])
X = np.array([[0.11, 0.2, 0.4, 1.0], [1.0, 0.0, 0.6, 0.25]], np.float32)


def machine(scope: str = "output", topology: str = "benes", fabric: Fabric | None = None, ports: int = 4) -> Machine:
    """Two units of four cells, scale 1/127 a code, inputs 1/255: biases are whole multiples of 1/32385."""
    model = Model("t", (Layer(2, 4, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
    start = [Start(WEIGHTS, np.zeros(2), 1.0)]
    chip = DEVICE.fabricate(model, start, np.array([[0.0] * 4, [1.0] * 4], np.float32), 0)
    built = fabric or crossbar(topology, 8 if scope == "layer" else ports)
    hardware = Machine(model, chip, [built], SWITCH, scope, "greedy")
    hardware.execute(first_entry(model, start))
    return hardware


def entry(event: int, rows: Any, bias: Any = (0.0, 0.0)) -> Entry:
    return Entry(event, 0, (None if rows is None else np.array(rows),), (np.array(bias),))


def test_the_golden_reconnections() -> None:
    """The second unit's bank stays as it is: its configuration is not sent."""
    hardware = machine()
    for number, wanted in enumerate(GOLDEN, 1):
        step = hardware.execute(entry(number, [wanted["permutation"], [0, 1, 2, 3]], wanted["bias"]))
        found = (step.moves, step.toggles, step.bias_writes, step.time_ps)
        assert found == (wanted["moves"], wanted["toggles"], wanted["writes"], wanted["time_ps"])
        assert step.energy_j == pytest.approx(wanted["energy_pj"] * 1e-12, rel=1e-12)


@pytest.mark.parametrize(("scope", "topology"), [("output", "benes"), ("output", "crossbar"), ("layer", "benes")])
def test_connections_decide_which_cell_an_input_meets(scope: str, topology: str) -> None:
    rng = np.random.default_rng(0)
    hardware = machine(scope, topology)
    codes = hardware.chip.cells(0)
    for event in range(1, 6):
        shape = (1, 8) if scope == "layer" else (2, 4)
        p = np.array([rng.permutation(shape[1]) for _ in range(shape[0])])
        hardware.execute(entry(event, p, [0.11, -0.21]))
        rows = codes.reshape(shape)
        effective = np.take_along_axis(rows, p, axis=1).reshape(2, 4) / 127
        bias = np.rint(np.array([0.11, -0.21]) * 127 * 255) / (127 * 255)
        wanted = np.rint(X.astype(float) * 255) / 255 @ effective.T + bias
        assert hardware.infer(X, None) == pytest.approx(wanted, rel=1e-12)


def test_crosspoints_are_closed_before_anything_is_judged() -> None:
    """Eight outputs take a crosspoint each at the start; two that change places take two toggles each."""
    model = machine().model
    hardware = Machine(model, machine().chip, [crossbar("crossbar", 4)], SWITCH, "output", "greedy")
    first = hardware.execute(first_entry(model, [Start(WEIGHTS, np.zeros(2), 1.0)]))
    assert (first.moves, first.toggles) == (0, 8)
    assert [states.tolist() for states in hardware.circuits.states if states is not None] == [[[0, 1, 2, 3]] * 2]
    assert hardware.execute(entry(1, None)).toggles == 0
    step = hardware.execute(entry(2, [[1, 0, 2, 3], [0, 1, 2, 3]]))
    assert (step.moves, step.toggles) == (2, 4)


def test_spare_ports_change_nothing_but_the_bill() -> None:
    small, large = machine(), machine(ports=7)
    for hardware in (small, large):
        assert hardware.execute(entry(1, [[3, 2, 1, 0], [0, 1, 3, 2]])).moves == 6
    assert np.array_equal(small.infer(X, None), large.infer(X, None))
    assert (small.circuits.switches, large.circuits.switches) == (2 * 6, 2 * Benes(7).switches)


def test_register_writes() -> None:
    """Only contents that change: a step of the accumulator is 1/32385, less than half of one is nothing."""
    hardware, step = machine(), 1 / 32385
    writes = [
        hardware.execute(entry(number, None, bias)).bias_writes
        for number, bias in enumerate(
            [(0, 0.4 * step), (0, 0.6 * step), (step, step), (step, step), (1e9, 0), (2e9, 0)]
        )
    ]
    assert writes == [0, 1, 1, 0, 2, 0]  # 2e9 saturates where 1e9 does
    assert [codes.tolist() for codes in hardware.register_codes()] == [[2**23 - 1, 0]]


def test_one_inference_by_hand() -> None:
    """The core's bill, 2 banks of 6 switches, 8 bits of 0.2 pJ each, and 3 stages of 1 ns."""
    hardware = machine()
    core, whole = hardware.chip.inference_bill(), hardware.inference_bill()
    assert whole.energy_j - core.energy_j == pytest.approx(2 * 6 * 8 * 2e-13)
    assert whole.time_s - core.time_s == pytest.approx(3e-9)


def test_layouts() -> None:
    model = machine().model
    assert [(bank.banks, bank.ports, bank.registers) for bank in layout(model, "output").layers] == [(2, 4, 2)]
    assert [(bank.banks, bank.ports, bank.registers) for bank in layout(model, "layer").layers] == [(1, 8, 2)]


class Liar(Benes):
    """Realises another permutation on its last bank, once it is told to."""

    lying = False

    def route_many(self, permutations: NDArray[np.int64], *args: Any, **named: Any) -> NDArray[np.uint8]:
        wanted = permutations.copy()
        if self.lying:
            wanted[-1, :2] = wanted[-1, 1::-1]
        return super().route_many(wanted, *args, **named)


def test_a_fabric_that_lies() -> None:
    fabric = Liar(4)
    hardware = machine(fabric=fabric)
    hardware.execute(entry(1, [[1, 0, 2, 3], [0, 1, 2, 3]]))
    fabric.lying = True
    before = hardware.permutations[0].copy()
    with pytest.raises(ExecutionError, match=r"^layer 0, bank 1: the configuration realises another permutation$"):
        hardware.execute(entry(2, [[0, 1, 2, 3], [3, 2, 1, 0]]))
    assert np.array_equal(hardware.permutations[0], before)


def test_cells_that_change() -> None:
    hardware = machine()
    hardware.chip.cells(0)[1, 2] += 1
    with pytest.raises(ExecutionError, match=r"^layer 0, bank 1: the multiset of cell values changed$"):
        hardware.execute(entry(1, [[1, 0, 2, 3], [0, 1, 2, 3]]))


def test_cells_that_change_places_within_a_bank_are_not_seen_as_a_change_of_values() -> None:
    """The check is of the multiset: which cell stands where is the fabric's affair, checked by its own test."""
    hardware = machine()
    cells = hardware.chip.cells(0)
    cells[0, :2] = cells[0, 1::-1].copy()
    hardware.execute(entry(1, [[1, 0, 2, 3], [0, 1, 2, 3]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_registers_that_hold_no_number(bad: float) -> None:
    hardware = machine()
    words = f"event 5, layer 0: a register would hold {bad}, training diverged; lower the learning rate or the initial "
    with pytest.raises(ExecutionError, match=f"^{words}values$"):
        hardware.execute(entry(5, None, [0.0, bad]))
