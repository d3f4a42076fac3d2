"""The sine of Cai, Chen and Qiao: y = -sin(2 pi x) on [-1, 1].

Source: arXiv 2407.01033, Fig. 2(a): 1600 uniform training points, test on 400 equidistant points with both ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.task.function import FunctionParameters, function_plugin, load_function

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.task.data import Task


class SineParameters(FunctionParameters):
    """Parameters of the task ``sine``."""


def _target(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.sin(2 * np.pi * points)


def load(parameters: SineParameters) -> Task:
    """Draw the training points and lay the test grid.

    Example:
        >>> float(load(SineParameters(points=10)).test_x[0, 0])
        -1.0
    """
    return load_function(parameters, "sine", 1, _target)


PLUGIN = function_plugin(
    "sine", "y = -sin(2 pi x) on [-1, 1], the function of Cai et al. Fig. 2(a)", SineParameters, 1, _target
)
