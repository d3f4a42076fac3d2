"""Clos, Cantor and Spanke: connections that stay are not disturbed; stuck parts are routed around or named."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.crossbar import BlockedError, Configuration, crossbar
from hwsim.crossbar.topology.clos import Clos
from tests.crossbar.walking import Walk


def ways(c: Configuration) -> list[list[object]]:
    """The path of every output's signal."""
    graph = c.fabric.graph(c.state)
    return [nx.shortest_path(graph, ("in", int(i)), ("out", o)) for o, i in enumerate(c.permutation())]


@pytest.mark.parametrize("name", ["cantor", "clos-strict", "crossbar", "spanke"])
@given(seed=st.integers(0, 2**32), moved=st.integers(0, 16))
@settings(max_examples=25)
def test_standing_connections_keep_their_paths(name: str, seed: int, moved: int) -> None:
    rng = np.random.default_rng(seed)
    fabric = crossbar(name, 16)
    p = rng.permutation(16)
    first = fabric.route(p, fabric.route(rng.permutation(16)))
    q = p.copy()
    some = rng.choice(16, moved, replace=False)
    q[some] = q[rng.permutation(some)]
    second = fabric.route(q, first)
    before, after = ways(first), ways(second)
    assert second.permutation().tolist() == q.tolist()
    assert all(before[o] == after[o] for o in range(16) if p[o] == q[o])


@given(n=st.integers(1, 12), r=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_a_transposition_on_a_strict_clos(n: int, r: int, seed: int) -> None:
    """Two connections, three crosspoints each, opened and closed: 12 at most."""
    rng = np.random.default_rng(seed)
    fabric = Clos(2 * n - 1, n, r)
    p, configuration = rng.permutation(n * r), None
    for _ in range(5):
        configuration = fabric.route(p, configuration)
        q = p.copy()
        a, b = rng.integers(0, n * r, 2)
        q[[a, b]] = q[[b, a]]
        following = fabric.route(q, configuration)
        assert following.toggles(configuration) <= 12
        p, configuration = q, following


@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.01, 0.05, 0.1]))
@pytest.mark.parametrize("name", ["clos", "clos-strict", "cantor", "dilated-benes"])
def test_stuck_parts(name: str, seed: int, share: float) -> None:
    """What comes back is right and takes no state that is stuck; or an error names a part that is."""
    rng = np.random.default_rng(seed)
    fabric = crossbar(name, 8)
    cost = rng.random((fabric.switches, 2))
    bad = np.flatnonzero(rng.random(fabric.switches) < share)
    crosspoints = name.startswith("clos")
    cost[bad, 1 if crosspoints else rng.integers(0, 2, len(bad))] = np.inf
    p = rng.permutation(8)
    for effort in ("any", "greedy"):
        try:
            state = fabric.route_many(p[None], effort=effort, cost=cost)
        except BlockedError as error:
            said = str(error)
            assert any(f" {number} " in said for number in bad), said
            continue
        assert Walk(fabric).back(state)[0].tolist() == [p.tolist()]
        if crosspoints:
            assert isinstance(fabric, Clos)
            assert not set(bad) & set(fabric.rows[state[0] >= 0] + state[0][state[0] >= 0])
        else:
            assert np.isfinite(cost[np.arange(fabric.switches), state[0]]).all()


def test_one_stuck_crosspoint_of_a_clos_is_always_routed_around() -> None:
    """In a strict network one middle block may fall out altogether."""
    fabric = crossbar("clos-strict", 8)
    assert isinstance(fabric, Clos)
    p = np.random.default_rng(0).permutation(8)
    for number in range(fabric.switches):
        cost = np.zeros((fabric.switches, 2))
        cost[number, 1] = np.inf
        state = fabric.route_many(p[None], cost=cost)
        assert Walk(fabric).back(state)[0].tolist() == [p.tolist()]
        assert number not in fabric.rows[state[0] >= 0] + state[0][state[0] >= 0]


def test_crosspoints_that_cannot_open() -> None:
    """They stay closed and are used, or nothing else uses their wire."""
    fabric = crossbar("clos-strict", 8)
    assert isinstance(fabric, Clos)
    p = np.random.default_rng(1).permutation(8)
    done = 0
    for number in range(fabric.switches):
        cost = np.zeros((fabric.switches, 2))
        cost[number, 0] = np.inf
        try:
            state = fabric.route_many(p[None], cost=cost)
        except BlockedError as error:
            assert f" {number} " in str(error)  # noqa: PT017 - some are refused, some are not
            continue
        done += 1
        assert Walk(fabric).back(state)[0].tolist() == [p.tolist()]
        assert number in fabric.rows[state[0] >= 0] + state[0][state[0] >= 0]
    assert done > 0.9 * fabric.switches


def test_stuck_with_one_configuration() -> None:
    wording = r"bank 0: switch 0 cannot take state 1, and a bitonic network sets its switches by comparing tags"
    cost = np.zeros((1, 2))
    cost[0, 1] = np.inf
    with pytest.raises(BlockedError, match=wording):
        crossbar("bitonic", 2).route([1, 0], cost=cost)
    assert crossbar("bitonic", 2).route([0, 1], cost=cost).state.tolist() == [0]
    grid = np.zeros((4, 2))
    grid[2, 1] = np.inf
    wording = r"^bank 0: crosspoint 2 \(output 1, input 0\) cannot close, and a full crossbar has one configuration"
    with pytest.raises(BlockedError, match=wording):
        crossbar("crossbar", 2).route([1, 0], cost=grid)
    assert crossbar("crossbar", 2).route([0, 1], cost=grid).state.tolist() == [0, 1]
    grid[2], grid[0] = 0, [np.inf, 0]
    with pytest.raises(BlockedError, match=r"^bank 0: crosspoint 0 \(output 0, input 0\) cannot open"):
        crossbar("crossbar", 2).route([1, 0], cost=grid)


def test_cost_is_what_is_minimised() -> None:
    """A Cantor network avoids the dear plane, a Clos network the dear middle block."""
    cantor = crossbar("cantor", 4)
    clos = Clos(3, 2, 2)
    rng = np.random.default_rng(0)
    for _ in range(10):
        p = rng.permutation(4)
        cost = np.zeros((clos.switches, 2))
        cost[clos.n * clos.r * clos.m : clos.n * clos.r * clos.m + clos.r**2, 1] = 5.0
        state = clos.route_many(p[None], cost=cost)[0]
        assert (state[clos.r * clos.m : clos.r * clos.m + clos.r] == -1).all(), "middle block 0 carries nothing"
        dear = np.tile([0.0, 1.0], (cantor.switches, 1))
        cheap = cantor.route_many(p[None], cost=dear)
        assert cheap.sum() <= cantor.route_many(p[None], effort="any").sum()
