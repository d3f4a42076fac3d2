"""Integer products for fixed-constant arithmetic."""

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
