"""What a stream of requests has met: how many were served, how long they waited, the distribution of latencies."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.queue import FINE

if TYPE_CHECKING:
    from numpy.typing import NDArray


def bucket_of(value: int) -> int:
    """Return the bucket of a time of whole picoseconds: 1,024 for each power of two, one for each below 2,048.

    Example:
        >>> [bucket_of(value) for value in (0, 2047, 2048, 2049, 2050)]
        [0, 2047, 2048, 2048, 2049]
    """
    shift = max(value.bit_length() - FINE - 1, 0)
    return (shift << FINE) + (value >> shift)


def lower_edge(bucket: int) -> int:
    """Return the least time of a bucket; :func:`bucket_of` backwards.

    Example:
        >>> [lower_edge(bucket) for bucket in (0, 2047, 2048, 2049)]
        [0, 2047, 2048, 2050]
    """
    shift = max((bucket >> FINE) - 1, 0)
    return (bucket - (shift << FINE)) << shift


@dataclass(frozen=True, eq=False)
class StreamTally:
    """Requests of a machine that was watched; times are integer picoseconds, and sums are exact.

    Every request that came is served, dropped or still waiting. Served is who began before the end; it is answered
    even if the answer comes later.

    Args:
        watched_ps: for how long the machine was watched.
        served: requests whose inference began.
        dropped: requests that were refused.
        waiting: requests that had come and not begun at the end.
        waited_ps: waits of those served, added up.
        answered_ps: their latencies, added up.
        present_ps: time that requests spent in the system up to the end, added up; those that wait at the end too.
        busy_ps: time for which the compute pipeline took no further inference because of the one that it had.
        offset_ps: what the latency has beyond what the histogram counts.
        counts: requests served by latency less ``offset_ps``, int64 (BUCKETS,); buckets have a relative width of 2^-10.
    """

    watched_ps: int
    served: int
    dropped: int
    waiting: int
    waited_ps: int
    answered_ps: int
    present_ps: int
    busy_ps: int
    offset_ps: int
    counts: NDArray[np.int64]

    @property
    def came(self) -> int:
        """Count the requests that came."""
        return self.served + self.dropped + self.waiting

    @property
    def wait_mean_ps(self) -> float:
        """Return the mean wait of those served, NaN when nobody was."""
        return self.waited_ps / self.served if self.served else float("nan")

    @property
    def latency_mean_ps(self) -> float:
        """Return the mean latency of those served, NaN when nobody was."""
        return self.answered_ps / self.served if self.served else float("nan")

    def latency_ps(self, quantile: float) -> float:
        """Return a latency that a share of those served did not exceed, NaN when nobody was served.

        The least whole picosecond that is certain: the last of a bucket, at most 2^-10 of the wait too much.

        Args:
            quantile: the share, above 0 and at most 1.
        """
        if not self.served:
            return float("nan")
        bucket = int(np.searchsorted(self.counts.cumsum(), ceil(quantile * self.served)))
        return self.offset_ps + lower_edge(bucket + 1) - 1
