"""The switches as they change: all at once where drivers are many, in turns where they are few."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple, cast

from hwsim.execution.timeline.port import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from simpy import Environment, Event

    from hwsim.execution.timeline.holding import Holding
    from hwsim.execution.timeline.parts import Switching


class Bank(NamedTuple):
    """A bank whose switches change: layer and number, and how many are set and reset."""

    layer: int
    number: int
    sets: int
    resets: int


@dataclass(eq=False, slots=True)
class _Job:
    """Switches of one bank that change the same way: how many wait for drivers, and how many are not done."""

    bank: Bank
    what: str
    waiting: int
    undone: int
    then: bool
    """Whether the bank's sets wait for these."""


class Drivers:
    """The drivers of all switches of a machine.

    With any number of drivers, all switches of a bank change together: one event. With few, they are served in the
    order in which they come; at one moment bank after bank, as the port takes them, and of one bank the sets and then
    the resets. Resets go first where the order says so, and the sets of that bank come when its last reset is done. As
    many as drivers are free for change together, so a turn is one event, however many switches it has.

    Args:
        env: keeps the clock.
        switching: the switches.
        holding: is told when switches begin to change.
        record: takes spans; None where nobody looks at them.
    """

    def __init__(
        self, env: Environment, switching: Switching, holding: Holding, record: Callable[[Span], None] | None
    ) -> None:
        self._env, self._switching, self._holding, self._record = env, switching, holding, record
        self._resets_first = switching.order == "reset-first"
        self._limited, self._free = switching.drivers is not None, switching.drivers or 0
        self._queue: list[tuple[int, int, int, _Job]] = []
        self._called, self._came = False, 0
        self.used_ps = 0
        """Picoseconds in which a driver drove a switch, summed over drivers; 0 where they are not limited."""

    def change(self, bank: Bank) -> None:
        """Let the switches of a bank change, as soon as there are drivers for them."""
        if not self._limited:
            self._change_together(bank)
            return
        self._came += 1
        if bank.resets and self._resets_first:
            self._wait(self._came, _Job(bank, "resets", bank.resets, bank.resets, then=bank.sets > 0))
            return
        if bank.sets:
            self._wait(self._came, _Job(bank, "sets", bank.sets, bank.sets, then=False))
        if bank.resets:
            self._wait(self._came, _Job(bank, "resets", bank.resets, bank.resets, then=False))

    def _change_together(self, bank: Bank) -> None:
        now, switching = int(self._env.now), self._switching
        reset = now + switching.reset_ps if bank.resets else now
        begin = reset if self._resets_first else now
        end = begin + switching.set_ps if bank.sets else now
        if bank.sets:
            self._begin(bank, "sets", bank.sets, begin, end)
        if bank.resets:
            self._begin(bank, "resets", bank.resets, now, reset)
        self._env.timeout(max(reset, end) - now)

    def _begin(self, bank: Bank, what: str, count: int, begin: int, end: int) -> None:
        """Note that switches begin to change."""
        sets = what == "sets"
        self._holding.change(count if sets else -count, begin)
        if self._record:
            joules = count * (self._switching.set_energy if sets else self._switching.reset_energy)
            self._record(Span(f"layer {bank.layer} bank {bank.number}", begin, end, what, count, joules))

    def _wait(self, came: int, job: _Job) -> None:
        heappush(self._queue, (int(self._env.now), came, int(job.what == "resets"), job))
        self._call()

    def _call(self) -> None:
        """Serve the queue once everything else of this moment has happened, so that its order is that of banks."""
        if not self._called:
            self._called = True
            self._env.timeout(0).callbacks.append(self._serve)

    def _serve(self, _call: Event) -> None:
        self._called, now = False, int(self._env.now)
        while self._free and self._queue:
            _, came, _, job = self._queue[0]
            count = min(self._free, job.waiting)
            job.waiting -= count
            if not job.waiting:
                heappop(self._queue)
            self._free -= count
            duration = self._switching.set_ps if job.what == "sets" else self._switching.reset_ps
            self.used_ps += count * duration
            self._begin(job.bank, job.what, count, now, now + duration)
            self._env.timeout(duration, (came, job, count)).callbacks.append(self._release)

    def _release(self, turn: Event) -> None:
        came, job, count = cast("tuple[int, _Job, int]", turn.value)
        self._free += count
        job.undone -= count
        if job.then and not job.undone:
            self._wait(came, _Job(job.bank, "sets", job.bank.sets, job.bank.sets, then=False))
        elif self._queue:
            self._call()
