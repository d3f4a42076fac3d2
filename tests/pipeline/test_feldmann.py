"""Target 11: the MNIST experiment of Feldmann et al. on the emulated core."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import hwsim


@pytest.mark.skipif("HWSIM_DATA" not in os.environ, reason="MNIST is not here; HWSIM_DATA names its folder")
def test_close_to_the_network_computed(tmp_path: Path) -> None:
    """The same with little training on 6,000 images and 5,000 others to evaluate on: at most 2 points below."""
    few = ("task.train_limit=11000", "task.validation=5000", "fabrication.epochs=1")
    done = hwsim.run(hwsim.load("feldmann-mnist", few), tmp_path / "run")
    assert done.reference is not None
    assert done.reference > 0.85
    assert abs(done.final["accuracy"] - done.reference) < 0.02


@pytest.mark.slow
@pytest.mark.skipif("HWSIM_DATA" not in os.environ, reason="MNIST is not here; HWSIM_DATA names its folder")
def test_accuracy_beside_the_network_computed(tmp_path: Path) -> None:
    """At most 1 point below the same network computed (published 95.3 against 96.1), 10,000 images, seed 0.

    Both are scored on the same images, of which few are decided differently: the difference's own spread is about 0.2
    points, the measured one 0.4.
    """
    done = hwsim.run(hwsim.load("feldmann-mnist"), tmp_path / "run")
    assert done.reference is not None
    assert done.reference == pytest.approx(0.961, abs=0.005)
    assert done.final["accuracy"] >= done.reference - 0.01
