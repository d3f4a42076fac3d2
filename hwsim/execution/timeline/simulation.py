"""The machine in time, event by event: a port that loads, switches that settle, a pipeline that makes way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from hwsim.execution.timeline.drivers import Bank, Drivers
from hwsim.execution.timeline.holding import Holding
from hwsim.execution.timeline.loading import Loading
from hwsim.execution.timeline.port import PICOSECONDS, REGISTER_BITS, Span
from hwsim.execution.timeline.tally import Passage, Tally
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from hwsim.execution.timeline.parts import Parts
    from hwsim.execution.timeline.work import Work


class Simulation:
    """A machine in time, from the end of power-up on.

    Reconnections come one after another. One that is issued waits for the one before it. With a single configuration
    memory no inference begins from then on; when the pipeline is empty, words go through the port bank after bank, and
    a bank's switches change when its last word is in. With a double one everything is loaded beside inferences; then
    the pipeline empties, and all banks change. Reads are valid a guard after the last switch has settled.

    Args:
        parts: the machine.
        seed: of the words that are lost, and of requests.
        keep: whether spans are kept.

    Example:
        >>> import numpy as np
        >>> from hwsim.execution.timeline import Compute, Parts, Port, Switching, Work
        >>> port, switching = Port(32, 10_000, 1e-12), Switching(10_000, 10_000, 2e-12, 1e-12, 0.0)
        >>> machine = Simulation(Parts(port, switching, Compute(100_000, 100_000, 1e-9)), seed=0, keep=True)
        >>> work = Work(0, 0, *[np.array([k]) for k in (0, 0, 6, 2, 1, 2)], registers=1, standing=1.0)
        >>> passage = machine.carry_out(work)  # the register is written while switches settle
        >>> passage.end_ps, round(passage.energy_j * 1e12)
        (20000, 43)
        >>> for span in machine.spans:
        ...     print(*span[:5])
        port 0 10000 bits 6
        layer 0 bank 0 10000 20000 sets 2
        layer 0 bank 0 10000 20000 resets 1
        port 10000 20000 registers 32
        unavailable 0 20000 event 0
        reconnection 0 20000 event 0
    """

    def __init__(self, parts: Parts, seed: int, *, keep: bool = False) -> None:
        self.parts = parts
        self.spans: list[Span] = []
        """What happened, where spans are kept."""
        self._record = self.spans.append if keep else None
        self._env = simpy.Environment()
        self._holding = Holding()
        self._drivers = Drivers(self._env, parts.switching, self._holding, self._record)
        self._port = self._open("port", seed)
        self._registers = self._open("register port", seed) if parts.port.own_registers else self._port
        self._reconnections = self._sets = self._resets = self._busy_ps = 0
        self._tested = self._testing_ps = 0

    def _open(self, name: str, seed: int) -> Loading:
        return Loading(self._env, self.parts.port, name, stream(seed, f"timeline/{name}"), self._record)

    @property
    def now_ps(self) -> int:
        """The end of what was carried out last."""
        return int(self._env.now)

    def issue_ps(self, batch: int, number: int) -> int:
        """Return when the host issues a reconnection; it may have to wait for the one before.

        Args:
            batch: optimiser steps before it.
            number: reconnections before it.
        """
        host = self.parts.host
        if host.issue == "steps":
            return batch * host.step_ps
        if host.issue == "times" and number <= len(host.times_ps):
            return host.times_ps[number - 1] if number else 0
        return self.now_ps

    def carry_out(self, work: Work) -> Passage:
        """Carry out a reconnection that follows all others.

        Raises:
            PortError: its words practically never get through the port.
        """
        issue = self.issue_ps(work.batch, self._reconnections)
        self._reconnections += 1
        banks = list(map(Bank, work.layer.tolist(), work.bank.tolist(), work.sets.tolist(), work.resets.tolist()))
        bits, sets, resets = self._bits, sum(bank.sets for bank in banks), sum(bank.resets for bank in banks)
        self._holding.expect(work.standing, sets - resets)
        begin, free = max(issue, self.now_ps), self.now_ps
        if banks or work.registers:
            begin, free = self._reconnect(banks, work, begin)
        self._holding.arrive(self.now_ps)
        self._sets, self._resets = self._sets + sets, self._resets + resets
        busy = self.now_ps - free
        energy = self._energy(self._bits - bits, sets, resets, int(work.held.sum()) * busy)
        self._note("reconnection", begin, "event", work.event)
        return Passage(issue, begin, self.now_ps, busy, energy)

    def _reconnect(self, banks: Sequence[Bank], work: Work, issue: int) -> tuple[int, int]:
        """Carry out what there is to do; returns when that began, and since when inferences could not be made."""
        double = self.parts.memory == "double"
        self._pass_until(issue if double else self._drained(issue))
        begin = free = self.now_ps
        self._env.process(self._load(banks, work, settle=not double))
        if work.registers and self._registers is not self._port:
            self._registers.begin()
            self._env.process(self._registers.send(REGISTER_BITS * work.registers, "registers"))
        self._env.run()
        if double:
            self._pass_until(self._drained(self.now_ps))
            free = self.now_ps
            for bank in banks:
                self._drivers.change(bank)
            self._env.run()
        self._pass_until(self.now_ps + self.parts.switching.guard_ps)
        self._block(free)
        return begin, free

    def _load(self, banks: Sequence[Bank], work: Work, *, settle: bool) -> Generator[simpy.Event, object, None]:
        """Send what banks are sent, and the registers where they have no port of their own."""
        self._port.begin()
        for bank, bits in zip(banks, work.bits.tolist(), strict=True):
            yield from self._port.send(bits, "bits")
            if settle:
                self._drivers.change(bank)
        if work.registers and self._registers is self._port:
            yield from self._port.send(REGISTER_BITS * work.registers, "registers")

    def _pass_until(self, at_ps: int) -> None:
        """Let time pass in which nothing happens to the configuration."""
        if at_ps > self.now_ps:
            self._env.timeout(at_ps - self.now_ps)
            self._env.run()

    def _drained(self, at_ps: int) -> int:
        """Let no inference begin from a moment on; returns when the pipeline is empty."""
        return at_ps

    def _block(self, begin: int) -> None:
        """Note that no inference could be made from a moment on until now."""
        self._busy_ps += self.now_ps - begin
        self._note("unavailable", begin, "event", self._reconnections - 1)

    def _note(self, resource: str, begin: int, what: str, amount: int, energy: float = 0.0) -> None:
        if self._record:
            self._record(Span(resource, begin, self.now_ps, what, amount, energy))

    @property
    def _bits(self) -> int:
        return self._port.bits + (self._registers.bits if self._registers is not self._port else 0)

    def _energy(self, bits: int, sets: int, resets: int, switch_ps: float) -> dict[str, float]:
        port, switching = self.parts.port, self.parts.switching
        return {
            "configuration": bits * port.bit_energy,
            "toggling": sets * switching.set_energy + resets * switching.reset_energy,
            "holding": switch_ps * switching.hold_power / PICOSECONDS,
        }

    def test(self, what: str, inferences: int) -> Passage:
        """Send test patterns through the compute pipeline, once it is empty; nobody else is answered meanwhile.

        Args:
            what: what is tested, for spans.
            inferences: how many patterns.
        """
        compute, issue = self.parts.compute, self.now_ps
        self._pass_until(self._drained(issue))
        begin = self.now_ps
        self._pass_until(begin + (inferences * compute.interval_ps + compute.latency_ps - compute.interval_ps))
        self._tested, self._testing_ps = self._tested + inferences, self._testing_ps + self.now_ps - begin
        energy = self._inference_energy(inferences)
        self._note("compute", begin, what, inferences, energy["compute"] + energy["conversion"])
        self._block(begin)
        return Passage(issue, begin, self.now_ps, self.now_ps - begin, energy)

    def _inference_energy(self, inferences: int) -> dict[str, float]:
        compute = self.parts.compute
        conversion = inferences * compute.conversion
        return {"compute": inferences * (compute.energy - compute.conversion), "conversion": conversion}

    def mark(self, at_ps: int, what: str) -> None:
        """Note something that happens in a moment: a fault.

        Args:
            at_ps: when.
            what: what breaks.
        """
        if self._record:
            self._record(Span("faults", at_ps, at_ps, what, 1, 0.0))

    def finish(self) -> Tally:
        """Watch until the length that the host asks for, or until the last thing has ended; returns the sums."""
        watched = max(self.parts.host.length_ps, self.now_ps)
        energy = self._energy(self._bits, self._sets, self._resets, self._holding.switch_ps(watched))
        energy |= self._inference_energy(self._tested)
        energy["idle"] = self.parts.compute.idle_power * watched / PICOSECONDS
        return Tally(
            watched_ps=watched,
            reconnections=self._reconnections,
            port_bits=self._bits,
            resent_bits=self._port.resent_bits,
            toggles=self._sets + self._resets,
            utilisation={name: used / watched if watched else 0.0 for name, used in self._used().items()},
            availability=1 - self._busy_ps / watched if watched else 1.0,
            energy=energy,
        )

    def _used(self) -> dict[str, float]:
        """Return the picoseconds in which each resource was in use."""
        used: dict[str, float] = {"port": self._port.busy_ps, "compute": self._testing_ps}
        if self._registers is not self._port:
            used["register port"] = self._registers.busy_ps
        if drivers := self.parts.switching.drivers:
            used["drivers"] = self._drivers.used_ps / drivers
        return used
