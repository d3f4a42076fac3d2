"""The machine in time, event by event: a port that loads, switches that settle, a pipeline that makes way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import simpy

from hwsim.execution.timeline.account import Account
from hwsim.execution.timeline.drivers import Drivers
from hwsim.execution.timeline.holding import Holding
from hwsim.execution.timeline.loading import Loading
from hwsim.execution.timeline.port import Span, SpanTuple
from hwsim.execution.timeline.tally import Passage
from hwsim.execution.timeline.turns import FewDrivers
from hwsim.model.registers import REGISTER_BITS
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.execution.timeline.parts import Parts
    from hwsim.execution.timeline.requests import Stream
    from hwsim.execution.timeline.tally import Tally
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
        port 10000 20000 registers 32
        layer 0 bank 0 10000 20000 sets 2
        layer 0 bank 0 10000 20000 resets 1
        unavailable 0 20000 event 0
        reconnection 0 20000 event 0
    """

    def __init__(self, parts: Parts, seed: int, *, keep: bool = False) -> None:
        self.parts = parts
        self._spans: list[SpanTuple] = []
        self._record = self._spans.append if keep else None
        self._env = simpy.Environment()
        self._account = Account(parts)
        self._holding = Holding()
        few, places = parts.switching.drivers, (self._env, parts.switching, self._holding, self._record)
        self._drivers = Drivers(*places) if few is None else FewDrivers(*places, few)
        self._port = self._open("port", seed)
        self._registers = self._open("register port", seed) if parts.port.own_registers else self._port
        self._ports = {"port": self._port} | ({"register port": self._registers} if parts.port.own_registers else {})
        self._stream: Stream | None = None
        if parts.requests:
            from hwsim.execution.timeline.requests import Stream  # loads compiled code

            self._stream = Stream(parts.requests, parts.compute, seed)

    def _open(self, name: str, seed: int) -> Loading:
        return Loading(self.parts.port, self._account, name, stream(seed, f"timeline/{name}"), self._record)

    @property
    def spans(self) -> list[Span]:
        """Return what happened, where spans are kept; the requests at the end, once the machine was watched to it."""
        return list(map(Span._make, self._spans))

    @property
    def now_ps(self) -> int:
        """The end of what was carried out last."""
        return int(self._env.now)

    def carry_out(self, work: Work, *, planned: bool = True) -> Passage:
        """Carry out a reconnection that follows all others.

        Args:
            work: the reconnection.
            planned: whether it is one of those that the host has times for; others, such as what a test or a repair
                loads, are issued at once and not counted.

        Raises:
            PortError: its words practically never get through the port.
        """
        account = self._account
        now, host = self.now_ps, self.parts.host
        issue = host.issue_ps(work.batch, account.reconnections, now) if planned else now
        all_sets, all_resets, sent = work.sets.tolist(), work.resets.tolist(), account.bits
        banks = list(zip(work.layer.tolist(), work.bank.tolist(), all_sets, all_resets, strict=True))
        sets, resets, busy = sum(all_sets), sum(all_resets), 0
        self._holding.expect(work.standing, sets - resets)
        self._pass_until(issue)
        begin = self.now_ps
        if banks or work.registers:
            begin, busy = self._reconnect(banks, work)
        end = self.now_ps
        self._holding.arrive(end)
        self._note("reconnection", begin, "event", work.event)
        account.reconnections += planned
        account.sets += sets
        account.resets += resets
        switch_ps = sum(work.held.tolist()) * busy
        energy = account.reconnecting(account.bits - sent, sets, resets, switch_ps)
        return Passage(issue, begin, end, busy, energy)

    def _reconnect(self, banks: Sequence[tuple[int, int, int, int]], work: Work) -> tuple[int, int]:
        """Carry out what there is to do; returns when that began, and for how long no inference could be made."""
        double = self.parts.memory == "double"
        if not double:
            self._empty()
        begin = free = self.now_ps
        ends, loaded = self._load(work, begin)
        if double:
            self._pass_until(loaded)
            self._empty()
            free = self.now_ps
            ends = [free] * len(banks)
        for bank, end in zip(banks, ends, strict=True):
            self._env.timeout(end - free, bank).callbacks.append(self._drivers.change)
        self._env.run()
        self._pass_until(max(loaded, self.now_ps) + self.parts.switching.guard_ps)
        return begin, self._block(free, "event", work.event)

    def _load(self, work: Work, begin: int) -> tuple[list[int], int]:
        """Send what banks are sent, and registers; returns when each bank has what it is sent, and when all is in."""
        for port in self._ports.values():
            port.begin()
        ends = self._port.send(work.bits.tolist(), "bits", begin)
        loaded = ends[-1] if ends else begin
        if work.registers:
            start = loaded if self._registers is self._port else begin
            (written,) = self._registers.send([REGISTER_BITS * work.registers], "registers", start)
            loaded = max(loaded, written)
        return ends, loaded

    def _pass_until(self, at_ps: int) -> None:
        """Let time pass in which nothing happens to the configuration."""
        if at_ps > self.now_ps:
            self._env.timeout(at_ps - self.now_ps)
            self._env.run()

    def _empty(self) -> None:
        """Let no inference begin from now on, and wait until the pipeline is empty."""
        if self._stream:
            self._pass_until(self._stream.drain(self.now_ps))

    def _block(self, begin: int, what: str, amount: int) -> int:
        """Let inferences begin again; returns for how long none could be made, since the pipeline was empty."""
        if self._stream:
            self._stream.block(begin, self.now_ps)
        busy = self.now_ps - begin
        self._account.unavailable_ps += busy
        self._note("unavailable", begin, what, amount)
        return busy

    def _note(self, resource: str, begin: int, what: str, amount: int, energy: float = 0.0) -> None:
        if self._record:
            self._record((resource, begin, self.now_ps, what, amount, energy))

    def test(self, what: str, inferences: int) -> Passage:
        """Send test patterns through the compute pipeline, once it is empty; nobody else is answered meanwhile.

        Args:
            what: what is tested, for spans.
            inferences: how many patterns, at least one.
        """
        compute, issue, account = self.parts.compute, self.now_ps, self._account
        self._empty()
        begin = self.now_ps
        self._pass_until(begin + (inferences - 1) * compute.interval_ps + compute.latency_ps)
        busy, energy = self._block(begin, what, inferences), account.computing(inferences)
        account.tests, account.testing_ps = account.tests + inferences, account.testing_ps + busy
        self._note("compute", begin, what, inferences, energy["compute"] + energy["conversion"])
        return Passage(issue, begin, self.now_ps, busy, energy)

    def mark(self, at_ps: int, what: str) -> None:
        """Note something that happens in a moment: a fault.

        Args:
            at_ps: when.
            what: what breaks.
        """
        if self._record:
            self._record(("faults", at_ps, at_ps, what, 1, 0.0))

    def finish(self) -> Tally:
        """Watch until the length that the host asks for, or until the last thing has ended; returns the sums."""
        watched = max(self.parts.host.length_ps, self.now_ps)
        stream = self._stream.finish(watched) if self._stream and watched else None
        used: dict[str, float] = {name: port.busy_ps for name, port in self._ports.items()}
        used["compute"] = self._account.testing_ps + (stream.busy_ps if stream else 0)
        if drivers := self.parts.switching.drivers:
            used["drivers"] = self._drivers.used_ps / drivers
        if self._record and self._stream:
            one = self.parts.compute.energy
            for request in self._stream.answered:
                self._record(("compute", request.begin_ps, request.left_ps, "inference", 1, one))
        return self._account.close(watched, self._holding.switch_ps(watched), used, stream)
