"""Why a stuck switch of a circuit that routes itself cannot be routed around: the reason is true."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from hwsim.crossbar import BlockedError, crossbar


def realised(name: str, ports: int) -> dict[tuple[int, ...], list[tuple[int, ...]]]:
    """All configurations of every permutation that a circuit realises, by exchanging wires."""
    fabric: Any = crossbar(name, ports)
    found: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for state in itertools.product((0, 1), repeat=fabric.switches):
        wires = list(range(ports))
        for crossed, a, b in zip(state, fabric.wire_a, fabric.wire_b, strict=True):
            if crossed:
                wires[a], wires[b] = wires[b], wires[a]
        found.setdefault(tuple(wires), []).append(state)
    return found


def refusal(name: str, p: tuple[int, ...]) -> str:
    """What is said where the first switch cannot take the state that it has when all is well."""
    fabric = crossbar(name, len(p))
    cost = np.zeros((fabric.switches, 2))
    cost[0, int(fabric.route(p).state[0])] = np.inf
    with pytest.raises(BlockedError) as error:
        fabric.route(p, cost=cost, effort="exact")
    return str(error.value)


@pytest.mark.parametrize("name", ["bitonic", "odd-even-merge", "odd-even-transposition"])
def test_sorters_have_other_configurations_that_tags_cannot_ask_for(name: str) -> None:
    every = realised(name, 4)
    spared = 0
    for p, states in every.items():
        words = refusal(name, p)
        assert "one configuration" not in words
        assert "network sets its switches by comparing tags: no other configuration can be asked for" in words
        spared += len({state[0] for state in states}) == 2
    assert spared > 0, "some permutations could be had with the switch in its other state"


@pytest.mark.parametrize("name", ["omega", "butterfly"])
def test_one_path_means_one_configuration(name: str) -> None:
    every = realised(name, 4)
    assert {len(states) for states in every.values()} == {1}
    for p in every:
        assert f"{name} network has one configuration for each permutation" in refusal(name, p)
