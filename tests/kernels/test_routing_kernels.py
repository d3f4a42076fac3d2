"""Sorting, dilated Beneš and Clos kernels against their reference implementations."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar import crossbar
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.kernels.routing import clos, dilated, sorting
from tests.oracles import clos as plain_clos
from tests.oracles import dilated as plain_dilated
from tests.oracles import stages as plain_stages


@given(n=st.integers(1, 40), banks=st.integers(0, 4), seed=st.integers(0, 2**32))
def test_sorting(n: int, banks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fabric = crossbar("odd-even-merge", n)
    assert isinstance(fabric, SwitchNetwork)
    tags = rng.integers(0, 30, (banks, n)).astype(np.int32)
    state = np.full((banks, fabric.switches), 9, np.uint8)
    sent = tags.copy()
    sorting.sort_tags(n, sent.reshape(-1), fabric.wire_a, fabric.wire_b, state.reshape(-1))
    for bank in range(banks):
        wanted = plain_stages.sort_tags(tags[bank].tolist(), fabric.wire_a.tolist(), fabric.wire_b.tolist())
        assert (sent[bank].tolist(), state[bank].tolist()) == wanted
        assert sent[bank].tolist() == sorted(tags[bank].tolist())


@given(length=st.integers(1, 5), banks=st.integers(1, 4), lanes=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_dilated(length: int, banks: int, lanes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, switches = 1 << length, 2 * length << length
    p = np.stack([rng.permutation(n) for _ in range(banks)])
    cost = rng.integers(-3, 9, (banks, switches, 2)).astype(np.float64)  # whole numbers: sums in any order are equal
    for tables in (0, 1, banks):
        state = np.full((banks, switches), 9, np.uint8)
        scratch = np.full(lanes * dilated.SCRATCH * n, 99, np.int32)
        dilated.route_many(n, p.reshape(-1), cost[:tables].reshape(-1), tables, scratch, state.reshape(-1))
        for bank in range(banks):
            own = None if not tables else [(a, b) for a, b in cost[bank if tables > 1 else 0].tolist()]
            assert state[bank].tolist() == plain_dilated.route_one(p[bank].tolist(), own)


@given(n=st.integers(1, 8), r=st.integers(1, 8), more=st.integers(0, 4), seed=st.integers(0, 2**32))
def test_colouring(n: int, r: int, more: int, seed: int) -> None:
    """Colours fit; kept ones stay while m >= 2n - 1, where no connection ever has to move."""
    rng = np.random.default_rng(seed)
    m, ports = n + more, n * r - int(rng.integers(0, n))
    p = rng.permutation(ports)
    none, nothing, at = np.zeros(0, np.int32), np.zeros(0), np.empty((2, r * m), np.int32)
    sizes, order, prices = clos.Sizes(n, r, ports, m), rng.permutation(ports), clos.Prices(none, none, nothing)
    middle = np.full(ports, -1, np.int32)
    assert clos.colour(p, sizes, order, prices, at[0], at[1], middle) == -1
    assert plain_clos.check_colours(p.tolist(), n, m, middle.tolist())
    again = np.where(rng.random(ports) < 0.5, middle, -1).astype(np.int32)
    kept = again.copy()
    assert clos.colour(p, sizes, order, prices, at[0], at[1], again) == -1
    assert plain_clos.check_colours(p.tolist(), n, m, again.tolist())
    if m >= 2 * n - 1:
        assert np.array_equal(again[kept >= 0], kept[kept >= 0])


@given(n=st.integers(1, 5), r=st.integers(1, 5), more=st.integers(0, 2), seed=st.integers(0, 2**32))
def test_prices(n: int, r: int, more: int, seed: int) -> None:
    """A price is that of the three crosspoints which closing the connection closes."""
    rng = np.random.default_rng(seed)
    m, ports = n + more, n * r
    from hwsim.crossbar.topology.clos import Clos

    fabric = Clos(m, n, r)
    p = rng.permutation(ports)
    cost = rng.integers(0, 50, (fabric.switches, 2)).astype(np.float64)
    state = fabric.route_many(p[None], cost=cost)[0]
    middle = state[2 * r * m :]
    closed = fabric.rows[state >= 0] + state[state >= 0]
    none, sizes = np.zeros(0, np.int32), clos.Sizes(n, r, ports, m)
    prices = clos.Prices(none, none, cost.reshape(-1))
    found = [clos.price_of(o, middle[o], p, sizes, prices) for o in range(ports)]
    assert sum(found) == (cost[closed, 1] - cost[closed, 0]).sum()
