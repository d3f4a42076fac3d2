"""The sine of Cai, Chen and Qiao: y = -sin(2 pi x) on [-1, 1].

Source: arXiv 2407.01033, Fig. 2(a): 1600 uniform training points, test on 400 equidistant points with both ends.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from hwsim.scenario import Section
from hwsim.stream import stream
from hwsim.task.data import Shape, Task, TaskPlugin


class SineParameters(Section):
    """Parameters of the task ``sine``."""

    points: int = Field(default=1600, ge=1, le=10_000_000)
    """Training points, drawn uniformly from [-1, 1]."""
    grid: int = Field(default=400, ge=2, le=10_000_000)
    """Test points, equidistant with both ends."""
    data_seed: int = Field(default=2022, ge=0)
    """Seed of the training points; the same points for every seed of the run."""


def _shape(_: SineParameters) -> Shape:
    return Shape(features=1, outputs=1, goal="regression")


def _target(points: np.ndarray) -> np.ndarray:
    return -np.sin(2 * np.pi * points)


def load(parameters: SineParameters) -> Task:
    """Draw the training points and lay the test grid.

    Example:
        >>> float(load(SineParameters(points=10)).test_x[0, 0])
        -1.0
    """
    train = stream(parameters.data_seed, "task/sine/points").uniform(-1, 1, (parameters.points, 1))
    test = np.linspace(-1, 1, parameters.grid)[:, None]
    return Task(
        shape=_shape(parameters),
        train_x=train.astype(np.float32),
        train_y=_target(train).astype(np.float32),
        test_x=test.astype(np.float32),
        test_y=_target(test).astype(np.float32),
        input_range=(-1.0, 1.0),
        target=_target,
    )


PLUGIN = TaskPlugin(
    name="sine",
    summary="y = -sin(2 pi x) on [-1, 1], the function of Cai et al. Fig. 2(a)",
    parameters=SineParameters,
    shape=_shape,
    load=load,
)
