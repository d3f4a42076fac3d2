"""The emulated machine: a chip behind its crossbars, its connections and registers, and the running bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar import extend
from hwsim.device import Bill, Registers, infer
from hwsim.execution.port import Load, simulate
from hwsim.schedule import Bank, Entry, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch
    from hwsim.device import Chip
    from hwsim.model import Model, Start


class ExecutionError(RuntimeError):
    """The hardware did not do what it must; the message says which bank and what."""


@dataclass(frozen=True)
class Step:
    """What one reconnection did and cost: moves, toggles, register writes, joules, picoseconds."""

    moves: int
    toggles: int
    bias_writes: int
    energy_j: float
    time_ps: int


class Hardware:
    """A chip with one permutation circuit a bank, switched on with every switch in bar.

    Args:
        model: the network the chip was fabricated for.
        chip: the fabricated chip.
        fabrics: per layer, the permutation circuit of each of its banks, or None where connections are fixed.
        switch: switch technology of all circuits.
        scope: ``output`` for one bank an output unit, ``layer`` for one bank a layer.
        effort: how hard the router tries to toggle little.
    """

    def __init__(
        self,
        model: Model,
        chip: Chip,
        fabrics: Sequence[Fabric | None],
        switch: Switch,
        scope: str,
        effort: str,
    ) -> None:
        self.model, self.chip, self.switch, self.effort = model, chip, switch, effort
        self.fabrics = list(fabrics)
        self.layout = layout(model, scope)
        self._sorted_cells = [self._banks(chip.cells(bank.layer), bank) for bank in self.layout.layers]
        for cells in self._sorted_cells:
            cells.sort(axis=1)
        self.states: list[NDArray[np.integer] | None] = [
            None if fabric is None else fabric.power_up(bank.banks)
            for fabric, bank in zip(self.fabrics, self.layout.layers, strict=True)
        ]
        self.permutations = [np.tile(np.arange(b.ports), (b.banks, 1)) for b in self.layout.layers]
        self.registers: list[NDArray[np.float64]] = []

    @staticmethod
    def _banks(cells: NDArray[np.generic], bank: Bank) -> NDArray[np.generic]:
        return cells.reshape(bank.banks, bank.ports).copy()

    @property
    def switches(self) -> int:
        """Switches (or crosspoints) that the hardware has."""
        return sum(
            bank.banks * fabric.switches
            for fabric, bank in zip(self.fabrics, self.layout.layers, strict=True)
            if fabric is not None
        )

    def execute(self, entry: Entry) -> Step:
        """Route, load and settle one reconnection, and check that it is what was asked for.

        Raises:
            ExecutionError: the realised permutation is another one, the cells of a bank changed, or a register would
                hold no finite number.
        """
        moves = toggles = 0
        loads: list[Load] = []
        for number, wanted in enumerate(entry.permutations):
            fabric, old = self.fabrics[number], self.states[number]
            if wanted is None or fabric is None or old is None:
                continue
            ports = extend(wanted, fabric.ports)
            new = fabric.route_many(ports, previous=old, effort=self.effort)
            bank = self.layout.layers[number]
            self._check(number, bank, fabric, new, ports)
            changed = fabric.toggles_many(old, new)
            sets, held = fabric.sets_many(old, new), fabric.held_many(new)
            moves += int((wanted != self.permutations[number]).sum())
            toggles += int(changed.sum())
            loads += [
                Load(fabric.configuration_bits, int(sets[b]), int(changed[b] - sets[b]), int(held[b]))
                for b in np.flatnonzero(changed)
            ]
            self._connect(number, bank, wanted)
            self.states[number], self.permutations[number] = new, wanted
        writes = self._write(entry)
        energy, duration = simulate(loads, writes, self.switch)
        return Step(moves, toggles, writes, energy, duration)

    def _connect(self, number: int, bank: Bank, wanted: NDArray[np.int64]) -> None:
        """Tell the chip which positions meet other cells than before."""
        moved = np.flatnonzero(wanted != self.permutations[number])
        cells = wanted.reshape(-1)[moved] + moved // bank.ports * bank.ports
        self.chip.connect(bank.layer, moved, cells)

    def _check(
        self, number: int, bank: Bank, fabric: Fabric, states: NDArray[np.integer], ports: NDArray[np.int64]
    ) -> None:
        """Send port numbers through the switches, and the cells after them."""
        signals = np.tile(np.arange(fabric.ports), (bank.banks, 1))
        realised = fabric.apply_many(states, signals)
        wrong = np.flatnonzero((realised != ports).any(axis=1))
        if wrong.size:
            raise ExecutionError(f"layer {number}, bank {wrong[0]}: the configuration realises another permutation")
        cells = self._banks(self.chip.cells(number), bank)
        met = np.sort(np.take_along_axis(cells, realised[:, : bank.ports], axis=1), axis=1)
        wrong = np.flatnonzero((met != self._sorted_cells[number]).any(axis=1))
        if wrong.size:
            raise ExecutionError(f"layer {number}, bank {wrong[0]}: the multiset of cell values changed")

    def _write(self, entry: Entry) -> int:
        """Registers whose content changed; the first write after power-up counts every register that is not zero."""
        writes = 0
        for number, values in enumerate(entry.registers):
            if not np.isfinite(values).all():
                what = f"event {entry.event}, layer {number}: a register would hold {values[~np.isfinite(values)][0]}"
                raise ExecutionError(f"{what}, training diverged; lower the learning rate or the initial values")
            new = self.chip.register_codes(number, self._split(number, values))
            if self.registers:
                old = self.chip.register_codes(number, self._split(number, self.registers[number]))
            else:
                old = np.zeros_like(new)
            writes += int((new != old).sum())
        self.registers = list(entry.registers)
        return writes

    def _split(self, number: int, values: NDArray[np.float64]) -> Registers:
        units = self.model.layers[number].units
        if self.model.layers[number].unit_gains:
            return Registers(bias=values[:units], gain=values[units:])
        return Registers(bias=values[:units], gain=float(values[units]) if len(values) > units else 1.0)

    def join(self, number: int, registers: Registers) -> NDArray[np.float64]:
        """A layer's registers as the schedule holds them: biases, then the gain where there is one."""
        gain = np.atleast_1d(registers.gain)[: self.model.layers[number].gains]
        return np.concatenate([registers.bias, gain])

    def register_codes(self) -> list[NDArray[np.generic]]:
        """What the registers of every layer hold now."""
        return [self.chip.register_codes(i, self._split(i, values)) for i, values in enumerate(self.registers)]

    def infer(self, x: NDArray[np.float32], rng: np.random.Generator | None) -> NDArray[np.float64]:
        """Run samples through the emulated chip as it is connected now."""
        registers = [self._split(number, values) for number, values in enumerate(self.registers)]
        return infer(self.model, self.chip, x, registers, rng)

    def inference_bill(self) -> Bill:
        """One inference: the core, and every signal bit through every switch of its circuits."""
        core = self.chip.inference_bill()
        energy, time = core.energy_j, core.time_s
        for fabric, bank in zip(self.fabrics, self.layout.layers, strict=True):
            if fabric is not None:
                energy += bank.banks * fabric.switches * self.chip.data_bits * self.switch.pass_energy
                time += fabric.depth * self.switch.pass_time
        return Bill(energy_j=energy, time_s=time)


def layout(model: Model, scope: str) -> Layout:
    """The banks of a model: one an output unit (``output``) or one a layer (``layer``).

    Example:
        >>> from hwsim.model import Layer, Model
        >>> tiny = Model("t", (Layer(3, 4, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
        >>> layout(tiny, "output").layers[0].banks, layout(tiny, "layer").layers[0].ports
        (3, 12)
    """
    banks = []
    for number, layer in enumerate(model.layers):
        whole = scope == "layer"
        banks.append(
            Bank(
                layer=number,
                banks=1 if whole else layer.units,
                ports=layer.units * layer.inputs if whole else layer.inputs,
                registers=layer.units + layer.gains,
                learned=layer.learned_connections,
            )
        )
    return Layout(tuple(banks))


def first_entry(model: Model, start: Sequence[Start]) -> Entry:
    """Event 0: the state after power-up, identity connections and initial registers."""
    registers = tuple(
        np.concatenate([values.bias, np.atleast_1d(values.gain)]) if layer.gains else values.bias
        for layer, values in zip(model.layers, start, strict=True)
    )
    return Entry(0, 0, (None,) * len(model.layers), registers)
