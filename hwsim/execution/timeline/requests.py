"""A stream of inference requests: a queue before the compute pipeline, which reconnections interrupt.

The first requests are simulated one by one, as events of SimPy, so that each can be seen; all others between two
changes of the machine by the recursion of Lindley, compiled. Both take the same random numbers and give the same
picoseconds. Stretches of very many requests between two changes are one draw from their exact law.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.execution.timeline.feed import Feed
from hwsim.execution.timeline.latencies import StreamTally
from hwsim.execution.timeline.one_by_one import Answered, OneByOne
from hwsim.execution.timeline.stationary import Stationary
from hwsim.execution.timeline.stretch import draw
from hwsim.kernels import queue
from hwsim.kernels.queue import Line, Rule, serve
from hwsim.stream import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.execution.timeline.parts import Compute, Requests


AGGREGATED = 200_000_000
"""Requests between two changes from which on most of them are one draw from the law of the steady state."""
WINDOW = 1 << 20
"""Requests that are always gone through: at a time until the queue is empty after a change, and before the next."""


class Stream:
    """Requests, one after the other through one compute pipeline; time goes on as its methods are called.

    A request holds the pipeline for the interval of an inference and is answered after its latency. In a closed loop a
    client asks again after its answer, so that none is dropped there.

    Args:
        requests: the stream.
        compute: what serves it.
        seed: of the run.

    Raises:
        ValueError: a closed loop that would drop requests.

    Example:
        >>> from hwsim.execution.timeline.parts import Compute, Requests
        >>> stream = Stream(Requests("closed"), Compute(latency_ps=30, interval_ps=10, energy=0.0), 0)
        >>> stream.drain(45)  # two have begun, at 0 and 30
        60
        >>> stream.block(60, 100)
        >>> tally = stream.finish(190)
        >>> tally.served, tally.waited_ps, tally.latency_ps(0.5), tally.latency_ps(1.0)
        (5, 40, 30, 70)
    """

    def __init__(self, requests: Requests, compute: Compute, seed: int) -> None:
        kept = requests.queue is not None and requests.queue < requests.clients
        if requests.arrivals == "closed" and (kept or requests.policy == "drop"):
            raise ValueError("clients of a closed loop wait for their answers: give a queue as long, and no drops")
        self._requests, self._compute = requests, compute
        self._feed = Feed(requests, compute.interval_ps, seed)
        self._random = stream(seed, "timeline/requests/stretch")
        begins = np.full(requests.queue or 0, -1, np.int64)
        self._line = Line(
            np.zeros(queue.NUMBERS, np.int64), begins, np.zeros(0, np.int64), np.zeros(queue.BUCKETS, np.int64)
        )
        self._first, self._compiled = OneByOne(requests, compute, self._feed), False
        self._closed_at: int | None = None
        self._opened_at = 0

    @property
    def answered(self) -> list[Answered]:
        """List those requests that have begun and were simulated one by one."""
        return self._first.answered

    def drain(self, at_ps: int) -> int:
        """Let no inference begin from a time on, and return when the last one that runs is answered."""
        if self._closed_at is None:
            self._closed_at = at_ps
            self._go_on(at_ps)
        return max(at_ps, int(self._line.state[queue.DONE]) if self._compiled else self._first.done_ps)

    def block(self, begin_ps: int, end_ps: int) -> None:
        """Let inferences begin again from an end on; they could not since ``begin_ps``, or since the pipeline drained.

        Args:
            begin_ps: picoseconds, not before the end of the last block.
            end_ps: likewise.
        """
        self.drain(begin_ps)
        begin, self._closed_at, self._opened_at = self._closed_at or 0, None, end_ps
        if not self._compiled:
            self._first.open(end_ps)
        state = self._line.state
        state[queue.FREE] = max(int(state[queue.FREE]), end_ps)
        more = state[queue.NEXT] < self._feed.times.size if self._compiled else self._first.full
        if self._requests.policy == "drop" and more:  # requests that have not been looked at
            shut = [*self._line.shut[state[queue.GATE] :], begin, end_ps]  # who waits may have come in one long past
            state[queue.GATE], self._line = 0, self._line._replace(shut=np.array(shut, np.int64))

    def finish(self, until_ps: int) -> StreamTally:
        """Watch until a time, at which no further inference begins, and return what was counted.

        Args:
            until_ps: picoseconds, above 0.
        """
        if self._closed_at is not None:
            self.block(until_ps, until_ps)
        self.drain(until_ps)
        waiting, waited = 0, 0
        if not self._compiled:
            waiting, waited = self._first.hand_over(self._line, until_ps)
        state, extra = self._line.state, self._compute.latency_ps - self._compute.interval_ps
        served, busy = int(state[queue.SERVED]), int(state[queue.BUSY])
        waited_ps, last = _waits(state), self._rest(until_ps)
        answered = waited_ps + busy + served * extra
        return StreamTally(
            watched_ps=until_ps,
            served=served,
            dropped=int(last[queue.DROPPED]),
            waiting=waiting + int(last[queue.SERVED]) - served,
            waited_ps=waited_ps,
            answered_ps=answered,
            present_ps=answered - int(state[queue.BEYOND]) + waited + _waits(last) - waited_ps,
            busy_ps=busy - max(0, int(state[queue.LEFT]) - until_ps),
            offset_ps=extra if self._requests.exponential else self._compute.latency_ps,
            counts=self._line.counts,
        )

    def _go_on(self, until_ps: int) -> None:
        """Let every request begin that can before a time."""
        self._line.state[queue.BEYOND] = 0
        if not self._compiled:
            self._first.run(until_ps)
            self._first.close()
            if not self._first.over:
                return
            self._first.hand_over(self._line, until_ps)
            self._compiled = True
        self._leap(until_ps)
        self._go(until_ps)

    def _leap(self, until_ps: int) -> None:
        """Go through a very long stretch in one draw, from when the queue is empty to shortly before its end."""
        requests, interval, state = self._requests, self._compute.interval_ps, self._line.state
        gap = 1e12 / requests.rate if requests.arrivals == "poisson" and requests.queue is None else 0.0
        now, window = self._opened_at, round(WINDOW * gap)
        while interval < gap and until_ps - now > AGGREGATED * gap:
            now += window
            self._go(now)
            if state[queue.LEFT] < now:
                break
        else:  # short, or the queue was never empty
            return
        law, end = Stationary(interval / gap, requests.exponential), until_ps - window
        came = int(self._random.poisson((end - now) / gap))
        drawn = draw(law, interval, came, self._random)
        self._line.counts[: drawn.counts.size] += drawn.counts
        state[queue.SERVED] += came
        state[queue.BUSY] += drawn.busy_ps
        state[queue.WAITS], state[queue.WAITED] = divmod(_waits(state) + drawn.waited_ps, queue.UNIT)
        left = end + round(law.wait(self._random.random()) * interval)
        state[queue.FREE] = state[queue.LEFT] = left
        state[queue.DONE] = left + self._compute.latency_ps - interval
        self._feed.jump(end)
        state[queue.NEXT] = state[queue.BEYOND] = 0

    def _go(self, until_ps: int) -> None:
        """Go through all requests that begin before a time."""
        interval = self._compute.interval_ps
        self._serve(self._line, until_ps, until_ps - 1, interval, self._compute.latency_ps - interval)

    def _rest(self, until_ps: int) -> NDArray[np.int64]:
        """Return the state of the queue after all who wait at a time have been served then, in no time."""
        state = self._line.state.copy()
        state[queue.FREE] = until_ps
        self._feed.services = self._feed.services[:0]
        self._serve(self._line._replace(state=state, counts=np.zeros_like(self._line.counts)), until_ps, until_ps, 0, 0)
        return state

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
