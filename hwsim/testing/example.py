"""Small networks and tasks that the checks use."""

from __future__ import annotations

import numpy as np

from hwsim.model import Layer, Model
from hwsim.task import Shape, Task

CLASSIFIER = Model("5-6-3", (Layer(6, 5, "relu"), Layer(3, 6, "identity")))
"""A network of two dense layers whose connections and biases are learned."""

INTERPOLATOR = Model(
    "1-16-1-1",
    (
        Layer(16, 1, "relu", "signs", learned_connections=False, bias="linspace-twice", learned_registers=False),
        Layer(1, 16, "identity", "pairwise", bias="uniform", gain=True),
    ),
)
"""The network of Cai, Chen and Qiao (2025), small: only connections of the read-out are learned."""


def classes() -> Task:
    """Return a task on five numbers; the class is the largest of the first three; 64 samples to learn, 32 to test."""
    x = np.random.default_rng(0).random((96, 5), np.float32)
    y = x[:, :3].argmax(axis=1)
    return Task(Shape(5, 3, "classification"), x[:64], y[:64], x[64:], y[64:], (0.0, 1.0))


def parabola() -> Task:
    """Return a task to learn the square of a number from -1 to 1."""
    x = np.random.default_rng(0).uniform(-1, 1, (96, 1)).astype(np.float32)
    y = x**2
    return Task(Shape(1, 1, "regression"), x[:64], y[:64], x[64:], y[64:], (-1.0, 1.0))
