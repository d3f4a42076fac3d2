"""A function of three numbers: y = sin(3 x1) cos(x2) sin(2 x3) on [-1, 1]^3.

Source: Cai, Chen and Qiao, arXiv 2407.01033, Fig. 4: 51,200 uniform training points, test on 113^3 points. The grid
here has 33 points along each axis unless told otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.task.function import FunctionParameters, function_plugin, load_function

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.task.data import Task


class Sine3dParameters(FunctionParameters):
    """Parameters of the task ``sine-3d``."""

    points: int = Field(default=51_200, ge=1, le=10_000_000)
    """Training points, drawn uniformly from [-1, 1]^3."""
    grid: int = Field(default=33, ge=2, le=300)
    """Test points along each axis, equidistant with both ends; the paper has 113."""
    planes: bool = False
    """Whether the error is the mean over the grid's planes of constant x1 of the largest in each, instead of the
    largest of all: the paper tells the mean over 113 batches of about a plane each."""


def _target(points: NDArray[np.float64]) -> NDArray[np.float64]:
    one, two, three = points[:, :1], points[:, 1:2], points[:, 2:]
    return np.sin(3 * one) * np.cos(two) * np.sin(2 * three)


def _load(parameters: Sine3dParameters) -> Task:
    task = load_function(parameters, "sine-3d", 3, _target)
    return replace(task, planes=parameters.grid if parameters.planes else 1)


PLUGIN = replace(
    function_plugin(
        "sine-3d",
        "y = sin(3 x1) cos(x2) sin(2 x3) on [-1, 1]^3, the function of Cai et al. Fig. 4",
        Sine3dParameters,
        3,
        _target,
    ),
    load=_load,
)
