"""Requests one by one, as events of SimPy: the stream that can be looked at."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

import simpy

from hwsim.execution.timeline.latencies import bucket_of
from hwsim.kernels import queue

if TYPE_CHECKING:
    from hwsim.execution.timeline.feed import Feed
    from hwsim.execution.timeline.parts import Compute, Requests


class Answered(NamedTuple):
    """When one request came, began, left the pipeline to the next one, and was answered, in picoseconds."""

    come_ps: int
    begin_ps: int
    left_ps: int
    done_ps: int


class OneByOne:
    """The first requests of a stream: two events each, that it comes and that the pipeline takes the next one.

    Args:
        requests: the stream.
        compute: what serves it.
        feed: its arrivals and service times.
        keep: whether every answer is kept in ``answered``.
    """

    def __init__(self, requests: Requests, compute: Compute, feed: Feed, *, keep: bool) -> None:
        self._env, self._feed, self._keep = simpy.Environment(), feed, keep
        self._interval, self._extra = compute.interval_ps, compute.latency_ps - compute.interval_ps
        self._queue, self._drops, self._most = requests.queue, requests.policy == "drop", requests.traced
        self._waiting = deque[int]()
        self._begins = deque[int](maxlen=requests.queue or 0)
        self._place = self._drawn = self._came = self._free = self._left = self._done = self._limit = self._beyond = 0
        self._served = self._dropped = self._waited = self._busy = 0
        self._counts = Counter[int]()
        self._expected = self._shut = False
        self.answered: list[Answered] = []
        self._expect()

    @property
    def over(self) -> bool:
        """Tell whether all of them have begun or were dropped."""
        return not self._waiting and not self._expected

    @property
    def done_ps(self) -> int:
        """Tell when the last one that has begun is answered."""
        return self._done

    def run(self, until_ps: int) -> None:
        """Let everything happen that happens before a time."""
        self._limit, self._beyond = until_ps, 0
        if until_ps > self._env.now:
            self._begin()
            self._env.run(until_ps)

    def close(self) -> None:
        """Let no request begin from now on."""
        self._shut = True

    def open(self, at_ps: int) -> None:
        """Let requests begin again from a time on; until then they wait or are dropped."""
        self.run(at_ps)
        self._shut, self._free = False, max(self._free, at_ps)

    def _expect(self) -> None:
        """Wait for the next request, where it is known when that comes."""
        feed = self._feed
        if self._expected or self._came == self._most:
            return
        if self._place == feed.times.size:
            if feed.think_ps < 0 and not feed.more_times():
                return
            self._place = 0
        if feed.think_ps >= 0 and len(self._waiting) == feed.times.size:  # all clients wait
            return
        self._expected = True
        delay = int(feed.times[self._place]) - int(self._env.now)
        self._env.timeout(delay).callbacks.append(self._come)

    def _come(self, _: simpy.Event) -> None:
        now = int(self._env.now)
        self._expected, self._place, self._came = False, self._place + 1, self._came + 1
        self._begin()  # who may begin at this very instant does so before the newcomer is looked at
        at_once = self._free <= now and not self._shut
        full = self._queue is not None and len(self._waiting) >= self._queue and not at_once
        if full or (self._shut and self._drops):
            self._dropped += 1
        else:
            self._waiting.append(now)
            self._begin()
        self._expect()

    def _begin(self, _: simpy.Event | None = None) -> None:
        """Serve who waits, as far as the pipeline takes them now."""
        now = int(self._env.now)
        while self._waiting and not self._shut and self._free <= now:
            come, service = self._waiting.popleft(), self._service()
            self._free = self._left = now + service
            self._done = self._left + self._extra
            self._beyond += max(0, self._done - self._limit)
            if self._feed.think_ps >= 0:
                self._feed.times[self._served % self._feed.times.size] = self._done + self._feed.think_ps
            self._served, self._busy, self._waited = self._served + 1, self._busy + service, self._waited + now - come
            self._counts[bucket_of(now - come + (service if self._feed.services.size else 0))] += 1
            self._begins.append(now)
            if self._keep:
                self.answered.append(Answered(come, now, self._left, self._done))
            self._env.timeout(service).callbacks.append(self._begin)
            self._expect()

    def _service(self) -> int:
        """Return for how long the next request holds the pipeline."""
        if not self._feed.services.size:
            return self._interval
        if self._drawn == self._feed.services.size:
            self._feed.more_services()
            self._drawn = 0
        self._drawn += 1
        return int(self._feed.services[self._drawn - 1])

    def hand_over(self, line: queue.Line, until_ps: int) -> tuple[int, int]:
        """Let the compiled recursion go on from here.

        Args:
            line: is brought to where this simulation stands.
            until_ps: the end, at which those who still wait are counted.

        Returns:
            How many wait, and for how long in all.
        """
        state, waiting = line.state, len(self._waiting)
        state[queue.NEXT], state[queue.DRAWN] = self._place, self._drawn
        state[queue.FREE], state[queue.LEFT], state[queue.DONE] = self._free, self._left, self._done
        state[queue.BEYOND], state[queue.SERVED], state[queue.DROPPED] = self._beyond, self._served, self._dropped
        state[queue.WAITS], state[queue.WAITED] = divmod(self._waited, queue.UNIT)
        state[queue.BUSY] = self._busy
        for bucket, count in self._counts.items():
            line.counts[bucket] += count
        begins = [*self._begins, *[until_ps] * waiting][-line.begins.size :] if line.begins.size else []
        line.begins[line.begins.size - len(begins) :] = begins
        if self._feed.think_ps >= 0:  # clients that wait do not come again
            for number in range(waiting):
                self._feed.times[(self._served + number) % self._feed.times.size] = until_ps
        return waiting, sum(until_ps - come for come in self._waiting)
