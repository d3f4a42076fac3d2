"""Toggles of a recorded schedule under other efforts and freedoms, each executed in full and checked.

    python tests/bench/schedule.py RUN [--event N] [EFFORT/EQUIVALENCE ...]

RUN is a run folder, recorded with ``crossbar.equivalence = "none"``, so that the schedule names what the controller
wanted.
Without pairs: any/none (plain looping, the base of all ratios), greedy/none, greedy/values, greedy/all.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from hwsim.controller import Reconnection
from hwsim.execution import Machine, replay
from hwsim.files import read_document
from hwsim.model import Registers
from hwsim.pipeline.fabrication import KEPT, assemble, initial_values
from hwsim.scenario import resolve
from hwsim.schedule import Entry, open_schedule

PAIRS = ("any/none", "greedy/none", "greedy/values", "greedy/all")


class Literal:
    """A machine that is asked for what a literal schedule names, units in their own places."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def execute(self, entry: Entry) -> None:
        """Let the machine do it as it is free to."""
        values = zip(self._machine.model.layers, entry.registers, strict=True)
        registers = tuple(Registers.of(layer, flat) for layer, flat in values)
        self._machine.fulfil(entry.event, Reconnection(entry.batch, entry.permutations, registers))


def measure(run: Path, pairs: list[str], last: int | None) -> None:
    """Print one line a pair: moves, toggles, their ratio to the first pair, seconds a reconnection."""
    plan = resolve(read_document(run / "scenario.toml"), run / "scenario.toml")
    task = plan.task.load(plan.task_parameters)
    plain = assemble(plan, task, initial_values(plan, task, run / KEPT))
    base, seen = 0, None
    for pair in pairs:
        effort, equivalence = pair.split("/")
        scope = plan.scenario.crossbar.scope
        machine = Machine(plan.model, plain.chip, plan.fabrics, plan.switch, scope, effort, equivalence)
        began, first = time.perf_counter(), machine.spent
        with open_schedule(run / "schedule.sqlite") as schedule:
            end = replay(schedule.entries(), Literal(machine), last)
        moves, toggles = machine.spent.moves - first.moves, machine.spent.toggles - first.toggles
        seconds = (time.perf_counter() - began) / (end.event + 1 if end else 1)
        base = base or toggles
        outputs = machine.infer(task.test_x[:200], None)
        seen = outputs if seen is None else seen
        same = "same outputs" if np.array_equal(outputs, seen) else "OTHER OUTPUTS"
        ratio = toggles / base
        sys.stdout.write(f"{pair:16} moves {moves:9} toggles {toggles:9} ratio {ratio:.3f} {seconds:7.2f} s  {same}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("pairs", nargs="*", default=list(PAIRS), metavar="EFFORT/EQUIVALENCE")
    parser.add_argument("--event", type=int, help="stop after this event")
    given = parser.parse_args()
    measure(given.run, given.pairs or list(PAIRS), given.event)
