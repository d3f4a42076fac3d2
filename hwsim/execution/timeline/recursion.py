"""Requests by the compiled recursion of Lindley, and very long stretches of them at once.

Between two changes of the machine, a stretch of more than :data:`LONG` requests is not gone through where its law is
known. Of Poisson arrivals before a queue without end it is one draw from the law of the steady state, from when the
queue is empty after the change to shortly before the next. A closed loop whose service is fixed soon repeats itself to
the picosecond, and repetitions are counted by multiplying.
"""

from __future__ import annotations

from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from hwsim.execution.timeline.stationary import Stationary
from hwsim.execution.timeline.stretch import draw
from hwsim.kernels import queue
from hwsim.kernels.queue import Line, Rule, serve
from hwsim.stream import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.execution.timeline.feed import Feed
    from hwsim.execution.timeline.parts import Compute, Requests

LONG = 1 << 20
"""Requests between two changes from which on most of them are not gone through where there is a law."""
WINDOW = 1 << 16
"""Requests that are always gone through: at a time until the law holds after a change, and before the next change."""
SETTLED = 50
"""Relaxation times that a window lasts at least; a long stretch is as many windows."""


def windows(load: float) -> tuple[float, float]:
    """Return how many requests a window is, and from how many on a stretch is drawn, at a load below 1.

    What a queue was is forgotten after requests in proportion to 1 / (1 - sqrt(load))**2, the relaxation time of M/M/1
    (Cohen, The Single Server Queue, 1982), which is longer than that of M/D/1.
    """
    slow = SETTLED / (1 - sqrt(load)) ** 2
    return max(WINDOW, slow), max(LONG, SETTLED * slow)


