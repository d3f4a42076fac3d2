"""Permutations around dead ports."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar import PermutationError, avoid, crossbar


@given(n=st.integers(1, 20), dead=st.integers(0, 5), spare=st.integers(0, 3), seed=st.integers(0, 2**32))
def test_signals_arrive(n: int, dead: int, spare: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ports = n + dead + spare
    no_inputs, no_outputs = (rng.choice(ports, dead, replace=False) for _ in range(2))
    p, x = rng.permutation(n), rng.random(n)
    placed = avoid(p, ports, no_inputs, no_outputs)
    assert not set(placed.inputs) & set(no_inputs)
    assert not set(placed.outputs) & set(no_outputs)
    signals = np.full(ports, np.nan)
    signals[placed.inputs] = x
    got = crossbar("benes", ports).route(placed.permutation).apply(signals)
    assert np.array_equal(got[placed.outputs], x[p])


def test_spare_ports_go_straight() -> None:
    assert avoid([1, 0], 4).permutation.tolist() == [1, 0, 2, 3]


def test_spare_ports_go_straight_where_their_order_differs() -> None:
    """Inputs 0 and 2, outputs 2 and 3 are left over: 2 goes straight; in order it would be 2 from 0, 3 from 2."""
    assert avoid([1, 0], 4, dead_inputs=[0, 2]).permutation.tolist() == [3, 1, 2, 0]


@given(ports=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_all_that_can_go_straight_does(ports: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, ports + 1))
    no_inputs, no_outputs = (rng.choice(ports, int(rng.integers(0, ports - n + 1)), replace=False) for _ in range(2))
    placed = avoid(rng.permutation(n), ports, no_inputs, no_outputs)
    both = set(range(ports)) - set(placed.inputs.tolist()) - set(placed.outputs.tolist())
    assert all(placed.permutation[port] == port for port in both)
    assert sorted(placed.permutation.tolist()) == list(range(ports))


def test_refusals() -> None:
    cases = [
        (
            {"p": [0, 1], "ports": 1},
            "2 signals need 2 live inputs; the circuit has 1 of 1; use a circuit of 2 ports or more",
        ),
        (
            {"p": [0, 1, 2], "ports": 4, "dead_outputs": [3, 1]},
            "3 signals need 3 live outputs; the circuit has 2 of 4; use a circuit of 5 ports or more",
        ),
        ({"p": [0], "ports": 4, "dead_inputs": [4]}, "dead input 4 is none of the circuit's; use 0 to 3"),
    ]
    for given_, words in cases:
        with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
            avoid(**given_)  # type: ignore[arg-type]
    with pytest.raises(PermutationError, match=r"^no permutation: cell 1 stands at positions 0 and 1"):
        avoid([1, 1], 4)
