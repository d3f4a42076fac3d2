"""The Lorenz attractor seen from one side: a recurrent network is driven by x and forecasts it.

Source: E. Williams et al., arXiv 2407.00957: a one-dimensional view, forecast tau = 27 steps ahead, the half-width at
half-maximum of its autocorrelation. They give no step; with 0.01 the autocorrelation of x falls to a half after 25
steps (over 2,000 units of time), so theirs was about that. Parameters 10, 28, 8/3: E. N. Lorenz, J. Atmos. Sci. 20, 130
(1963).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.files import Section
from hwsim.stream import stream
from hwsim.task.data import Shape, Task, TaskPlugin
from hwsim.task.trajectory import integrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SETTLED = 20.0
"""Time after which a trajectory is taken to be on the attractor."""


class LorenzParameters(Section):
    """Parameters of the task ``lorenz``."""

    step: float = Field(default=0.01, ge=1e-4, le=0.1, allow_inf_nan=False)
    """Units of time from one sample to the next."""
    horizon: int = Field(default=27, ge=1, le=10_000)
    """Steps from what the network sees last to what it must give."""
    window: int = Field(default=100, ge=2, le=100_000)
    """Steps of one sequence; the network knows nothing of what was before."""
    train_windows: int = Field(default=512, ge=1, le=1_000_000)
    """Sequences to learn from, one after another on one trajectory."""
    test_windows: int = Field(default=128, ge=1, le=1_000_000)
    """Sequences to be evaluated on, of another trajectory."""
    data_seed: int = Field(default=0, ge=0)
    """Seed of the two trajectories' starts; independent of the run's seed."""


def _shape(parameters: LorenzParameters) -> Shape:
    return Shape(features=parameters.window, outputs=parameters.window, goal="regression", steps=parameters.window)


def law(_: float, state: NDArray[np.float64]) -> Sequence[float]:
    """Compute the right-hand side of the Lorenz system for a state (x, y, z)."""
    x, y, z = state
    return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]


def _view(parameters: LorenzParameters, name: str, windows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return windows of x and the same later by the horizon, float64 (windows, steps)."""
    start = stream(parameters.data_seed, f"task/lorenz/{name}").uniform(-10, 10, 3) + np.array([0, 0, 25])
    samples = windows * parameters.window + parameters.horizon
    times = np.concatenate([[0.0], _SETTLED + np.arange(samples) * parameters.step])
    x = integrate(law, start.tolist(), times)[1:, 0]
    return x[: -parameters.horizon].reshape(windows, -1), x[parameters.horizon :].reshape(windows, -1)


def load(parameters: LorenzParameters) -> Task:
    """Cut two trajectories into windows, in units of the deviation of x on the first.

    Example:
        >>> task = load(LorenzParameters(window=50, train_windows=4, test_windows=2))
        >>> task.train_x.shape, bool((task.test_x.reshape(-1)[27:] == task.test_y.reshape(-1)[:-27]).all())
        ((4, 50), True)
    """
    learned = _view(parameters, "train", parameters.train_windows)
    evaluated = _view(parameters, "test", parameters.test_windows)
    unit = learned[0].std()
    train_x, train_y, test_x, test_y = ((view / unit).astype(np.float32) for view in (*learned, *evaluated))
    reach = float(max(abs(train_x).max(), abs(test_x).max()))
    return Task(_shape(parameters), train_x, train_y, test_x, test_y, (-reach, reach), period=parameters.window)


PLUGIN = TaskPlugin(
    name="lorenz",
    summary="the Lorenz attractor: a recurrent network sees x and forecasts it 27 steps ahead",
    parameters=LorenzParameters,
    shape=_shape,
    load=load,
)
