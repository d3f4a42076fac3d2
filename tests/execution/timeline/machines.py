"""Machines and works for tests: from a switch datasheet, by hand, or drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from hwsim.crossbar.technology import Switch
from hwsim.execution import Load
from hwsim.execution.timeline import PICOSECONDS, Compute, Parts, Port, Switching, Work

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
