"""The full crossbar: crosspoints and coded selects."""

from __future__ import annotations

import numpy as np
import pytest

from hwsim.crossbar import crossbar


@pytest.mark.parametrize(("ports", "bits"), [(1, 0), (2, 2), (3, 6), (4, 8), (5, 15), (1000, 10_000), (1024, 10_240)])
def test_size(ports: int, bits: int) -> None:
    fabric = crossbar("crossbar", ports)
    assert (fabric.switches, fabric.depth, fabric.configuration_bits, fabric.strides) == (ports**2, 1, bits, ())


def test_golden_four_ports() -> None:
    """All open to the identity closes 4; the 4-cycle moves all outputs, 4 opened + 4 closed; an exchange moves 2."""
    fabric = crossbar("crossbar", 4)
    identity = fabric.route([0, 1, 2, 3])
    cycle = fabric.route([1, 2, 3, 0], identity)
    exchanged = fabric.route([2, 1, 3, 0], cycle)
    assert identity.toggles(None) == 4
    assert cycle.toggles(identity) == 8
    assert exchanged.toggles(cycle) == 4
    assert fabric.words(cycle.state) == [(1, 2), (2, 2), (3, 2), (0, 2)]
    edges = {(u, v): d["switch"] for u, v, d in fabric.graph(cycle.state).edges(data=True)}
    assert edges[("in", 1), ("out", 0)] == 1
    assert edges[("in", 0), ("out", 3)] == 12


def test_open_outputs_are_refused() -> None:
    fabric = crossbar("crossbar", 2)
    open_state = fabric.power_up(1)
    wording = r"^an output of the crossbar is open; route a permutation first$"
    with pytest.raises(ValueError, match=wording):
        fabric.apply_many(open_state, np.array([[0, 1]]))
    with pytest.raises(ValueError, match=wording):
        fabric.words(open_state[0])
    assert not fabric.graph(open_state[0]).edges
