"""Hidden units may change places: the chip computes the same to the last bit, and fewer positions change."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.controller import Expense, Reconnection
from hwsim.crossbar import crossbar
from hwsim.crossbar.technology import Switch
from hwsim.device.fpga.lut import FpgaLut
from hwsim.execution import Machine, first_entry
from hwsim.execution.equivalence import Placement
from hwsim.model import Layer, Model, Registers, start

SWITCH = Switch("s", "electronic", 1e-8, 1e-8, 2e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)


def layer(units: int, inputs: int, activation: str, weights: str = "he-uniform") -> Layer:
    return Layer(units, inputs, activation, weights, 1.0, True, "uniform", 1.0, False, True)  # type: ignore[arg-type]


def model(weights: str = "he-uniform") -> Model:
    return Model("t", (layer(6, 5, "relu", weights), layer(4, 6, "relu"), layer(3, 4, "identity")))


def machines(network: Model, scope: str, bits: int, names: tuple[str, ...]) -> list[Machine]:
    values = start(network, 1)
    device = FpgaLut(bits, 8, 16, 2, 1e8, 1e-15)
    x = np.random.default_rng(0).random((50, 5)).astype(np.float32)
    found = []
    for equivalence in names:
        ports = [b.inputs * (b.units if scope == "layer" else 1) for b in network.layers]
        fabrics = [crossbar("benes", n) for n in ports]
        chip = device.fabricate(network, values, x, 1)
        found.append(Machine(network, chip, fabrics, SWITCH, scope, "greedy", equivalence))
        found[-1].execute(first_entry(network, values))
    return found


def changes(machine: Machine, count: int, seed: int, *, relabelled: bool) -> list[Reconnection]:
    """What a controller might ask for; relabelled: the same network, its hidden units in another order."""
    rng = np.random.default_rng(seed)
    rows = [rng.permuted(p, axis=1) for p in machine.permutations]
    registers = [rng.normal(size=b.units) for b in machine.model.layers]
    found = []
    for event in range(1, count + 1):
        permutations: list[NDArray[np.int64] | None] = [rng.permuted(p, axis=1) for p in rows]
        if relabelled:
            orders = [np.arange(5), rng.permutation(6), rng.permutation(4), np.arange(3)]
            shaped = [p.reshape(b.units, b.inputs) for p, b in zip(rows, machine.model.layers, strict=True)]
            permutations = [p[np.ix_(orders[n + 1], orders[n])].reshape(rows[n].shape) for n, p in enumerate(shaped)]
            now = tuple(r[orders[n + 1]] for n, r in enumerate(registers))
        else:
            now = tuple(rng.normal(size=b.units) for b in machine.model.layers)
            permutations = [None if rng.random() < 0.3 else p for p in permutations]
        found.append(Reconnection(event, tuple(permutations), tuple(Registers(values, 1.0) for values in now)))
    return found


@pytest.mark.parametrize("scope", ["output", "layer"])
@pytest.mark.parametrize("bits", [2, 3, 8])
@pytest.mark.parametrize("weights", ["he-uniform", "signs"])
def test_the_same_outputs_to_the_last_bit(scope: str, bits: int, weights: str) -> None:
    names = ("none", "values", "units", "all")
    found = machines(model(weights), scope, bits, names)
    x = np.random.default_rng(2).random((40, 5)).astype(np.float32)
    for event, wanted in enumerate(changes(found[0], 5, 3, relabelled=False), start=1):
        outputs = []
        for machine in found:
            price, before = machine.price(wanted), machine.spent
            entry = machine.fulfil(event, wanted)
            assert before + price == machine.spent
            for number, p in enumerate(entry.permutations):
                assert p is None or np.array_equal(p, machine.permutations[number])
            outputs.append(machine.infer(x, None))
        for other in outputs[1:]:
            assert np.array_equal(outputs[0], other)


def test_a_relabelled_network_moves_nothing() -> None:
    """With one bank a layer, a network whose hidden units only changed their order is left as it stands."""
    literal, free = machines(model(), "layer", 8, ("none", "units"))
    first, *rest = changes(free, 5, 3, relabelled=True)
    for machine in (literal, free):
        machine.fulfil(1, first)
    for event, wanted in enumerate(rest, start=2):
        step, none = literal.price(wanted), free.price(wanted)
        assert step.moves > 20
        assert none == Expense()
        literal.fulfil(event, wanted)
        free.fulfil(event, wanted)


def placement_of(machine: Machine) -> Placement:
    assert machine.placing is not None
    return machine.placing.placement


def test_units_move_between_equal_banks_only() -> None:
    placement = placement_of(machines(model("signs"), "output", 3, ("units",))[0])
    fits = placement.movable[0]
    assert fits is not None
    half = np.arange(6) < 3
    assert np.array_equal(fits, half[:, None] == half)
    assert placement.movable[2] is None, "the last layer's units are the network's outputs"
    fixed = replace(model(), layers=(replace(model().layers[0], learned_registers=False), *model().layers[1:]))
    assert placement_of(machines(fixed, "layer", 3, ("units",))[0]).movable[0] is None


@given(class_count=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_places_against_all_orders(class_count: int, seed: int) -> None:
    """One hidden layer: assignment finds the best order of all 24, and never one worse than the places before."""
    rng = np.random.default_rng(seed)
    shapes = ((4, 3), (2, 4))
    shown, wanted = ([rng.integers(0, class_count, s).astype(np.int32) for s in shapes] for _ in range(2))
    placement = Placement([4, 2], [np.ones((4, 4), np.bool_), None])
    before = placement.wrong(shown, wanted)
    found = placement.assign(shown, wanted)
    assert found == placement.wrong(shown, wanted) <= before
    best = before
    for order in itertools.permutations(range(4)):
        other = Placement([4, 2], [None, None])
        other.place[0] = np.array(order)
        best = min(best, other.wrong(shown, wanted))
    assert found == best


def test_places_travel_in_a_dump() -> None:
    placement = Placement([3, 2], [np.ones((3, 3), np.bool_), None])
    placement.place[0] = np.array([2, 0, 1])
    other = Placement([3, 2], [np.ones((3, 3), np.bool_), None])
    other.load(placement.dump())
    assert other.place[0].tolist() == [2, 0, 1]
