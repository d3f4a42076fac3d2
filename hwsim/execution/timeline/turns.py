"""The switches as they change, where drivers are few: in turns."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, cast

from hwsim.execution.timeline.drivers import Drivers

if TYPE_CHECKING:
    from simpy import Environment, Event

    from hwsim.execution.timeline.holding import Holding
    from hwsim.execution.timeline.parts import Switching
    from hwsim.execution.timeline.port import Record


@dataclass(eq=False, slots=True)
class _Job:
    """Switches of one bank that change the same way: how many wait for drivers, and how many are not done."""

    came: int
    layer: int
    bank: int
    what: str
    waiting: int
    undone: int
    sets: int = 0
    """Sets of the bank that wait for these."""


class FewDrivers(Drivers):
    """Drivers that switches wait for.

    Switches are served in the order in which they come; at one moment bank after bank, as the port takes them, and of
    one bank the sets and then the resets. Resets go first where the order says so, and the sets of that bank come when
    its last reset is done. As many as drivers are free for change together, so a turn is an event or two, however many
    switches it has.

    Args:
        count: how many drivers there are.

    All other arguments are as of :class:`Drivers`.
    """

    def __init__(
        self,
        env: Environment,
        switching: Switching,
        holding: Holding,
        record: Record | None,
        count: int,
    ) -> None:
        super().__init__(env, switching, holding, record)
        self._free = count
        self._queue: list[tuple[int, int, int, _Job]] = []
        self._called, self._came = False, 0

    def change(self, loaded: Event) -> None:
        """Let the switches of a bank change as soon as there are drivers for them."""
        layer, bank, sets, resets = cast("tuple[int, int, int, int]", loaded.value)
        self._came += 1
        if resets and self.resets_first:
            self._wait(_Job(self._came, layer, bank, "resets", resets, resets, sets))
            return
        if sets:
            self._wait(_Job(self._came, layer, bank, "sets", sets, sets))
        if resets:
            self._wait(_Job(self._came, layer, bank, "resets", resets, resets))

    def _wait(self, job: _Job) -> None:
        heappush(self._queue, (int(self.env.now), job.came, int(job.what == "resets"), job))
        self._call()

    def _call(self) -> None:
        """Serve the queue once everything else of this moment has happened, so that its order is that of banks."""
        if not self._called:
            self._called = True
            self.env.timeout(0).callbacks.append(self._serve)

    def _serve(self, _called: Event) -> None:
        self._called = False
        while self._free and self._queue:
            job = self._queue[0][-1]
            count = min(self._free, job.waiting)
            job.waiting -= count
            if not job.waiting:
                heappop(self._queue)
            self._free -= count
            duration = self._begin(job, count)
            self.env.timeout(duration, (job, count)).callbacks.append(self._release)

    def _begin(self, job: _Job, count: int) -> int:
        """Note that switches begin to change; returns how long they take."""
        now, switching, name = int(self.env.now), self.switching, f"layer {job.layer} bank {job.bank}"
        if job.what == "sets":
            duration, joules = switching.set_ps, count * switching.set_energy
            self.holding.change(count, now, 0, now)
        else:
            duration, joules = switching.reset_ps, count * switching.reset_energy
            self.holding.change(0, now, count, now)
        self.used_ps += count * duration
        if self.record:
            self.record((name, now, now + duration, job.what, count, joules))
        return duration

    def _release(self, turn: Event) -> None:
        job, count = cast("tuple[_Job, int]", turn.value)
        self._free += count
        job.undone -= count
        if job.sets and not job.undone:
            self._wait(_Job(job.came, job.layer, job.bank, "sets", job.sets, job.sets))
        elif self._queue:
            self._call()
