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


@dataclass(frozen=True)
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


def _bank(
    env: simpy.Environment, port: simpy.Resource, load: Load, switch: Switch, clock: int
) -> Generator[simpy.Event, object, None]:
    with port.request() as turn:
        yield turn
        yield env.timeout(-(-load.bits // switch.port_width) * clock)
    settle = max(switch.set_time if load.sets else 0.0, switch.reset_time if load.resets else 0.0)
    yield env.timeout(round(settle * PICOSECONDS))


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
    port = simpy.Resource(env, capacity=1)
    clock = round(PICOSECONDS / switch.port_clock)
    for load in loads:
        env.process(_bank(env, port, load, switch, clock))
    if register_writes:
        env.process(_bank(env, port, Load(REGISTER_BITS * register_writes, 0, 0, 0), switch, clock))
    env.run()
    duration = int(env.now)
    bits = sum(load.bits for load in loads) + REGISTER_BITS * register_writes
    energy = bits * switch.port_energy
    energy += sum(load.sets * switch.set_energy + load.resets * switch.reset_energy for load in loads)
    energy += sum(load.held for load in loads) * switch.hold_power * duration / PICOSECONDS
    return energy, duration
