"""The closed form of a reconnection: a configuration port, banks that wait for it, switches that settle.

All words of a bank go through one port, one after another; a bank's switches change together when its last word is in;
register writes use the same port and come last. Time is an integer number of picoseconds.

What such a port sends ends at the running sum of what was sent, and the reconnection at
``max(cumsum(loading) + settling)``. So a bill is sums over arrays. Where nothing contends the simulation gives exactly
the same; ``hwsim cost``, and what training is billed, need no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.model.registers import REGISTER_BITS

if TYPE_CHECKING:
    from hwsim.crossbar.technology import Switch
    from hwsim.execution.change import Sent

PICOSECONDS = 10**12


SpanTuple = tuple[str, int, int, str, int, float]
"""A span as it is noted: a tuple that holds only plain values costs the garbage collector nothing."""
Record = Callable[[SpanTuple], None]


class Span(NamedTuple):
    """Something that takes time.

    Args:
        resource: ``port``, ``register port``, a bank such as ``layer 0 bank 3``, ``compute``; ``reconnection`` for one
            from its first word to its end, ``unavailable`` for the time in which no inference can be made, ``faults``.
        begin_ps: picoseconds from the end of power-up on.
        end_ps: likewise; the same for something that happens in a moment.
        what: ``bits`` or ``registers`` that a port sends, ``bits again`` where words were lost, switches that a bank
            ``sets`` or ``resets`` (in turns, where drivers are fewer than that), the ``event`` of a reconnection, or
            what is tested or breaks.
        amount: how many bits, switches or inferences; the number of an event.
        energy: joules.
    """

    resource: str
    begin_ps: int
    end_ps: int
    what: str
    amount: int
    energy: float = 0.0


def bill(sent: Sent, register_writes: int, switch: Switch) -> tuple[float, int]:
    """Compute what one reconnection costs: energy in joules, and picoseconds until the last switch has settled.

    It is drawn up at every reconnection, of hundreds of banks.

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
