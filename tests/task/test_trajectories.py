"""Trajectories against the same systems integrated by another method, to tighter tolerances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hwsim.score import evaluate
from hwsim.task import lorenz, sine_wave, trajectory, van_der_pol


def exact(law: Any, start: Any, times: Any) -> Any:
    return solve_ivp(law, (times[0], times[-1]), start, method="LSODA", t_eval=times, rtol=1e-12, atol=1e-13).y.T


def van_der_pol_law(mu: float) -> Any:
    return lambda _, s: (s[1], mu * (1 - s[0] ** 2) * s[1] - s[0])


@pytest.mark.parametrize("mu", [0.3, 1.0, 4.0])
def test_van_der_pol(mu: float) -> None:
    task = van_der_pol.load(van_der_pol.VanDerPolParameters(mu=mu, period_steps=20, train_periods=1, periods=2))
    limit = van_der_pol.cycle(mu)
    law = van_der_pol_law(mu)
    found = exact(law, limit.top, np.arange(41) * limit.period / 20)
    fine = exact(law, limit.top, np.linspace(0, limit.period, 40001))
    scaled = found / np.abs(fine).max(axis=0)
    assert task.test_y.reshape(40, 2) == pytest.approx(scaled[1:], abs=1e-6)
    assert task.train_y.reshape(20, 2) == pytest.approx(scaled[1:21], abs=1e-6)
    assert np.abs(found[20] - found[0]).max() < 1e-7, "a period later it is where it was"


def test_period_of_van_der_pol() -> None:
    """Published: 6.66328686 for mu = 1 (M. Urabe, 1960) and (3 - 2 ln 2) mu to first order for large mu."""
    assert van_der_pol.cycle(1.0).period == pytest.approx(6.66328686, abs=1e-7)
    assert van_der_pol.cycle(0.1).period == pytest.approx(2 * np.pi * (1 + 0.1**2 / 16), abs=1e-4)


def test_lorenz() -> None:
    start, times = [1.0, 2.0, 20.0], np.arange(200) * 0.01
    found = trajectory.integrate(lorenz.law, start, times)

    def law(_: float, s: Any) -> Any:
        return 10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 * s[2] / 3

    assert found == pytest.approx(exact(law, start, times), abs=1e-6)


def test_lorenz_windows() -> None:
    parameters = lorenz.LorenzParameters(window=40, train_windows=100, test_windows=30)
    task = lorenz.load(parameters)
    x, y = task.train_x.reshape(-1), task.train_y.reshape(-1)
    assert np.array_equal(x[27:], y[:-27]), "the target is the input 27 steps later, on and on"
    assert np.abs(np.diff(x)).max() < 0.4, "windows follow one another"
    assert x.std() == pytest.approx(1)
    assert not np.isin(task.test_x, task.train_x).any(), "another trajectory"
    later = lorenz.load(lorenz.LorenzParameters(window=40, train_windows=100, test_windows=30, data_seed=1))
    assert not np.array_equal(later.train_x, task.train_x)


def test_what_starts_a_free_network() -> None:
    task = sine_wave.load(sine_wave.SineWaveParameters(period_steps=12, train_periods=2, periods=3))
    assert task.test_x[0, 0] == 1
    assert not task.test_x[0, 1:].any()
    assert task.test_y[0] == pytest.approx(np.cos(2 * np.pi * np.arange(1, 37) / 12), abs=1e-6)
    assert (task.train_x.shape, task.test_x.shape) == ((1, 24), (1, 36))


def test_error_of_a_trajectory() -> None:
    """Period by period, in units of the targets' deviation: nothing right is 1, a shift of half of it 0.5."""
    task = sine_wave.load(sine_wave.SineWaveParameters(period_steps=12, train_periods=2, periods=3))
    outputs = task.test_y.astype(float).copy()
    outputs[0, :12] = 0
    outputs[0, 12:24] += 0.5 * np.sqrt(0.5)
    found = evaluate(task, outputs)
    assert found.periods == pytest.approx((1, 0.5, 0), abs=1e-6)
    assert found.trajectory_error == pytest.approx(1, abs=1e-6)
    assert found.worst_period == pytest.approx(1, abs=1e-6)
