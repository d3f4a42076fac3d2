"""The Beneš kernels do what their reference implementations do, with any number of threads and lanes."""

from __future__ import annotations

from collections.abc import Iterator

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.crossbar.topology.benes import Benes
from hwsim.kernels.compile import threads
from hwsim.kernels.routing import benes
from tests.oracles import benes as plain


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = numba.get_num_threads()
    yield
    threads(before)


def routed(
    p: NDArray[np.int64],
    law: int,
    before: NDArray[np.uint8] | None = None,
    cost: NDArray[np.float64] | None = None,
    lanes: int = 2,
) -> NDArray[np.uint8]:
    banks, n = p.shape
    fabric = Benes(n)
    state = np.full((banks, fabric.switches), 7, np.uint8)
    benes.route_many(
        benes.Network(n, fabric.switches, fabric._router.tree.reshape(-1)),
        p.reshape(-1),
        benes.Costs(
            law,
            np.zeros(0, np.uint8) if before is None else before.reshape(-1),
            benes.WEIGHT,
            np.zeros(0) if cost is None else cost.reshape(-1),
        ),
        np.full(lanes * benes.SCRATCH * n, 99, np.uint32),
        state.reshape(-1),
    )
    return state


@given(n=st.integers(1, 48), banks=st.integers(0, 5), lanes=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_routing(n: int, banks: int, lanes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = np.array([rng.permutation(n) for _ in range(banks)], np.int64).reshape(banks, n)
    switches = len(plain.places(n))
    before = rng.integers(0, 2, (banks, switches)).astype(np.uint8)
    cost = rng.integers(-3, 8, (switches, 2)).astype(np.float64)  # whole numbers: sums in any order are equal
    assert np.array_equal(routed(p, benes.ANY, lanes=lanes), plain.route_many(p))
    assert np.array_equal(routed(p, benes.TOGGLES, before, lanes=lanes), plain.route_many(p, before))
    assert np.array_equal(routed(p, benes.COST, cost=cost, lanes=lanes), plain.route_many(p, cost=cost))


def test_toggles_are_the_cost_of_changing() -> None:
    """Greedy against states before is greedy with a cost of 1 for every change."""
    rng = np.random.default_rng(3)
    p = rng.permutation(97)[None]
    before = rng.integers(0, 2, (1, Benes(97).switches)).astype(np.uint8)
    cost = np.stack([before[0] != 0, before[0] != 1], axis=1).astype(np.float64)
    assert np.array_equal(routed(p, benes.TOGGLES, before), routed(p, benes.COST, cost=cost))


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one processor")  # type: ignore[attr-defined]
def test_any_number_of_threads_gives_the_same() -> None:
    rng = np.random.default_rng(4)
    fabric = Benes(129)
    p = np.stack([rng.permutation(129) for _ in range(33)])
    x = rng.integers(0, 1000, (33, 129))
    found = []
    for number in (1, 2):
        threads(number)
        first = fabric.route_many(p)
        second = fabric.route_many(p[::-1], first)
        found.append((first, second, fabric.apply_many(second, x)))
    for one, two in zip(*found, strict=True):
        assert np.array_equal(one, two)
