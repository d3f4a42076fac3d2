"""Functions on a cube to be learned from points in it: what the targets of Cai, Chen and Qiao share.

Training points are drawn uniformly from [-1, 1]^d; the test is a grid with both ends, the same number along each axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.files import Section
from hwsim.stream import stream
from hwsim.task.data import Shape, Task, TaskPlugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Target = Callable[[NDArray[np.float64]], NDArray[np.float64]]


AT_ONCE = 1 << 20
"""Points of the test grid that are laid at once."""


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
    test_x, test_y = _lay_grid(parameters.grid, dimensions, target)
    return Task(
        shape=Shape(features=dimensions, outputs=1, goal="regression"),
        train_x=train.astype(np.float32),
        train_y=target(train).astype(np.float32),
        test_x=test_x,
        test_y=test_y,
        input_range=(-1.0, 1.0),
        target=target,
    )


def _lay_grid(grid: int, dimensions: int, target: Target) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the points of a grid, the last axis fastest, and the function there; needs little more memory."""
    size, axis = grid**dimensions, np.linspace(-1, 1, grid)
    x, y = np.empty((size, dimensions), np.float32), np.empty((size, 1), np.float32)
    for first in range(0, size, AT_ONCE):
        part = slice(first, min(first + AT_ONCE, size))
        places = np.unravel_index(np.arange(part.start, part.stop), (grid,) * dimensions)
        points = axis[np.stack(places, axis=1)]
        x[part], y[part] = points, target(points)
    return x, y


def function_plugin(
    name: str, summary: str, parameters: type[FunctionParameters], dimensions: int, target: Target
) -> TaskPlugin:
    """Build the catalogue entry of a function."""
    return TaskPlugin(
        name=name,
        summary=summary,
        parameters=parameters,
        shape=lambda _: Shape(features=dimensions, outputs=1, goal="regression"),
        load=lambda given: load_function(given, name, dimensions, target),
    )
