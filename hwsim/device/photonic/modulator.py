"""A modulator and its converter: from numbers to light.

Drives are shares of full drive, 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def converted(drive: NDArray[np.float64], bits: int | None) -> NDArray[np.float64]:
    """Round drives to a converter's 2^bits codes, clipped to its range; None for an exact converter.

    Raises:
        ValueError: a converter of no bits.

    Example:
        >>> converted(np.array([-1.0, 0.4, 0.6]), 1).tolist()
        [0.0, 0.0, 1.0]
    """
    inside = np.clip(drive, 0, 1)
    if bits is None:
        return inside
    if bits < 1:
        raise ValueError(f"a converter of {bits} bits converts nothing; give at least 1 bit")
    return np.asarray(np.rint(inside * (2**bits - 1)) / (2**bits - 1), np.float64)


def floor_of(extinction: float) -> float:
    """Compute the share of light that a shut modulator lets through, from its extinction in dB.

    Example:
        >>> floor_of(20.0), floor_of(float("inf"))
        (0.01, 0.0)
    """
    if not extinction > 0:
        raise ValueError(f"a modulator with an extinction of {extinction:g} dB modulates nothing; give more than 0 dB")
    return float(10 ** (-extinction / 10))


def usable_bits(extinction: float) -> float:
    """Count bits down to the light that leaks through a shut modulator, extinction / 3.01 dB.

    Example:
        >>> round(usable_bits(15.0), 1)
        5.0
    """
    return float(extinction / (10 * np.log10(2)))
