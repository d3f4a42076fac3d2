"""Masks that never collide, how often drawn ones do, and the spread of SGD."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.analysis.symmetry import (
    draw_mask,
    expected_collisions,
    find_collisions,
    simulate_spread,
    stationary_variance,
)
from hwsim.controller import Job, TrainingSettings
from hwsim.controller.free import train_freely
from hwsim.files import DiagnosticError, read_document
from hwsim.model import Layer, Model, read_model, start
from hwsim.task import TASKS


@given(inputs=st.integers(1, 12), share=st.floats(0, 1), density=st.floats(0.05, 0.95), seed=st.integers(0, 999))
def test_masks_never_collide(inputs: int, share: float, density: float, seed: int) -> None:
    """Up to as many units as there are patterns."""
    units = max(1, round(share * min(2**inputs, 300)))
    mask = draw_mask(units, inputs, density, np.random.default_rng(seed))
    assert mask.shape == (units, inputs)
    assert len({row.tobytes() for row in mask}) == units
    assert find_collisions(mask) == 0


def test_collisions_are_as_many_as_expected() -> None:
    """3000 masks of 12 units and 5 inputs, kept with 0.3: |z| < 4.5, false alarm 7e-6."""
    rng = np.random.default_rng(0)
    found = np.array([find_collisions(rng.random((12, 5)) < 0.3) for _ in range(3000)])
    assert abs(found.mean() - expected_collisions(12, 5, 0.3)) < 4.5 * found.std() / np.sqrt(3000)


def test_distinct_masks_keep_their_density() -> None:
    """256 units, 64 inputs, 0.2: |z| < 4.5, false alarm 7e-6."""
    mask = draw_mask(256, 64, 0.2, np.random.default_rng(1))
    assert abs(mask.mean() - 0.2) < 4.5 * np.sqrt(0.2 * 0.8 / mask.size)


@pytest.mark.parametrize(("units", "inputs", "density"), [(5, 2, 0.5), (2, 8, 0.0), (2, 8, 1.0), (100, 64, 1e-4)])
def test_masks_that_cannot_be(units: int, inputs: int, density: float) -> None:
    with pytest.raises(ValueError, match=r"patterns, too few|the same pattern|hardly tells"):
        draw_mask(units, inputs, density, np.random.default_rng(0))


def test_masks_of_a_model_file(tmp_path: Path) -> None:
    text = """
title = "m"
inputs = 8
[[layer]]
kind = "dense"
units = {}
activation = "relu"
keep = 0.5
keep_law = "distinct"
[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
    (tmp_path / "m.toml").write_text(text.format(200))
    weights = start(read_model(read_document(tmp_path / "m.toml")), 0)[0].weights
    assert find_collisions(weights != 0) == 0
    (tmp_path / "m.toml").write_text(text.format(300))
    with pytest.raises(DiagnosticError, match=r"m\.toml:9:1: 8 inputs have 256 patterns, too few for 300 units"):
        read_model(read_document(tmp_path / "m.toml"))


def test_the_spread_grows_with_rate_times_noise() -> None:
    """Curvature 1: log spread against log (rate x noise variance) has slope 1 +- 0.15; 4.5 sigma each."""
    drive, spread = [], []
    for number, (rate, noise) in enumerate([(0.01, 0.1), (0.01, 1.0), (0.03, 1.0), (0.1, 1.0), (0.1, 10.0)]):
        found = simulate_spread(1.0, rate, noise, np.random.default_rng(number), walkers=2000)
        assert abs(found / stationary_variance(1.0, rate, noise) - 1) < 4.5 * np.sqrt(2 / 2000)
        drive.append(np.log(rate * noise))
        spread.append(np.log(found))
    assert abs(np.polyfit(drive, spread, 1)[0] - 1) < 0.15


def test_rates_that_never_settle() -> None:
    with pytest.raises(ValueError, match=r"settles for rates between 0 and 1 here, not at 1\.5"):
        stationary_variance(2.0, 1.5, 1.0)


@pytest.mark.parametrize("name", ["sine", "legendre"])
def test_series_fit_as_well_as_rectifiers(name: str) -> None:
    """Legendre series and ReLU, as many trained numbers, the same training."""
    plugin = TASKS[name]
    task = plugin.load(plugin.parameters(points=800))  # type: ignore[call-arg]
    errors = {}
    rectifier = Layer(12, 1, "relu", "he-uniform", 1.0, True, "uniform", 1.0, False, True)
    series = replace(rectifier, activation="legendre", weights="uniform", weight_bound=0.8, bias_bound=0.2)
    series = replace(series, parameters=(0.0, *[0.5] * 9))
    for kind, hidden, weights, bound in (("relu", rectifier, "he-uniform", 1.0), ("legendre", series, "uniform", 0.2)):
        output = Layer(1, 12, "identity", weights, bound, True, "zero", 1.0, False, True)  # type: ignore[arg-type]
        model = Model(kind, (hidden, output))
        values = start(model, 0)
        job = Job(task, model, values, [v.weights for v in values], seed=0, threads=1)
        found = train_freely(job, TrainingSettings(40, 32, 1e-2, 0.95, 1), lambda _: None)
        errors[kind] = float(np.abs(found - task.test_y).max())
    assert errors["legendre"] <= errors["relu"]
    assert hwsim.analysis.symmetry.symmetry_count(model).exact == 479001600
