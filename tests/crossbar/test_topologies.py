"""Every topology of the catalogue realises every permutation, and counts what it changes."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.crossbar import CROSSBARS, crossbar, extend
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology.time_multiplexed import TimeMultiplexed
from tests.crossbar.walking import Walk, build, possible, route_possible, walk_one

NAMES = list(CROSSBARS)
SIZES = st.integers(1, 300) | st.integers(0, 8).map(lambda power: 1 << power)


def cycles(p: Any) -> int:
    return nx.number_weakly_connected_components(nx.DiGraph(enumerate(np.asarray(p).tolist())))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ports", [1, 2, 3, 4, pytest.param(5, marks=pytest.mark.slow)])
def test_every_permutation_on_the_graph_of_its_state(name: str, ports: int) -> None:
    fabric = build(name, ports)
    if fabric is None:
        pytest.skip(f"{name} cannot have {ports} ports")
    everything = set(fabric.graph().edges)
    wanted = np.array(list(itertools.permutations(range(ports))))
    if fabric.blocking == "blocking":
        wanted, states = route_possible(fabric, wanted)
    else:
        states = fabric.route_many(wanted)
    for p, state in zip(wanted, states, strict=True):
        conducting = fabric.graph(state)
        assert set(conducting.edges) <= everything
        assert walk_one(conducting, ports) == p.tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ports", [1, 2, 3, 4, 5, *(pytest.param(n, marks=pytest.mark.slow) for n in (6, 7))])
def test_every_permutation(name: str, ports: int) -> None:
    """Every effort but the slow ones, each from unrelated states before; walked on the routing graph."""
    fabric = build(name, ports)
    if fabric is None or fabric.blocking == "blocking":
        pytest.skip(f"{name} cannot have {ports} ports, or not all permutations")
    wanted = np.array(list(itertools.permutations(range(ports))))
    previous = None
    for effort in ("any", "greedy"):
        states = fabric.route_many(wanted, previous, effort)
        assert np.array_equal(fabric.apply_many(states, np.tile(np.arange(ports), (len(wanted), 1))), wanted)
        paths = fabric.paths_many(states)
        if isinstance(fabric, TimeMultiplexed):
            some = slice(None, None, 1 if ports < 7 else 11)  # which memory a wire leads to is in the state
            found = [walk_one(fabric.graph(state), ports) for state in states[some]]
            assert found == wanted[some].tolist()
        else:
            inputs, counts = Walk(fabric).back(states)
            assert np.array_equal(inputs, wanted)
            assert np.array_equal(counts, [paths.bar, paths.cross, paths.crossings])
        previous = states[::-1].copy()


@pytest.mark.parametrize("name", NAMES)
@given(ports=SIZES, seed=st.integers(0, 2**32), effort=st.sampled_from(["any", "greedy"]))
def test_random_permutations(name: str, ports: int, seed: int, effort: str) -> None:
    fabric = build(name, ports)
    if fabric is None:
        return
    first, p = possible(fabric, 2, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    before = fabric.route(first, effort=effort)
    after = fabric.route(p, before, effort=effort)
    x = rng.random(ports)
    assert np.array_equal(after.apply(x), x[p])
    assert np.array_equal(fabric.apply_many(after.state[None], x[None])[0], x[p])
    toggles = after.toggles(before)
    change = np.argsort(first)[p]
    if isinstance(fabric, SwitchNetwork) and fabric.wires == ports:
        assert toggles >= ports - cycles(change), "one switch exchanges two outputs at most"
        assert (toggles - (ports - cycles(change))) % 2 == 0, "parity of toggles is parity of the permutation"
    elif name == "crossbar":
        assert toggles == 2 * np.count_nonzero(first != p)
    words = fabric.words(after.state)
    assert sum(width for _, width in words) == fabric.configuration_bits
    assert all(0 <= value < 1 << width for value, width in words)


@pytest.mark.parametrize("name", NAMES)
def test_the_convention(name: str) -> None:
    """y[i] = x[p[i]]: output i takes from input p[i]. A 3-cycle tells p from its inverse."""
    cycle = [1, 2, 0, 3] if name == "omega" else [2, 0, 1, 3]  # an omega network cannot do the other one
    got = crossbar(name, 4).route(cycle).apply(["a", "b", "c", "d"])
    assert got.tolist() == ["abcd"[i] for i in cycle]


@pytest.mark.parametrize("name", NAMES)
def test_power_up(name: str) -> None:
    fabric = crossbar(name, 4)
    state = fabric.power_up(3)
    assert len(state) == 3
    assert fabric.toggles_many(state, state).tolist() == [0, 0, 0]
    route = fabric.route([3, 2, 1, 0])
    assert route.toggles(None) == fabric.toggles_many(state[:1], route.state[None])[0]
    assert route.toggles(route) == 0


@pytest.mark.parametrize("name", NAMES)
def test_spare_ports_go_straight(name: str) -> None:
    fabric = crossbar(name, 8)
    if fabric.blocking == "blocking":
        pytest.skip(f"{name} blocks")
    rows = extend(np.array([[2, 0, 1], [1, 2, 0]]), 8)
    assert rows.tolist() == [[2, 0, 1, 3, 4, 5, 6, 7], [1, 2, 0, 3, 4, 5, 6, 7]]
    x = np.arange(16).reshape(2, 8) * 10
    assert np.array_equal(fabric.apply_many(fabric.route_many(rows), x), np.take_along_axis(x, rows, 1))


@pytest.mark.parametrize("name", NAMES)
def test_no_banks(name: str) -> None:
    fabric = crossbar(name, 4)
    states = fabric.route_many(np.zeros((0, 4), np.int64))
    assert len(states) == 0
    assert fabric.apply_many(states, np.zeros((0, 4))).shape == (0, 4)


def test_looking_up_a_circuit_loads_nothing_heavy() -> None:
    code = (
        "import sys, hwsim.crossbar as c; light = not {'numba', 'networkx'} & set(sys.modules)\n"
        "c.crossbar('benes', 8); print(light, not {'numba', 'networkx'} & set(sys.modules))"
    )
    root = Path(hwsim.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


@pytest.mark.parametrize("first", ["", "import hwsim.crossbar", "import hwsim.pipeline.flow"])
def test_the_package_makes_circuits_whatever_was_imported_before(first: str) -> None:
    code = (
        f"{first}\nimport hwsim\nprint(hwsim.crossbar('benes', ports=5).switches, 'benes' in hwsim.crossbar.CROSSBARS)"
    )
    root = Path(hwsim.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["8", "True"]
