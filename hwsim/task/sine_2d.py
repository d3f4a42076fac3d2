"""A function of two numbers: y = -sin(pi x1 x2) on [-1, 1]^2.

Source: Cai, Chen and Qiao, arXiv 2407.01033, Fig. 3: 51,200 uniform training points, test on 113 x 113 points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.task.function import FunctionParameters, function_plugin

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Sine2dParameters(FunctionParameters):
    """Parameters of the task ``sine-2d``."""

    points: int = Field(default=51_200, ge=1, le=10_000_000)
    """Training points, drawn uniformly from [-1, 1]^2."""
    grid: int = Field(default=113, ge=2, le=10_000)
    """Test points along each axis, equidistant with both ends."""


def _target(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.sin(np.pi * points[:, :1] * points[:, 1:])


PLUGIN = function_plugin(
    "sine-2d", "y = -sin(pi x1 x2) on [-1, 1]^2, the function of Cai et al. Fig. 3", Sine2dParameters, 2, _target
)
