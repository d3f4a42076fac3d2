"""A first-come-first-served queue before one server: the recursion of Lindley, request by request.

D. V. Lindley, The theory of queues with a single server, Proc. Camb. Phil. Soc. 48 (1952): a request begins when it has
come and the one before it has left the server. Between two changes of the machine that is all that happens, so that
waiting requests need not be kept: those that have not begun are looked at in turn, from the next arrival on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.kernels.compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBERS = 13
NEXT, DRAWN, SPOT, GATE, FREE, LEFT, DONE, BEYOND, SERVED, DROPPED, WAITED, WAITS, BUSY = range(NUMBERS)
"""Numbers of a state: the next arrival and service time to look at, the next places in the ring of begins and among
what is shut; when the server may begin again, when the last request left it, and when that one was answered;
picoseconds by which answers lie beyond the limit, added up; requests served and dropped; their waits added up, in
picoseconds and units of 2^62; picoseconds that the server was busy."""
UNIT = 1 << 62
FAR = 2.0**61
"""A gap is not longer, in parts of a picosecond: what comes after it never comes."""
FINE = 10
"""A bucket of the histogram is as wide as 2^-10 of what lies in it; whole picoseconds below 2^11."""
BUCKETS = (64 - FINE) << FINE
_EXPONENT = (1023 + FINE - 1) << FINE
_MANTISSA = 52 - FINE


class Line(NamedTuple):
    """The queue and what is counted there, all int64.

    Args:
        state: (NUMBERS,), as :data:`NUMBERS` says.
        begins: when the last requests began, a ring as long as the queue; (0,) where any number may wait.
        shut: (2 intervals,), begin and end of each in turn: who comes in between is dropped.
        counts: (BUCKETS,), requests by wait, or by wait and service where service is drawn.
    """

    state: NDArray[np.int64]
    begins: NDArray[np.int64]
    shut: NDArray[np.int64]
    counts: NDArray[np.int64]


class Rule(NamedTuple):
    """What requests are bound to.

    Args:
        limit: who comes at this time or later is not looked at.
        latest: who could begin only after this time is not looked at either.
        interval: picoseconds that a request holds the server; the mean where service is drawn.
        extra: picoseconds from leaving the server to the answer.
        think: picoseconds from an answer to the next request of a client; -1 where there are no clients.
        queue: requests that may wait; -1 for any number.
    """

    limit: int
    latest: int
    interval: int
    extra: int
    think: int
    queue: int


@kernel
def bucket(value: int) -> int:
    """Bucket of a value from 0 to 2^62 picoseconds."""
    if value < 1 << FINE:
        return value
    # the exponent and the first ten digits of a float64; cleared below the twelfth digit, it cannot be rounded up
    bits = np.float64(value & ~(value >> 12)).view(np.int64)
    return int((bits >> _MANTISSA) - _EXPONENT)


@kernel
def cumulate(gaps: NDArray[np.float64], scale: float, shift: int, clock: NDArray[np.int64], rest: int) -> int:
    """Turn gaps into times: the sums of all gaps so far in whole picoseconds, however they are cut into chunks.

    Args:
        gaps: float64 (gaps,), in units of their mean.
        scale: their mean in parts of 2^-shift picoseconds.
        shift: binary digits behind the point; the sum of a chunk fits 62 bits.
        clock: int64 (gaps + 1,): the last time before these first; overwritten with theirs behind it.
        rest: what that time was rounded down by, in such parts.

    Returns:
        What the last time was rounded down by.
    """
    begin, exact = clock[0], rest
    for k in range(gaps.size):
        exact += int(min(gaps[k] * scale, FAR))
        clock[k + 1] = begin + (exact >> shift)
    return exact & ((1 << shift) - 1)


@kernel
def serve(line: Line, rule: Rule, times: NDArray[np.int64], services: NDArray[np.int64]) -> None:
    """Serve requests in their order, for as long as the rule and what is given allow.

    Args:
        line: the queue; its state, begins and counts are brought up to date.
        rule: what requests are bound to.
        times: int64 (requests,): when they come, never falling. With clients a ring of one time per client: each is
            overwritten with when its client comes again.
        services: int64 (requests,): for how long each that is served holds the server; (0,) where all hold it for the
            interval.
    """
    state, begins, shut, counts = line
    place, drawn, spot, gate = state[NEXT], state[DRAWN], state[SPOT], state[GATE]
    free, left, done, beyond = state[FREE], state[LEFT], state[DONE], state[BEYOND]
    served, dropped, waited, waits, busy = state[SERVED], state[DROPPED], state[WAITED], state[WAITS], state[BUSY]
    service = rule.interval
    while True:
        if place == times.size:
            if rule.think < 0:
                break
            place = 0
        if services.size and drawn == services.size:
            break
        come = times[place]
        while gate < shut.size and come >= shut[gate + 1]:
            gate += 2
        if come >= rule.limit:
            break
        begin = max(come, free)
        refused = gate < shut.size and come >= shut[gate]
        if not refused:
            if begin > rule.latest:
                break
            refused = begin > come if rule.queue == 0 else rule.queue > 0 and begins[spot] > come
        if refused:
            dropped += 1
            place += 1
            continue
        if rule.queue > 0:
            begins[spot] = begin
            spot += 1
            if spot == begins.size:
                spot = 0
        wait = begin - come
        seen = wait
        if services.size:
            service = services[drawn]
            drawn += 1
            seen += service
        counts[bucket(seen)] += 1
        waited += wait
        if waited >= UNIT:
            waited -= UNIT
            waits += 1
        served += 1
        busy += service
        free = left = begin + service
        done = left + rule.extra
        beyond += max(0, done - rule.limit)
        if rule.think >= 0:
            times[place] = done + rule.think
        place += 1
    state[NEXT], state[DRAWN], state[SPOT], state[GATE] = place, drawn, spot, gate
    state[FREE], state[LEFT], state[DONE], state[BEYOND] = free, left, done, beyond
    state[SERVED], state[DROPPED], state[WAITED], state[WAITS], state[BUSY] = served, dropped, waited, waits, busy
