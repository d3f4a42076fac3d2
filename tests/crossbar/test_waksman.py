"""What holds for the Waksman network besides what holds for every topology."""

from __future__ import annotations

import numpy as np
import pytest

from hwsim.crossbar import crossbar
from hwsim.crossbar.topology.benes import Benes
from hwsim.crossbar.topology.waksman import Waksman


@pytest.mark.parametrize("ports", [*range(1, 70), 127, 128, 129, 1000, 1023, 1024, 1025])
def test_size(ports: int) -> None:
    fabric = Waksman(ports)
    least = sum((i - 1).bit_length() for i in range(1, ports + 1))
    depth = 2 * (ports - 1).bit_length() - 1 if ports > 1 else 0
    assert (fabric.switches, fabric.configuration_bits, fabric.depth) == (least, least, depth)


def test_known_sizes() -> None:
    known = {1: 0, 2: 1, 3: 3, 8: 17, 64: 321, 1000: 8977, 1024: 9217}
    assert {n: Waksman(n).switches for n in known} == known


def test_golden_four_ports() -> None:
    """Stage 0 keeps (1, 3) of (0, 2) and (1, 3); the 4-cycle of the Beneš test needs the one left out in bar."""
    fabric = crossbar("waksman", 4)
    assert list(zip(fabric.wire_a, fabric.wire_b, strict=True)) == [(1, 3), (0, 1), (2, 3), (0, 2), (1, 3)]  # type: ignore[attr-defined]
    assert fabric.route([1, 2, 3, 0]).state.tolist() == [0, 1, 1, 0, 1]


@pytest.mark.parametrize("ports", [5, 16, 37, 64])
def test_looping_is_that_of_the_benes(ports: int) -> None:
    rng = np.random.default_rng(0)
    p = np.stack([rng.permutation(ports) for _ in range(5)])
    waksman, benes = Waksman(ports), Benes(ports)
    whole = np.zeros((5, benes.switches), np.uint8)
    whole[:, waksman._router.kept] = waksman.route_many(p, effort="any")
    assert np.array_equal(whole, benes.route_many(p, effort="any"))


@pytest.mark.parametrize("ports", [8, *(pytest.param(n, marks=pytest.mark.slow) for n in (16, 32))])
def test_more_freedom_toggles_less(ports: int) -> None:
    """The switches left out are free choices: a Beneš toggles less (30 steps, fixed seed)."""
    rng = np.random.default_rng(2)
    p = np.stack([rng.permutation(ports) for _ in range(31)])
    total = {}
    for name in ("benes", "waksman"):
        fabric = crossbar(name, ports)
        before = fabric.route_many(p[:-1])
        total[name] = fabric.toggles_many(before, fabric.route_many(p[1:], before, "exact")).sum()
    assert total["benes"] < total["waksman"]
