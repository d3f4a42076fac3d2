"""Statistics over seeds, each with a picture to look at before a release."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.crossbar import crossbar
from hwsim.report.style import look, sheet

pytestmark = pytest.mark.slow


def test_toggles_of_unrelated_permutations(pictures: Path) -> None:
    """Beneš, 64 ports, 2,000 pairs: 134 toggles by the greedy router, as another program measured; less with effort.

    A pair's own spread is 6 toggles, the mean's 0.14; that program's mean is of few draws, hence 2 per cent.
    """
    rng = np.random.default_rng(5)
    fabric, draws = crossbar("benes", 64), 2000
    old, new = (np.stack([rng.permutation(64) for _ in range(draws)]) for _ in range(2))
    states = fabric.route_many(old, effort="any")
    found = {
        effort: fabric.toggles_many(states, fabric.route_many(new, states, effort))
        for effort in ("any", "greedy", "descent")
    }
    with look():
        figure = sheet((7.2, 4.5))
        axes = figure.subplots()
        for effort, toggles in found.items():
            axes.hist(toggles, bins=range(60, 180, 2), alpha=0.6, label=f"{effort}, mean {toggles.mean():.1f}")
        axes.set(title=f"Beneš network of 64 ports, {draws:,} pairs of permutations", xlabel="toggles", ylabel="pairs")
        axes.legend()
        figure.savefig(pictures / "toggles.svg")
    assert found["greedy"].mean() == pytest.approx(134, rel=0.02)
    assert found["descent"].mean() < 0.85 * found["any"].mean()


@pytest.mark.skipif("HWSIM_DATA" not in os.environ, reason="MNIST is not here; HWSIM_DATA names its folder")
def test_feldmann_over_seeds(pictures: Path, tmp_path: Path) -> None:
    """Five seeds: the chip loses less to the network computed than the 0.8 points published, in the mean."""
    seeds = range(5)
    done = [hwsim.run(hwsim.load("feldmann-mnist", (), seed), tmp_path / str(seed)) for seed in seeds]
    chip = np.array([run.final["accuracy"] for run in done])
    exact = np.array([run.reference for run in done], np.float64)
    with look():
        figure = sheet((7.2, 4.5))
        axes = figure.subplots()
        axes.plot(seeds, 100 * exact, "o", label="the network computed")
        axes.plot(seeds, 100 * chip, "s", label="the chip")
        axes.axhline(95.3, linestyle=":", label="published, chip")
        axes.set(title="feldmann-mnist over seeds", xlabel="seed", ylabel="accuracy / %", xticks=list(seeds))
        axes.legend()
        figure.savefig(pictures / "feldmann.svg")
    assert 0 < (exact - chip).mean() < 0.008
    assert (exact - chip < 0.012).all()
