"""Looping at memory speed finds the states that looping by the book finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar import PermutationError
from hwsim.crossbar.topology.benes import Benes
from tests.oracles import benes as plain


@given(power=st.integers(4, 8), banks=st.integers(0, 3), seed=st.integers(0, 2**32), mixed=st.floats(0, 1))
def test_looping(power: int, banks: int, seed: int, mixed: float) -> None:
    """Of permutations with part of the positions mixed: loops of all lengths."""
    rng = np.random.default_rng(seed)
    n = 2**power
    p = np.tile(np.arange(n), (banks, 1))
    for row in p:
        some = rng.choice(n, int(mixed * n), replace=False)
        row[some] = rng.permutation(row[some])
    assert np.array_equal(Benes(n).route_many(p, effort="any"), plain.route_many(p))


@pytest.mark.parametrize("ports", [1024, 2048, 4096])
def test_large_blocks(ports: int) -> None:
    """Beyond 2^10 wires another kernel follows the loops; a cost that is 0 everywhere is routed by the book."""
    fabric = Benes(ports)
    p = np.random.default_rng(0).permutation(ports)[None]
    free = np.zeros((fabric.switches, 2))
    assert np.array_equal(fabric.route_many(p, effort="any"), fabric.route_many(p, effort="greedy", cost=free))


def test_what_is_no_permutation() -> None:
    fabric = Benes(16)
    for wrong, words in ((0, "cell 0 stands at positions 0 and 7"), (16, "asks for cell 16"), (-1, "asks for cell -1")):
        p = np.stack([np.arange(16)] * 3)
        p[1, 7] = wrong
        with pytest.raises(PermutationError, match=rf"^bank 1: no permutation: .*{words}"):
            fabric.route_many(p, effort="any")
