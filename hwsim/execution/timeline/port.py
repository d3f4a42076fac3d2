"""A reconnection in time: a configuration port, banks that wait for it, switches that settle.

The event-driven model: all words of a bank go through one port, one after another; a bank's switches change together
when its last word is in; register writes use the same port and come last. Time is an integer number of picoseconds.

SimPy runs the port, and nothing else: a bank settles by itself, so that the end of its span is known when it begins.
With that, an event-driven run takes as long as the closed form of this one port in Python does, and what comes after it
(several ports, reads meanwhile) is one process more. The tests hold it against the closed form,
``max(cumsum(loading) + settling)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    import simpy

    from hwsim.crossbar.technology import Switch
    from hwsim.execution.circuits import Load

PICOSECONDS = 10**12
REGISTER_BITS = 32


class Span(NamedTuple):
    """Something that takes time.

    Args:
        resource: ``port``, or a bank such as ``layer 0 bank 3``.
        begin_ps: picoseconds from the start of the reconnection on.
        end_ps: likewise.
        what: ``bits`` or ``registers`` that the port sends, switches that a bank ``sets``, ``resets`` or ``holds``.
        amount: how many bits or switches.
    """

    resource: str
    begin_ps: int
    end_ps: int
    what: str
    amount: int


def spans(loads: Sequence[Load], register_writes: int, switch: Switch) -> list[Span]:
    """Run one reconnection through the port.

    Args:
        loads: one per bank whose configuration is sent (:attr:`hwsim.execution.Change.loads`).
        register_writes: registers that change; each is one word of 32 bits.
        switch: the switch technology.

    Returns:
        What the port and the banks do, in the order of its beginning but for what banks hold, which comes last: the
        switches in cross of the banks that change, from beginning to end.

    Example:
        >>> from hwsim.crossbar.technology import Switch
        >>> from hwsim.execution import Load
        >>> switch = Switch("s", "electronic", 1e-8, 1e-8, 2e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)
        >>> for span in spans([Load(bits=6, sets=2, resets=0, held=2)], 1, switch):
        ...     print(*span)
        port 0 10000 bits 6
        layer 0 bank 0 10000 20000 sets 2
        port 10000 20000 registers 32
        layer 0 bank 0 0 20000 holds 2
    """
    if not loads and not register_writes:
        return []
    import simpy

    env, found = simpy.Environment(), list[Span]()
    env.process(_port(env, loads, REGISTER_BITS * register_writes, switch, found))
    env.run()
    end = max(span.end_ps for span in found)
    return found + [Span(_bank(load), 0, end, "holds", load.held) for load in loads if load.held]


def _bank(load: Load) -> str:
    return f"layer {load.layer} bank {load.bank}"


def _port(
    env: simpy.Environment, loads: Sequence[Load], register_bits: int, switch: Switch, found: list[Span]
) -> Generator[simpy.Event, object, None]:
    """Load one bank after another; each settles by itself once its last word is in."""
    clock = round(PICOSECONDS / switch.port_clock)
    set_time, reset_time = round(switch.set_time * PICOSECONDS), round(switch.reset_time * PICOSECONDS)
    for load in loads:
        begin = int(env.now)
        yield env.timeout(-(-load.bits // switch.port_width) * clock)
        now = int(env.now)
        found.append(Span("port", begin, now, "bits", load.bits))
        if load.sets:
            found.append(Span(_bank(load), now, now + set_time, "sets", load.sets))
        if load.resets:
            found.append(Span(_bank(load), now, now + reset_time, "resets", load.resets))
    if register_bits:
        begin = int(env.now)
        yield env.timeout(-(-register_bits // switch.port_width) * clock)
        found.append(Span("port", begin, int(env.now), "registers", register_bits))


def bill(found: Iterable[Span], switch: Switch) -> tuple[float, int]:
    """What spans cost: energy in joules, and the picoseconds until the last of them ends.

    Example:
        >>> from hwsim.crossbar.technology import Switch
        >>> switch = Switch("s", "electronic", 1e-8, 1e-8, 2e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)
        >>> energy, time = bill([Span("port", 0, 10_000, "bits", 6), Span("layer 0 bank 0", 0, 5, "sets", 2)], switch)
        >>> round(energy * 1e12), time
        (10, 10000)
    """
    total = dict.fromkeys(("bits", "registers", "sets", "resets", "holds"), 0)
    end = 0
    for span in found:
        total[span.what] += span.amount * (span.end_ps - span.begin_ps if span.what == "holds" else 1)
        end = max(end, span.end_ps)
    energy = (total["bits"] + total["registers"]) * switch.port_energy
    energy += total["sets"] * switch.set_energy + total["resets"] * switch.reset_energy
    return energy + total["holds"] * switch.hold_power / PICOSECONDS, end
