"""Deep models through the whole flow: dropout and batch statistics are training's affair, a chip has registers."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim

MODEL = """
title = "conv with batch statistics and dropout"
inputs = 64
shape = [1, 8, 8]

[[layer]]
kind = "conv2d"
units = 8
kernel = 3
activation = "identity"

[[layer]]
kind = "batch-norm"
activation = "relu"
statistics = "batch"

[[layer]]
kind = "max-pool"
kernel = 2

[[layer]]
kind = "flatten"

[[layer]]
kind = "dropout"
drop = 0.2

[[layer]]
kind = "dense"
units = 10
activation = "identity"
"""
SCENARIO = """
title = "deep"

[task]
name = "digits"

[model]
name = "deep"

[device]
name = "ideal"

[crossbar]
topology = "benes"
technology = "fpga-register-ug474-2016"

[controller]
name = "laperm"
epochs = 4
learning_rate = 1e-2
rate_decay = 0.6
period = 15
period_unit = "batches"
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "deep.toml").write_text(SCENARIO)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "deep.toml").write_text(MODEL)
    return tmp_path / "deep.toml"


def test_laperm_learns_through_statistics_and_dropout(scenario: Path, tmp_path: Path) -> None:
    """0.872 was found, 0.950 without snaps; statistics folded wrongly end near 0.1."""
    done = hwsim.run(hwsim.load(scenario), tmp_path / "run")
    assert done.reference is not None
    assert done.reference > 0.93
    assert done.final["accuracy"] > 0.8
    assert done.final["bias_writes"] > 0


def test_a_network_trained_before_fabrication_is_what_is_fabricated(scenario: Path, tmp_path: Path) -> None:
    """Its statistics are in the registers: the chip does what the reference computes, and learning goes on there."""
    fabrication = ["fabrication.values=trained", "fabrication.epochs=4", "fabrication.learning_rate=1e-2"]
    still = hwsim.run(hwsim.load(scenario, [*fabrication, "controller={name='none'}"]), tmp_path / "still")
    assert still.reference is not None
    assert still.final["accuracy"] == still.reference
    assert still.reference > 0.93
    on = hwsim.run(
        hwsim.load(scenario, [*fabrication, "controller.learning_rate=1e-4", "controller.epochs=1"]), tmp_path / "on"
    )
    assert on.final["accuracy"] == pytest.approx(still.final["accuracy"], abs=0.03)
