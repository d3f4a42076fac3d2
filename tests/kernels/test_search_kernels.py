"""The kernels that search find what their reference implementation finds, with any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.crossbar.topology.benes import Benes
from hwsim.kernels.compile import threads
from tests.oracles import cheapest


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = numba.get_num_threads()
    yield
    threads(before)


def spent(cost: NDArray[np.float64], states: NDArray[np.uint8]) -> Any:
    return np.take_along_axis(cost, states[:, :, None].astype(np.int64), axis=2).sum(axis=(1, 2))


@given(n=st.integers(2, 40), seed=st.integers(0, 2**32), law=st.sampled_from(["toggles", "cost", "swap"]))
def test_blocks(n: int, seed: int, law: str) -> None:
    """Of random permutations, and of such that differ from the identity by one exchange: many small loops."""
    rng = np.random.default_rng(seed)
    fabric = Benes(n)
    before = rng.integers(0, 2, (1, fabric.switches)).astype(np.uint8)
    cost = np.stack([before != 0, before != 1], axis=2).astype(np.float64)
    if law == "cost":
        cost = rng.integers(0, 9, cost.shape).astype(np.float64)  # whole numbers: sums in any order are equal
    p = rng.permutation(n)
    if law == "swap" and n <= 16:
        p = np.arange(n)
        p[[0, n // 2]] = p[[n // 2, 0]]
    states = fabric.route_many(p[None], before, "blocks", cost if law == "cost" else None)
    assert spent(cost, states)[0] == cheapest.least_cost(p.tolist(), cost[0], 16)


@given(n=st.integers(2, 22), seed=st.integers(0, 2**32))
def test_exact(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fabric = Benes(n)
    cost = rng.integers(0, 9, (1, fabric.switches, 2)).astype(np.float64)
    p = rng.permutation(n)
    states = fabric.route_many(p[None], None, "exact", cost)
    assert spent(cost, states)[0] == cheapest.least_cost(p.tolist(), cost[0], n)


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one processor")  # type: ignore[attr-defined]
@pytest.mark.parametrize("effort", ["blocks", "descent", "exact"])
def test_any_number_of_threads_gives_the_same(effort: str) -> None:
    rng = np.random.default_rng(4)
    fabric = Benes(75)
    p = np.stack([rng.permutation(75) for _ in range(9)])
    before = fabric.route_many(p[::-1])
    found = []
    for number in (1, 2):
        threads(number)
        found.append(fabric.route_many(p, before, effort))
    assert np.array_equal(found[0], found[1])
