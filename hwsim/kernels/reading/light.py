"""Light on its way to a photonic core: a batch in blocks, and drives weakened for the paths behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.kernels.compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.reads import Modulator

BLOCK, LEAST = 256, 64
"""Samples that are read together, and least of one vector: a tile's light and currents stay in the nearest cache."""


def blocks(samples: int, inputs: int, vectors: int, kind: Any) -> NDArray[Any]:
    """Room for a batch in blocks: ``[b, i, v * width + k]`` is input i of sample ``b * size + k * vectors + v``; zeros.

    Example: five samples, two vectors at a time; the last block's last place is left over.
        >>> blocks(5, 3, 2, np.float32).shape
        (1, 3, 6)
    """
    width = max(1, min(max(BLOCK // vectors, LEAST), -(-samples // vectors)))
    return np.zeros((-(-samples // (width * vectors)), inputs, width * vectors), kind)


@kernel
def stand(rows: NDArray[Any], first: int, vectors: int, out: NDArray[Any]) -> None:
    """Put samples (samples, inputs), from number ``first`` of a batch on, into its :func:`blocks`."""
    size = out.shape[2]
    width = size // vectors
    for s in range(first, first + len(rows)):
        block, at = s // size, s % size
        at = (at % vectors) * width + at // vectors
        for i in range(rows.shape[1]):
            out[block, i, at] = rows[s - first, i]


@kernel
def prescale(
    light: NDArray[Any],
    order: NDArray[Any],
    share: NDArray[Any],
    modulator: Modulator,
    gains: NDArray[Any],
    shifts: NDArray[Any],
    there: NDArray[Any],
    out: NDArray[Any],
) -> None:
    """Light that modulators make of drives that are weakened, before conversion, for the paths behind them.

    Args:
        light: a block's drives, 0 to 1, input after input (inputs * size,).
        order: input on each row of the tile.
        share: share of each input's light that reaches its row (inputs,).
        modulator: what makes light of them.
        gains: factor of each drive at this read, as ``light``; (0,) for 1.
        shifts: what is added to each drive at this read, as ``light``; (0,) for none.
        there: 1 for the samples of the block, 0 for room that is left (size,).
        out: light (rows * size,), overwritten.
    """
    codes, floor, rest, size = modulator.codes, modulator.floor, modulator.rest, np.uint64(there.size)
    for r in range(order.size):
        weak = modulator.least / share[order[r]]
        source, at = np.uint64(order[r]) * size, np.uint64(r) * size
        # the drive as converted
        if codes > 0:
            for k in range(size):
                out[at + k] = np.rint(light[source + k] * weak * codes) / codes
        else:
            for k in range(size):
                out[at + k] = light[source + k] * weak
        if gains.size > 0:  # faults of this read
            for k in range(size):
                out[at + k] = out[at + k] * gains[source + k] + shifts[source + k]
        for k in range(size):  # the modulator; room without a sample stays dark
            out[at + k] = there[k] * (floor + rest * out[at + k])
