"""A long stretch of requests in one draw from their exact law, where there are too many to go through.

Waits of requests that follow each other are alike, so that a sum over a stretch scatters more than one over as many
independent waits; a stretch is so long that neither scatter shows (below 1e-4 of the mean at a load of 0.8).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.execution.timeline.latencies import bucket_of, lower_edge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.execution.timeline.stationary import Stationary

NEVER = 60.0
"""Nothing with a probability below exp(-60) happens."""


class Drawn(NamedTuple):
    """What is counted over a stretch: requests by bucket, int64; their waits and services added up, in picoseconds."""

    counts: NDArray[np.int64]
    waited_ps: int
    busy_ps: int


def draw(law: Stationary, interval_ps: int, requests: int, random: np.random.Generator) -> Drawn:
    """Draw what a number of requests meets in the steady state.

    Args:
        law: of the stream.
        interval_ps: the mean service.
        requests: how many come.
        random: where numbers are drawn from.
    """
    likely, means = _buckets(law, interval_ps)
    counts = random.multinomial(requests, likely)
    total = round(float(counts @ means))
    if not law.exponential:
        return Drawn(counts, total, requests * interval_ps)
    busy = round(random.gamma(requests) * interval_ps)
    return Drawn(counts, max(total - busy, 0), busy)


@lru_cache(maxsize=4)
def _buckets(law: Stationary, interval_ps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability of each bucket and the mean of what lies in it, in picoseconds.

    A whole number of picoseconds stands for what is rounded to it: arrivals are rounded one by one.
    """
    beyond = law.latency_beyond if law.exponential else law.wait_beyond
    last = bucket_of(round((1 + NEVER / law.decay) * interval_ps))
    edges = np.maximum(np.array([lower_edge(bucket) for bucket in range(last + 2)]) - 0.5, 0)
    outside, middle = beyond(edges / interval_ps), beyond((edges[1:] + edges[:-1]) / 2 / interval_ps)
    outside[-1] = 0.0
    likely = np.diff(-outside)
    likely[0] = 1 - outside[1]  # those who do not wait are in it
    likely = np.maximum(likely, 0)
    areas = (outside[1:] + 4 * middle + outside[:-1]) * np.diff(edges) / 6
    inside = np.diff(-edges * outside) + areas
    means = np.divide(inside, likely, out=edges[:-1].copy(), where=likely > 0)
    return likely, np.clip(means, edges[:-1], edges[1:])
