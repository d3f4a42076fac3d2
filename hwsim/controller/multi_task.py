"""Multi-tasks on one chip: any method learns task after task, and in the end the chip switches between them.

Every task is learned from the state in which the chip left fabrication, as if it were alone, with the same random
streams. Then the chip is switched once through all tasks, first to last: each switch is a reconnection that brings back
the connections and registers of a task as they were when it had been learned. Where registers alone are learned, it
toggles nothing (Williams et al., ICLR 2025, arXiv 2407.00957, Fig. 1B).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller.descent import pack, unpack
from hwsim.controller.protocol import Controller, ControllerPlugin, Job, Reconnection, YieldingController
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from hwsim.files import Section
    from hwsim.task import Task


def begin(plugin: ControllerPlugin, parameters: Section, job: Job) -> Controller:
    """Start a method on a task; on a multi-task, it learns one task after the other."""
    return MultiTask(plugin, parameters, job) if job.task.tasks else plugin.begin(parameters, job)


def reconnects(plugin: ControllerPlugin, parameters: Any, task: Task) -> Iterator[int] | None:
    """Yield the optimiser steps after which a method hands something out on a task; None where only its work tells.

    On a multi-task each task has its own, and in the end the chip is switched to each of them once.
    """
    if plugin.reconnects is None:
        return None
    training, tasks = plugin.training(parameters), task.tasks or (task,)
    each = [list(plugin.reconnects(parameters, training.steps_per_epoch(len(one.train_x)))) for one in tasks]
    before = [0, *accumulate(steps[-1] if steps else 0 for steps in each)]
    learned = [first + step for first, steps in zip(before, each, strict=False) for step in steps]
    return iter([*learned, *[before[-1]] * (len(tasks) if task.tasks and learned else 0)])


@dataclass
class _Learned:
    """A task: its registers, and the permutations of the layers that it has reconnected."""

    registers: tuple[Registers, ...]
    permutations: dict[int, NDArray[np.int64]] = field(default_factory=dict)


class MultiTask:
    """A method on the tasks of a multi-task, one after another: a :class:`hwsim.controller.Controller`."""

    def __init__(self, plugin: ControllerPlugin, parameters: Any, job: Job) -> None:
        self._plugin, self._parameters, self._job = plugin, parameters, job
        self._learned: list[_Learned] = []
        self._batch = self._before = self._switches = 0
        self._changed = False
        self._start()

    def _start(self) -> None:
        """Take up the next task."""
        job = self._job
        self._before = self._batch
        self._inner = self._plugin.begin(self._parameters, replace(job, task=job.task.tasks[len(self._learned)]))
        self._learned.append(_Learned(tuple(Registers(start.bias, start.gain) for start in job.start)))

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Learn on, task after task; then switch to each of them once."""
        tasks = len(self._job.task.tasks)
        while self._switches == 0:
            number = len(self._learned) - 1
            change = self._inner.advance(lambda share: report((number + share) / tasks))  # noqa: B023 - used at once
            if change is not None:
                self._take(change)
                self._batch, self._changed = self._before + change.batch, True
                return self._as_learned(number)
            if number == tasks - 1:
                break
            self._start()
        report(1.0)
        if self._switches == tasks or not self._changed:  # nothing was learned: there is nothing to switch
            return None
        self._switches += 1
        return replace(self._as_learned(self._switches - 1), task_switch=True)

    def _take(self, change: Reconnection) -> None:
        task = self._learned[-1]
        task.registers = change.registers
        task.permutations |= {n: p for n, p in enumerate(change.permutations) if p is not None}

    def _as_learned(self, number: int) -> Reconnection:
        """Return a task's connections and registers; layers that other tasks have reconnected return to their start."""
        task = self._learned[number]
        moved = {layer for other in self._learned for layer in other.permutations}
        permutations: list[NDArray[np.int64] | None] = [None] * len(self._job.cells)
        for layer in moved:
            banks, ports = self._job.cells[layer].shape
            permutations[layer] = task.permutations.get(layer, np.tile(np.arange(ports), (banks, 1)))
        return Reconnection(self._batch, tuple(permutations), task.registers, number)

    def stands(self, permutations: Sequence[NDArray[np.int64]]) -> None:
        """Tell the method at the present task what stands, where it wants to know."""
        if isinstance(self._inner, YieldingController):
            self._inner.stands(permutations)

    def dump(self) -> bytes:
        """Return what every task has learned, and the state of the method at the present task, as bytes."""
        arrays: dict[str, NDArray[np.generic]] = {
            "place": np.array([self._batch, self._before, self._switches, self._changed, len(self._learned)]),
            "inner": np.frombuffer(self._inner.dump(), np.uint8),
        }
        for number, task in enumerate(self._learned):
            for layer, registers in enumerate(task.registers):
                arrays[f"{number}/bias/{layer}"] = registers.bias
                arrays[f"{number}/gain/{layer}"] = np.asarray(registers.gain)
            arrays |= {f"{number}/permutation/{layer}": p for layer, p in task.permutations.items()}
        return pack(arrays)

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""
        arrays = unpack(state)
        batch, before, switches, changed, begun = (int(value) for value in arrays["place"])
        while len(self._learned) < begun:
            self._start()
        self._batch, self._before, self._switches, self._changed = batch, before, switches, bool(changed)
        self._inner.load(arrays["inner"].tobytes())
        for number, task in enumerate(self._learned):
            found = []
            for layer in range(len(self._job.cells)):
                gain = arrays[f"{number}/gain/{layer}"].astype(np.float64)
                bias = arrays[f"{number}/bias/{layer}"].astype(np.float64)
                found.append(Registers(bias, gain if gain.ndim else float(gain)))
            task.registers = tuple(found)
            prefix = f"{number}/permutation/"
            task.permutations = {
                int(name.removeprefix(prefix)): value.astype(np.int64)
                for name, value in arrays.items()
                if name.startswith(prefix)
            }
