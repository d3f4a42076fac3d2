"""A cosine that a recurrent network gives by itself, the simplest of the autonomous tasks of Williams et al.

Source: arXiv 2407.00957, section on autonomous dynamical systems. Length of a period and sampling are ours.
"""

from __future__ import annotations

import numpy as np

from hwsim.task.data import Shape, Task, TaskPlugin
from hwsim.task.trajectory import FreeParameters, free_shape, free_task


class SineWaveParameters(FreeParameters):
    """Parameters of the task ``sine-wave``."""


def _shape(parameters: SineWaveParameters) -> Shape:
    return free_shape(parameters, outputs=1)


def load(parameters: SineWaveParameters) -> Task:
    """Return one cosine of amplitude 1, from its top.

    Example:
        >>> load(SineWaveParameters(period_steps=4, train_periods=1, periods=1)).test_y.round(6).tolist()
        [[0.0, -1.0, -0.0, 1.0]]
    """
    steps = np.arange(parameters.period_steps * parameters.periods + 1)
    return free_task(parameters, np.cos(2 * np.pi * steps / parameters.period_steps)[:, None])


PLUGIN = TaskPlugin(
    name="sine-wave",
    summary="a sine wave that a recurrent network goes on giving by itself",
    parameters=SineWaveParameters,
    shape=_shape,
    load=load,
)
