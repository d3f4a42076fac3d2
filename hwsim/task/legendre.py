"""The third Legendre polynomial: y = (5 x^3 - 3 x) / 2 on [-1, 1].

Source: Cai, Chen and Qiao, arXiv 2407.01033, Fig. 2(b): points and grid as for the sine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.task.function import FunctionParameters, function_plugin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LegendreParameters(FunctionParameters):
    """Parameters of the task ``legendre``."""


def _target(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points * (5 * points**2 - 3) / 2


PLUGIN = function_plugin(
    "legendre",
    "y = (5 x^3 - 3 x) / 2 on [-1, 1], the polynomial of Cai et al. Fig. 2(b)",
    LegendreParameters,
    1,
    _target,
)
