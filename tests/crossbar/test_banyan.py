"""Blocking networks: how many permutations they do, and what they say of the others."""

from __future__ import annotations

import itertools
from typing import Any

import networkx as nx
import numpy as np
import pytest

from hwsim.crossbar import BlockedError, crossbar
from tests.crossbar.walking import Walk

NAMES = ["omega", "butterfly"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("ports", "count"), [(2, 2), (4, 16), (8, 4096)])
def test_exactly_so_many_permutations(name: str, ports: int, count: int) -> None:
    """2^((N/2) L): every state is another permutation, and its route is that state; all others are refused."""
    fabric = crossbar(name, ports)
    every = np.array(list(itertools.product((0, 1), repeat=fabric.switches)), np.uint8)
    realised, _ = Walk(fabric).back(every)
    assert len(np.unique(realised, axis=0)) == len(every) == count
    assert np.array_equal(fabric.route_many(realised), every)
    possible = {tuple(row) for row in realised.tolist()}
    for p in itertools.islice(itertools.permutations(range(ports)), 0, None, 1 if ports < 8 else 37):
        if p not in possible:
            with pytest.raises(BlockedError):
                fabric.route(p)


@pytest.mark.parametrize("name", NAMES)
def test_colliding_pairs(name: str) -> None:
    """Against the routing graph, where every input has one path to every output."""
    fabric = crossbar(name, 8)
    graph = fabric.graph()
    rng = np.random.default_rng(8)
    refused = 0
    for _ in range(60):
        p = rng.permutation(8)
        paths: list[list[Any]] = [nx.shortest_path(graph, ("in", int(p[o])), ("out", o)) for o in range(8)]
        pairs = {
            (a, b)
            for a, b in itertools.combinations(range(8), 2)
            if any(node[1] == "out" for node in set(paths[a]) & set(paths[b]) if node[0] not in {"in", "out"})
        }
        if not pairs:
            assert fabric.route(p).permutation().tolist() == p.tolist()
            continue
        refused += 1
        with pytest.raises(BlockedError) as caught:
            fabric.route(p)
        assert set(caught.value.pairs) == pairs
        assert f"; {len(pairs)} pair" in str(caught.value)
    assert refused > 50


def test_wording() -> None:
    with pytest.raises(BlockedError) as caught:
        crossbar("omega", 4).route_many(np.array([[0, 1, 2, 3], [0, 2, 1, 3]]))
    assert str(caught.value) == (
        "bank 1: an omega network cannot do this: outputs 0 and 1 want the same wire of switch 0 in stage 0, outputs 2 "
        "and 3 that of switch 1 in stage 0; 2 pairs collide"
    )
    with pytest.raises(
        ValueError, match=r"^a butterfly crossbar cannot have 6 ports; use a power of two, for example 4 or 8$"
    ):
        crossbar("butterfly", 6)
