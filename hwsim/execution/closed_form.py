"""What a machine takes in time and energy, in closed form, where no part of it waits for another: sums over works.

The simulation (:mod:`hwsim.execution.timeline`) gives the same numbers there, and is the only one that can speak where
switches wait for drivers, words are lost, or requests meet a machine that reconnects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.execution.timeline.port import PICOSECONDS, REGISTER_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsim.execution.timeline import Parts, Work


def contention(works: Iterable[Work], parts: Parts) -> str:
    """Say why reconnections have no closed form in a machine; return "" where they have one.

    Example:
        >>> from hwsim.execution.timeline import Compute, Parts, Port, Switching, Work
        >>> contention([], Parts(Port(32, 10, 0.0, loss=1e-6), Switching(1, 1, 0.0, 0.0, 0.0), Compute(1, 1, 0.0)))
        'words are lost by chance and sent again'
    """
    if parts.port.loss:
        return "words are lost by chance and sent again"
    drivers = parts.switching.drivers
    most = max((work.toggles for work in works), default=0) if drivers is not None else 0
    if drivers is not None and most > drivers:
        return f"up to {most:,} switches change at a time, and wait for {drivers:,} drivers"
    return ""


@dataclass
class Sums:
    """Reconnections one after another, in closed form.

    Args:
        parts: the machine in time.

    Example:
        >>> from hwsim.execution.timeline import Compute, Parts, Port, Switching, Work
        >>> sums = Sums(Parts(Port(32, 10, 1e-12), Switching(10, 10, 2e-12, 1e-12, 0.0), Compute(1, 1, 0.0)))
        >>> one = [np.array([value]) for value in (0, 0, 6, 2, 1, 2)]
        >>> sums.add(Work(0, 0, *one, registers=1, standing=2))
        >>> sums.now_ps, sums.port_bits, round(sums.configuration_j * 1e12), round(sums.toggling_j * 1e12)
        (20, 38, 38, 5)
    """

    parts: Parts
    reconnections: int = 0
    port_bits: int = 0
    toggles: int = 0
    now_ps: int = 0
    """When the last one was done."""
    port_ps: int = 0
    """How long the port has sent."""
    busy_ps: int = 0
    """How long the machine could not compute."""
    configuration_j: float = 0.0
    toggling_j: float = 0.0
    _held_ps: float = 0.0
    """Switches in cross times picoseconds, up to the last change of each bank."""
    _standing: float = field(default=-1.0)

    def add(self, work: Work) -> None:
        """Carry out one more reconnection."""
        port, switching, double = self.parts.port, self.parts.switching, self.parts.memory == "double"
        bits = work.bits + port.check_bits
        written = REGISTER_BITS * work.registers
        clocks, last = self._clocks(bits, written)
        loading, registers = clocks * port.clock_ps, last * port.clock_ps
        loaded = int(max(loading.max(initial=0), registers))
        turns = [(work.resets > 0) * switching.reset_ps, (work.sets > 0) * switching.set_ps]
        settling = sum(turns) if switching.order == "reset-first" else np.maximum(*turns)
        begin = self._issue_ps(work)
        changing = np.full(len(loading), loaded) if double else loading
        end = int(max((changing + settling).max(initial=0), loaded)) + switching.guard_ps
        self._hold(work, begin + changing)
        self.reconnections += 1
        self.now_ps = begin + end
        self.busy_ps += end - loaded if double else end
        self.port_ps += (int(-(-bits // port.width).sum()) - (-written // port.width)) * port.clock_ps
        self.port_bits += int(bits.sum()) + written
        self.toggles += work.toggles
        self.configuration_j += (int(bits.sum()) + written) * port.bit_energy
        self.toggling_j += int(work.sets.sum()) * switching.set_energy + int(work.resets.sum()) * switching.reset_energy

    def _clocks(self, bits: np.ndarray[Any, Any], written: int) -> tuple[np.ndarray[Any, Any], int]:
        """Return clocks until the last word of each bank is in, and until that of the registers is."""
        port = self.parts.port
        words, extra = (-(-bits // port.width)).cumsum(), -(-written // port.width)
        before = 0 if port.own_registers else int(words[-1]) if words.size else 0
        last = np.array([before + extra if extra else 0], np.int64)
        both = [words, last]
        if port.burst is not None:
            both = [count + np.maximum(count - 1, 0) // port.burst * port.pause for count in both]
        return both[0], int(both[1][0])

    def _issue_ps(self, work: Work) -> int:
        """Return when a reconnection begins: once it is issued and the one before it is done."""
        host = self.parts.host
        if host.issue == "steps":
            return max(self.now_ps, work.batch * host.step_ps)
        if host.issue == "times" and 0 < work.event <= len(host.times_ps):
            return max(self.now_ps, host.times_ps[work.event - 1])
        return self.now_ps

    def _hold(self, work: Work, changing: np.ndarray[Any, Any]) -> None:
        """Count what stands in cross: each change counts from when it begins, as if to the end of time."""
        change = work.sets - work.resets
        if self._standing < 0:
            self._standing = work.standing - float(change.sum())
            self._held_ps = 0.0
        self._standing += float(change.sum())
        self._held_ps -= float((change * changing).sum())

    def finish(self) -> dict[str, Any]:
        """Return the numbers in time and energy of everything that was carried out, in SI units."""
        parts = self.parts
        watched = max(self.now_ps, parts.host.length_ps)
        held = max(self._standing, 0.0) * watched + self._held_ps
        energy = {
            "configuration": self.configuration_j,
            "toggling": self.toggling_j,
            "holding": held * parts.switching.hold_power / PICOSECONDS,
            "idle": parts.compute.idle_power * watched / PICOSECONDS,
        }
        return {
            "watched_s": watched / PICOSECONDS,
            "reconnections": self.reconnections,
            "port_bits": self.port_bits,
            "toggles": self.toggles,
            "port_share": self.port_ps / watched if watched else 0.0,
            "availability": 1 - self.busy_ps / watched if watched else 1.0,
            "energy": energy,
        }
