"""What requests cost, one by one and compiled: ``python -m tests.bench.requests``; one thread, processor time."""

from __future__ import annotations

from functools import partial

import numpy as np
import simpy

from hwsim.execution.timeline import Compute, Requests
from hwsim.execution.timeline.requests import Stream
from hwsim.stream import stream
from tests.bench.bench import Figure, compare

INTERVAL = 10_000
LOAD = 0.8
FEW, MANY, UNTOLD = 50_000, 1_000_000, 10**12
"""Requests one by one, by the compiled recursion, and in one draw."""


def main() -> None:
    """Print a line a figure."""
    bare, simulated = compare(7, partial(wait, 2 * FEW), partial(serve, FEW, exponential=False, traced=2 * FEW))
    show("an event of a request / of a bare SimPy timeout loop, time", simulated / bare, 2.5)
    drawn, fixed, exponential, leapt = compare(
        7,
        partial(draw, MANY),
        partial(serve, MANY, exponential=False, traced=0),
        partial(serve, MANY, exponential=True, traced=0),
        partial(serve, UNTOLD, exponential=False, traced=0),
    )
    show("a request of M/D/1, compiled / drawing a gap, time", fixed / drawn, 3.0)
    show("a request of M/M/1, compiled / drawing a gap, time", exponential / drawn, 4.5)
    show("a request of M/D/1, compiled, nanoseconds", fixed / MANY * 1e9, 15)
    show("a request of M/M/1, compiled, nanoseconds", exponential / MANY * 1e9, 25)
    show("10^12 requests of M/D/1, one stretch, seconds", leapt, 1.0)


def show(name: str, measured: float, goal: float) -> None:
    """Print a line."""
    print(Figure(name, measured, goal).line, flush=True)  # noqa: T201 - what it is for


def wait(events: int) -> None:
    """Let SimPy do nothing but wait."""
    env = simpy.Environment()

    def loop() -> simpy.events.ProcessGenerator:
        for _ in range(events):
            yield env.timeout(7)

    env.process(loop())
    env.run()


def serve(number: int, *, exponential: bool, traced: int) -> None:
    """Serve requests at a load of 0.8, each of two events where it is simulated: it comes, and it leaves."""
    requests = Requests("poisson", rate=LOAD * 1e12 / INTERVAL, exponential=exponential, traced=traced)
    Stream(requests, Compute(INTERVAL, INTERVAL, 0.0), 0).finish(round(number / LOAD * INTERVAL))


def draw(number: int) -> None:
    """Draw as many exponential deviates, in chunks that stay in the cache."""
    random, gaps = stream(0, "timeline/requests"), np.zeros(1 << 15)
    for _ in range(number // gaps.size):
        random.standard_exponential(out=gaps)


if __name__ == "__main__":
    main()
