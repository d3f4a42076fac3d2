"""Values trained before fabrication: trained once, kept, the same again, and on the chip as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.files import DiagnosticError
from hwsim.pipeline.fabrication import KEPT, initial_values

TRAINED = [
    "fabrication.values=trained",
    "fabrication.epochs=20",
    "fabrication.batch=32",
    "fabrication.learning_rate=3e-3",
    "controller.name=none",
    "device.name=ideal",
]
PHOTONIC = ["device.name=photonic-feldmann-2021", "controller.epochs=12", "controller.batch=32"]


def trained(tiny: Path, *more: str) -> hwsim.Scenario:
    text = tiny.read_text()
    tiny.write_text(text[: text.index("[controller]")] + '[controller]\nname = "none"\n')
    return hwsim.load(tiny, [*TRAINED, *more])


def test_a_trained_chip_is_the_trained_network(tiny: Path, tmp_path: Path) -> None:
    """On ideal cells the chip scores what the network computed scores, to float32; it learned something."""
    scenario = trained(tiny)
    done = hwsim.run(scenario, tmp_path / "run")
    assert done.events == 0
    assert len(done.rows) == 1
    assert done.reference is not None
    assert done.final["accuracy"] == pytest.approx(done.reference, abs=1 / 359)
    assert done.reference > 0.7
    plan = scenario.plan()
    task = plan.task.load(plan.task_parameters)
    shares: list[float] = []
    fresh = initial_values(plan, task, None, shares.append)
    kept = initial_values(plan, task, tmp_path / "run" / KEPT)
    assert shares[-1] == 1.0
    for one, other in zip(fresh, kept, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.bias, other.bias)
        assert one.gain == other.gain


def test_training_goes_on_after_fabrication(tiny: Path, tmp_path: Path) -> None:
    """Any controller may start from trained values; LaPerm reconnects a chip that works already."""
    scenario = hwsim.load(tiny, [*TRAINED[:4], "controller.epochs=2"])
    done = hwsim.run(scenario, tmp_path / "run")
    assert done.rows[0]["accuracy"] > 0.7
    assert done.final["toggles"] > 0


def test_drawn_values_are_what_they_were(tiny: Path) -> None:
    """The table is not part of a run's identity where nothing is trained."""
    plain = hwsim.load(tiny).plan()
    assert "fabrication" not in plain.resolved
    assert hwsim.load(tiny, ["fabrication.epochs=3"]).plan().identity == plain.identity


def test_electronics_beside_the_cells(tiny: Path, tmp_path: Path) -> None:
    model = tmp_path / "models" / "tiny.toml"
    text = model.read_text()
    beside = 'activation = "identity"\nplace = "electronics"\nconnections = "fixed"'
    model.write_text(text.replace('activation = "identity"', beside))
    with pytest.raises(
        DiagnosticError, match=r"tiny\.toml:14:1: no electronics computes layers beside fpga-lut, leave"
    ):
        hwsim.load(tiny).plan()
    whole = hwsim.run(hwsim.load(tiny, [*PHOTONIC]), tmp_path / "run")
    assert whole.final["accuracy"] > 0.3
    model.write_text(text.replace('activation = "identity"', beside.replace('"fixed"', '"learned"')))
    with pytest.raises(DiagnosticError, match="a layer computed in electronics has no cells to reconnect"):
        hwsim.load(tiny).plan()


def test_a_published_pair_is_drawn(tiny: Path, tmp_path: Path) -> None:
    pair = '\n[published]\nchip = 0.953\nexact = 0.961\nsource = "Feldmann et al. 2021"\n'
    plain = hwsim.load(tiny, ["controller.epochs=1"]).plan().identity
    tiny.write_text(tiny.read_text() + pair)
    scenario = hwsim.load(tiny, ["controller.epochs=1"])
    assert scenario.plan().identity == plain
    hwsim.run(scenario, tmp_path / "run")
    assert (tmp_path / "run" / "score.svg").is_file()
    assert "[published]" in (tmp_path / "run" / "scenario.toml").read_text()
