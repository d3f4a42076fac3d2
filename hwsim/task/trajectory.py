"""Dynamical systems as tasks of sequences: what is shared by those that run free and those that are driven.

Trajectories are integrated by scipy's DOP853, an explicit Runge-Kutta method of order 8 with step control (E. Hairer,
S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, 1993), to relative and absolute tolerances of
1e-10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from pydantic import Field, model_validator

from hwsim.files import Refusal, Section
from hwsim.task.data import Shape, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Law = Callable[[float, NDArray[np.float64]], Sequence[float]]

TOLERANCE = 1e-10


class FreeParameters(Section):
    """What tasks share whose network runs free: after its first step it sees no input."""

    period_steps: int = Field(default=30, ge=4, le=100_000)
    """Steps that one period of the trajectory is sampled in."""
    train_periods: int = Field(default=3, ge=1, le=10_000)
    """Periods that the network learns to go through."""
    periods: int = Field(default=6, ge=1, le=10_000)
    """Periods that it is evaluated on, at least those that it learns: the others show whether it goes on by itself."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.periods < self.train_periods:
            what = f"periods = {self.periods} are fewer than the train_periods = {self.train_periods}"
            raise Refusal(what, "evaluate at least what is learned")
        return self


def free_shape(parameters: FreeParameters, outputs: int) -> Shape:
    """Compute the shape of a task that runs free; it takes as many numbers per step as it gives."""
    steps = parameters.period_steps * parameters.periods
    return Shape(features=steps * outputs, outputs=steps * outputs, goal="regression", steps=steps)


def free_task(parameters: FreeParameters, training: NDArray[np.float64]) -> Task:
    """Return one trajectory as a task: its start at the first step and no input afterwards, to its later points.

    Args:
        parameters: of the task.
        training: float64 (steps + 1, outputs), its start first.
    """
    learned = parameters.period_steps * parameters.train_periods
    x, y = np.zeros((1, *training[1:].shape), np.float32), training[None, 1:].astype(np.float32)
    x[0, 0] = training[0]
    return Task(
        shape=free_shape(parameters, training.shape[1]),
        train_x=np.ascontiguousarray(x[:, :learned]).reshape(1, -1),
        train_y=np.ascontiguousarray(y[:, :learned]).reshape(1, -1),
        test_x=x.reshape(1, -1),
        test_y=y.reshape(1, -1),
        input_range=(-1.0, 1.0),
        period=parameters.period_steps,
    )


def integrate(law: Law, start: Sequence[float], times: NDArray[np.floating]) -> NDArray[np.float64]:
    """Integrate a system dy/dt = law(t, y): return its states at rising times, the first of which is the start.

    Returns:
        float64 (times, states).

    Example:
        >>> integrate(lambda _, y: [-y[0]], [1.0], np.array([0.0, 1.0]))[1].round(9).tolist()
        [0.367879441]
    """
    from scipy.integrate import solve_ivp

    span = (times[0], times[-1])
    found = solve_ivp(law, span, start, method="DOP853", t_eval=times, rtol=TOLERANCE, atol=TOLERANCE)
    return np.asarray(found.y.T, np.float64)
