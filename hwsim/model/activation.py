"""Activations: their words, numbers and parameters, and what they compute, written down plainly.

``leaky-relu`` has a slope; ``look-up`` has ``low, high, entries`` and then the entries of one table for all units or
of one table a unit: x in ``low..high`` takes entry ``floor((x - low) / (high - low) * entries)``, and what lies outside
takes the first or the last. ``gelu`` is x Phi(x) with the normal distribution Phi, ``gelu-tanh`` its usual
approximation by a tanh (Hendrycks & Gimpel, arXiv 1606.08415). The ortho-polynomials have coefficients c:
``sum_k c[k] P_k(x)``, with P_k of Legendre, of Laguerre, or of Hermite as physicists write it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.model.layer import Activation

CODES: dict[Activation, int] = {
    "identity": 0,
    "relu": 1,
    "leaky-relu": 2,
    "step": 3,
    "tanh": 4,
    "sigmoid": 5,
    "look-up": 6,
    "legendre": 7,
    "laguerre": 8,
    "hermite": 9,
}
"""The number by which kernels know each activation; what is not here is applied by :func:`activate` behind them."""

BOUNDS: dict[Activation, tuple[float, float]] = {"step": (0.0, 1.0), "tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}
"""Least and largest value where an activation has them whatever it is given."""


def activate_in(kind: Any, name: Activation, parameters: Sequence[float], x: NDArray[Any]) -> NDArray[Any]:
    """Apply an activation to numbers of any dtype, reckoned in float64 and given in ``kind``.

    Example:
        >>> activate_in(np.float32, "tanh", [], np.zeros((1, 1), np.float32)).dtype.name
        'float32'
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what is evaluated is checked to be finite
        return activate(name, parameters, np.asarray(x, np.float64)).astype(kind)


def activate(  # noqa: C901, PLR0911 - one case an activation
    name: Activation, parameters: Sequence[float], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Apply an activation.

    Args:
        name: its word in a model file.
        parameters: of the activation, as above.
        x: float64 (rows, units).

    Example:
        >>> activate("leaky-relu", [0.5], np.array([[-2.0, 2.0]])).tolist()
        [[-1.0, 2.0]]
        >>> activate("look-up", [-1.0, 1.0, 2, 7.0, 9.0], np.array([[-5.0, 0.1]])).tolist()
        [[7.0, 9.0]]
        >>> activate("legendre", [0.0, 0.0, 1.0], np.array([[1.0, 0.0]])).tolist()
        [[1.0, -0.5]]
        >>> activate("gelu", [], np.array([[1.0, -1.0]])).round(6).tolist()
        [[0.841345, -0.158655]]
    """
    from numpy.polynomial import hermite, laguerre, legendre

    match name:
        case "identity":
            return x
        case "relu":
            return np.maximum(x, 0)
        case "leaky-relu":
            return np.where(x > 0, x, parameters[0] * x)
        case "step":
            return np.where(x > 0, 1.0, 0.0)
        case "tanh":
            return np.tanh(x)
        case "sigmoid":
            return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), 1 - 1 / (1 + np.exp(-np.abs(x))))
        case "gelu":
            from scipy.special import erf

            return np.asarray(0.5 * x * (1 + erf(x / np.sqrt(2))), np.float64)
        case "gelu-tanh":
            return np.asarray(0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))), np.float64)
        case "look-up":
            low, high, entries = parameters[0], parameters[1], int(parameters[2])
            tables = np.array(parameters[3:]).reshape(-1, entries)
            at = np.clip(np.floor((x - low) / (high - low) * entries), 0, entries - 1).astype(np.int64)
            rows = np.arange(x.shape[1]) if len(tables) > 1 else np.zeros(x.shape[1], np.int64)
            return np.asarray(tables[rows, at], np.float64)
        case "legendre":
            return np.asarray(legendre.legval(x, list(parameters)), np.float64)
        case "laguerre":
            return np.asarray(laguerre.lagval(x, list(parameters)), np.float64)
        case "hermite":
            return np.asarray(hermite.hermval(x, list(parameters)), np.float64)
