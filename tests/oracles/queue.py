"""One server and its queue from the definition: every request looks at all that came before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise, repeat
from math import floor

from hwsim.execution.timeline.parts import Compute, Requests
from hwsim.stream import stream


@dataclass
class Seen:
    """What a watcher with pencil and paper has noted."""

    served: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Came, began, left the server, answered."""
    dropped: int = 0
    waiting: list[int] = field(default_factory=list)


def sums(seed: int, path: str, mean: float, n: int) -> list[int]:
    """The first n sums of exponential deviates, each rounded down to whole picoseconds."""
    digits = 44 - floor(mean).bit_length()
    gaps = stream(seed, path).standard_exponential(n)
    found, total = [], 0
    for gap in gaps.tolist():
        total += floor(gap * (mean * 2.0**digits))
        found.append(total // 2**digits)
    return found


def serve(
    requests: Requests, compute: Compute, seed: int, shut: Sequence[tuple[int, int]], until: int, most: int = 3000
) -> Seen:
    """Serve all that come before a time; no inference begins in an interval that is shut, nor at the end or later."""
    seen, extra = Seen(), compute.latency_ps - compute.interval_ps
    services: Iterator[int] = repeat(compute.interval_ps)
    if requests.exponential:
        ends = [0, *sums(seed, "timeline/requests/service", compute.interval_ps, most)]
        services = iter(b - a for a, b in pairwise(ends))
    coming: list[int] = []
    if requests.arrivals == "poisson":
        coming = sums(seed, "timeline/requests", 1e12 / requests.rate, most)
        assert coming[-1] > until
    elif requests.arrivals == "trace":
        coming = requests.times_ps.tolist()
    else:
        coming = [0] * requests.clients
    begins: list[int] = []
    while coming and coming[0] < until:
        come = heappop(coming)
        begin = max([come, *(left for _, _, left, _ in seen.served[-1:])])
        while inside := [end for at, end in shut if at <= begin < end]:
            begin = max(inside)
        waiting = sum(other > come for other in begins)
        late = requests.policy == "drop" and any(at <= come < end for at, end in shut)
        if late or (begin > come and requests.queue is not None and waiting >= requests.queue):
            seen.dropped += 1
        elif begin >= until:
            seen.waiting.append(come)
            begins.append(until)
        else:
            left = begin + next(services)
            begins.append(begin)
            seen.served.append((come, begin, left, left + extra))
            if requests.arrivals == "closed":
                heappush(coming, left + extra + requests.think_ps)
    return seen


def histogram(values: Sequence[int]) -> Counter[int]:
    """Buckets of 2^-10 of a value, by the shift that leaves it eleven binary digits."""
    found = Counter[int]()
    for value in values:
        shift = 0
        while value >> shift >= 2048:
            shift += 1
        found[shift * 1024 + (value >> shift)] += 1
    return found
