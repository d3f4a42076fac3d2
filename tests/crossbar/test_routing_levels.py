"""What more effort buys, and that it never costs more."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.crossbar import EFFORTS, BlockedError, crossbar

LEVELS = [e for e in EFFORTS if e != "any"]


def spent(cost: Any, states: Any) -> Any:
    table = np.broadcast_to(cost, (*states.shape, 2))
    return np.take_along_axis(table, states[:, :, None].astype(np.int64), axis=2).sum(axis=(1, 2))


def change(before: Any) -> Any:
    """The cost of toggling."""
    return np.stack([before != 0, before != 1], axis=2).astype(np.float64)


def everything(name: str, ports: int) -> tuple[Any, Any]:
    """All states of a circuit, and what each realises as one number."""
    fabric: Any = crossbar(name, ports)
    states = (np.arange(2**fabric.switches)[:, None] >> np.arange(fabric.switches) & 1).astype(np.uint8)
    realised = np.tile(np.arange(ports, dtype=np.int8), (len(states), 1))
    for s, (a, b) in enumerate(zip(fabric.wire_a, fabric.wire_b, strict=True)):
        crossed = states[:, s] == 1
        realised[crossed, a], realised[crossed, b] = realised[crossed, b], realised[crossed, a]
    return states, realised.astype(np.int64) @ ports ** np.arange(ports)


@pytest.mark.parametrize(("name", "ports"), [("benes", 4), ("benes", 7), ("benes", 8), ("waksman", 4), ("waksman", 8)])
def test_exact_is_brute_force(name: str, ports: int) -> None:
    """Over all configurations; for 30 permutations of 7 and 8 ports, for all of 4."""
    rng = np.random.default_rng(7)
    fabric = crossbar(name, ports)
    states, key = everything(name, ports)
    p = np.array(list(itertools.permutations(range(4)))) if ports == 4 else np.stack([rng.permutation(ports)] * 30)
    for row in p[len(p) * (ports == 4) :]:
        row[:] = rng.permutation(ports)
    before = rng.integers(0, 2, (len(p), fabric.switches)).astype(np.uint8)
    for cost in (None, rng.integers(-3, 9, (len(p), fabric.switches, 2)).astype(np.float64)):
        table = change(before) if cost is None else cost
        found = spent(table, fabric.route_many(p, before, "exact", cost))
        for bank, row in enumerate(p):
            fits = states[key == row @ ports ** np.arange(ports)]
            assert found[bank] == spent(table[bank], fits).min()


@pytest.mark.parametrize("name", ["benes", "waksman"])
@settings(max_examples=25)
@given(
    ports=st.integers(1, 140), seed=st.integers(0, 2**32), law=st.sampled_from(["random", "swap", "table", "tables"])
)
def test_more_effort_never_costs_more(name: str, ports: int, seed: int, law: str) -> None:
    rng = np.random.default_rng(seed)
    fabric = crossbar(name, ports)
    old = np.stack([rng.permutation(ports) for _ in range(2)])
    before = fabric.route_many(old)
    p = np.stack([rng.permutation(ports) for _ in range(2)])
    if law == "swap":
        p = old.copy()
        p[:, [0, -1]] = p[:, [-1, 0]]
    cost = {"table": rng.random((fabric.switches, 2)), "tables": rng.random((2, fabric.switches, 2))}.get(law)
    last = np.full(2, np.inf)
    for effort in LEVELS if ports <= 60 else LEVELS[:-1]:
        states = fabric.route_many(p, before, effort, cost)
        assert np.array_equal(fabric.apply_many(states, np.tile(np.arange(ports), (2, 1))), p)
        total = spent(change(before) if cost is None else cost, states)
        assert (total <= last + 1e-9).all(), effort
        last = total


def along(ports: int, steps: int, effort: str, exchanges: int = 0) -> float:
    """Mean toggles a step along random permutations, or along random exchanges of two outputs."""
    rng = np.random.default_rng(11)
    fabric = crossbar("benes", ports)
    p = rng.permutation(ports)
    state, total = fabric.route_many(p[None], effort=effort), 0
    for _ in range(steps):
        if exchanges:
            i, j = rng.choice(ports, 2, replace=False)
            p[[i, j]] = p[[j, i]]
        else:
            p = rng.permutation(ports)
        new = fabric.route_many(p[None], state, effort)
        total += int(fabric.toggles_many(state, new)[0])
        state = new
    return total / steps


def test_what_effort_saves() -> None:
    """64 ports, 40 steps, fixed seed: no false alarms. ``make bench`` measures larger circuits."""
    least = along(64, 40, "any")
    assert along(64, 40, "greedy") <= 0.88 * least
    assert along(64, 40, "descent") <= 0.80 * least
    assert along(64, 40, "descent", exchanges=1) <= 0.50 * along(64, 40, "any", exchanges=1)


def test_a_large_circuit_is_not_searched_exactly() -> None:
    wording = "an exact search of 161 ports would take too long; use effort descent, or 160 ports at most"
    with pytest.raises(ValueError, match=f"^{wording}$"):
        crossbar("benes", 161).route(np.arange(161), effort="exact")


def test_many_small_loops_are_searched_in_time() -> None:
    """The identity has as many loops as switches in a stage; from power-up nothing need change."""
    for ports in (128, 1024):
        fabric = crossbar("benes", ports)
        assert fabric.route(np.arange(ports), effort="descent").toggles(None) == 0
    assert crossbar("benes", 128).route(np.arange(128), effort="exact").toggles(None) == 0


@pytest.mark.parametrize(
    ("name", "effort"),
    [
        ("benes", "descent"),
        ("waksman", "any"),
        ("waksman", "exact"),
        *(pytest.param("benes", effort, marks=pytest.mark.slow) for effort in EFFORTS if effort != "descent"),
    ],
)
def test_every_stuck_pattern_of_four_ports(name: str, effort: str) -> None:
    """Every switch free or stuck, every permutation: a configuration, or the error where there is none."""
    fabric = crossbar(name, 4)
    states, key = everything(name, 4)
    for pattern in itertools.product((-1, 0, 1), repeat=fabric.switches):
        cost = np.zeros((fabric.switches, 2))
        for s, v in enumerate(pattern):
            if v >= 0:
                cost[s, 1 - v] = np.inf
        can = set(key[(np.isfinite(spent(cost, states)))].tolist())
        p = np.array([q for q in itertools.permutations(range(4)) if np.dot(q, 4 ** np.arange(4)) in can])
        new = fabric.route_many(p, effort=effort, cost=cost)
        assert np.isfinite(spent(cost, new)).all()
        assert np.array_equal(fabric.apply_many(new, np.tile(np.arange(4), (len(p), 1))), p)
        cannot = [q for q in itertools.permutations(range(4)) if np.dot(q, 4 ** np.arange(4)) not in can]
        for q in cannot[:2]:
            with pytest.raises(BlockedError, match=r"^no configuration realises the permutation with switch \d stuck"):
                fabric.route(q, effort=effort, cost=cost)


@pytest.mark.parametrize("effort", ["any", "descent"])
def test_stuck_switches_of_eight_ports(effort: str) -> None:
    """Three to twelve stuck switches, 60 patterns against brute force."""
    rng = np.random.default_rng(3)
    fabric = crossbar("benes", 8)
    states, key = everything("benes", 8)
    blocked = 0
    for _ in range(60):
        p = rng.permutation(8)
        cost = rng.integers(0, 4, (20, 2)).astype(np.float64)
        for s in rng.choice(20, rng.integers(3, 13), replace=False):
            cost[s, rng.integers(2)] = np.inf
        fits = spent(cost, states[key == p @ 8 ** np.arange(8)])
        if np.isinf(fits.min()):
            blocked += 1
            with pytest.raises(BlockedError, match="no configuration realises"):
                fabric.route(p, effort=effort, cost=cost)
        else:
            found = fabric.route(p, effort=effort, cost=cost)
            total = spent(cost, found.state[None])[0]
            assert total == fits.min() if effort == "descent" else np.isfinite(total)
            assert found.permutation().tolist() == p.tolist()
    assert 5 < blocked < 55, "both answers are tried"


def wear(fabric: Any, p: Any, rng: Any, count: int) -> Any:
    """A random cost, and so many switches stuck in the states of some configuration of p: there is a way around."""
    cost = rng.random((fabric.switches, 2))
    some = fabric.route(p, cost=rng.random((fabric.switches, 2)), effort="greedy").state
    for s in rng.choice(fabric.switches, count, replace=False):
        cost[s, 1 - some[s]] = np.inf
    return cost


@pytest.mark.parametrize("name", ["benes", "waksman"])
@pytest.mark.parametrize(("ports", "count"), [(17, 10), (33, 10), (64, 30), (100, 10), (256, 6)])
def test_stuck_switches_of_larger_circuits(name: str, ports: int, count: int) -> None:
    """Where there is a configuration it is found, by every effort, never dearer with more; each bank has its cost."""
    rng = np.random.default_rng(ports)
    fabric = crossbar(name, ports)
    p = np.stack([rng.permutation(ports) for _ in range(2)])
    cost = np.stack([wear(fabric, row, rng, count) for row in p])
    last = np.full(2, np.inf)
    for effort in EFFORTS[:-1]:
        states = fabric.route_many(p, effort=effort, cost=cost)
        total = spent(cost, states)
        assert np.isfinite(total).all()
        assert np.array_equal(fabric.apply_many(states, np.tile(np.arange(ports), (2, 1))), p)
        if effort != "any":
            assert (total <= last + 1e-9).all()
            last = total


def test_the_switches_in_the_way_are_named() -> None:
    """Five of six switches stuck in bar; those named are in the way together, and not without the first of them."""
    fabric = crossbar("benes", 4)
    cost = np.zeros((6, 2))
    cost[[0, 1, 2, 4, 5], 1] = np.inf
    with pytest.raises(BlockedError) as error:
        fabric.route([1, 0, 2, 3], cost=cost)
    found = re.findall(r"switch (\d) stuck in state 0", str(error.value))
    free = cost.copy()
    assert found
    free[int(found[0])] = 0
    kept = [int(s) for s in found]
    free[[s for s in range(6) if s not in kept]] = 0
    assert crossbar("benes", 4).route([1, 0, 2, 3], cost=free).permutation().tolist() == [1, 0, 2, 3]
    two = np.stack([np.zeros((6, 2)), cost])
    with pytest.raises(BlockedError, match=r"^bank 1: no configuration realises"):
        fabric.route_many(np.array([[1, 0, 2, 3]] * 2), cost=two)


@pytest.mark.parametrize("name", ["benes", "waksman"])
def test_the_switches_named_are_those_in_the_way(name: str) -> None:
    """Against all configurations: those named are stuck so, block together, and not without any one."""
    rng = np.random.default_rng(4)
    fabric = crossbar(name, 4)
    states, key = everything(name, 4)
    refused = 0
    for _ in range(200):
        row = rng.permutation(4)
        fits = states[key == row @ 4 ** np.arange(4)]
        stuck = {int(s): int(rng.integers(2)) for s in rng.choice(fabric.switches, 4, replace=False)}
        cost = np.zeros((fabric.switches, 2))
        for s, state in stuck.items():
            cost[s, 1 - state] = np.inf
        if any(all(one[s] == state for s, state in stuck.items()) for one in fits):
            assert fabric.route(row, cost=cost).permutation().tolist() == row.tolist()
            continue
        refused += 1
        with pytest.raises(BlockedError, match=r"^no configuration realises the permutation with ") as error:
            fabric.route(row, cost=cost)
        named = {int(s): int(v) for s, v in re.findall(r"switch (\d+) stuck in state (\d)", str(error.value))}
        assert named.items() <= stuck.items()
        assert not any(all(one[s] == v for s, v in named.items()) for one in fits)
        for left_out in named:
            assert any(all(one[s] == v for s, v in named.items() if s != left_out) for one in fits)
    assert refused > 50


def test_a_search_that_gives_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwsim.crossbar.routing.benes_router.TRIALS", 1)
    rng = np.random.default_rng(0)
    fabric = crossbar("benes", 64)
    gave_up = []
    for _ in range(10):
        p = rng.permutation(64)
        try:
            fabric.route(p, effort="any", cost=wear(fabric, p, rng, 40))
        except BlockedError as error:
            gave_up.append(str(error))
    assert gave_up
    for words in gave_up:
        assert re.match(r"no configuration was found around switch .* more in 1 trials, though one may exist$", words)
    with pytest.raises(ValueError, match=r"^an exact search gave up after 1 trials; use effort descent$"):
        fabric.route(rng.permutation(64), effort="exact")
