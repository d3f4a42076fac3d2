"""A reconnection in time: a configuration port, banks that wait for it, switches that settle.

All words of a bank go through one port, one after another; a bank's switches change together when its last word is in;
register writes use the same port and come last. Time is an integer number of picoseconds.

One port has a closed form: what it sends ends at the running sum of what was sent, and the reconnection at
``max(cumsum(loading) + settling)``. So a bill is sums over arrays, and spans, for those who want to see them, are
reckoned and not simulated. The tests hold both against SimPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.crossbar.technology import Switch
    from hwsim.execution.circuits import Load, Sent

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
        energy: joules that it takes.
    """

    resource: str
    begin_ps: int
    end_ps: int
    what: str
    amount: int
    energy: float = 0.0


def spans(loads: Sequence[Load], register_writes: int, switch: Switch) -> list[Span]:
    """Return when everything of one reconnection happens.

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
        ...     print(*span[:5])
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
        found.append(Span("port", begin, now, "bits", bits, bits * switch.port_energy))
        if sets:
            found.append(Span(resource, now, now + set_time, "sets", sets, sets * switch.set_energy))
        if resets:
            found.append(Span(resource, now, now + reset_time, "resets", resets, resets * switch.reset_energy))
        if hold:
            held.append((resource, hold))
    if register_writes:
        bits = REGISTER_BITS * register_writes
        found.append(Span("port", now, now - (-bits // width) * clock, "registers", bits, bits * switch.port_energy))
    end = max((span[2] for span in found), default=0)
    each = end * switch.hold_power / PICOSECONDS
    return found + [Span(resource, 0, end, "holds", hold, hold * each) for resource, hold in held]


def bill(sent: Sent, register_writes: int, switch: Switch) -> tuple[float, int]:
    """Compute what one reconnection costs: energy in joules, and picoseconds until the last switch has settled.

    The sums over its :func:`spans`, from arrays: a bill is drawn up at every reconnection, of hundreds of banks.

    Args:
        sent: what is sent to the banks, in the order in which the port takes it.
        register_writes: registers that change; each is one word of 32 bits.
        switch: the switch technology.

    Example:
        >>> import numpy as np
        >>> from hwsim.crossbar.technology import Switch
        >>> from hwsim.execution import Sent
        >>> switch = Switch("s", "electronic", 1e-8, 1e-8, 2e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)
        >>> sent = Sent(*(np.array([value]) for value in (6, 2, 1, 2)))
        >>> energy, time = bill(sent, 1, switch)  # 2*2 + 1 pJ of toggles, 6 + 32 bits
        >>> round(energy * 1e12), time  # the switches settle while the register is written
        (43, 20000)
    """
    clock, width = round(PICOSECONDS / switch.port_clock), switch.port_width
    set_time, reset_time = round(switch.set_time * PICOSECONDS), round(switch.reset_time * PICOSECONDS)
    written, end = REGISTER_BITS * register_writes, 0
    if sent.bits.size:
        loaded = (-(-sent.bits // width) * clock).cumsum()
        settling = np.maximum((sent.sets > 0) * set_time, (sent.resets > 0) * reset_time)
        end = max(int((loaded + settling).max()), int(loaded[-1]) - (-written // width) * clock)
    elif written:
        end = -(-written // width) * clock
    bits, sets, resets, held = (int(column.sum()) for column in sent)  # Python's integers: held times the end is large
    energy = (bits + written) * switch.port_energy
    energy += sets * switch.set_energy + resets * switch.reset_energy
    return energy + held * end * switch.hold_power / PICOSECONDS, end
