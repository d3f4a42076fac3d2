"""What holds for the Beneš network: its size, its order of switches, what one switch does, what greedy saves."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar import crossbar
from hwsim.crossbar.topology.benes import Benes
from tests.oracles import benes as plain


@cache
def switches(n: int) -> int:
    """B(n) = 2 floor(n/2) + B(floor(n/2)) + B(ceil(n/2)), B(2) = 1, B(1) = 0."""
    return n - 1 if n <= 2 else 2 * (n // 2) + switches(n // 2) + switches(n - n // 2)


@pytest.mark.parametrize("ports", [*range(1, 70), 127, 128, 129, 1000, 1023, 1024, 1025])
def test_size(ports: int) -> None:
    fabric = Benes(ports)
    depth = 2 * int(np.ceil(np.log2(ports))) - 1 if ports > 1 else 0
    assert (fabric.switches, fabric.configuration_bits, fabric.depth) == (switches(ports), switches(ports), depth)


def test_known_sizes() -> None:
    known = {1: 0, 2: 1, 3: 3, 5: 8, 8: 20, 64: 352, 1000: 9376, 1024: 9728}
    assert {n: Benes(n).switches for n in known} == known


@pytest.mark.parametrize("ports", range(1, 70))
def test_order_of_switches(ports: int) -> None:
    fabric = Benes(ports)
    assert list(zip(fabric.stage, fabric.wire_a, fabric.wire_b, strict=True)) == plain.places(ports)


def test_order_for_powers_of_two() -> None:
    """Strides N/2 ... 1 ... N/2; switch block/2 + k of a stage joins wires block + k and block + k + stride."""
    fabric = Benes(16)
    assert fabric.strides == (8, 4, 2, 1, 2, 4, 8)
    for stage, stride in enumerate(fabric.strides):
        here = fabric.stage == stage
        for index, (a, b) in enumerate(zip(fabric.wire_a[here], fabric.wire_b[here], strict=True)):
            block, k = 2 * (index // stride * stride), index % stride
            assert (a, b) == (block + k, block + k + stride)


def test_golden_four_ports() -> None:
    """Worked out by hand.

    Switches: stage 0: s0 (0, 2), s1 (1, 3); stage 1: s2 (0, 1), s3 (2, 3); stage 2: s4 (0, 2), s5 (1, 3).

    p = [1, 2, 3, 0], a 4-cycle. Loop of s0: input 0 goes up, s0 = 0; it is wanted at output 3, which is up only if
    s5 = 1; its mate, output 1, wants input 2, the mate of input 0: closed. Loop of s1: input 1 goes up, s1 = 0; wanted
    at output 0, s4 = 0; its mate, output 2, wants input 3, the mate of input 1: closed. Upper half: wire 0 carries
    input 0 to wire 1, wire 1 carries input 1 to wire 0: s2 = 1. Lower half: input 2 on wire 2 to wire 3, input 3 to
    wire 2: s3 = 1. Toggles from all-bar: s2, s3, s5 = 3 = N - cycles, as few as there can be. Greedy: the first loop
    would cost 1 either way (a tie stays), the second 0 as it is.

    Back to the identity: loops {s0, s4} and {s1, s5}; the second costs 1 either way (s5 falls, or s1 rises), a tie
    stays: all-bar, 3 toggles.
    """
    fabric = crossbar("benes", 4)
    identity = fabric.route([0, 1, 2, 3])
    assert identity.state.tolist() == [0, 0, 0, 0, 0, 0]
    for effort in ("any", "greedy"):
        cycle = fabric.route([1, 2, 3, 0], identity, effort=effort)
        assert cycle.state.tolist() == [0, 0, 1, 1, 0, 1]
        assert fabric.words(cycle.state) == [(0b00, 2), (0b11, 2), (0b10, 2)]
        assert cycle.toggles(identity) == cycle.toggles(None) == 3
        back = fabric.route([0, 1, 2, 3], cycle, effort=effort)
        assert back.state.tolist() == [0, 0, 0, 0, 0, 0]
        assert back.toggles(cycle) == 3


def test_golden_cost() -> None:
    """p = [2, 1, 0, 3] has one choice in the loop of s0: s4 crosses (canonical), or s0 does.

    Both cost the same by toggles from all-bar, so s4 crosses; a dear s4 makes s0 cross; ``any`` asks no cost.
    """
    fabric = crossbar("benes", 4)
    dear = np.tile([0.0, 1.0], (6, 1))
    assert fabric.route([2, 1, 0, 3]).state.tolist() == [0, 0, 0, 0, 1, 0]
    assert fabric.route([2, 1, 0, 3], cost=dear).state.tolist() == [0, 0, 0, 0, 1, 0]
    dear[4, 1] = 5
    assert fabric.route([2, 1, 0, 3], cost=dear).state.tolist() == [1, 0, 0, 0, 0, 0]
    assert fabric.route([2, 1, 0, 3], cost=dear, effort="any").state.tolist() == [0, 0, 0, 0, 1, 0]
    crossed = fabric.route([2, 1, 0, 3], cost=dear)
    assert fabric.route([2, 3, 0, 1], crossed).state[[0, 4]].tolist() == [1, 0], "greedy keeps what stands"


@given(ports=st.integers(2, 80), seed=st.integers(0, 2**32))
def test_one_switch_is_one_transposition(ports: int, seed: int) -> None:
    fabric = Benes(ports)
    state = np.random.default_rng(seed).integers(0, 2, fabric.switches).astype(np.uint8)
    flipped = np.tile(state, (fabric.switches, 1)) ^ np.eye(fabric.switches, dtype=np.uint8)
    numbers = np.tile(np.arange(ports), (fabric.switches + 1, 1))
    realised = fabric.apply_many(np.concatenate([state[None], flipped]), numbers)
    for row in realised[1:]:
        (moved,) = np.nonzero(row != realised[0])
        assert len(moved) == 2
        assert row[moved].tolist() == realised[0][moved][::-1].tolist()


def test_canonical_routing_leaves_waksman_switches_in_bar() -> None:
    """The first switch in front of a block is free where the block is even; looping never turns it."""
    rng = np.random.default_rng(5)
    states = Benes(64).route_many(np.stack([rng.permutation(64) for _ in range(50)]), effort="any")
    assert not states[:, 0].any()


def test_greedy_saves_toggles() -> None:
    """Along 50 unrelated permutations of 64 ports; about 15 % fewer is known (fixed seed: no false alarms)."""
    rng = np.random.default_rng(1)
    sequence = [rng.permutation(64) for _ in range(50)]
    total = {}
    for effort in ("any", "greedy"):
        previous, toggles = None, []
        for p in sequence:
            configuration = crossbar("benes", 64).route(p, previous, effort=effort)
            toggles.append(configuration.toggles(previous))
            previous = configuration
        total[effort] = np.mean(toggles)
    assert total["greedy"] / total["any"] <= 0.90


def test_same_permutation_again_is_free() -> None:
    fabric = crossbar("benes", 37)
    p = np.random.default_rng(0).permutation(37)
    first = fabric.route(p)
    assert fabric.route(p, first).toggles(first) == 0


def test_nothing_before_is_power_up() -> None:
    rng = np.random.default_rng(2)
    fabric = crossbar("benes", 64)
    p = np.stack([rng.permutation(64) for _ in range(20)])
    greedy = fabric.route_many(p)
    assert np.array_equal(greedy, fabric.route_many(p, fabric.power_up(20)))
    assert not np.array_equal(greedy, fabric.route_many(p, effort="any")), "greedy turns loops from power-up too"


def test_previous_states_are_left_alone() -> None:
    fabric = crossbar("benes", 16)
    p = np.random.default_rng(0).permutation(16)
    old = fabric.route(p).state[None].copy()
    kept = old.copy()
    fabric.route_many(p[None, ::-1], old)
    assert np.array_equal(old, kept)
