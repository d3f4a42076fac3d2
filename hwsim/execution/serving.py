"""What a stream of requests meets in closed form: where theory has an answer, and why it has none elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsim.execution.timeline.port import PICOSECONDS
from hwsim.execution.timeline.stationary import Stationary

if TYPE_CHECKING:
    from hwsim.execution.timeline import Compute, Parts, Requests


class Served(NamedTuple):
    """A stream of requests; a number is None where only the simulation can tell, and ``why`` says so.

    ``throughput`` are answers a second, ``load`` the share of the time in which the pipeline is busy; times in seconds.
    """

    why: str
    throughput: float | None = None
    load: float | None = None
    wait_mean: float | None = None
    latency_mean: float | None = None
    latency_p50: float | None = None
    latency_p99: float | None = None


def served(parts: Parts, *, hidden: bool) -> Served:
    """Return what requests meet.

    Args:
        parts: the machine in time.
        hidden: whether reconnections keep nobody waiting.

    Example:
        >>> from hwsim.execution.timeline import Compute, Parts, Port, Requests, Switching
        >>> machine = Port(32, 1, 0.0), Switching(1, 1, 0.0, 0.0, 0.0), Compute(3000, 1000, 0.0)
        >>> found = served(Parts(*machine, requests=Requests("poisson", rate=5e8)), hidden=True)
        >>> found.why, found.load, found.wait_mean
        ('M/D/1', 0.5, 5e-10)
    """
    requests, compute = parts.requests, parts.compute
    if requests is None:
        return Served("no stream of requests is given")
    if requests.arrivals == "trace":
        return Served("requests come at the times of a file")
    if requests.arrivals == "closed":
        return _closed(requests, compute, hidden=hidden)
    return _poisson(requests, compute, hidden=hidden)


def _poisson(requests: Requests, compute: Compute, *, hidden: bool) -> Served:
    load, interval = requests.rate * compute.interval_ps / PICOSECONDS, compute.interval_ps / PICOSECONDS
    if requests.queue is not None:
        return Served("the queue is finite")
    if load >= 1:
        return Served(f"a load of {load:.3g} is more than the pipeline takes, and the queue grows for ever")
    if not hidden:
        return Served("requests meet a machine that reconnects", requests.rate, load)
    law, name = Stationary(load, requests.exponential), "M/M/1" if requests.exponential else "M/D/1"
    beyond = (compute.latency_ps - compute.interval_ps) / PICOSECONDS
    mean = law.wait_mean * interval
    p50, p99 = (law.latency(share) * interval + beyond for share in (0.5, 0.99))
    return Served(name, requests.rate, load, mean, mean + interval + beyond, p50, p99)


def _closed(requests: Requests, compute: Compute, *, hidden: bool) -> Served:
    if not hidden:
        return Served("clients meet a machine that reconnects")
    if requests.exponential:
        return Served("clients are served for times drawn by chance")
    once = (compute.latency_ps + requests.think_ps) / PICOSECONDS
    most = PICOSECONDS / compute.interval_ps
    found = min(requests.clients / once, most)
    mean = requests.clients / found - requests.think_ps / PICOSECONDS  # Little's law
    wait = mean - compute.latency_ps / PICOSECONDS
    return Served("Little's law", found, found / most, wait, mean)
