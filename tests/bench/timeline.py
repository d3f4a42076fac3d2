"""What an event of the machine in time costs, and what a reconnection does: ``python -m tests.bench.timeline``."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import simpy

import hwsim
from hwsim.crossbar import crossbar
from hwsim.crossbar.technology import Switch
from hwsim.execution import Circuits
from hwsim.execution.timeline import Compute, Parts, Port, Simulation, Switching, Work, work_of
from hwsim.pipeline import flow
from hwsim.pipeline.timeline import Timeline
from hwsim.schedule import Bank, Layout
from tests.bench.bench import Figure, compare

EVENTS = 40_000
"""Events of one measurement."""
PARTS = Parts(Port(32, 10_000, 1e-12), Switching(7_000, 5_000, 2e-12, 1e-12, 1e-6), Compute(100_000, 100_000, 1e-9))
SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 2e-12, 1e-12, 1e-6, 0.0, 0.0, 32, 1e8, 1e-12)
TURNS = replace(PARTS, switching=replace(PARTS.switching, drivers=4))


def bare() -> None:
    """Let a process of SimPy wait, again and again, and nothing else."""
    env = simpy.Environment()

    def wait() -> Iterator[simpy.Event]:
        for _ in range(EVENTS):
            yield env.timeout(10_000)

    env.process(wait())  # type: ignore[arg-type]
    env.run()


def carrying_out(parts: Parts, works: list[Work], *, keep: bool) -> Callable[[], object]:
    """Return a call that carries works out on a new machine, and sums up."""

    def call() -> None:
        simulation = Simulation(parts, 0, keep=keep)
        for work in works:
            simulation.carry_out(work)
        simulation.finish()

    return call


def reconnections(banks: int, switches: int, count: int) -> list[Work]:
    """Return works of so many banks, each of which sets so many switches."""
    bank, one = np.arange(banks), np.ones(banks, np.int64)
    rows = (0 * bank, bank, 1000 * one, switches * one, 0 * one, 0 * one)
    return [Work(event, event, *rows, 0, float(banks * switches * (event + 1))) for event in range(count)]


def events(call: Callable[[], object]) -> int:
    """Count the events of SimPy that a call goes through."""
    with patch.object(simpy.Environment, "step", autospec=True, side_effect=simpy.Environment.step) as step:
        call()
    return step.call_count


def an_event() -> Iterator[Figure]:
    """Time of an event: a bank is loaded, or switches settle. Many turns are one event, so a turn is what counts."""
    for banks, keep, goal in ((256, False, 2.5), (16, False, 2.5), (256, True, 3.0)):
        call = carrying_out(PARTS, reconnections(banks, 64, 20_000 // banks), keep=keep)
        each, alone = compare(15, call, bare)
        what = f"an event / bare SimPy, {banks} banks{', spans kept' if keep else ''}, time"
        yield Figure(what, each / events(call) / (alone / EVENTS), goal)
    call, turns = carrying_out(TURNS, reconnections(16, 64, 200), keep=False), 200 * 16 * 64 // 4
    each, alone = compare(15, call, bare)
    yield Figure("a turn of four drivers / an event of bare SimPy, time", each / turns / (alone / EVENTS), 2.5)
    call = carrying_out(PARTS, reconnections(1, 8, 5_000), keep=False)
    each, alone = compare(15, call, bare)
    yield Figure("a reconnection of one bank / an event of bare SimPy, time", each / 5_000 / (alone / EVENTS), 20)


def exchanges(ports: int) -> list[Work]:
    """Return reconnections of four Benes circuits that exchange two outputs of each."""
    rng, banks = np.random.default_rng(0), 4
    circuits = Circuits([crossbar("benes", ports)], Layout((Bank(0, banks, ports, 0, True),)), SWITCH)
    wanted, found = np.tile(np.arange(ports), (banks, 1)), list[Work]()
    for event in range(10):
        wanted = wanted.copy()
        for bank in range(banks):
            two = rng.choice(ports, 2, replace=False)
            wanted[bank, two] = wanted[bank, two[::-1]]
        found.append(work_of(circuits.reconnect([wanted]), event, event, 0, circuits.standing))
    return found


def a_reconnection() -> Iterator[Figure]:
    """Time of a reconnection of two moves a bank, by how large the circuits are: the exponent of their ports."""
    powers = range(8, 17, 2)
    calls = [carrying_out(PARTS, exchanges(2**power) * 50, keep=False) for power in powers]
    times = compare(15, *calls)
    slope = np.polyfit(np.log(2.0) * np.array(powers), np.log(times), 1)[0]
    yield Figure("exponent of ports from 2^8 to 2^16, two moves a bank, time", float(slope), 0.05)


def a_whole_run() -> Iterator[Figure]:
    """Time that the MNIST schedule takes to execute, requests at 80 % load all along, over that of its training."""
    if "HWSIM_DATA" not in os.environ:
        return
    spent: dict[str, float] = defaultdict(float)

    def clocked(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def timed(*arguments: object) -> object:
            start = time.perf_counter()
            try:
                return call(*arguments)
            finally:
                spent[name] += time.perf_counter() - start

        return timed

    settings = ["execution.requests.load=0.8", "execution.issue=steps", "execution.reference=false"]
    for step in ("1 ms", "100 ms"):
        spent.clear()
        scenario = hwsim.load("mnist-fpga-laperm", [*settings, f'execution.step_time="{step}"'])
        with (
            TemporaryDirectory() as folder,
            patch.object(flow, "_advance", clocked("training", flow._advance)),
            patch.object(Timeline, "follow", clocked("time", Timeline.follow)),
            patch.object(Timeline, "finish", clocked("time", Timeline.finish)),
        ):
            answer = hwsim.run(scenario, Path(folder) / "run")
        requests = answer.execution["inferences"]
        yield Figure(
            f"MNIST, {step} a step, {requests:.1e} requests / training, time", spent["time"] / spent["training"], 0.1
        )


def main() -> None:
    """Print a line a figure."""
    for measure in (an_event, a_reconnection, a_whole_run):
        for figure in measure():
            print(figure.line, flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
