"""Times drawn at random in whole picoseconds, in chunks whose size changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.queue import cumulate
from hwsim.stream import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 1 << 15
DIGITS = 44
"""Binary digits of the mean in fixed point: a chunk's sum fits 62, and the mean is right to 2^-43."""
FAR = 1 << 60
"""Picoseconds, 13 days: no chunk is longer on the mean, so that sums fit 64 bits however rare arrivals are."""


class Draws:
    """Sums of exponential deviates: when requests come, or when a server that never rests would have served them.

    A sum is kept in fixed point and rounded down only when it is read, so that rounding does not change the rate; it is
    the same however it is cut into chunks.

    Args:
        seed: of the run.
        path: of the stream of random numbers.
        mean_ps: mean of a deviate in picoseconds, above 0.
        chunk: deviates that are drawn at a time, at the most.

    Example:
        >>> one = Draws(0, "timeline/requests", 1000.0)
        >>> (one.more()[:3] == Draws(0, "timeline/requests", 1000.0, chunk=3).more()).all()
        np.True_
    """

    def __init__(self, seed: int, path: str, mean_ps: float, chunk: int = CHUNK) -> None:
        self._random = stream(seed, path)
        self._shift = max(DIGITS - int(mean_ps).bit_length(), 0)
        self._scale = mean_ps * 2.0**self._shift
        chunk = min(chunk, max(1, int(FAR / mean_ps)))
        self._gaps, self._sums, self._rest = np.zeros(chunk), np.zeros(chunk + 1, np.int64), 0

    def more(self) -> NDArray[np.int64]:
        """Return the next sums, int64 (chunk,); the array is overwritten by the next call."""
        self._sums[0] = self._sums[-1]
        self._random.standard_exponential(out=self._gaps)
        self._rest = cumulate(self._gaps, self._scale, self._shift, self._sums, self._rest)
        return self._sums[1:]

    def differences(self) -> NDArray[np.int64]:
        """Return the next deviates themselves, int64 (chunk,), whose sums :meth:`more` would have returned."""
        self.more()
        return np.diff(self._sums)

    def jump(self, to_ps: int) -> None:
        """Let the next sum go on from a time; a stream of arrivals has no memory of those before it."""
        self._sums[-1] = to_ps
