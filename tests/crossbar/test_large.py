"""Up to 2,000 ports, checked without the compiled kernels that apply states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.crossbar import CROSSBARS, crossbar
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology.clos import Clos
from hwsim.crossbar.topology.time_multiplexed import TimeMultiplexed
from tests.crossbar.walking import build, possible
from tests.oracles import clos as plain_clos
from tests.oracles import stages as plain_stages

MOST = 60_000
"""Switches that the reference implementations can pass in a test's time."""
SIZES = st.integers(300, 2000) | st.integers(8, 10).map(lambda power: 1 << power)


@pytest.mark.parametrize("name", CROSSBARS)
@given(ports=SIZES, seed=st.integers(0, 2**32), effort=st.sampled_from(["any", "greedy"]))
@settings(max_examples=12)
def test_large(name: str, ports: int, seed: int, effort: str) -> None:
    fabric = build(name, ports)
    if fabric is None or (isinstance(fabric, SwitchNetwork) and fabric.switches > MOST):
        return
    first, p = possible(fabric, 2, np.random.default_rng(seed))
    state = fabric.route(p, fabric.route(first), effort=effort).state
    if isinstance(fabric, SwitchNetwork):
        signals = np.full((1, fabric.wires), -1)
        signals[0, fabric.inputs] = np.arange(ports)
        passed = plain_stages.pass_signals(state[None], fabric.wire_a.tolist(), fabric.wire_b.tolist(), signals)
        assert np.array_equal(passed[0, fabric.outputs], p)
    elif isinstance(fabric, Clos):
        middle = state[2 * fabric.r * fabric.m :]
        assert plain_clos.check_colours(p.tolist(), fabric.n, fabric.m, middle.tolist())
        assert np.array_equal(state[p // fabric.n * fabric.m + middle], p % fabric.n)
        at = fabric.r * fabric.m + middle * fabric.r + np.arange(ports) // fabric.n
        assert np.array_equal(state[at], p // fabric.n)
    elif isinstance(fabric, TimeMultiplexed):
        assert pass_through(fabric, state) == p.tolist()
    else:
        assert state.tolist() == p.tolist()


def pass_through(fabric: TimeMultiplexed, state: np.ndarray) -> list[int]:
    """Play one pass cycle by cycle: memories, lanes, memories."""
    w, cycles, switches = fabric.lanes, fabric.cycles, fabric.switches
    read, write = state[cycles * switches :].reshape(2, w, cycles).tolist()
    got = [-1] * (w * cycles)
    for cycle in range(cycles):
        lanes = np.array([[read[lane][cycle] * w + lane for lane in range(w)]])
        setting = state[None, cycle * switches : (cycle + 1) * switches].astype(np.uint8)
        out = plain_stages.pass_signals(setting, fabric.benes.wire_a.tolist(), fabric.benes.wire_b.tolist(), lanes)[0]
        for lane in range(w):
            got[write[lane][cycle] * w + lane] = int(out[lane])
    return got[: fabric.ports]


def test_a_short_order_of_cycles_toggles_less() -> None:
    """Cycles put in order against the same cycles at random, 32 lanes and 32 cycles, fixed seeds."""
    fabric = TimeMultiplexed(1024)
    rng = np.random.default_rng(3)
    for _ in range(3):
        state = fabric.route_many(rng.permutation(1024)[None], effort="greedy")
        settings_ = state[:, : fabric.cycles * fabric.switches].reshape(1, fabric.cycles, fabric.switches)
        mixed = state.copy()
        mixed[:, : fabric.cycles * fabric.switches] = settings_[:, rng.permutation(fabric.cycles)].reshape(1, -1)
        assert fabric.pass_toggles(state)[0] <= 0.85 * fabric.pass_toggles(mixed)[0]


def test_time_multiplexed_lanes() -> None:
    for lanes in (1, 3, 7, 12):
        fabric = TimeMultiplexed(12, lanes)
        p = np.random.default_rng(lanes).permutation(12)
        assert pass_through(fabric, fabric.route(p).state) == p.tolist()
    with pytest.raises(ValueError, match=r"^0 lanes cannot share 12 items; use 1 to 12 lanes$"):
        TimeMultiplexed(12, 0)
    first = crossbar("time-multiplexed", 64).route(np.arange(64)[::-1])
    assert crossbar("time-multiplexed", 64).route(np.arange(64)[::-1], first).toggles(first) == 0
