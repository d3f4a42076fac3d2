"""Toggles of routing by values beside their lower bound, and beside re-routing: 1024 ports, all positions redrawn.

    python tests/bench/levels.py [--tries N] [EFFORT ...]

The lower bound is half the wrong positions, rounded up; re-routing assigns cells with few moves and then routes.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from hwsim.crossbar import crossbar
from hwsim.execution.equivalence import assign_values, route_values

PORTS = 1024
GOALS = {2: 1.2, 3: 1.4, 4: 1.6, 8: 2.1, 16: None}
"""Most toggles over the lower bound, for each number of kinds."""


def measure(efforts: list[str], tries: int) -> None:
    """Print one line a number of kinds and effort."""
    fabric = crossbar("benes", PORTS)
    for kinds, goal in GOALS.items():
        rng = np.random.default_rng(kinds)
        kind = rng.integers(0, kinds, (tries, PORTS))
        old = rng.permuted(np.tile(np.arange(PORTS), (tries, 1)), axis=1)
        before = fabric.route_many(old)
        wanted = rng.permuted(kind, axis=1)
        assigned = assign_values(old, kind, wanted)
        bound = ((assigned != old).sum(axis=1) + 1) // 2
        again = [fabric.toggles_many(before, fabric.route_many(assigned, before, e)).mean() for e in ("any", "greedy")]
        for effort in efforts:
            began = time.perf_counter()
            states = route_values(fabric, kind, wanted, before, effort)
            seconds = (time.perf_counter() - began) / tries
            if not np.array_equal(fabric.apply_many(states, kind), wanted):
                raise AssertionError("something else is shown")
            toggles = fabric.toggles_many(before, states)
            ratio = toggles / bound
            sys.stdout.write(
                f"V={kinds:2} {effort:8} toggles {toggles.mean():6.0f}  over bound: mean {ratio.mean():.3f} "
                f"max {ratio.max():.3f} goal {goal}  re-routing any {again[0] / toggles.mean():.2f} times, "
                f"greedy {again[1] / toggles.mean():.2f} times as many  {seconds:.3f} s a bank\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("efforts", nargs="*", metavar="EFFORT")
    parser.add_argument("--tries", type=int, default=20)
    given = parser.parse_args()
    measure(given.efforts or ["greedy", "descent", "exact"], given.tries)
