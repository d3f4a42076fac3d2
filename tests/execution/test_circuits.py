"""Circuits without a chip: what a change says, what stuck switches leave, what wears, against walks over all states."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.crossbar import crossbar
from hwsim.crossbar.technology import Switch
from hwsim.execution import Circuits, UnroutedError
from hwsim.schedule import Bank, Fault, Layout

SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 3e-12, 2e-12, 1e-3, 0.0, 0.0, 4, 1e8, 1e-12)
FABRIC = crossbar("benes", 4)
WIRES = np.arange(4)[None, :]
STATES = np.array(list(product((0, 1), repeat=6)), np.uint8)
REALISED = FABRIC.apply_many(STATES, np.tile(WIRES, (64, 1)))


def circuits(banks: int = 1, topology: str = "benes") -> Circuits:
    layout = Layout((Bank(0, banks, 4, 0, learned=True), Bank(1, 1, 3, 0, learned=False)))
    fabrics = [crossbar(topology, 4), None]
    return Circuits(fabrics, layout, SWITCH, "exact", counted=9)


def stand(built: Circuits) -> NDArray[Any]:
    """How the switches of the first layer stand."""
    assert built.states[0] is not None
    return built.states[0]


@given(seed=st.integers(0, 2**32))
def test_a_change_that_is_found_changes_nothing_until_it_is_taken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    built = circuits(banks=3)
    for _ in range(3):
        wanted = np.array([rng.permutation(4) for _ in range(3)])
        stood, before = built.permutations[0].copy(), stand(built).copy()
        change = built.find([wanted, None])
        assert [layer is None for layer in change.layers] == [False, True]
        assert np.array_equal(built.permutations[0], stood)
        assert np.array_equal(stand(built), before)
        built.take(change)
        after = stand(built)
        assert np.array_equal(built.permutations[0], wanted)
        flipped = np.not_equal(after, before)
        assert change.toggles == flipped.sum()
        assert built.toggled[0].tolist() == flipped.sum(axis=1).tolist()
        assert change.moves == np.not_equal(wanted, stood).sum()
        assert [load.bank for load in change.loads] == np.flatnonzero(flipped.any(axis=1)).tolist()
        assert sum(load.sets for load in change.loads) == np.logical_and(flipped, after).sum()
        assert built.held == after.sum()


@pytest.mark.parametrize("switch", range(6))
@pytest.mark.parametrize("at", [0, 1])
def test_a_stuck_switch_against_all_states(switch: int, at: int) -> None:
    """Every permutation that the other switches can still do is done, with the fewest toggles; others are refused."""
    able = STATES[:, switch] == at
    for p in permutations(range(4)):
        built = circuits()
        built.prepared(built.stick(Fault(0, 0, switch=switch, state=at)))
        before = stand(built)[0]
        assert before.tolist() == [at * (number == switch) for number in range(6)]
        ways = STATES[able & np.equal(REALISED, np.array(p)).all(axis=1)]
        if not len(ways):
            with pytest.raises(UnroutedError):
                built.reconnect([np.array([p]), None])
            continue
        change = built.reconnect([np.array([p]), None])
        found = stand(built)
        assert found[0, switch] == at
        assert FABRIC.apply_many(found, WIRES)[0].tolist() == list(p)
        assert change.toggles == (ways != before).sum(axis=1).min()


def test_what_is_not_straight_at_power_up_is_joined_by_the_first_reconnection() -> None:
    built = circuits(topology="crossbar")
    change = built.reconnect([None, None])
    fabric = built.fabrics[0]
    assert fabric is not None
    assert fabric.apply_many(stand(built), WIRES).tolist() == WIRES.tolist()
    assert change.toggles > change.moves == 0
    assert built.reconnect([None, None]).layers == (None, None)
    assert circuits().reconnect([None, None]).layers == (None, None)


def test_wear_is_the_sum_of_what_toggled() -> None:
    rng, built = np.random.default_rng(1), circuits(banks=2)
    built.prepare([np.array([rng.permutation(4) for _ in range(2)]), None])
    stands, worn = stand(built), np.zeros((2, 6), int)
    for _ in range(9):
        built.reconnect([np.array([rng.permutation(4) for _ in range(2)]), None])
        worn += np.not_equal(stands, stand(built))
        stands = stand(built)
    assert built.wear is not None
    assert built.wear[0].counts.tolist() == worn.tolist()
