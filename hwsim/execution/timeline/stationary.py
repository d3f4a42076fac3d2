"""Requests in a steady state: the exact laws of M/D/1 and M/M/1, Poisson arrivals before one server.

M/D/1: G. J. Franx, A simple solution for the M/D/c waiting time distribution, Oper. Res. Lett. 29 (2001), whose terms
are all positive, as its complement: ``P(W > t) = sum_j Poisson(j; load (k - t)) P(N > k - j)`` with
``k = floor(t) + 1``, times in units of the service, N requests in the system and 1 for the probability where j >= k.
N is that of the chain at departures, from the balance of what crosses each number, all terms positive too.
M/M/1: waits and latencies are exponential (L. Kleinrock, Queueing Systems I, 1975, chapters 3 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import expm1, log, log1p
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

EXACT = 64
"""Numbers of requests whose probability is reckoned one by one; beyond, each is less likely by the same factor."""
TERMS = 40
"""Arrivals within one service that are told apart; 40 or more have a probability below 1e-48."""


@dataclass(frozen=True)
class Stationary:
    """The steady state of a stream with Poisson arrivals and a queue without end.

    Args:
        load: arrivals in one mean service, above 0 and below 1.
        exponential: whether service times are exponential; else all are alike.

    Times are in units of the mean service. What latency has beyond wait and service is not in it.
    """

    load: float
    exponential: bool = False

    @property
    def wait_mean(self) -> float:
        """Return the mean wait (Pollaczek and Khinchine).

        Example:
            >>> Stationary(0.8).wait_mean, Stationary(0.8, exponential=True).wait_mean
            (2.0..., 4.0...)
        """
        return self.load / (1 - self.load) / (1 if self.exponential else 2)

    @cached_property
    def decay(self) -> float:
        """Return the rate at which long waits get less likely: ``P(W > t)`` falls as ``exp(-decay t)``.

        Example:
            >>> round(Stationary(0.8).decay, 4), round(Stationary(0.8, exponential=True).decay, 4)
            (0.4308, 0.2)
        """
        if self.exponential:
            return 1 - self.load
        least = log(self.load)  # load (exp(d) - 1) = d, in logarithms
        return _root(lambda d: least + d + log(-expm1(-d) / d), -least, 2 / self.load - 2)

    def wait_beyond(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of a wait longer than each of some times, to nearly all digits however small it is.

        Args:
            times: at least 0, in mean services.

        Example:
            >>> Stationary(0.5).wait_beyond(np.array([0.0, 1.0, 10.0])).round(6).tolist()
            [0.5, 0.175639, 2e-06]
        """
        if self.exponential:
            return self.load * np.exp(-self.decay * times)
        served = np.floor(times).astype(np.int64) + 1
        mean, found = self.load * (served - times), np.zeros(times.shape)
        likely = np.exp(-mean)
        for arrivals in range(TERMS):
            found += likely * self._more(served - arrivals)
            likely *= mean / (arrivals + 1)
        return found

    def latency_beyond(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability that wait and service together are longer than each of some times.

        Args:
            times: at least 0, in mean services.
        """
        if self.exponential:
            return np.exp(-self.decay * times)
        return np.where(times < 1, 1.0, self.wait_beyond(np.maximum(times - 1, 0)))

    def wait(self, quantile: float) -> float:
        """Return the least time that a share of requests does not wait longer than, in mean services.

        Args:
            quantile: the share, from 0 up to but not including 1.

        Example:
            >>> round(Stationary(0.8).wait(0.99), 3), round(Stationary(0.8, exponential=True).wait(0.99), 3)
            (10.356, 21.91)
        """
        rest = 1 - quantile
        if self.load <= rest:  # that many do not wait
            return 0.0
        if self.exponential:
            return log(self.load / rest) / self.decay
        low, high = 0.0, 1 - log(rest) / self.decay
        while high - low > 2e-16 * high:  # as many points at a time cost hardly more than one
            points = np.linspace(low, high, 65)
            place = int((self.wait_beyond(points[1:-1]) > rest).sum())
            if (points[place], points[place + 1]) == (low, high):
                break
            low, high = float(points[place]), float(points[place + 1])
        return high

    def latency(self, quantile: float) -> float:
        """Return the least time that wait and service of a share of requests do not exceed, in mean services.

        Args:
            quantile: the share, from 0 up to but not including 1.

        Example:
            >>> round(Stationary(0.8).latency(0.99), 3), round(Stationary(0.8, exponential=True).latency(0.99), 3)
            (11.356, 23.026)
        """
        return -log1p(-quantile) / self.decay if self.exponential else 1 + self.wait(quantile)

    @cached_property
    def _tail(self) -> NDArray[np.float64]:
        """Return the probabilities of more than 0, 1, ... requests in the system, (EXACT + 1,)."""
        steps = self.load / np.arange(1, EXACT + TERMS)
        arrive = np.cumprod(np.append(np.exp(-self.load), steps))
        least = arrive[::-1].cumsum()[::-1]  # so many arrivals or more in one service
        found = np.zeros(EXACT + 1)
        found[0] = 1 - self.load
        for n in range(1, EXACT + 1):
            found[n] = (found[0] * least[n] + found[1:n] @ least[n:1:-1]) / arrive[0]
        beyond = found[-1] / expm1(self.decay)
        return np.cumsum(np.append(beyond, found[:0:-1]))[::-1]

    def _more(self, number: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the probability of more than so many requests in the system; 1 where none need be."""
        near = self._tail[np.clip(number, 0, EXACT)]
        return np.where(number < 1, 1.0, near * np.exp(-self.decay * np.maximum(number - EXACT, 0)))


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising function passes zero between two numbers, by halving."""
    while high - low > 2e-16 * high and low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return high
