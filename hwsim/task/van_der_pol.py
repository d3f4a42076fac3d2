"""The van der Pol oscillator that a recurrent network follows by itself: x'' = mu (1 - x^2) x' - x.

Source: E. Williams et al., arXiv 2407.00957, section on autonomous dynamical systems; mu, sampling and scale are ours.
The trajectory lies on the limit cycle and starts at its largest x. Both outputs, x and x', are divided by their largest
size on the cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.task.data import Shape, Task, TaskPlugin
from hwsim.task.trajectory import TOLERANCE, FreeParameters, free_shape, free_task, integrate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.task.trajectory import Law

_SETTLED = 100.0
"""Time after which a trajectory from (2, 0) lies on the limit cycle to the tolerance of its integration, mu >= 0.1."""
_TWO_PERIODS = 60.0
"""Time that holds two periods, whatever mu."""


class VanDerPolParameters(FreeParameters):
    """Parameters of the task ``van-der-pol``."""

    mu: float = Field(default=1.0, ge=0.1, le=10, allow_inf_nan=False)
    """How far the oscillator is from a harmonic one."""


def _shape(parameters: VanDerPolParameters) -> Shape:
    return free_shape(parameters, outputs=2)


def law(mu: float) -> Law:
    """Compute the right-hand side of the oscillator for a state (x, x')."""
    return lambda _, state: [state[1], mu * (1 - state[0] ** 2) * state[1] - state[0]]


@dataclass(frozen=True)
class Cycle:
    """The limit cycle: its point of largest x, how far x and x' reach, each float64 (2,), and its period."""

    top: NDArray[np.float64]
    reach: NDArray[np.float64]
    period: float


def cycle(mu: float) -> Cycle:
    """Find the limit cycle.

    Example:
        >>> found = cycle(1.0)
        >>> found.reach.round(5).tolist(), round(found.period, 5)
        ([2.00862, 2.67844], 6.66329)
    """
    from scipy.integrate import solve_ivp

    system = law(mu)

    def turn(_: float, state: NDArray[np.float64]) -> float:
        return float(state[1])

    def steepest(time: float, state: NDArray[np.float64]) -> float:
        return float(system(time, state)[1])

    turn.direction = -1  # type: ignore[attr-defined]
    near = integrate(system, [2.0, 0.0], np.array([0.0, _SETTLED]))[-1]
    limits = {"rtol": TOLERANCE, "atol": TOLERANCE}
    found = solve_ivp(system, (0.0, _TWO_PERIODS), near, method="DOP853", events=[turn, steepest], **limits)
    times, tops = found.t_events[0], found.y_events[0]
    reach = np.array([tops[0, 0], np.abs(found.y_events[1][:, 1]).max()])
    return Cycle(np.asarray(tops[0], np.float64), reach, float(times[1] - times[0]))


def load(parameters: VanDerPolParameters) -> Task:
    """Return one trajectory on the limit cycle.

    Example:
        >>> task = load(VanDerPolParameters(period_steps=10, periods=3))
        >>> bool(abs(task.test_y.reshape(3, 10, 2)[0] - task.test_y.reshape(3, 10, 2)[2]).max() < 1e-6)
        True
    """
    limit, steps = cycle(parameters.mu), parameters.period_steps
    times = np.arange(steps * parameters.periods + 1) * (limit.period / steps)
    return free_task(parameters, integrate(law(parameters.mu), limit.top.tolist(), times) / limit.reach)


PLUGIN = TaskPlugin(
    name="van-der-pol",
    summary="the van der Pol oscillator, which a recurrent network follows by itself",
    parameters=VanDerPolParameters,
    shape=_shape,
    load=load,
)
