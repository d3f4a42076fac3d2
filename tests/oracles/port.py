"""The configuration port as an event-driven simulation: SimPy keeps the clock, each bank settles as a process."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import simpy

from hwsim.crossbar.technology import Switch
from hwsim.execution import Load

PICOSECONDS = 10**12

Happening = tuple[str, int, int, str, int]


def simulate(loads: Sequence[Load], register_writes: int, switch: Switch) -> list[Happening]:
    """Resource, beginning, end, what and how much of everything that the port and the banks do, in any order."""
    env, found = simpy.Environment(), list[Happening]()
    port = simpy.Resource(env, capacity=1)

    def wait(seconds: float) -> simpy.Event:
        return env.timeout(round(seconds * PICOSECONDS))

    def activate(name: str, seconds: float, what: str, amount: int) -> Generator[simpy.Event, object, None]:
        begin = int(env.now)
        yield wait(seconds)
        found.append((name, begin, int(env.now), what, amount))

    def send(bits: int, what: str, load: Load | None) -> Generator[simpy.Event, object, None]:
        with port.request() as turn:
            yield turn
            begin = int(env.now)
            for _ in range(-(-bits // switch.port_width)):  # word by word
                yield wait(1 / switch.port_clock)
            found.append(("port", begin, int(env.now), what, bits))
        if load is not None:
            name = f"layer {load.layer} bank {load.bank}"
            if load.sets:
                env.process(activate(name, switch.set_time, "sets", load.sets))
            if load.resets:
                env.process(activate(name, switch.reset_time, "resets", load.resets))

    for load in loads:
        env.process(send(load.bits, "bits", load))
    if register_writes:
        env.process(send(32 * register_writes, "registers", None))
    env.run()
    end = int(env.now)
    held = [(f"layer {load.layer} bank {load.bank}", 0, end, "holds", load.held) for load in loads if load.held]
    return found + held
