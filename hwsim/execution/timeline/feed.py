"""What a stream of requests is made of: when they come, and for how long each holds the compute pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.execution.timeline.draws import CHUNK, Draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.execution.timeline.parts import Requests

ARRIVALS, SERVICES = "timeline/requests", "timeline/requests/service"
"""Streams of random numbers."""


class Feed:
    """Arrivals and service times of one stream, in parts: those at hand, and more of them when they are used up.

    Args:
        requests: the stream.
        interval_ps: time that a request holds the pipeline; the mean where it is drawn.
        seed: of the run.
        chunk: how many are drawn at a time; it changes nothing.
    """

    def __init__(self, requests: Requests, interval_ps: int, seed: int, chunk: int = CHUNK) -> None:
        self.think_ps = requests.think_ps if requests.arrivals == "closed" else -1
        """From an answer to the next request of the same client; -1 without clients."""
        self._arrivals = None
        if requests.arrivals == "poisson":
            self._arrivals = Draws(seed, ARRIVALS, 1e12 / requests.rate, chunk)
            self.times = self._arrivals.more()
        elif requests.arrivals == "closed":
            self.times = np.zeros(requests.clients, np.int64)
        else:
            self.times = np.ascontiguousarray(requests.times_ps, np.int64)
        drawn = requests.exponential and interval_ps > 0
        self._services = Draws(seed, SERVICES, interval_ps, chunk) if drawn else None
        self.services: NDArray[np.int64] = self._services.differences() if self._services else np.zeros(0, np.int64)

    def more_times(self) -> bool:
        """Put the next arrivals into ``times``, or return False when no more will come."""
        if self._arrivals is None:
            return False
        self.times = self._arrivals.more()
        return True

    def jump(self, to_ps: int) -> None:
        """Let the next arrivals of a Poisson stream be those after a time."""
        if self._arrivals is not None:
            self._arrivals.jump(to_ps)
            self.times = self._arrivals.more()

    def more_services(self) -> None:
        """Put the next service times into ``services``."""
        if self._services is not None:
            self.services = self._services.differences()
