"""Cells of one class may be exchanged: what is shown stays, moves and toggles fall, hardly above the least."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.crossbar import CROSSBARS, Fabric, PermutationError, crossbar
from hwsim.execution.equivalence import assign_values, number_classes, route_values
from hwsim.execution.equivalence.choice import route_freely


def drawn(n: int, class_count: int, banks: int, seed: int) -> tuple[NDArray[np.int64], ...]:
    """Classes of the cells, classes wanted, and permutations before."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, class_count, (banks, n))
    return classes, rng.permuted(classes, axis=1), rng.permuted(np.tile(np.arange(n), (banks, 1)), axis=1)


@given(n=st.integers(1, 300), class_count=st.integers(1, 300), seed=st.integers(0, 2**32))
def test_assignment_moves_what_is_wrong_and_nothing_else(n: int, class_count: int, seed: int) -> None:
    classes, wanted, old = drawn(n, class_count, 3, seed)
    new = assign_values(old, classes, wanted)
    assert np.array_equal(np.sort(new, axis=1), np.tile(np.arange(n), (3, 1)))
    assert np.array_equal(np.take_along_axis(classes, new, axis=1), wanted)
    assert np.array_equal(new != old, np.take_along_axis(classes, old, axis=1) != wanted)


def circles(old: NDArray[np.int64], new: NDArray[np.int64]) -> int:
    """Circles of two positions or more in the change from one permutation to another."""
    change = np.argsort(old)[new]
    seen, count = set(), 0
    for start in range(len(change)):
        at, length = start, 0
        while at not in seen:
            seen.add(at)
            at, length = int(change[at]), length + 1
        count += length > 1
    return count


@given(n=st.integers(2, 200), seed=st.integers(0, 2**32))
def test_with_two_classes_every_change_is_a_transposition(n: int, seed: int) -> None:
    classes, wanted, old = drawn(n, 2, 1, seed)
    new = assign_values(old, classes, wanted)
    assert circles(old[0], new[0]) == (new != old).sum() // 2


