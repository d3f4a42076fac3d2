"""What a machine takes in time and energy, in closed form, where no part of it waits for another: sums over works.

The simulation (:mod:`hwsim.execution.timeline`) gives the same numbers there, and is the only one that can speak where
switches wait for drivers, words are lost, or inferences have to end before the machine reconnects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.execution.timeline.port import PICOSECONDS
from hwsim.model.registers import REGISTER_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.execution.timeline import Parts, Work

    Counts = NDArray[np.int64]


@dataclass
class Sums:
    """Reconnections one after another, each begun when it is issued and the one before it is done.

    Args:
        parts: the machine in time.

    Example:
        >>> from hwsim.execution.timeline import Compute, Parts, Port, Switching, Work
        >>> sums = Sums(Parts(Port(32, 10, 1e-12), Switching(10, 10, 2e-12, 1e-12, 0.0), Compute(1, 1, 0.0)))
        >>> one = [np.array([value]) for value in (0, 0, 6, 2, 1, 2)]
        >>> sums.add(Work(0, 0, *one, registers=1, standing=2))
        >>> sums.now_ps, sums.port_bits, sums.toggles, sums.most
        (20, 38, 3, 3)
    """

    parts: Parts
    reconnections: int = 0
    now_ps: int = 0
    """When the last one was done."""
    busy_ps: int = 0
    """How long the machine could not compute."""
    port_ps: int = 0
    """How long the port has sent, pauses included."""
    register_ps: int = 0
    """How long the registers' own port has."""
    port_bits: int = 0
    sets: int = 0
    resets: int = 0
    most: int = 0
    """Most switches that change at one reconnection."""
    standing: float = 0
    """Switches in cross after the last one."""
    _held_ps: int = 0
    """Switches in cross of the banks that changed, times picoseconds in which the machine could not compute."""
    _moment: float = 0
    """The sum of all changes of what stands in cross, each times when it was."""

    @property
    def toggles(self) -> int:
        """Count switches that changed."""
        return self.sets + self.resets

    @property
    def energy_j(self) -> float:
        """Sum joules as a score bills them: bits, toggles, and what holds banks that change meanwhile."""
        switching, bits = self.parts.switching, self.port_bits * self.parts.port.bit_energy
        toggling = self.sets * switching.set_energy + self.resets * switching.reset_energy
        return bits + toggling + self._held_ps * switching.hold_power / PICOSECONDS

    def add(self, work: Work) -> None:
        """Carry out one more reconnection."""
        switching, double = self.parts.switching, self.parts.memory == "double"
        begin = max(self.now_ps, self.parts.host.issue_ps(work.batch, self.reconnections, self.now_ps))
        self.reconnections += 1
        if not work.layer.size and not work.registers:  # it is over when it is issued
            self._hold(work, work.bits, work.bits, begin)
            self.now_ps = begin
            return
        loading, registers = self._load(work)
        loaded = int(max(loading.max(initial=0), registers))
        changing = np.full(loading.size, loaded) if double else loading
        resetting = (work.resets > 0) * switching.reset_ps
        setting = (work.sets > 0) * switching.set_ps
        later = resetting if switching.order == "reset-first" else np.zeros_like(resetting)
        settled = changing + np.maximum(resetting, later + setting)
        end = int(max(settled.max(initial=0), loaded)) + switching.guard_ps
        self._hold(work, begin + changing, later, begin + end)
        busy = end - (loaded if double else 0)
        self.now_ps, self.busy_ps = begin + end, self.busy_ps + busy
        self._held_ps += int(work.held.sum()) * busy
        self.sets, self.resets = self.sets + int(work.sets.sum()), self.resets + int(work.resets.sum())
        self.most = max(self.most, work.toggles)

    def _load(self, work: Work) -> tuple[Counts, int]:
        """Return after how many picoseconds the last word of each bank is in, and that of the registers (0: none)."""
        port = self.parts.port
        bits = work.bits + port.check_bits
        written = REGISTER_BITS * work.registers + port.check_bits if work.registers else 0
        words, extra = (-(-bits // port.width)).cumsum(), -(-written // port.width)
        before = 0 if port.own_registers or not words.size else int(words[-1])
        pauses = [0 if port.burst is None else np.maximum(n - 1, 0) // port.burst for n in (words, before + extra)]
        loading = (words + pauses[0] * port.pause) * port.clock_ps
        registers = int(before + extra + pauses[1] * port.pause) * port.clock_ps if extra else 0
        last = int(loading[-1]) if loading.size else 0
        self.port_ps += last if port.own_registers else max(last, registers)
        self.register_ps += registers if port.own_registers else 0
        self.port_bits += int(bits.sum()) + written
        return loading, registers

    def _hold(self, work: Work, begin: Counts, later: Counts, end: int) -> None:
        """Count what stands in cross: each change from when it begins on, or all from the end on where they differ."""
        growth = work.standing - self.standing
        if growth == int((work.sets - work.resets).sum()):
            self._moment += int((work.sets * (begin + later)).sum()) - int((work.resets * begin).sum())
        else:
            self._moment += growth * end
        self.standing = work.standing

    def finish(self) -> dict[str, Any]:
        """Return the numbers of everything that was carried out, by the names of :class:`Tally` where it has them."""
        parts = self.parts
        watched = max(self.now_ps, parts.host.length_ps)
        held = self.standing * watched - self._moment
        used: dict[str, float] = {"port": self.port_ps}
        if parts.port.own_registers:
            used["register port"] = self.register_ps
        if drivers := parts.switching.drivers:
            spent = self.sets * parts.switching.set_ps + self.resets * parts.switching.reset_ps
            used["drivers"] = spent / drivers
        return {
            "watched_ps": watched,
            "reconnections": self.reconnections,
            "port_bits": self.port_bits,
            "toggles": self.toggles,
            "utilisation": {name: busy / watched if watched else 0.0 for name, busy in used.items()},
            "availability": 1 - self.busy_ps / watched if watched else 1.0,
            "energy": {
                "configuration": self.port_bits * parts.port.bit_energy,
                "toggling": self.sets * parts.switching.set_energy + self.resets * parts.switching.reset_energy,
                "holding": held * parts.switching.hold_power / PICOSECONDS,
                "idle": parts.compute.idle_power * watched / PICOSECONDS,
            },
        }

    @property
    def contention(self) -> str:
        """Say why the sums are not what the simulation gives; empty where they are."""
        drivers = self.parts.switching.drivers
        if self.parts.port.loss:
            return "words are lost by chance and sent again"
        if drivers is not None and self.most > drivers:
            return f"up to {self.most:,} switches change at a time, and wait for {drivers:,} drivers"
        return ""
