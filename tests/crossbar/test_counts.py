"""Sizes of every topology against closed formulas that know nothing of how it is built."""

from __future__ import annotations

from math import ceil, comb, log2

import pytest

from hwsim.crossbar import CROSSBARS, crossbar
from hwsim.crossbar.topology.clos import Clos, choose_size

LENGTHS = range(1, 11)


def shape(name: str, ports: int) -> tuple[int, int, tuple[int, int], int]:
    fabric = crossbar(name, ports)
    return fabric.switches, fabric.depth, fabric.path_lengths, fabric.configuration_bits


@pytest.mark.parametrize("length", LENGTHS)
def test_powers_of_two(length: int) -> None:
    """Switches, depth, shortest and longest path, configuration bits; L = log2 N."""
    n, many = 1 << length, length * (length + 1) // 2
    tags, stages = n * length, 2 * length - 1
    planes, trees = n // 2 * stages * length, 2 * n * (length - 1)
    wanted = {
        "benes": (n // 2 * stages, stages, (stages, stages), n // 2 * stages),
        "omega": (n // 2 * length, length, (length, length), n // 2 * length),
        "butterfly": (n // 2 * length, length, (length, length), n // 2 * length),
        "bitonic": (n * length * (length + 1) // 4, many, (many, many), tags),
        "spanke": (2 * n * (n - 1), 2 * length, (2 * length, 2 * length), 2 * n * (n - 1)),
        "dilated-benes": (2 * n * length, 2 * length, (2 * length, 2 * length), 2 * n * length),
        "crossbar": (n * n, 1, (1, 2 * n - 1), tags),
    }
    assert {name: shape(name, n) for name in wanted} == wanted
    merge = crossbar("odd-even-merge", n)
    assert (merge.switches, merge.depth, merge.path_lengths[1], merge.configuration_bits) == (
        ((length**2 - length + 4) << length) // 4 - 1,
        many,
        many,
        tags,
    )
    cantor = crossbar("cantor", n)
    levels = (2 * floor_log2(length), 2 * ceil(log2(length)))
    assert (cantor.switches, cantor.depth) == (planes + trees, stages + levels[1])
    assert cantor.path_lengths == (stages + levels[0], stages + levels[1])


def floor_log2(n: int) -> int:
    return n.bit_length() - 1


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 12, 33, 100])
def test_every_size(n: int) -> None:
    planar = crossbar("odd-even-transposition", n)
    assert planar.switches == n * (n - 1) // 2
    assert planar.depth == (n if n > 2 else n - 1)
    assert planar.path_lengths == ((n // 2, n) if n > 2 else (n - 1, n - 1))
    assert planar.crossings == (0, 0)
    assert planar.configuration_bits == n * (n - 1).bit_length()
    spanke = crossbar("spanke", n)
    assert spanke.switches == 2 * n * (n - 1)
    assert spanke.path_lengths == (2 * floor_log2(n), 2 * ceil(log2(n)))
    assert spanke.crossings == (comb(n, 2) ** 2, (n - 1) ** 2)
    lanes = 1 << -(-((n - 1).bit_length()) // 2)
    cycles = -(-n // lanes)
    network, shared = crossbar("benes", lanes), crossbar("time-multiplexed", n)
    assert (shared.switches, shared.depth) == (network.switches, network.depth)
    address = (cycles - 1).bit_length()
    assert shared.configuration_bits == cycles * network.switches + 2 * lanes * cycles * address


def test_golden_counts() -> None:
    known = {
        ("benes", 1000): 9376,
        ("benes", 1024): 9728,
        ("odd-even-merge", 16): 63,
        ("odd-even-merge", 1024): 24063,
        ("bitonic", 64): 672,
        ("bitonic", 1024): 28160,
        ("odd-even-transposition", 1024): 523_776,
        ("omega", 8): 12,
        ("spanke", 8): 112,
        ("dilated-benes", 8): 48,
        ("cantor", 8): 92,
        ("crossbar", 1024): 1_048_576,
    }
    assert {key: crossbar(*key).switches for key in known} == known
    assert crossbar("bitonic", 1024).depth == crossbar("odd-even-merge", 1024).depth == 55


@pytest.mark.parametrize(("m", "n", "r"), [(1, 1, 1), (1, 1, 7), (2, 2, 5), (3, 2, 5), (8, 8, 8), (15, 8, 8)])
def test_clos(m: int, n: int, r: int) -> None:
    fabric = Clos(m, n, r)
    strict = m >= 2 * n - 1
    assert fabric.switches == 2 * n * r * m + m * r * r
    assert fabric.blocking == ("strict" if strict else "rearrangeable")
    assert fabric.depth == 3
    assert fabric.path_lengths[1] == (n + m - 1) + (r + r - 1) + (m + n - 1) - (m - 1)
    idle = m > n
    width = (n.bit_length() + r.bit_length()) if idle else ((n - 1).bit_length() + (r - 1).bit_length())
    assert fabric.configuration_bits == r * m * width + n * r * (m - 1).bit_length()
    assert fabric.crossings[0] == 2 * comb(m, 2) * comb(r, 2)
    assert fabric.leaks == (2 * (n - 1) + r - 1, 1)


def test_clos_sizes() -> None:
    """Few crosspoints: 2 sqrt(2) N^1.5 for m = n, 4 sqrt(2) N^1.5 - 4 N for m = 2n - 1, within 1 per cent."""
    for n in (1024, 5000):
        assert Clos(*choose_size(n, strict=False), n).switches == pytest.approx(8**0.5 * n**1.5, rel=0.03)
        assert Clos(*choose_size(n, strict=True), n).switches == pytest.approx(32**0.5 * n**1.5 - 4 * n, rel=0.01)
    with pytest.raises(
        ValueError, match=r"^a Clos network cannot have m = 1, n = 2, r = 2 and 4 ports; use m >= n >= 1"
    ):
        Clos(1, 2, 2)
    with pytest.raises(ValueError, match=r"n \(r - 1\) < ports <= n r$"):
        Clos(2, 2, 4, ports=5)


def test_classes() -> None:
    found = {name: (f.blocking, f.self_routing, f.leaks) for name in CROSSBARS for f in [crossbar(name, 8)]}
    wanted = {
        "benes": ("rearrangeable", False, (5, 1)),
        "bitonic": ("rearrangeable", True, (6, 1)),
        "butterfly": ("blocking", True, (3, 1)),
        "cantor": ("strict", False, (5, 1)),
        "clos": ("rearrangeable", False, (5, 1)),
        "clos-strict": ("strict", False, (5, 1)),
        "crossbar": ("strict", False, (7, 1)),
        "dilated-benes": ("rearrangeable", False, (15, 2)),
        "odd-even-merge": ("rearrangeable", True, (6, 1)),
        "odd-even-transposition": ("rearrangeable", True, (8, 1)),
        "omega": ("blocking", True, (3, 1)),
        "spanke": ("strict", False, (7, 2)),
        "time-multiplexed": ("rearrangeable", False, (3, 1)),
    }
    assert {name: found[name] for name in wanted} == wanted
