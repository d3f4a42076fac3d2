"""A reconnection in time: a configuration port, banks that wait for it, switches that settle.

All words of a bank go through one port, one after another; a bank's switches change together when its last word is in;
register writes use the same port and come last. Time is an integer number of picoseconds.

One port has a closed form: what it sends ends at the running sum of what was sent, and the reconnection at
``max(cumsum(loading) + settling)``. So spans are reckoned and not simulated: the same spans out of SimPy take about
twice as long, for the same numbers, and a bill is drawn up at every reconnection. The tests hold the one against the
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    """When everything of one reconnection happens.

    Args:
        loads: one per bank whose configuration is sent (:attr:`hwsim.execution.Change.loads`).
        register_writes: registers that change; each is one word of 32 bits.
        switch: the switch technology.

    Returns:
        What the port sends, each bank's words followed by what that bank then does; last what banks hold: the switches
        in cross of those that change, from beginning to end.

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
    clock, width = round(PICOSECONDS / switch.port_clock), switch.port_width
    set_time, reset_time = round(switch.set_time * PICOSECONDS), round(switch.reset_time * PICOSECONDS)
    found, held, now = list[Span](), list[tuple[str, int]](), 0
    for bits, sets, resets, hold, layer, bank in loads:
        resource, begin = f"layer {layer} bank {bank}", now
        now += -(-bits // width) * clock
        found.append(Span("port", begin, now, "bits", bits))
        if sets:
            found.append(Span(resource, now, now + set_time, "sets", sets))
        if resets:
            found.append(Span(resource, now, now + reset_time, "resets", resets))
        if hold:
            held.append((resource, hold))
    if register_writes:
        bits = REGISTER_BITS * register_writes
        found.append(Span("port", now, now - (-bits // width) * clock, "registers", bits))
    end = max((span[2] for span in found), default=0)
    return found + [Span(resource, 0, end, "holds", hold) for resource, hold in held]


def bill(found: Iterable[Span], switch: Switch) -> tuple[float, int]:
    """What spans cost: energy in joules, and the picoseconds until the last of them ends.

    Example:
        >>> from hwsim.crossbar.technology import Switch
        >>> switch = Switch("s", "electronic", 1e-8, 1e-8, 2e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)
        >>> energy, time = bill([Span("port", 0, 10_000, "bits", 6), Span("layer 0 bank 0", 0, 5, "sets", 2)], switch)
        >>> round(energy * 1e12), time
        (10, 10000)
    """
    total = {"bits": 0, "registers": 0, "sets": 0, "resets": 0, "holds": 0}
    end = 0
    for _, begin, stop, what, amount in found:
        total[what] += amount * (stop - begin) if what == "holds" else amount
        end = max(end, stop)
    energy = (total["bits"] + total["registers"]) * switch.port_energy
    energy += total["sets"] * switch.set_energy + total["resets"] * switch.reset_energy
    return energy + total["holds"] * switch.hold_power / PICOSECONDS, end
