"""Stuck switches that nobody knows of, and what is done once they are known, against walks over all states."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.crossbar import crossbar
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.technology import Switch
from hwsim.execution import Circuits, UnroutedError
from hwsim.schedule import Bank, Fault, Layout

SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 3e-12, 2e-12, 1e-3, 0.0, 0.0, 4, 1e8, 1e-12)


def stand(built: Circuits, loaded: bool = False) -> NDArray[np.uint8]:
    """How the switches of the first layer stand, or what was loaded."""
    found = (built.memory if loaded else built.states)[0]
    assert found is not None
    return found


def walked(fabric: SwitchNetwork, state: NDArray[np.uint8]) -> list[int]:
    """The input that reaches each output, switch by switch."""
    on = list(range(fabric.ports))
    for number, (a, b) in enumerate(zip(fabric.wire_a, fabric.wire_b, strict=True)):
        if state[number]:
            on[a], on[b] = on[b], on[a]
    return on


@settings(max_examples=20)
@given(
    topology=st.sampled_from(["benes", "waksman"]),
    ports=st.integers(4, 9),
    classes=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_an_unknown_stuck_switch_leads_its_own_bank_astray_and_no_other(
    topology: str, ports: int, classes: bool, seed: int
) -> None:
    rng, fabric = np.random.default_rng(seed), crossbar(topology, ports)
    assert isinstance(fabric, SwitchNetwork)
    alike = [rng.integers(0, 3, (3, ports)).astype(np.int32)] if classes else None
    built = Circuits([fabric], Layout((Bank(0, 3, ports, 0, learned=True),)), SWITCH, classes=alike)
    healthy = Circuits([fabric], built.layout, SWITCH, classes=alike)
    stuck = {(int(rng.integers(3)), int(rng.integers(fabric.switches))): int(rng.integers(2)) for _ in range(2)}
    for event in range(5):
        if event == 1:
            for (bank, switch), state in stuck.items():
                built.prepared(built.stick(Fault(0, bank, switch=switch, state=state), known=False))
        wanted = np.stack([rng.permutation(ports) for _ in range(3)])
        before, held = stand(built).copy(), stand(built, loaded=True).copy()
        change = built.reconnect([wanted])
        healthy.reconnect([wanted])
        loaded, now = stand(built, loaded=True), stand(built).copy()
        assert np.array_equal(loaded, stand(healthy))
        assert np.array_equal(built.asked[0], healthy.permutations[0])
        expected = loaded.copy()
        for (bank, switch), state in stuck.items() if event else ():
            expected[bank, switch] = state
        assert np.array_equal(now, expected)
        assert built.permutations[0].tolist() == [walked(fabric, row) for row in now]
        assert change.toggles == np.count_nonzero(now != before)
        assert [load.bank for load in change.loads] == np.flatnonzero((loaded != held).any(axis=1)).tolist()
        assert not change.impossible


@pytest.mark.parametrize("topology", ["benes", "waksman", "butterfly"])
@pytest.mark.parametrize("at", [0, 1])
def test_what_is_known_is_gone_around_or_two_positions_are_exchanged(topology: str, at: int) -> None:
    fabric = crossbar(topology, 4)
    assert isinstance(fabric, SwitchNetwork)
    states = np.array(list(product((0, 1), repeat=fabric.switches)), np.uint8)
    realised = np.array([walked(fabric, state) for state in states])
    verdicts = set()
    for switch in range(fabric.switches):
        built = Circuits([fabric], Layout((Bank(0, 2, 4, 0, learned=True),)), SWITCH)
        fault = Fault(0, 1, switch=switch, state=at)
        built.prepared(built.stick(fault, known=False))
        built.learn(fault)
        for p in permutations(range(4)):
            ways = np.equal(realised, p).all(axis=1)
            if not ways.any():
                continue  # a blocking circuit
            possible = bool((ways & (states[:, switch] == at)).any())
            change = built.reconnect([np.array([p, p])])
            verdicts.add(possible)
            assert change.impossible == ([] if possible else [(0, 1)])
            assert built.asked[0].tolist() == [list(p)] * 2
            assert built.permutations[0][0].tolist() == list(p)
            assert np.count_nonzero(built.permutations[0][1] != p) == (0 if possible else 2)
            assert stand(built)[1, switch] == at
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("topology", "ports", "said"),
    [
        ("crossbar", 4, "no two states"),
        ("bitonic", 4, "set themselves"),
        ("dilated-benes", 4, "without a signal"),
        ("benes", 8, "ports without a cell"),
        (None, 4, "no circuit"),
    ],
)
def test_what_cannot_be_stuck_is_refused_by_name(topology: str | None, ports: int, said: str) -> None:
    fabric = None if topology is None else crossbar(topology, ports)
    built = Circuits([fabric], Layout((Bank(0, 1, 4, 0, learned=True),)), SWITCH)
    with pytest.raises(UnroutedError, match=said):
        built.stick(Fault(0, 0, switch=0, state=1), known=False)
    with pytest.raises(UnroutedError, match=said):
        built.learn(Fault(0, 0, switch=0, state=1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"switch": 1},
        {"cell": 1},
        {"switch": 1, "state": 2},
        {"switch": -1, "state": 0},
        {"switch": 1, "state": 0, "cell": 1, "value": 0.0},
        {"cell": 1, "value": float("nan")},
        {"cell": 1, "value": 1},
        {"switch": True, "state": 0},
    ],
)
def test_what_is_no_fault_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"a fault|whole numbers|finite"):
        Fault.of({"layer": 0, "bank": 0, **wrong})