@settings(max_examples=25)
@given(
    n=st.integers(1, 130),
    class_count=st.integers(1, 140),
    effort=st.sampled_from(["any", "greedy", "blocks"]),
    seed=st.integers(0, 2**32),
)
def test_routing_by_values_shows_what_is_wanted(n: int, class_count: int, effort: str, seed: int) -> None:
    classes, wanted, old = drawn(n, class_count, 3, seed)
    fabric = crossbar("benes", n)
    before = fabric.route_many(old)
    states = route_values(fabric, classes, wanted, before, effort, seed=1)
    assert np.array_equal(fabric.apply_many(states, classes), wanted)
    assert np.array_equal(states, route_values(fabric, classes, wanted, before, effort, seed=1))
    first = fabric.toggles_many(before, route_values(fabric, classes, wanted, before))
    wrong = (fabric.apply_many(before, classes) != wanted).sum(axis=1)
    toggles = fabric.toggles_many(before, states)
    assert (toggles <= first).all()
    assert (toggles >= -(-wrong // 2)).all(), "one switch mends two positions at most"
    assert np.array_equal(toggles == 0, wrong == 0)


@cache
def every_setting(n: int) -> tuple[Fabric, NDArray[np.uint8]]:
    """A circuit and all states of its switches."""
    fabric = crossbar("benes", n)
    numbers = np.arange(2**fabric.switches)
    return fabric, ((numbers[:, None] >> np.arange(fabric.switches)) & 1).astype(np.uint8)


def least(n: int, classes: NDArray[np.int64], wanted: NDArray[np.int64], before: NDArray[np.uint8]) -> int:
    """Fewest toggles of all settings that show what is wanted."""
    fabric, every = every_setting(n)
    shown = fabric.apply_many(every, np.tile(classes, (len(every), 1)))
    fits = every[(shown == wanted).all(axis=1)]
    return int((fits != before).sum(axis=1).min())


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_least_for_up_to_four_ports(n: int) -> None:
    """Every pattern of classes, every state before: the first try is the best there is."""
    fabric = crossbar("benes", n)
    for number, classes in enumerate(itertools.product(range(min(n, 3)), repeat=n)):
        before = np.array([(number * 37 >> s) & 1 for s in range(fabric.switches)], np.uint8)
        for wanted in set(itertools.permutations(classes)):
            rows = np.array([classes]), np.array([wanted])
            states = route_values(fabric, *rows, before[None], "any")
            found = int((states != before).sum())
            assert found == least(n, rows[0][0], rows[1][0], before)


LARGE = [pytest.param(*row, marks=pytest.mark.slow) for row in ((7, 3, 0.05), (8, 2, 0.03), (8, 4, 0.08))]


@pytest.mark.parametrize(("n", "class_count", "slack"), [(6, 2, 0.03), *LARGE])
def test_near_the_least_for_up_to_eight_ports(n: int, class_count: int, slack: float) -> None:
    """The longest search against brute force over all settings, 12 draws: never below, in the mean hardly above."""
    fabric, found, best = crossbar("benes", n), 0, 0
    rng = np.random.default_rng(n)
    for seed in range(12):
        classes, wanted, _ = drawn(n, class_count, 1, seed)
        before = rng.integers(0, 2, (1, fabric.switches)).astype(np.uint8)
        toggles = int((route_values(fabric, classes, wanted, before, "exact") != before).sum())
        bound = least(n, classes[0], wanted[0], before[0])
        assert toggles >= bound
        found, best = found + toggles, best + bound
    assert found <= best * (1 + slack)


@pytest.mark.parametrize("effort", ["any", "greedy", "descent"])
def test_edges(effort: str) -> None:
    """One class: nothing happens. All different: the permutation is forced. One port, no bank: no trouble."""
    fabric = crossbar("benes", 9)
    classes, wanted, old = drawn(9, 1, 2, 0)
    before = fabric.route_many(old)
    assert np.array_equal(route_values(fabric, classes, wanted, before, effort), before)
    rows = np.tile(np.arange(9), (2, 1))
    states = route_values(fabric, rows, old, before, effort)
    assert np.array_equal(fabric.apply_many(states, rows), old)
    one = crossbar("benes", 1)
    assert route_values(one, np.array([[3]]), np.array([[3]]), None, effort).shape == (1, 0)
    none = np.zeros((0, 9), np.int64)
    assert route_values(fabric, none, none, None, effort).shape == (0, fabric.switches)
    assert assign_values(none, none, none).shape == (0, 9)


@pytest.mark.parametrize("topology", [n for n in sorted(CROSSBARS) if CROSSBARS[n].build(16).blocking != "blocking"])
@pytest.mark.parametrize("cells", [11, 16])
def test_equivalence_never_costs_more(topology: str, cells: int) -> None:
    """Against routing what was asked for, bank by bank; what comes out, asked for again, gives the same states."""
    fabric = crossbar(topology, 16)
    rng = np.random.default_rng(8)
    classes = np.concatenate([rng.integers(0, 4, (12, cells)), np.full((12, 16 - cells), 4)], axis=1).astype(np.int32)
    numbers = np.tile(np.arange(16), (12, 1))
    spare = numbers[:, cells:]
    before, old = fabric.power_up(12), numbers
    for _ in range(3):
        wanted = np.concatenate([rng.permuted(numbers[:, :cells], axis=1), spare], axis=1)
        states = route_freely(fabric, classes, old, wanted, cells, before, "greedy")
        realised = fabric.apply_many(states, numbers)
        assert np.array_equal(
            np.take_along_axis(classes, realised, axis=1), np.take_along_axis(classes, wanted, axis=1)
        )
        literal = fabric.route_many(wanted, previous=before)
        assert (fabric.toggles_many(before, states) <= fabric.toggles_many(before, literal)).all()
        again = np.concatenate([realised[:, :cells], spare], axis=1)
        assert np.array_equal(route_freely(fabric, classes, old, again, cells, before, "greedy"), states)
        before, old = states, realised


def test_classes_are_equal_to_the_last_bit() -> None:
    cells = np.array([[0.1, np.nextafter(0.1, 1), 0.1, -0.0, 0.0]])
    assert number_classes(cells).tolist() == [[1, 2, 1, 0, 0]]


def test_refusals() -> None:
    fabric = crossbar("benes", 3)
    with pytest.raises(PermutationError, match="bank 1: the classes wanted are not those of its cells"):
        route_values(fabric, np.array([[0, 1, 1]] * 2), np.array([[1, 0, 1], [0, 0, 1]]))
    with pytest.raises(PermutationError, match="bank 0: the classes wanted are not those of its cells"):
        assign_values(np.array([[0, 1]]), np.array([[0, 1]]), np.array([[1, 1]]))
    with pytest.raises(PermutationError, match="bank 0"):
        route_values(crossbar("benes", 1), np.array([[0]]), np.array([[1]]))
    with pytest.raises(ValueError, match="unknown effort 'most'; use any, greedy"):
        route_values(fabric, np.array([[0, 1, 1]]), np.array([[0, 1, 1]]), effort="most")
    with pytest.raises(ValueError, match=r"cannot be routed by values through a crossbar of 3 ports; use a benes"):
        route_values(crossbar("crossbar", 3), np.array([[0, 1, 1]]), np.array([[0, 1, 1]]))
    with pytest.raises(ValueError, match=r"classes have shape \(1, 3\), those wanted \(1, 2\)"):
        route_values(fabric, np.array([[0, 1, 1]]), np.array([[0, 1]]))
    with pytest.raises(ValueError, match="a class is negative"):
        route_values(fabric, np.array([[0, -1, 1]]), np.array([[0, -1, 1]]))
    with pytest.raises(ValueError, match=r"previous states have shape \(1, 2\); give \(1, 3\)"):
        route_values(fabric, np.array([[0, 1, 1]]), np.array([[0, 1, 1]]), np.zeros((1, 2), np.uint8))
