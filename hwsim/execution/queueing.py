"""What queueing theory says of one server with Poisson arrivals that never breaks off: M/D/1 and M/M/1.

Sources: the mean wait is that of Pollaczek and Khinchine. The wait of M/D/1 follows from how many requests are there
(G. J. Franx, A simple solution for the M/D/c waiting time distribution, Oper. Res. Lett. 29, 221, 2001), reckoned by
balance across cuts, of which no term is negative.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAVY = 0.9999
"""Load from which on the limit of heavy traffic stands for the sum, within a part in ten thousand."""


def mean_wait(load: float, service: float, *, exponential: bool = False) -> float:
    """Compute the mean wait for service, in the unit of the service time.

    Args:
        load: arrivals in a service time, from 0 to below 1.
        service: mean time of service.
        exponential: whether service times are drawn from an exponential distribution, or all alike.

    Example:
        >>> mean_wait(0.5, 2.0), mean_wait(0.5, 2.0, exponential=True)
        (1.0, 2.0)
    """
    return load * service / (1 - load) / (1 if exponential else 2)


def wait_within(share: float, load: float, service: float, *, exponential: bool = False) -> float:
    """Compute the time within which a share of the requests is served, from its arrival to the begin of its service.

    Args:
        share: such as 0.99, from 0 to below 1.
        load: as of :func:`mean_wait`.
        service: as of :func:`mean_wait`.
        exponential: as of :func:`mean_wait`.

    Example:
        >>> round(wait_within(0.99, 0.5, 1.0, exponential=True), 6) == round(2 * math.log(50), 6)
        True
        >>> round(wait_within(0.8, 0.5, 1.0), 6) == round(2 * math.log(1.6), 6)
        True
    """
    if share <= 1 - load:
        return 0.0
    if exponential:
        return math.log(load / (1 - share)) * service / (1 - load)
    if load >= HEAVY:
        return -math.log(1 - share) * mean_wait(load, service)
    there = _there(load, share).cumsum()[1:]  # at most 1, 2, ... requests
    low, high = 0.0, float(len(there))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _share(middle, load, there) < share else (low, middle)
    return high * service


def _there(load: float, share: float) -> NDArray[np.float64]:
    """Return the shares of the time in which 0, 1, 2, ... requests are there, until only some of 1 - share are left."""
    count = 8 + math.ceil(-2 * math.log(1 - share) / (1 - load))
    steps = np.arange(1, count + 1)
    arrive = np.exp(np.concatenate([[0.0], np.log(load / steps).cumsum()]) - load)
    more = np.concatenate([arrive[::-1].cumsum()[::-1][1:], [0.0]])  # more than 0, 1, 2, ... arrive in a service time
    found = np.zeros(count)
    found[0] = 1 - load
    for number in range(1, count):
        found[number] = (found[0] * more[number - 1] + found[1:number] @ more[number - 1 : 0 : -1]) / arrive[0]
    return found


def _share(wait: float, load: float, there: NDArray[np.float64]) -> float:
    """Compute the share of the requests that wait no longer than so many service times."""
    turns = math.floor(wait) + 1
    early = load * (turns - wait)
    logs = np.arange(turns) * math.log(early) - np.array([math.lgamma(number + 1) for number in range(turns)])
    return float(np.exp(logs - early) @ there[turns - 1 :: -1]) if turns <= len(there) else 1.0
