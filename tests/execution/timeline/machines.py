"""Machines and works for tests: from a switch datasheet, by hand, or drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from hwsim.crossbar.technology import Switch
from hwsim.execution import Load
from hwsim.execution.timeline import PICOSECONDS, Compute, Host, Parts, Port, Switching, Work
from hwsim.scenario.lookup import read_switch, sheets

COMPUTE = Compute(latency_ps=50_000, interval_ps=20_000, energy=3e-9, conversion=1e-9, idle_power=0.25)

LOADS = st.lists(
    st.builds(Load, st.integers(1, 99), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=6
)


def of(switch: Switch) -> Parts:
    """Return the plain machine of a switch technology."""
    return Parts(
        Port(switch.port_width, round(PICOSECONDS / switch.port_clock), switch.port_energy),
        Switching(
            round(switch.set_time * PICOSECONDS),
            round(switch.reset_time * PICOSECONDS),
            switch.set_energy,
            switch.reset_energy,
            switch.hold_power,
        ),
        COMPUTE,
    )


def work(loads: Sequence[Load], registers: int = 0, event: int = 0, standing: float = 0.0) -> Work:
    """Return a work of banks 0, 1, ... of layers 0 and 1 in turn."""
    bits, sets, resets, held = np.array([load[:4] for load in loads], np.int64).reshape(-1, 4).T
    bank = np.arange(len(loads))
    return Work(event, event, bank % 2, bank, bits, sets, resets, held, registers, standing)


def switches() -> dict[str, Switch]:
    """Return every switch technology that comes with hwsim, by name."""
    return {name: read_switch(name, path) for name, path in sheets("switch").items()}


@st.composite
def parts(draw: st.DrawFn) -> Parts:
    """Draw a machine that loses no word and that nobody sends requests to."""
    few, most = st.integers(1, 6), st.integers(1, 2000)
    energies = st.floats(0, 1e-9)
    port = Port(
        width=draw(st.integers(1, 40)),
        clock_ps=draw(st.integers(1, 1000)),
        bit_energy=draw(energies),
        burst=draw(st.none() | few),
        pause=draw(st.integers(0, 3)),
        check_bits=draw(st.just(0) | st.integers(0, 20)),
        own_registers=draw(st.booleans()),
    )
    switching = Switching(
        set_ps=draw(most),
        reset_ps=draw(most),
        set_energy=draw(energies),
        reset_energy=draw(energies),
        hold_power=draw(st.floats(0, 1e-3)),
        drivers=draw(st.none() | few),
        order=draw(st.sampled_from(["together", "reset-first"])),
        guard_ps=draw(st.just(0) | most),
    )
    times = tuple(sorted(draw(st.lists(st.integers(0, 30_000), max_size=3))))
    host = Host(draw(st.sampled_from(["done", "steps", "times"])), draw(most), times, draw(st.just(0) | most))
    return Parts(port, switching, COMPUTE, draw(st.sampled_from(["single", "double"])), host)


@st.composite
def works(draw: st.DrawFn) -> list[Work]:
    """Draw some reconnections, one after the other."""
    found, standing = list[Work](), 0
    for event, (drawn, registers) in enumerate(draw(st.lists(st.tuples(LOADS, st.integers(0, 3)), max_size=4))):
        growth = sum(load.sets - load.resets for load in drawn)
        turned = standing + growth < 0  # more would be reset than stand
        loads = [load._replace(sets=load.resets, resets=load.sets) for load in drawn] if turned else drawn
        standing += abs(growth) if turned else growth
        found.append(work(loads, registers, event, standing))
    return found
