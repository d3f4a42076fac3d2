"""Dynamics from scenario to score, and networks that cannot learn them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.analysis.trajectory import follow
from hwsim.cli.show import show
from hwsim.files import DiagnosticError
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.folder import FolderError
from tests.conftest import run_here

MODEL = """title = "small"
inputs = 16
shape = [16, 1]

[[layer]]
kind = "rnn"
units = 80
activation = "tanh"
sequence = true
weights = "normal"
weight_deviation = "1.5 / sqrt(units)"
input_bound = 1.0
connections = "fixed"

[[layer]]
kind = "dense"
units = 1
activation = "identity"
connections = "fixed"
registers = "fixed"
"""
SCENARIO = """
title = "A wave"

[task]
name = "sine-wave"
period_steps = 8
train_periods = 2
periods = 2

[model]
name = "wave"

[device]
name = "ideal"

[crossbar]
topology = "benes"
technology = "fpga-register-ug474-2016"

[controller]
name = "bias-only"
epochs = 400
batch = 1
learning_rate = 3e-2
rate_decay = 0.99
clip = 1.0
period = 100

[execution]
reference = false
"""


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    for folder in ("models", "scenarios"):
        (tmp_path / folder).mkdir()
    (tmp_path / "models" / "wave.toml").write_text(MODEL)
    path = tmp_path / "scenarios" / "wave.toml"
    path.write_text(SCENARIO)
    return path


def test_a_wave_is_learned_by_biases(wave: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_here(wave, tmp_path / "run")
    final = found["final"]
    assert final["toggles"] == 0
    assert final["trajectory_error"] < 0.2
    assert final["trajectory_error"] <= final["trajectory_error_worst"] < 0.3
    show(["trajectory", str(tmp_path / "run")], json=True, picture=None)
    shown = json.loads(capsys.readouterr().out)
    target, output = np.array(shown["target"]), np.array(shown["output"])
    assert target[:, 0] == pytest.approx(np.cos(2 * np.pi * np.arange(1, 17) / 8), abs=1e-6)
    assert np.abs(target - output).max() == pytest.approx(final["max_error"], rel=1e-5)
    assert shown["errors"][0] == pytest.approx(final["trajectory_error"])
    assert max(shown["errors"]) == pytest.approx(final["trajectory_error_worst"])
    assert shown["steps_learned"] == 16
    assert (tmp_path / "run" / "trajectory.png").is_file()


@pytest.mark.parametrize("device", ["photonic-feldmann-2021", "pcm-nandakumar-2019"])
def test_chips_read_once_a_step(wave: Path, tmp_path: Path, device: str) -> None:
    """Both layers take a product a step: half the steps cost half the energy of an inference."""
    few = ("controller.epochs=1", f"device.name={device}")
    long = run_here(wave, tmp_path / "a", *few)
    (wave.parent.parent / "models" / "wave.toml").write_text(MODEL.replace("16", "8"))
    half = run_here(wave, tmp_path / "b", *few, "task.period_steps=4")
    for key in ("inference_energy_j", "inference_time_s"):
        assert long[key] == pytest.approx(2 * half[key], rel=0.05)
    assert np.isfinite(long["final"]["max_error"])


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            MODEL,
            'title = "t"\ninputs = 16\n[[layer]]\nkind = "dense"\nunits = 16\nactivation = "relu"\n',
            "wave.toml:4:1: the task is a sequence of 16 steps of 1 numbers, but no layer of this model is recurrent, "
            "set inputs = 16, shape = [16, 1] and add a layer of kind 'rnn'",
        ),
        (
            "shape = [16, 1]",
            "shape = [8, 2]",
            "wave.toml:2:1: the task is a sequence of 16 steps of 1 numbers, but the",
        ),
        (
            "sequence = true\n",
            "",
            "the task wants 1 numbers at each of 16 steps, but the last layer gives 1, set sequence = true",
        ),
        ("units = 1\n", "units = 2\n", "but the last layer gives 16 x 2"),
    ],
)
def test_networks_that_cannot_learn_a_sequence(wave: Path, old: str, new: str, what: str) -> None:
    (wave.parent.parent / "models" / "wave.toml").write_text(MODEL.replace(old, new))
    with pytest.raises(DiagnosticError) as error:
        hwsim.load(wave).plan()
    assert what in str(error.value)


def test_a_task_without_trajectories_has_none_to_show(tiny: Path, tmp_path: Path) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1", "execution.reference=false")
    with pytest.raises(FolderError, match="the task of this run, 'digits', has no trajectories"):
        follow(plan_of(tmp_path / "run"), tmp_path / "run")


def test_more_periods_learned_than_judged(wave: Path) -> None:
    with pytest.raises(DiagnosticError, match="periods = 2 are fewer than the train_periods = 3"):
        hwsim.load(wave, ["task.train_periods=3"]).plan()
