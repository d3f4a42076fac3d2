"""Functions on a cube to be learned from points in it: what the targets of Cai, Chen and Qiao share.

Training points are drawn uniformly from [-1, 1]^d; the test is a grid with both ends, the same number along each axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.scenario import Section
from hwsim.stream import stream
from hwsim.task.data import Shape, Task, TaskPlugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Target = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class FunctionParameters(Section):
    """Parameters of a task that is a function."""

    points: int = Field(default=1600, ge=1, le=10_000_000)
    """Training points, drawn uniformly from [-1, 1] along each axis."""
    grid: int = Field(default=400, ge=2, le=10_000_000)
    """Test points along each axis, equidistant with both ends."""
    data_seed: int = Field(default=2022, ge=0)
    """Seed of the training points; the same points for every seed of the run."""


def load_function(parameters: FunctionParameters, name: str, dimensions: int, target: Target) -> Task:
    """Draw the training points and lay the test grid.

    Args:
        parameters: how many points.
        name: of the task; the points' stream is ``task/<name>/points``.
        dimensions: numbers that the function takes.
        target: gives float64 (samples, 1) for float64 (samples, dimensions).
    """
    size = (parameters.points, dimensions)
    train = stream(parameters.data_seed, f"task/{name}/points").uniform(-1, 1, size)
    axes = [np.linspace(-1, 1, parameters.grid)] * dimensions
    test = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dimensions)
    return Task(
        shape=Shape(features=dimensions, outputs=1, goal="regression"),
        train_x=train.astype(np.float32),
        train_y=target(train).astype(np.float32),
        test_x=test.astype(np.float32),
        test_y=target(test).astype(np.float32),
        input_range=(-1.0, 1.0),
        target=target,
    )


def function_plugin(
    name: str, summary: str, parameters: type[FunctionParameters], dimensions: int, target: Target
) -> TaskPlugin:
    """The catalogue entry of a function."""
    return TaskPlugin(
        name=name,
        summary=summary,
        parameters=parameters,
        shape=lambda _: Shape(features=dimensions, outputs=1, goal="regression"),
        load=lambda given: load_function(given, name, dimensions, target),
    )
