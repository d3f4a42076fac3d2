"""How far stochastic gradient descent spreads around an optimum: in proportion to learning rate times noise variance.

Source: Glukhov, Permutative redundancy (arXiv 2411.07008): SGD is a discrete Langevin equation whose stationary density
is exp(-beta J) with 1 / beta in proportion to the learning rate times the variance of the gradient's noise.
"""

from __future__ import annotations

import numpy as np


def stationary_variance(curvature: float, rate: float, noise_variance: float) -> float:
    """Compute the final variance of the iterates of SGD on ``J = curvature w^2 / 2`` with noisy gradients.

    From w' = (1 - rate curvature) w - rate noise: ``rate noise_variance / (curvature (2 - rate curvature))``, which is
    ``rate noise_variance / (2 curvature)`` for small rates.

    Raises:
        ValueError: a rate at which SGD leaves the optimum for ever.

    Example:
        >>> stationary_variance(1.0, 1.0, 0.5)
        0.5
    """
    if not 0 < rate * curvature < 2:  # noqa: PLR2004 - where |1 - rate curvature| = 1
        raise ValueError(f"SGD settles for rates between 0 and {2 / curvature:g} here, not at {rate:g}")
    return rate * noise_variance / (curvature * (2 - rate * curvature))


def simulate_spread(
    curvature: float, rate: float, noise_variance: float, rng: np.random.Generator, walkers: int = 4000
) -> float:
    """Simulate independent walkers; return their variance after ten times the longest memory of the iteration.

    Their relative standard error is sqrt(2 / walkers).

    Raises:
        ValueError: as :func:`stationary_variance`.

    Example:
        >>> found = simulate_spread(1.0, 0.1, 1.0, np.random.default_rng(0))
        >>> bool(abs(found / stationary_variance(1.0, 0.1, 1.0) - 1) < 0.1)
        True
    """
    stationary_variance(curvature, rate, noise_variance)
    memory = abs(1 - rate * curvature)
    steps = 1 if memory == 0 else int(np.ceil(10 / -np.log(memory))) + 1
    w = np.zeros(walkers)
    for _ in range(steps):
        w -= rate * (curvature * w + np.sqrt(noise_variance) * rng.standard_normal(walkers))
    return float((w**2).mean())
