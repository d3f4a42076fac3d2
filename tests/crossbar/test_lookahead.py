"""Routing ahead along a known sequence: right, and never worse than step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.crossbar import PermutationError, crossbar
from hwsim.crossbar.topology.benes import Benes
from hwsim.crossbar.topology.waksman import Waksman


def total(fabric: Benes, start: np.ndarray, states: np.ndarray) -> int:
    return int(fabric.toggles_many(np.concatenate([start, states])[:-1], states).sum())


@settings(max_examples=25)
@given(
    ports=st.integers(1, 40),
    steps=st.integers(0, 6),
    beam=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    effort=st.sampled_from(["any", "greedy", "blocks", "descent"]),
    waksman=st.booleans(),
)
def test_never_worse(ports: int, steps: int, beam: int, seed: int, effort: str, waksman: bool) -> None:
    rng = np.random.default_rng(seed)
    fabric = Waksman(ports) if waksman else Benes(ports)
    p = np.array([rng.permutation(ports) for _ in range(steps)], np.int64).reshape(steps, ports)
    start = fabric.route_many(rng.permutation(ports)[None])
    ahead = fabric.route_sequence(p, start[0], effort, beam)
    assert np.array_equal(fabric.apply_many(ahead, np.tile(np.arange(ports), (steps, 1))), p)
    before, plain = start, [np.zeros((0, fabric.switches), np.uint8)]
    for row in p:
        before = fabric.route_many(row[None], before, effort)
        plain.append(before)
    assert total(fabric, start, ahead) <= total(fabric, start, np.concatenate(plain))


def test_step_by_step_is_what_is_left_where_looking_ahead_loses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beam that turns every switch that it can, and no second look: the plain sequence is the cheapest there is."""
    rng = np.random.default_rng(3)
    fabric = Benes(8)
    p = np.stack([rng.permutation(8) for _ in range(4)])
    start = fabric.power_up(1)
    before, plain = start, []
    for row in p:
        before = fabric.route_many(row[None], before)
        plain.append(before[0])

    def wander(*_: Any) -> np.ndarray:
        now, found = start, []
        for row in p:
            now = fabric.route_many(row[None], cost=np.stack([now[0] == 0, now[0] == 1], 1).astype(float))
            found.append(now[0])
        return np.array(found)

    monkeypatch.setattr("hwsim.crossbar.routing.lookahead._follow_beam", wander)
    monkeypatch.setattr("hwsim.crossbar.routing.lookahead._sweep", lambda *given: given[-1])
    assert total(fabric, start, wander()) > total(fabric, start, np.array(plain))
    assert np.array_equal(fabric.route_sequence(p), plain)


def test_what_it_saves() -> None:
    """64 ports, 12 steps, greedy, fixed seed: a few percent."""
    rng = np.random.default_rng(0)
    fabric = Benes(64)
    p = np.stack([rng.permutation(64) for _ in range(12)])
    start, plain = fabric.power_up(1), 0
    before = start
    for row in p:
        new = fabric.route_many(row[None], before)
        plain += int(fabric.toggles_many(before, new)[0])
        before = new
    assert total(fabric, start, fabric.route_sequence(p)) <= 0.98 * plain


def test_refusals() -> None:
    fabric = crossbar("benes", 4)
    assert isinstance(fabric, Benes)
    with pytest.raises(ValueError, match=r"^a beam of 0 keeps no configuration; give 1 or more$"):
        fabric.route_sequence(np.array([[0, 1, 2, 3]]), beam=0)
    with pytest.raises(PermutationError, match=r"^bank 1: no permutation: position 1 asks for cell 4"):
        fabric.route_sequence(np.array([[0, 1, 2, 3], [0, 4, 2, 3]]))
    with pytest.raises(ValueError, match=r"^previous states have shape \(1, 5\); give \(1, 6\)$"):
        fabric.route_sequence(np.array([[0, 1, 2, 3]]), previous=np.zeros(5, np.uint8))
