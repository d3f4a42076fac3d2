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
    its last reset is done. As many as drivers are free for change together; where all are free, those of one
    bank go through all turns that they fill in one event.

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
        self._free = self._count = count
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
            turns = job.waiting // count if self._free == self._count else 1  # nobody else frees a driver meanwhile
            job.waiting -= turns * count
            if not job.waiting:
                heappop(self._queue)
            self._free -= count
            duration = self._begin(job, count, turns)
            self.env.timeout(duration, (job, count, turns)).callbacks.append(self._release)

    def _begin(self, job: _Job, count: int, turns: int) -> int:
        """Note that switches begin to change, in one turn or in several; returns how long all of that takes."""
        now, switching = int(self.env.now), self.switching
        sets = job.what == "sets"
        duration = switching.set_ps if sets else switching.reset_ps
        self.used_ps += turns * count * duration
        for begin in range(now, now + turns * duration, duration) if duration else [now] * turns:
            self.holding.change(count * sets, begin, count * (not sets), begin)
        if self.record:
            all_of_them, one = turns * count, switching.set_energy if sets else switching.reset_energy
            name = f"layer {job.layer} bank {job.bank}"
            self.record((name, now, now + turns * duration, job.what, all_of_them, all_of_them * one))
        return turns * duration

    def _release(self, turn: Event) -> None:
        job, count, turns = cast("tuple[_Job, int, int]", turn.value)
        self._free += count
        job.undone -= turns * count
        if job.sets and not job.undone:
            self._wait(_Job(job.came, job.layer, job.bank, "sets", job.sets, job.sets))
        elif self._queue:
            self._call()
