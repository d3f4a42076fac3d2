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
    """Reconnect a machine by chance, and let it accumulate inputs drawn from all that its codes can hold.

    Biases of a hidden unit lift what it accumulates to where it varies, whatever cells it met, so that no signal stands
    still; those of the last layer are drawn from all that a register holds.
    """
    chip: Any = machine.chip
    permutations = []
    for bank, fabric in zip(machine.layout.layers, machine.circuits.fabrics, strict=True):
        drawn = None
        if fabric is not None and fabric.blocking != "blocking":
            drawn = rng.permuted(np.tile(np.arange(bank.ports), (bank.banks, 1)), axis=1)
        permutations.append(drawn)
    empty = tuple(np.zeros_like(one) for one in machine.registers)
    machine.execute(Entry(event, 0, tuple(permutations), empty))
    low, high = chip.input_range
    x = rng.uniform(low, high, (images, machine.model.inputs)).astype(np.float32)
    most = chip.device.largest_bias
    for layer, burnt in enumerate(chip.layers):
        sums = accumulate(machine, x)[layer]
        lift = sums.std(axis=(0, 1)) * rng.uniform(0.0, 2.0, sums.shape[-1]) - sums.mean(axis=(0, 1))
        codes = lift if layer < len(chip.layers) - 1 else rng.uniform(-most, most, sums.shape[-1])
        machine.registers[layer] = np.rint(codes) * burnt.unit
    return phase("exercise", machine, event, x)