class Recursion:
    """A stream after those requests that were simulated one by one.

    Args:
        requests: the stream.
        compute: what serves it.
        feed: its arrivals and service times.
        seed: of the run.
    """

    def __init__(self, requests: Requests, compute: Compute, feed: Feed, seed: int) -> None:
        self._requests, self._feed, self._random = requests, feed, stream(seed, "timeline/requests/stretch")
        self._interval, self._extra = compute.interval_ps, compute.latency_ps - compute.interval_ps
        sizes = queue.NUMBERS, requests.queue or 0, 0, queue.BUCKETS
        self.line = Line(*(np.zeros(size, np.int64) for size in sizes))
        """Where the queue stands, and what was counted."""

    @property
    def ended(self) -> bool:
        """Tell whether no more requests will come."""
        return self._feed.think_ps < 0 and int(self.line.state[queue.NEXT]) == self._feed.times.size

    @cached_property
    def _law(self) -> Stationary:
        """Return the law of the steady state of Poisson arrivals."""
        return Stationary(self._interval * self._requests.rate / 1e12, self._requests.exponential)

    @property
    def waited_ps(self) -> int:
        """Return the waits of those served, added up."""
        return _waits(self.line.state)

    def run(self, since_ps: int, until_ps: int) -> None:
        """Let every request begin that can before a time.

        Args:
            since_ps: the last change.
            until_ps: the next one.
        """
        requests = self._requests
        if requests.arrivals == "poisson" and requests.queue is None:
            self._leap(since_ps, until_ps, 1e12 / requests.rate)
        elif requests.arrivals == "closed" and not requests.exponential:
            self._repeat(since_ps, until_ps)
        self._serve(self.line, until_ps, until_ps - 1, self._interval, self._extra)

    def open(self, begin_ps: int, end_ps: int, *, drops: bool) -> None:
        """Let requests begin again from an end on.

        Args:
            begin_ps: since when none could.
            end_ps: picoseconds.
            drops: whether those that come in between are dropped.
        """
        state = self.line.state
        state[queue.FREE] = max(int(state[queue.FREE]), end_ps)
        if drops:
            shut = [*self.line.shut[state[queue.GATE] :], begin_ps, end_ps]  # who waits may have come in one long past
            state[queue.GATE], self.line = 0, self.line._replace(shut=np.array(shut, np.int64))

    def rest(self, until_ps: int) -> tuple[int, int, int]:
        """Return how many wait at the end, for how long in all, and how many were dropped; nothing comes after it."""
        state, requests = self.line.state.copy(), self._requests
        if requests.arrivals == "poisson" and requests.queue is None and not self.line.shut[state[queue.GATE] :].size:
            first, gap = int(self._feed.times[state[queue.NEXT]]), 1e12 / requests.rate
            if until_ps - first > LONG * gap:  # more than the machine can serve: they came evenly
                waiting = 1 + int(self._random.poisson((until_ps - first) / gap))
                each = self._random.normal(0.5, (12 * waiting) ** -0.5) * (until_ps - first)
                return waiting, round(waiting * each), int(state[queue.DROPPED])
        state[queue.FREE] = until_ps
        self._feed.services = self._feed.services[:0]
        line = self.line._replace(state=state, counts=np.zeros_like(self.line.counts))
        self._serve(line, until_ps, until_ps, 0, 0)  # all at that time, in no time
        waiting = int(state[queue.SERVED] - self.line.state[queue.SERVED])
        return waiting, _waits(state) - self.waited_ps, int(state[queue.DROPPED])

    def _pass(self, until_ps: int) -> None:
        """Go through a part of a stretch; what lies beyond it is of no interest, since the stretch goes on."""
        self._serve(self.line, until_ps, until_ps - 1, self._interval, self._extra)
        self.line.state[queue.BEYOND] = 0

    def _leap(self, now: int, until_ps: int, gap: float) -> None:
        """Draw a long stretch of Poisson arrivals from its law, once the queue is empty; their mean gap is given."""
        if not 0 < self._interval < gap:  # without a steady state
            return
        state, (gone_through, stretch) = self.line.state, windows(self._interval / gap)
        window, long = round(gone_through * gap), stretch * gap
        while until_ps - now > long:
            now += window
            self._pass(now)
            if state[queue.LEFT] < now:
                break
        else:  # short, or never empty
            return
        law, end = self._law, until_ps - window
        came = int(self._random.poisson((end - now) / gap))
        drawn = draw(law, self._interval, came, self._random)
        self.line.counts[: drawn.counts.size] += drawn.counts
        state[queue.SERVED] += came
        state[queue.BUSY] += drawn.busy_ps
        self._wait(drawn.waited_ps)
        state[queue.FREE] = state[queue.LEFT] = end + round(law.wait(self._random.random()) * self._interval)
        state[queue.DONE] = state[queue.LEFT] + self._extra
        self._feed.jump(end)
        state[queue.NEXT] = 0

    def _repeat(self, now: int, until_ps: int) -> None:
        """Multiply what a closed loop does in a number of rounds, once it does the same again to the picosecond."""
        state, times = self.line.state, self._feed.times
        period = max(times.size * self._interval, self._interval + self._extra + self._feed.think_ps)
        span, before = period * max(WINDOW // times.size, 1), None
        while until_ps - now > LONG * period // times.size:
            old, counts, waited = state.copy(), self.line.counts.copy(), self.waited_ps
            now += span
            self._pass(now)
            after = np.append(np.roll(times, -state[queue.NEXT]), state[queue.FREE]) - now
            if before is not None and np.array_equal(before, after):
                break
            before = after
        else:
            return
        again = max((until_ps - now) // span - 1, 0)  # the end is gone through: answers may lie beyond it
        self.line.counts[:] += again * (self.line.counts - counts)
        for number in (queue.SERVED, queue.BUSY):
            state[number] += again * (state[number] - old[number])
        self._wait(again * (self.waited_ps - waited))
        state[[queue.FREE, queue.LEFT, queue.DONE]] += again * span
        times += again * span

    def _wait(self, picoseconds: int) -> None:
        """Add waits to those that are counted."""
        state = self.line.state
        state[queue.WAITS], state[queue.WAITED] = divmod(self.waited_ps + picoseconds, queue.UNIT)

    def _serve(self, line: Line, limit: int, latest: int, interval: int, extra: int) -> None:
        """Serve as :func:`hwsim.kernels.queue.serve` does, with as many arrivals and service times as it takes."""
        most = -1 if self._requests.queue is None else self._requests.queue
        feed, rule = self._feed, Rule(limit, latest, interval, extra, self._feed.think_ps, most)
        while True:
            serve(line, rule, feed.times, feed.services)
            if feed.think_ps < 0 and line.state[queue.NEXT] == feed.times.size and feed.more_times():
                line.state[queue.NEXT] = 0
            elif feed.services.size and line.state[queue.DRAWN] == feed.services.size:
                feed.more_services()
                line.state[queue.DRAWN] = 0
            else:
                return


def _waits(state: NDArray[np.int64]) -> int:
    return int(state[queue.WAITED]) + int(state[queue.WAITS]) * queue.UNIT
