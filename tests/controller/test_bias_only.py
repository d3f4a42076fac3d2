"""Bias-only learning: what is kept, what is left alone, and gradients through time against plain loops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from hwsim.controller import Job
from hwsim.controller.bias_only import PLUGIN, BiasOnlyParameters, FrozenDescent
from hwsim.controller.descent import unpack
from hwsim.controller.forward import forward
from hwsim.device import infer
from hwsim.device.ideal import Ideal
from hwsim.files import parse_document
from hwsim.model import Model, Registers, read_model, start
from hwsim.task import Shape, Task

WIDE = """
title = "wide"
inputs = 6
[[layer]]
kind = "dense"
units = 40
activation = "ACTIVATION"
weights = "uniform"
connections = "fixed"
gain = GAIN
[[layer]]
kind = "dense"
units = 3
activation = "identity"
connections = "fixed"
registers = "fixed"
"""
RECURRENT = """
title = "recurrent"
inputs = 10
shape = [5, 2]
[[layer]]
kind = "rnn"
units = 7
activation = "tanh"
sequence = true
weights = "normal"
weight_deviation = "1.5 / sqrt(units)"
input_bound = 0.5
bias = "uniform"
connections = "fixed"
[[layer]]
kind = "dense"
units = 3
activation = "identity"
connections = "fixed"
registers = "fixed"
bias = "uniform"
"""


def _model(text: str, activation: str = "relu", *, gain: bool = False) -> Model:
    content = text.replace("ACTIVATION", activation).replace("GAIN", str(gain).lower())
    return read_model(parse_document(content, "m.toml"))


def _job(model: Model, **more: Any) -> Job:
    rng = np.random.default_rng(3)
    x, y = rng.random((50, 6), np.float32), rng.integers(3, size=50)
    values = start(model, 2)
    task = Task(Shape(6, 3, "classification"), x, y, x, y, (0.0, 1.0), **more)
    return Job(task, model, values, [v.weights.copy() for v in values], seed=2, threads=1)


def _sequences(model: Model, samples: int, steps: int) -> Job:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(samples, steps * 2)).astype(np.float32)
    y = rng.normal(size=(samples, steps * 3)).astype(np.float32)
    values = start(model, 2)
    task = Task(Shape(10, 15, "regression", 5), x, y, x, y, (-3.0, 3.0))
    return Job(task, model, values, [v.weights.copy() for v in values], seed=2, threads=1)


@pytest.mark.parametrize("activation", ["relu", "tanh", "step"])
@pytest.mark.parametrize("gain", [False, True])
def test_kept_products_change_nothing(activation: str, gain: bool) -> None:
    job = _job(_model(WIDE, activation, gain=gain))
    found = []
    for kept in (4.0, 0.0):
        parameters = BiasOnlyParameters(epochs=5, batch=8, learning_rate=0.03, kept_products=kept)
        descent = FrozenDescent(job, parameters)
        assert descent.keeps == (kept > 0)
        descent.step(descent.total)
        found.append(descent.registers())
    for one, other in zip(*found, strict=True):
        assert one.bias == pytest.approx(other.bias, abs=1e-5)
        assert one.gain == pytest.approx(other.gain, abs=1e-5)
    assert np.abs(found[0][0].bias).max() > 0.05
    assert not found[0][1].bias.any(), "the registers of the read-out are fixed"


def test_products_that_fit_are_kept() -> None:
    """50 samples of 40 units are 8,000 bytes."""
    job = _job(_model(WIDE))
    for kept, fits in ((8e-6, True), (7.9e-6, False)):
        assert FrozenDescent(job, BiasOnlyParameters(epochs=1, kept_products=kept)).keeps is fits
    varied = _job(_model(WIDE), augment=lambda x, _: x)
    assert not FrozenDescent(varied, BiasOnlyParameters(epochs=1)).keeps


def test_weights_take_no_gradient_and_no_room() -> None:
    job = _job(_model(WIDE))
    controller = PLUGIN.begin(BiasOnlyParameters(epochs=1, batch=8), job)
    change = controller.advance(lambda share: None)
    assert change is not None
    assert change.permutations == (None, None)
    assert not any(name.startswith("weight") for name in unpack(controller.dump()))
    descent = FrozenDescent(job, BiasOnlyParameters(epochs=1, batch=8))
    descent.step(1)
    assert all(not weight.requires_grad for weight in descent.weights)
    for weight, cells in zip(descent.weights, job.cells, strict=True):
        assert np.array_equal(weight.numpy(), cells.astype(np.float32))


def loop(values: Any, biases: Any, x: Any, steps: int, a: float = 0.0, beta: float = 1.0) -> Any:
    """r_t = -a r_{t-1} + beta tanh(W r_{t-1} + B x_{t-1} + b), y_t = C r_t + c, written down: x (steps, 2)."""
    met, back = values[0].weights[:, :2], values[0].weights[:, 2:]
    state, found = np.zeros(7), []
    for t in range(steps):
        state = -a * state + beta * np.tanh(back @ state + met @ x[t] + biases[0])
        found.append(values[1].weights @ state + biases[1])
    return np.array(found)


@pytest.mark.parametrize(("a", "beta"), [(0.0, 1.0), (-0.9, 0.1), (0.2, 1.5)])
def test_a_read_out_at_every_step(a: float, beta: float) -> None:
    """Torch and the inference engine against a plain loop; in torch also for fewer and for more steps."""
    leak = "" if a == 0 else f"retain = {-a}\nrenew = {beta}\n"
    model = _model(RECURRENT.replace("sequence = true\n", f"sequence = true\n{leak}"))
    assert (model.nodes[1].given, model.outputs) == ((5, 3), 15)
    values = start(model, 4)
    biases = [v.bias for v in values]
    x = np.random.default_rng(0).normal(size=(6, 10)).astype(np.float32)
    wanted = np.stack([loop(values, biases, one.reshape(5, 2), 5, a, beta).reshape(-1) for one in x])
    chip, registers = Ideal().fabricate(model, values, x, 0), [Registers(b, 1.0) for b in biases]
    assert infer(model, chip, x, registers, None) == pytest.approx(wanted, abs=1e-5)
    weights, offsets, gains = (
        [torch.tensor(v) for v in part] for part in ([v.weights for v in values], biases, [np.ones(()) for _ in values])
    )
    for steps in (1, 3, 5, 9):
        sequence = np.random.default_rng(1).normal(size=(2, steps, 2))
        found = forward(model, torch.tensor(sequence.reshape(2, -1)), weights, offsets, gains).numpy()
        again = np.stack([loop(values, biases, one, steps, a, beta).reshape(-1) for one in sequence])
        assert found == pytest.approx(again, abs=1e-12)


def test_input_weights_have_a_law_of_their_own() -> None:
    model = _model(RECURRENT.replace("units = 7", "units = 400"))
    weights = start(model, 0)[0].weights
    assert np.abs(weights[:, :2]).max() <= 0.5
    assert weights[:, :2].std() == pytest.approx(0.5 / np.sqrt(3), rel=0.1)  # 800 draws: 4 deviations
    assert weights[:, 2:].std() == pytest.approx(1.5 / 20, rel=0.01)
    same = _model(RECURRENT.replace("units = 7", "units = 400").replace("input_bound = 0.5", ""))
    assert np.array_equal(start(same, 0)[0].weights[:, 2:], weights[:, 2:])


def test_back_propagation_through_time() -> None:
    """One step of gradient descent against the slope of the loss of the plain loop, taken numerically."""
    model = _model(RECURRENT)
    job = _sequences(model, samples=3, steps=5)
    x, y = job.task.train_x.reshape(3, 5, 2), job.task.train_y.reshape(3, 5, 3)
    biases = [v.bias.copy() for v in job.start]

    def loss(bias: Any) -> float:
        found = np.stack([loop(job.start, [bias, biases[1]], one, 5) for one in x])
        return float(((found - y) ** 2).mean())

    step = np.eye(7) * 1e-5
    slope = np.array([(loss(biases[0] + d) - loss(biases[0] - d)) / 2e-5 for d in step])
    descent = FrozenDescent(job, BiasOnlyParameters(epochs=1, batch=3, learning_rate=0.1, optimiser="sgd"))
    descent.step(1)
    moved = descent.registers()
    assert (biases[0] - moved[0].bias) / 0.1 == pytest.approx(slope, abs=1e-5)
    assert moved[1].bias == pytest.approx(biases[1], abs=1e-7)


def test_a_gradient_is_clipped() -> None:
    job = _sequences(_model(RECURRENT), samples=3, steps=5)
    moves = []
    for clip in (0.0, 1e-3):
        descent = FrozenDescent(
            job, BiasOnlyParameters(epochs=1, batch=3, learning_rate=1.0, optimiser="sgd", clip=clip)
        )
        descent.step(1)
        moves.append(descent.registers()[0].bias - job.start[0].bias)
    assert np.linalg.norm(moves[0]) > 0.01
    assert np.linalg.norm(moves[1]) == pytest.approx(1e-3, rel=1e-3)
    assert moves[1] / 1e-3 == pytest.approx(moves[0] / np.linalg.norm(moves[0]), abs=1e-3)


def test_learning_on_fewer_steps_than_are_judged() -> None:
    """A task may teach three steps of the five that the model gives."""
    model = _model(RECURRENT)
    whole = _sequences(model, samples=4, steps=5)
    short = replace(
        whole.task,
        train_x=whole.task.train_x[:, :6].copy(),
        train_y=whole.task.train_y.reshape(4, 5, 3)[:, :3].reshape(4, 9),
    )
    descent = FrozenDescent(replace(whole, task=short), BiasOnlyParameters(epochs=200, batch=4, learning_rate=0.05))
    before = ((descent.outputs(short.train_x) - short.train_y) ** 2).mean()
    descent.step(descent.total)
    assert ((descent.outputs(short.train_x) - short.train_y) ** 2).mean() < 0.9 * before
    assert descent.outputs(whole.task.test_x).shape == (4, 15)
