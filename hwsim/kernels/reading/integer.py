"""Accumulators of an FPGA array into signals: bias, shift, rounding, saturation, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from hwsim.kernels.compile import sized_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.reads import Settling


@sized_kernel
def settle_integers(
    sums: NDArray[Any],
    bias: NDArray[np.int64],
    law: Settling,
    tables: NDArray[np.int32],
    out: NDArray[Any],
) -> None:
    """Add biases to accumulators and requantise them, all in 64-bit integers.

    Args:
        sums: whole numbers (rows, units), of any dtype that holds them.
        bias: int64 (units,).
        law: shift, rounding and saturation.
        tables: codes (units or 1, entries) of kind 3, any other array else.
        out: (rows, units), overwritten; may be the sums themselves.
    """
    rows, units = sums.shape
    kind, shift, least, largest, slope = law
    half = (np.int64(1) << shift) >> 1
    own = len(tables) > 1
    for r in prange(rows):
        for u in range(units):
            s = np.int64(sums[r, u]) + bias[u]
            if kind == 2:
                out[r, u] = 1 if s > 0 else 0
            else:
                if kind == 1 and s < 0:
                    s >>= slope
                s = min(max((s + half) >> shift, least), largest)
                out[r, u] = tables[u if own else 0, s - least] if kind == 3 else s
