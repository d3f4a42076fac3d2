"""The kernels of equal values do what their reference implementations do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar.topology.benes import Benes
from hwsim.execution.equivalence import assign_values, values
from hwsim.kernels.routing import levels
from hwsim.kernels.routing import values as kernels
from hwsim.kernels.routing.levels import polish_many
from tests.oracles.exchange import assign_one
from tests.oracles.levels import polish_one
from tests.oracles.values import Router


@given(n=st.integers(1, 40), kinds=st.integers(1, 8), banks=st.integers(1, 4), seed=st.integers(0, 2**32))
def test_assignment(n: int, kinds: int, banks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, kinds, (banks, n))
    wanted = rng.permuted(kind, axis=1)
    old = rng.permuted(np.tile(np.arange(n), (banks, 1)), axis=1)
    found = assign_values(old, kind, wanted)
    for bank in range(banks):
        assert found[bank].tolist() == assign_one(kind[bank].tolist(), wanted[bank].tolist(), old[bank].tolist())


@given(
    n=st.integers(2, 40),
    kinds=st.integers(1, 9),
    lanes=st.integers(1, 3),
    jitter=st.sampled_from([0.0, 0.7]),
    seed=st.integers(0, 2**32),
)
def test_routing_by_values(n: int, kinds: int, lanes: int, jitter: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    banks, fabric, plan = 3, Benes(n), values._plan(n)
    kind = rng.integers(0, kinds, (banks, n)).astype(np.int32)
    wanted = rng.permuted(kind, axis=1)
    before, start = rng.integers(0, 2, (2, banks, fabric.switches)).astype(np.uint8)
    state, fits = np.full_like(before, 7), np.zeros(banks, np.uint8)
    weight, shaken = rng.uniform(0.5, 2, plan.levels), np.full(plan.levels, jitter)
    kernels.route_values_many(
        kernels.Network(n, fabric.switches, plan.blocks.reshape(-1)),
        kernels.Cells(kinds, kind.reshape(-1), wanted.reshape(-1)),
        kernels.Guide(weight, shaken, 5),
        before.reshape(-1),
        start.reshape(-1),
        kernels.Scratch(
            np.full(lanes * kernels.whole_numbers(n, kinds, plan.levels), 99, np.int32),
            np.full(lanes * kernels.real_numbers(n, kinds), np.nan),
        ),
        state.reshape(-1),
        fits,
    )
    assert fits.all()
    assert np.array_equal(fabric.apply_many(state, kind), wanted)
    for bank in range(banks):
        twin = Router(n, before[bank].tolist(), weight.tolist(), shaken.tolist(), 5, bank, start[bank].tolist())
        assert state[bank].tolist() == twin.route(kind[bank].tolist(), wanted[bank].tolist())


@given(n=st.integers(2, 24), kinds=st.integers(1, 6), lanes=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_local_search(n: int, kinds: int, lanes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    banks, fabric, plan, steps = 2, Benes(n), values._plan(n), 40
    kind = rng.integers(0, kinds, (banks, n)).astype(np.int32)
    before, first = rng.integers(0, 2, (2, banks, fabric.switches)).astype(np.uint8)
    wanted = np.ascontiguousarray(fabric.apply_many(first, kind))
    state, seeds = first.copy(), np.array([seed, seed + 1], np.uint64)
    size = len(plan.at) + 2 * n + 2 * fabric.switches
    polish_many(
        levels.Network(n, plan.at, plan.ends, plan.stages),
        kind.reshape(-1),
        wanted.reshape(-1),
        before.reshape(-1),
        seeds,
        steps,
        levels.Scratch(np.full(lanes * size, 99, np.int32), np.full(lanes * fabric.switches, 7, np.uint8)),
        state.reshape(-1),
    )
    assert np.array_equal(fabric.apply_many(state, kind), wanted)
    assert (fabric.toggles_many(before, state) <= fabric.toggles_many(before, first)).all()
    ends = [(int(a), int(b)) for a, b in zip(fabric.wire_a, fabric.wire_b, strict=True)]
    limits = (levels.CHAIN, levels.HEAT, levels.WRONG)
    for bank in range(banks):
        cells, wish, old, set_out = (array[bank].tolist() for array in (kind, wanted, before, first))
        assert state[bank].tolist() == polish_one(cells, wish, ends, old, set_out, seed + bank, steps, limits)
