"""Mean toggles of one reconnection, against the table of measured ones in the literature notes of this project.

Fixed seeds, so there are no false alarms; the table's own figures are means of few draws, hence 5 per cent.
"""

from __future__ import annotations

import numpy as np
import pytest

from hwsim.crossbar import crossbar

RANDOM = {
    ("crossbar", 64): 126,
    ("crossbar", 256): 510,
    ("benes", 64): 134,
    ("benes", 256): 762,
    ("odd-even-merge", 64): 216,
    ("odd-even-merge", 256): 1415,
    ("odd-even-merge", 1024): 8429,
    ("bitonic", 64): 226,
    ("bitonic", 256): 1445,
    ("bitonic", 1024): 8456,
    ("odd-even-transposition", 64): 419,
    ("odd-even-transposition", 256): 5900,
}


@pytest.mark.parametrize(("name", "ports"), RANDOM)
def test_unrelated_permutations(name: str, ports: int) -> None:
    rng = np.random.default_rng(1)
    fabric, draws = crossbar(name, ports), 60
    old, new = (np.stack([rng.permutation(ports) for _ in range(draws)]) for _ in range(2))
    states = fabric.route_many(old)
    toggles = fabric.toggles_many(states, fabric.route_many(new, states)).mean()
    assert toggles == pytest.approx(RANDOM[name, ports], rel=0.05)


@pytest.mark.parametrize("draws", [300, pytest.param(3000, marks=pytest.mark.slow)])
def test_one_transposition(draws: int) -> None:
    """64 ports (standard error of 3,000 draws below 0.7): sorters 29, Beneš 43, crossbar 4, strict Clos up to 12."""
    rng = np.random.default_rng(2)
    n = 64
    old = np.stack([rng.permutation(n) for _ in range(draws)])
    new, bank = old.copy(), np.arange(draws)
    a, b = np.stack([rng.choice(n, 2, replace=False) for _ in range(draws)], 1)
    new[bank, a], new[bank, b] = old[bank, b], old[bank, a]
    mean, most = {}, {}
    for name in ("crossbar", "clos-strict", "bitonic", "odd-even-merge", "odd-even-transposition", "benes", "cantor"):
        fabric = crossbar(name, n)
        states = fabric.route_many(old)
        toggles = fabric.toggles_many(states, fabric.route_many(new, states))
        mean[name], most[name] = toggles.mean(), toggles.max()
    assert mean["crossbar"] == most["crossbar"] == 4
    assert most["clos-strict"] <= 12
    for name in ("bitonic", "odd-even-merge", "odd-even-transposition"):
        assert abs(mean[name] - 29) < (2 if draws == 3000 else 6)
        assert mean[name] < mean["benes"], "sorters are cheap for small changes"
    assert mean["cantor"] < 7
