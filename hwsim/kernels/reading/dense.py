"""Products of dense layers, summed in a fixed order: the same bits for any number of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@parallel_kernel
def dense_integer(
    signals: NDArray[np.int32], weights: NDArray[np.int32], bias: NDArray[np.int64], out: NDArray[np.int64]
) -> None:
    """Multiply and accumulate in 64 bits: ``out[s, u] = bias[u] + sum_i weights[u, i] * signals[s, i]``.

    Args:
        signals: int32 (samples, inputs).
        weights: int32 (units, inputs).
        bias: int64 (units,).
        out: int64 (samples, units), overwritten.
    """
    samples, inputs = signals.shape
    units = weights.shape[0]
    for s in prange(samples):
        for u in range(units):
            total = np.int64(0)
            for i in range(inputs):
                total += np.int64(weights[u, i]) * np.int64(signals[s, i])
            out[s, u] = total + bias[u]


@parallel_kernel
def dense_float(signals: NDArray[np.float64], weights: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Multiply and accumulate: ``out[s, u] = sum_i weights[u, i] * signals[s, i]``, from the first input to the last.

    Args:
        signals: float64 (samples, inputs).
        weights: float64 (units, inputs).
        out: float64 (samples, units), overwritten.

    Example:
        >>> out = np.empty((1, 1))
        >>> dense_float(np.array([[1.0, 2.0]]), np.array([[3.0, 0.5]]), out)
        >>> out.tolist()
        [[4.0]]
    """
    samples, inputs = signals.shape
    units = weights.shape[0]
    for s in prange(samples):
        for u in range(units):
            total = 0.0
            for i in range(inputs):
                total += weights[u, i] * signals[s, i]
            out[s, u] = total
