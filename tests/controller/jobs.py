"""Small jobs that controllers are tested on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hwsim.controller import Job
from hwsim.model import Layer, Model, start
from hwsim.model.layer import BiasStart, WeightStart
from hwsim.task import Shape, Task

DENSE = Layer(6, 5, "relu", "he-uniform", 1.0, True, "zero", 1.0, False, True)


def images(samples: int = 96, features: int = 5, classes: int = 3) -> Task:
    """Classes that are easy to learn; some inputs are zero."""
    rng = np.random.default_rng(0)
    x = (rng.random((samples, features)) * (rng.random((samples, features)) < 0.7)).astype(np.float32)
    y = x[:, :classes].argmax(axis=1)
    return Task(Shape(features, classes, "classification"), x[:64], y[:64], x[64:], y[64:], (0.0, 1.0))


def curve(samples: int = 64, inputs: int = 1, outputs: int = 1) -> Task:
    """A function of a few numbers."""
    x = np.random.default_rng(1).uniform(-1, 1, (samples, inputs)).astype(np.float32)
    y = np.stack([-np.sin(2 * np.pi * x.sum(axis=1) / inputs + n) for n in range(outputs)], axis=1).astype(np.float32)
    return Task(Shape(inputs, outputs, "regression"), x, y, x[:8], y[:8], (-1.0, 1.0))


def classifier(**first: Any) -> Model:
    """5-6-3, every value learned."""
    last = replace(DENSE, units=3, inputs=6, activation="identity")
    return Model("5-6-3", (replace(DENSE, **first), last))


def cai(n: int = 12, inputs: int = 1, activation: Any = "relu") -> Model:
    """The 1-2n-1-1 network of Cai et al.: a frozen layer, one bank of 2n weights, gain and bias."""
    slope = (0.01,) if activation == "leaky-relu" else ()
    frozen = replace(DENSE, units=2 * n, inputs=inputs, activation=activation, learned_connections=False)
    bias: BiasStart = "uniform-twice" if inputs == 1 else "uniform"
    weights: WeightStart = "signs" if inputs == 1 else "uniform"
    hidden = replace(frozen, weights=weights, bias=bias, learned_registers=False, parameters=slope)
    read = replace(DENSE, units=1, inputs=2 * n, activation="identity", weights="pairwise", bias="uniform", gain=True)
    return Model("cai", (hidden, read))


def job(task: Task, model: Model, seed: int = 3, scope: str = "output") -> Job:
    """A job on perfect cells."""
    values = start(model, seed)
    cells = [v.weights.astype(np.float32).astype(np.float64) for v in values]
    banks = [c.reshape(1, -1) if scope == "layer" else c for c in cells]
    return Job(task, model, values, banks, seed, threads=1)
