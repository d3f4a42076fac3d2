"""A function of Barron type in several dimensions: sqrt(3/2) (|x - a| - |x + a|) with a_j = 2 j / d - 1.

Distances to a point are averages of ReLU ridges over all directions, so that n units reach an error of order n^(-1/2)
whatever the dimension. With few dimensions a smooth function is met faster than that; from about five on it is not.

Written after the examples that E. L. Bolager et al. give (Sampling weights of deep neural networks, NeurIPS 2023, arXiv
2306.16830); their own numbers for it are not at hand.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from hwsim.files import Section
from hwsim.stream import stream
from hwsim.task.data import Shape, Task, TaskPlugin


class BarronParameters(Section):
    """Parameters of the task ``barron``."""

    dimensions: int = Field(default=5, ge=1, le=1000)
    """Numbers that the function takes."""
    points: int = Field(default=8000, ge=2, le=10_000_000)
    """Training points, drawn uniformly from [-1, 1]^d."""
    test_points: int = Field(default=4000, ge=2, le=10_000_000)
    """Test points, drawn likewise."""
    data_seed: int = Field(default=2022, ge=0)
    """Seed of all points; the same points for every seed of the run."""


def _shape(parameters: BarronParameters) -> Shape:
    return Shape(features=parameters.dimensions, outputs=1, goal="regression")


def _target(x: np.ndarray) -> np.ndarray:
    dimensions = x.shape[1]
    a = 2 * np.arange(1, dimensions + 1) / dimensions - 1
    found = np.linalg.norm(x - a, axis=1) - np.linalg.norm(x + a, axis=1)
    return np.asarray(np.sqrt(1.5) * found[:, None])


def load(parameters: BarronParameters) -> Task:
    """Draw the points.

    Example:
        >>> task = load(BarronParameters(dimensions=3, points=10))
        >>> task.train_x.shape, task.train_y.shape, float(task.target(np.zeros((1, 3)))[0, 0])
        ((10, 3), (10, 1), 0.0)
    """
    sets = []
    for name, count in (("train", parameters.points), ("test", parameters.test_points)):
        rng = stream(parameters.data_seed, f"task/barron/{name}")
        sets.append(rng.uniform(-1, 1, (count, parameters.dimensions)))
    return Task(
        shape=_shape(parameters),
        train_x=sets[0].astype(np.float32),
        train_y=_target(sets[0]).astype(np.float32),
        test_x=sets[1].astype(np.float32),
        test_y=_target(sets[1]).astype(np.float32),
        input_range=(-1.0, 1.0),
        target=_target,
    )


PLUGIN = TaskPlugin(
    name="barron",
    summary="a sum of distances in d dimensions, of Barron type (Bolager et al. 2023)",
    parameters=BarronParameters,
    shape=_shape,
    load=load,
)
