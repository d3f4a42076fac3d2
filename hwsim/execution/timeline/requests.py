"""A stream of inference requests: a queue before the compute pipeline, which reconnections interrupt.

The first requests are simulated one by one, as events of SimPy, so that each can be seen; all others between two
changes of the machine by the recursion of Lindley, compiled. Both take the same random numbers and give the same
picoseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.execution.timeline.feed import Feed
from hwsim.execution.timeline.latencies import StreamTally
from hwsim.execution.timeline.one_by_one import Answered, OneByOne
from hwsim.execution.timeline.recursion import Recursion
from hwsim.kernels import queue

if TYPE_CHECKING:
    from hwsim.execution.timeline.parts import Compute, Requests


class Stream:
    """Requests, one after the other through one compute pipeline; time goes on as its methods are called.

    A request holds the pipeline for the interval of an inference and is answered after its latency. In a closed loop a
    client asks again after its answer, so that none is dropped there.

    Args:
        requests: the stream.
        compute: what serves it.
        seed: of the run.

    Raises:
        ValueError: a closed loop that would drop requests, or in which no time passes.

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
        if requests.arrivals == "closed" and not compute.latency_ps + requests.think_ps:
            raise ValueError("clients of a closed loop without think time need inferences that take time")
        self._requests, self._compute = requests, compute
        feed = Feed(requests, compute.interval_ps, seed)
        self._first, self._others = OneByOne(requests, compute, feed), Recursion(requests, compute, feed, seed)
        self._compiled = False
        """Whether those that are simulated one by one are done."""
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
        return max(at_ps, int(self._others.line.state[queue.DONE]) if self._compiled else self._first.done_ps)

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
        more = not self._others.ended if self._compiled else self._first.full  # requests that were not looked at
        self._others.open(begin, end_ps, drops=more and self._requests.policy == "drop")

    def finish(self, until_ps: int) -> StreamTally:
        """Watch until a time, at which no further inference begins, and return what was counted.

        Args:
            until_ps: picoseconds, above 0.
        """
        if self._closed_at is not None:
            self.block(until_ps, until_ps)
        self.drain(until_ps)
        waiting, waited = (0, 0) if self._compiled else self._first.hand_over(self._others.line, until_ps)
        state, extra = self._others.line.state, self._compute.latency_ps - self._compute.interval_ps
        served, busy, waited_ps = int(state[queue.SERVED]), int(state[queue.BUSY]), self._others.waited_ps
        more_waiting, more_waited, dropped = self._others.rest(until_ps)
        answered = waited_ps + busy + served * extra
        return StreamTally(
            watched_ps=until_ps,
            served=served,
            dropped=dropped,
            waiting=waiting + more_waiting,
            waited_ps=waited_ps,
            answered_ps=answered,
            present_ps=answered - int(state[queue.BEYOND]) + waited + more_waited,
            busy_ps=busy - max(0, int(state[queue.LEFT]) - until_ps),
            offset_ps=extra if self._requests.exponential else self._compute.latency_ps,
            counts=self._others.line.counts,
        )

    def _go_on(self, until_ps: int) -> None:
        """Let every request begin that can before a time."""
        self._others.line.state[queue.BEYOND] = 0
        if not self._compiled:
            self._first.run(until_ps)
            self._first.close()
            if not self._first.over:
                return
            self._first.hand_over(self._others.line, until_ps)
            self._compiled = True
        self._others.run(self._opened_at, until_ps)
