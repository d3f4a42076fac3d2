"""Published fits of resistive cells: spread of programming, drift and 1/f noise against conductance.

Conductances are in units of the largest one, g = G / G_max, unless a name says microsiemens. Source of the forms:
Joshi et al., Nat. Commun. 11, 2473 (2020), and Nandakumar et al., ICECS 2019, as written down in aihwkit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.files import Section

if TYPE_CHECKING:
    from numpy.typing import NDArray

TINY = float(np.finfo(np.float64).tiny)
"""Stands for a conductance of 0, whose logarithm and powers are slow."""


class Fit(Section):
    """A fit in two pieces: below a conductance ``clip(a ln g + b, least, largest)``, from there on a polynomial.

    With ``power`` it is ``min(p / max(g^q, floor), largest)`` instead, its numbers p, q, floor, largest.
    """

    below: float = 0.0
    """Where the polynomial begins, in units of the largest conductance; 2 for a logarithm alone."""
    logarithm: tuple[float, float] = (0.0, 0.0)
    """Slope a and offset b of the logarithm."""
    clip: tuple[float, float] = (0.0, 0.0)
    """Least and largest value of the logarithm."""
    polynomial: list[float] = Field(default_factory=lambda: [0.0])
    """Coefficients, lowest order first."""
    power: tuple[float, float, float, float] | None = None
    """Prefactor, exponent, least denominator and largest value of a power law, where that is the fit."""

    def at(self, g: NDArray[np.float64]) -> NDArray[np.float64]:
        """Evaluate the fit at conductances.

        Example:
            >>> fit = Fit(below=2.0, logarithm=(-0.0155, 0.0244), clip=(0.049, 0.1))
            >>> fit.at(np.array([0.0, 0.1, 1.0])).round(5).tolist()
            [0.1, 0.06009, 0.049]
        """
        g = np.asarray(g, np.float64)
        if self.power is not None:
            prefactor, exponent, floor, largest = self.power
            size = np.abs(g)
            if exponent > 0 and TINY**exponent < floor:  # the floor is met all the same
                np.maximum(size, TINY, out=size)
            return np.asarray(np.minimum(prefactor / np.maximum(size**exponent, floor), largest), np.float64)
        low = g < self.below
        if not low.any():
            return np.asarray(np.polynomial.polynomial.polyval(g, self.polynomial), np.float64)
        positive = np.maximum(g, TINY)  # a logarithm of nothing is slow, and clipped all the same
        logarithm = np.clip(self.logarithm[0] * np.log(positive) + self.logarithm[1], *self.clip)
        if low.all():
            return np.asarray(logarithm, np.float64)
        return np.where(low, logarithm, np.polynomial.polynomial.polyval(g, self.polynomial))


def drift_factor(exponent: NDArray[np.float64], age: float, start: float) -> NDArray[np.float64]:
    """Compute the share of a conductance left some time after programming: ``((age + start) / start)^-exponent``.

    Args:
        exponent: drift exponents.
        age: time since the first read after programming [s].
        start: time of that read after programming [s].

    Example:
        >>> [float(drift_factor(np.array(0.049), t, 20.0).round(4)) for t in (1, 3600, 86400, 31536000)]
        [0.9976, 0.7751, 0.6635, 0.4969]
    """
    return np.asarray(((age + start) / start) ** -np.asarray(exponent), np.float64)


def flicker(age: float, start: float, read: float) -> float:
    """Compute the standard deviation of 1/f noise of unit strength in a read: ``sqrt(ln((t + t_r) / 2 t_r))``.

    Args:
        age: time since the first read [s].
        start: time of the first read after programming [s].
        read: duration of a read [s].

    Example:
        >>> [round(0.88 * flicker(t, 20.0, 250e-9), 2) for t in (1, 3600, 86400, 31536000)]
        [3.69, 4.19, 4.48, 4.96]
    """
    return float(np.sqrt(np.log((age + start + read) / (2 * read))))
