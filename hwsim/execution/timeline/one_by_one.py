"""Requests one by one, as events of SimPy: the stream that can be looked at."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
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
    """The first requests of a stream: two events each, that it comes and that it leaves the pipeline to the next one.

    What is counted is reckoned when the simulation is over, so that an event costs little more than SimPy itself.

    Args:
        requests: the stream.
        compute: what serves it.
        feed: its arrivals and service times.
    """

    def __init__(self, requests: Requests, compute: Compute, feed: Feed) -> None:
        self._env, self._feed = simpy.Environment(), feed
        self._interval, self._extra = compute.interval_ps, compute.latency_ps - compute.interval_ps
        self._queue, self._drops, self._most = requests.queue, requests.policy == "drop", requests.traced
        self._times, self._services = feed.times.tolist(), feed.services.tolist()
        self._waiting, self._served = deque[int](), list[tuple[int, int, int]]()
        self._place = self._drawn = self._came = self._dropped = self._free = self._due = 0
        self._expected = self._shut = False
        self._expect(0)

    @property
    def over(self) -> bool:
        """Tell whether all of them have begun or were dropped."""
        return not self._waiting and not self._expected

    @property
    def full(self) -> bool:
        """Tell whether all of them have come."""
        return self._came == self._most

    @property
    def done_ps(self) -> int:
        """Tell when the last one that has begun is answered; 0 before."""
        return self._served[-1][2] + self._extra if self._served else 0

    @property
    def answered(self) -> list[Answered]:
        """List those that have begun."""
        return [Answered(*one, one[2] + self._extra) for one in self._served]

    def run(self, until_ps: int) -> None:
        """Let everything happen that happens before a time."""
        now = int(self._env.now)
        if until_ps > now:
            self._go_on(now)
            self._env.run(until_ps)

    def close(self) -> None:
        """Let no request begin from now on."""
        self._shut = True

    def open(self, at_ps: int) -> None:
        """Let requests begin again from a time on; until then they wait or are dropped."""
        self.run(at_ps)
        self._shut, self._free = False, max(self._free, at_ps)

    def _expect(self, now: int) -> None:
        """Wait for the next request, where it is known when that comes."""
        if self._expected or self._came == self._most:
            return
        clients = self._feed.think_ps >= 0
        if self._place == len(self._times):
            if not clients and not self._feed.more_times():
                return
            self._place = 0
            if not clients:
                self._times = self._feed.times.tolist()
        if clients and len(self._waiting) == len(self._times):
            return
        self._expected, self._due = True, self._times[self._place]
        self._env.timeout(self._due - now).callbacks.append(self._come)

    def _come(self, _: simpy.Event) -> None:
        now = self._due
        self._expected, self._place, self._came = False, self._place + 1, self._came + 1
        if self._waiting:
            self._go_on(now)  # who may begin at this very instant does so before the newcomer is looked at
        if self._free <= now and not self._shut:
            self._begin(now, now)
        elif (self._shut and self._drops) or (self._queue is not None and len(self._waiting) >= self._queue):
            self._dropped += 1
        else:
            self._waiting.append(now)
        self._expect(now)

    def _leave(self, _: simpy.Event) -> None:
        if self._waiting:
            self._go_on(int(self._env.now))

    def _go_on(self, now: int) -> None:
        """Serve who waits, as far as the pipeline takes them now."""
        while self._waiting and self._free <= now and not self._shut:
            self._begin(self._waiting.popleft(), now)

    def _begin(self, come: int, now: int) -> None:
        service = self._interval
        if self._services:
            if self._drawn == len(self._services):
                self._feed.more_services()
                self._services, self._drawn = self._feed.services.tolist(), 0
            service = self._services[self._drawn]
            self._drawn += 1
        self._free = left = now + service
        if self._feed.think_ps >= 0:
            self._times[len(self._served) % len(self._times)] = left + self._extra + self._feed.think_ps
        self._served.append((come, now, left))
        self._env.timeout(service).callbacks.append(self._leave)
        self._expect(now)

    def hand_over(self, line: queue.Line, until_ps: int) -> tuple[int, int]:
        """Let the compiled recursion go on from here.

        Args:
            line: is brought to where this simulation stands.
            until_ps: up to which it was run; who still waits is counted, for whom that is the end.

        Returns:
            How many wait, and for how long in all.
        """
        state, served, waiting = line.state, self._served, len(self._waiting)
        state[queue.NEXT], state[queue.DRAWN], state[queue.FREE] = self._place, self._drawn, self._free
        state[queue.LEFT], state[queue.DONE] = served[-1][2] if served else 0, self.done_ps
        state[queue.SERVED], state[queue.DROPPED] = len(served), self._dropped
        waited = sum(begin - come for come, begin, _ in served)
        state[queue.WAITS], state[queue.WAITED] = divmod(waited, queue.UNIT)
        state[queue.BUSY] = sum(left - begin for _, begin, left in served)
        state[queue.BEYOND] = sum(max(0, left + self._extra - until_ps) for _, _, left in served)
        seen = [bucket_of((left if self._services else begin) - come) for come, begin, left in served]
        line.counts[:] += np.bincount(np.array(seen, np.int64), minlength=queue.BUCKETS)
        if line.begins.size:
            begins = [*(begin for _, begin, _ in served), *[until_ps] * waiting][-line.begins.size :]
            line.begins[line.begins.size - len(begins) :] = begins
        if self._feed.think_ps >= 0:  # clients that wait do not come again
            for number in range(waiting):
                self._times[(len(served) + number) % len(self._times)] = until_ps
            self._feed.times[:] = self._times
        return waiting, sum(until_ps - come for come in self._waiting)
