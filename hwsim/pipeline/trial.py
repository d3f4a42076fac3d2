"""What a bench of the exported logic runs: the emulator's own accumulators before and after a reconnection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.execution import replay
from hwsim.export.logic import configuration_of, netlist_of
from hwsim.export.trial import Phase
from hwsim.pipeline.snapshot import prepare, snapshot
from hwsim.schedule import Entry, open_schedule
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.device import Chip
    from hwsim.execution import Machine
    from hwsim.model import Registers
    from hwsim.scenario import Plan


class _Tap:
    """A chip that notes the accumulators of every layer, with their biases, and otherwise does as it always does."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self.noted: dict[int, NDArray[np.int64]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chip, name)

    def activate(self, layer: int, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Note the accumulators, then activate."""
        bias = np.asarray(self._chip.register_codes(layer, registers)).astype(np.int64)
        self.noted[layer] = np.asarray(accumulators).astype(np.int64) + bias
        return self._chip.activate(layer, accumulators, registers)


def accumulate(machine: Machine, x: NDArray[np.float32]) -> tuple[NDArray[np.int64], ...]:
    """Return what the emulated chip accumulates, per layer int64 (images, places, units), biases included."""
    found: list[list[NDArray[np.int64]]] = [[] for _ in machine.model.layers]
    chip = machine.chip
    for row in np.array_split(x, max(len(x) // 64, 1)):
        tap: Any = _Tap(chip)
        machine.chip = tap
        try:
            machine.infer(row, None)
        finally:
            machine.chip = chip
        for layer, noted in tap.noted.items():
            found[layer].append(noted.reshape(len(row), -1, noted.shape[-1]))
    return tuple(np.concatenate(parts) for parts in found)


def trial(plan: Plan, schedule_path: Path, event: int, images: int | None = None) -> Iterator[Phase]:
    """Yield the phases of a bench: before an event, after it, and an exercise by chance.

    Args:
        plan: the run's plan.
        schedule_path: its schedule file.
        event: the reconnection that takes place on the bench; 0 has nothing before it.
        images: test images of each phase; all when None.
    """
    task, machine = prepare(plan, schedule_path)
    x = task.test_x[:images]
    with open_schedule(schedule_path) as schedule:
        entries = list(schedule.entries())[: event + 1]
    if event > 0:
        replay(entries[:-1], machine)
        yield phase("before", machine, event - 1, x)
    replay(entries[-1:], machine)
    yield phase("after", machine, event, x)
    yield exercise(machine, event + 1, len(x), stream(plan.scenario.seed, "trial"))


def phase(name: str, machine: Machine, event: int, x: NDArray[np.float32]) -> Phase:
    """Return what a machine holds now, and what it accumulates of inputs (images, features)."""
    taken = snapshot("", machine, event)
    configuration = configuration_of(taken, netlist_of(taken))
    codes = np.asarray(machine.chip.encode(x)).astype(np.int64)
    return Phase(name, configuration, codes, accumulate(machine, x))


def exercise(machine: Machine, event: int, images: int, rng: np.random.Generator) -> Phase:
    """Reconnect a machine by chance, and let it accumulate inputs drawn from all that its codes can hold."""
    permutations, registers = [], []
    for bank, fabric, now in zip(machine.layout.layers, machine.circuits.fabrics, machine.registers, strict=True):
        drawn = None
        if fabric is not None and fabric.blocking != "blocking":
            drawn = rng.permuted(np.tile(np.arange(bank.ports), (bank.banks, 1)), axis=1)
        permutations.append(drawn)
        registers.append(now * rng.uniform(-1.0, 1.0, now.shape))
    machine.execute(Entry(event, 0, tuple(permutations), tuple(registers)))
    low, high = machine.chip.input_range  # type: ignore[attr-defined]
    return phase("exercise", machine, event, rng.uniform(low, high, (images, machine.model.inputs)).astype(np.float32))
