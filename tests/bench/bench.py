"""Measured ratios beside goals: ``make bench``; ``python tests/bench/bench.py WORD`` prints lines that hold a word.

A figure is a ratio of two things measured in this one process, one after the other in turn; of times, the medians are
compared: processor time of what runs on one thread, so that other work on the machine counts little, else wall time.
Measure on an idle machine all the same. To add lines, write a function that yields figures, and put it into
``MEASURES``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from hwsim.crossbar import Fabric, crossbar
from hwsim.kernels.compile import threads


@dataclass(frozen=True)
class Figure:
    """One line of the answer."""

    name: str
    measured: float
    goal: float
    at_least: bool = False

    @property
    def line(self) -> str:
        """Name, measured ratio, goal, ``ok`` or ``short``."""
        met = self.measured >= self.goal if self.at_least else self.measured <= self.goal
        sign = ">=" if self.at_least else "<="
        return f"{self.name:<64} {self.measured:8.3f} {sign} {self.goal:<7g} {'ok' if met else 'short'}"


def clock(call: Callable[[], object], watch: Callable[[], float] = time.thread_time) -> float:
    """Seconds that a call takes."""
    start = watch()
    call()
    return watch() - start


def compare(repeats: int, *calls: Callable[[], object], watch: Callable[[], float] = time.thread_time) -> list[float]:
    """Median seconds of each call, the calls taken in turn."""
    for call in calls:
        call()
    times = [[clock(call, watch) for call in calls] for _ in range(repeats)]
    return np.median(times, axis=0).tolist()  # type: ignore[no-any-return]


def _sort_and_route(fabric: Fabric, p: NDArray[np.int64], repeats: int) -> float:
    """Time of routing over time of sorting."""
    small = p.astype(np.int32)
    sort, route = compare(repeats, lambda: np.argsort(small), lambda: fabric.route_many(p[None], effort="any"))
    return route / sort


def looping_against_sorting() -> Iterator[Figure]:
    """Issue item 2: one thread, random permutations; the whole call with its checks, against the same int32 array."""
    rng = np.random.default_rng(0)
    threads(1)
    for power, goal, repeats in ((10, 1.2, 40), (16, 1.2, 15), (20, 1.8, 5)):
        ports = 2**power
        fabric = crossbar("benes", ports)
        ratios = [_sort_and_route(fabric, rng.permutation(ports), repeats) for _ in range(25 if power == 10 else 1)]
        yield Figure(f"any / argsort, 2^{power} ports, one thread, time", float(np.median(ratios)), goal)


def two_threads() -> Iterator[Figure]:
    """Issue item 2: a batch of banks, as a layer of 256 units of 784 inputs has them."""
    if numba.config.NUMBA_NUM_THREADS < 2:  # type: ignore[attr-defined]
        return
    rng = np.random.default_rng(0)
    fabric = crossbar("benes", 784)
    p = np.stack([rng.permutation(784) for _ in range(256)])

    def route(number: int) -> Callable[[], object]:
        def call() -> object:
            threads(number)
            return fabric.route_many(p, effort="any")

        return call

    one, two = compare(31, route(1), route(2), watch=time.perf_counter)
    yield Figure("one thread / two threads, any, 256 banks of 784 ports, time", one / two, 1.7, at_least=True)


def walk(ports: int, steps: int, effort: str, exchanges: int = 0) -> float:
    """Mean toggles a step along random permutations, or random exchanges of two outputs, each step verified."""
    rng = np.random.default_rng(ports)
    fabric = crossbar("benes", ports)
    p = rng.permutation(ports)
    state, total = fabric.route_many(p[None], effort=effort), 0
    for _ in range(steps):
        p = p.copy() if exchanges else rng.permutation(ports)
        for _ in range(exchanges):
            i, j = rng.choice(ports, 2, replace=False)
            p[[i, j]] = p[[j, i]]
        new = fabric.route_many(p[None], state, effort)
        if not np.array_equal(fabric.apply_many(new, np.arange(ports)[None])[0], p):
            raise AssertionError(f"{effort} at {ports} ports does not realise its permutation")
        total += int(fabric.toggles_many(state, new)[0])
        state = new
    return total / steps


def toggles_of_efforts() -> Iterator[Figure]:
    """Issue item 3: mean toggles a step against looping."""
    threads(1)
    for ports, effort, steps, goal in (
        (64, "greedy", 400, 0.86),
        (64, "descent", 400, 0.79),
        (256, "descent", 150, 0.82),
        (1024, "descent", 60, 0.84),
    ):
        ratio = walk(ports, steps, effort) / walk(ports, steps, "any")
        yield Figure(f"{effort} / any, {ports} ports, random permutations, toggles", ratio, goal)
    ratio = walk(64, 4000, "descent", exchanges=1) / walk(64, 4000, "any", exchanges=1)
    yield Figure("descent / any, 64 ports, one exchange of two outputs, toggles", ratio, 0.48)


def descent_against_exact() -> Iterator[Figure]:
    """Issue item 3: from the same configurations before, to the same permutations."""
    threads(1)
    for ports, steps in ((64, 200), (128, 100)):
        rng = np.random.default_rng(ports)
        fabric = crossbar("benes", ports)
        p = np.stack([rng.permutation(ports) for _ in range(steps + 1)])
        before = fabric.route_many(p[:-1], effort="descent")
        found = [fabric.toggles_many(before, fabric.route_many(p[1:], before, e)).sum() for e in ("descent", "exact")]
        yield Figure(f"descent / exact, {ports} ports, random permutations, toggles", found[0] / found[1], 1.015)


def time_of_descent() -> Iterator[Figure]:
    """Issue item 3: what the search takes."""
    threads(1)
    rng = np.random.default_rng(0)
    fabric = crossbar("benes", 1024)
    before = fabric.route_many(rng.permutation(1024)[None])
    times = []
    for _ in range(15):
        p = rng.permutation(1024)[None]
        descent = clock(lambda: fabric.route_many(p, before, "descent"))  # noqa: B023 - called at once
        (looping,) = compare(20, lambda: fabric.route_many(p, effort="any"))  # noqa: B023 - called at once
        times.append((looping, descent))
    looping, descent = np.median(times[1:], axis=0)
    yield Figure("descent / any, 1024 ports, time", float(descent / looping), 600)


MEASURES: list[Callable[[], Iterator[Figure]]] = [
    looping_against_sorting,
    two_threads,
    toggles_of_efforts,
    descent_against_exact,
    time_of_descent,
]


def main() -> None:
    """Print a line a figure."""
    for measure in MEASURES:
        for figure in measure():
            if not sys.argv[1:] or any(word in figure.line for word in sys.argv[1:]):
                print(figure.line, flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
