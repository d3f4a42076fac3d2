"""Time and energy of one reconnection: a configuration port, banks that wait for it, switches that settle.

The event-driven model: all words of a bank go through one port, one after another; a bank's switches change together
when its last word is in; register writes use the same port. Time is an integer number of picoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import simpy

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from hwsim.crossbar.technology import Switch

PICOSECONDS = 10**12
REGISTER_BITS = 32


@dataclass(frozen=True, slots=True)
class Load:
    """What one bank needs at one reconnection.

    Args:
        bits: configuration bits to send.
        sets: switches that go from bar to cross (crosspoints that close).
        resets: switches that go back.
        held: switches in cross after the change.
    """

    bits: int
    sets: int
    resets: int
    held: int


def _port(env: simpy.Environment, jobs: Sequence[tuple[int, int]]) -> Generator[simpy.Event, object, None]:
    """Load one bank after another; a bank settles by itself once its last word is in."""
    for loading, settling in jobs:
        yield env.timeout(loading)
        env.timeout(settling)


def simulate(loads: Sequence[Load], register_writes: int, switch: Switch) -> tuple[float, int]:
    """Run one reconnection through the hardware.

    Args:
        loads: one for each bank whose configuration is sent.
        register_writes: registers that change; each is one word of 32 bits.
        switch: the switch technology.

    Returns:
        Energy in joules: toggling, bits through the port, and holding the changed banks' cross states meanwhile; and
        the time in picoseconds until the last switch has settled.

    Example:
        >>> from hwsim.crossbar.technology import Switch
        >>> switch = Switch("s", "electronic", 1e-8, 1e-8, 2e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)
        >>> energy, time = simulate([Load(bits=6, sets=2, resets=1, held=2)], 1, switch)
        >>> time  # one word and one register word at 10 ns, the switches settle during the second
        20000
        >>> round(energy * 1e12)  # 2*2 + 1 pJ of toggles, 6 + 32 bits
        43
    """
    env = simpy.Environment()
    env.process(_port(env, _jobs(loads, register_writes, switch)))
    env.run()
    duration = int(env.now)
    bits = sum(load.bits for load in loads) + REGISTER_BITS * register_writes
    energy = bits * switch.port_energy
    energy += sum(load.sets for load in loads) * switch.set_energy
    energy += sum(load.resets for load in loads) * switch.reset_energy
    energy += sum(load.held for load in loads) * switch.hold_power * duration / PICOSECONDS
    return energy, duration


def _jobs(loads: Sequence[Load], register_writes: int, switch: Switch) -> list[tuple[int, int]]:
    """Picoseconds that each bank holds the port, and that its switches settle afterwards; registers come last."""
    clock = round(PICOSECONDS / switch.port_clock)
    set_time, reset_time = round(switch.set_time * PICOSECONDS), round(switch.reset_time * PICOSECONDS)
    jobs = []
    for load in loads:
        settling = max(set_time if load.sets else 0, reset_time if load.resets else 0)
        jobs.append((-(-load.bits // switch.port_width) * clock, settling))
    if register_writes:
        jobs.append((-(-REGISTER_BITS * register_writes // switch.port_width) * clock, 0))
    return jobs
