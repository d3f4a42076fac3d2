"""The emulated machine: a chip behind its crossbars, its connections and registers, and the running bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar import extend
from hwsim.device import Bill, OpticalChip, Registers, infer
from hwsim.errors import FAILED, HwsimError
from hwsim.execution.choice import route_freely
from hwsim.execution.light import mean_share, shares, straight_shares
from hwsim.execution.port import Load, simulate
from hwsim.freedom import Placement, assign_values, number_kinds
from hwsim.schedule import Bank, Entry, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch
    from hwsim.device import Chip
    from hwsim.model import Model, Start


class ExecutionError(HwsimError, RuntimeError):
    """The hardware did not do what it must; the message says which bank and what."""

    exit_code = FAILED


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

    Crosspoints that are open then are closed by the first entry that is executed, straight where it asks for nothing
    else: what is judged and exported is what the circuit does, and its bill has that in it.

    Args:
        model: the network the chip was fabricated for.
        chip: the fabricated chip.
        fabrics: per layer, the permutation circuit of each of its banks, or None where connections are fixed.
        switch: switch technology of all circuits.
        scope: ``output`` for one bank an output unit, ``layer`` for one bank a layer.
        effort: how hard the router tries to toggle little.
        freedom: ``none`` for the cells and units that are asked for, ``values`` for any cells of the same kind,
            ``units`` for hidden units in any places where they fit, ``all`` for both.
        calibrated: whether the electronics know what every path of an optical circuit loses.

    Raises:
        ExecutionError: optical circuits before a chip whose signals are electrical.
    """

    def __init__(
        self,
        model: Model,
        chip: Chip,
        fabrics: Sequence[Fabric | None],
        switch: Switch,
        scope: str,
        effort: str,
        freedom: str = "none",
        *,
        calibrated: bool = True,
    ) -> None:
        self.model, self.chip, self.switch, self.effort, self.freedom = model, chip, switch, effort, freedom
        self.fabrics = list(fabrics)
        self.layout = layout(model, scope)
        self._sorted_cells = [self._banks(chip.cells(bank.layer), bank) for bank in self.layout.layers]
        for cells in self._sorted_cells:
            cells.sort(axis=1)
        self.states: list[NDArray[np.integer] | None] = [
            None if fabric is None else fabric.power_up(bank.banks)
            for fabric, bank in zip(self.fabrics, self.layout.layers, strict=True)
        ]
        self._open = [fabric is not None and not fabric.joined_at_power_up() for fabric in self.fabrics]
        self.permutations = [np.tile(np.arange(b.ports), (b.banks, 1)) for b in self.layout.layers]
        self.changed = [np.zeros(bank.banks, np.int64) for bank in self.layout.layers]
        """Per layer, the toggles of each bank at the last reconnection, int64 (banks,)."""
        self.registers: list[NDArray[np.float64]] = []
        self.kinds = [
            number_kinds(self._banks(chip.kinds(bank.layer), bank)) if bank.learned else np.zeros((0, 0), np.int32)
            for bank in self.layout.layers
        ]
        repeats = any((np.diff(np.sort(kinds, axis=1), axis=1) == 0).any() for kinds in self.kinds)
        self.exchanges_values = freedom in {"values", "all"} and repeats
        """Whether some bank has cells of equal value that may stand for each other."""
        self.placement = Placement(
            [layer.units for layer in model.layers], [self._movable(b) for b in self.layout.layers]
        )

        if switch.medium == "optical" and any(fabric is not None for fabric in self.fabrics):
            self._illuminate(calibrated=calibrated)

    def _illuminate(self, *, calibrated: bool) -> None:
        """Light the cells through the circuits as they are at power-up."""
        if not isinstance(self.chip, OpticalChip):
            what = "an optical crossbar stands before a chip whose signals are electrical"
            raise ExecutionError(f"{what}; use a photonic device, or electronic switches")
        for fabric, bank in zip(self.fabrics, self.layout.layers, strict=True):
            if fabric is not None:
                self.chip.illuminate(bank.layer, mean_share(fabric, self.switch), calibrated=calibrated)
                left = straight_shares(fabric, self.switch)[: bank.ports]
                self.chip.attenuate(bank.layer, np.arange(bank.banks * bank.ports), np.tile(left, bank.banks))

    def _attenuate(self, bank: Bank, fabric: Fabric, states: NDArray[np.integer], changed: NDArray[np.int64]) -> None:
        """Tell an optical chip what the paths leave through the circuits that moved."""
        moved = np.flatnonzero(changed)
        if moved.size and self.switch.medium == "optical" and isinstance(self.chip, OpticalChip):
            left = shares(fabric, self.switch, states[moved])[:, : bank.ports]
            positions = moved[:, None] * bank.ports + np.arange(bank.ports)
            self.chip.attenuate(bank.layer, positions.reshape(-1), left.reshape(-1))

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

    def execute(self, entry: Entry, settings: Sequence[NDArray[np.integer] | None] | None = None) -> Step:
        """Route, load and settle one reconnection, and check that it is what was asked for.

        Args:
            entry: the reconnection.
            settings: per layer, states of its circuits to load instead of routed ones.

        Raises:
            ExecutionError: no configuration was found, the realised permutation is another one, the cells of a bank
                changed, or a register would hold no finite number.
        """
        moves = toggles = 0
        loads: list[Load] = []
        for number, asked in enumerate(entry.permutations):
            fabric, old = self.fabrics[number], self.states[number]
            self.changed[number] = np.zeros(self.layout.layers[number].banks, np.int64)
            wanted = self.permutations[number] if asked is None and self._open[number] else asked
            if wanted is None or fabric is None or old is None:
                continue
            ports = extend(wanted, fabric.ports)
            bank = self.layout.layers[number]
            try:
                given = None if settings is None else settings[number]
                new = self._route(number, fabric, wanted, old) if given is None else given
            except ValueError as error:
                raise ExecutionError(f"event {entry.event}, layer {number}: {error}") from error
            realised = self._check(number, bank, fabric, new, ports)
            changed = self.changed[number] = fabric.toggles_many(old, new)
            sets, held = fabric.sets_many(old, new), fabric.held_many(new)
            moves += int((realised != self.permutations[number]).sum())
            toggles += int(changed.sum())
            loads += [
                Load(fabric.configuration_bits, int(sets[b]), int(changed[b] - sets[b]), int(held[b]))
                for b in np.flatnonzero(changed)
            ]
            self._connect(number, bank, realised)
            self._attenuate(bank, fabric, new, changed)
            self.states[number], self.permutations[number], self._open[number] = new, realised, False
        writes = self._write(entry)
        energy, duration = simulate(loads, writes, self.switch)
        return Step(moves, toggles, writes, energy, duration)

    def _connect(self, number: int, bank: Bank, wanted: NDArray[np.int64]) -> None:
        """Tell the chip which positions meet other cells than before."""
        moved = np.flatnonzero(wanted != self.permutations[number])
        cells = wanted.reshape(-1)[moved] + moved // bank.ports * bank.ports
        self.chip.connect(bank.layer, moved, cells)

    def _route(
        self, number: int, fabric: Fabric, wanted: NDArray[np.int64], old: NDArray[np.integer]
    ) -> NDArray[np.integer]:
        if not self.exchanges_values:
            return fabric.route_many(extend(wanted, fabric.ports), previous=old, effort=self.effort)
        kinds = self._port_kinds(number, fabric)
        return route_freely(fabric, kinds, self.permutations[number], wanted, old, self.effort)

    def _port_kinds(self, number: int, fabric: Fabric) -> NDArray[np.int32]:
        """Kinds of the cells at a layer's ports; the spare ports, which no cell stands behind, are one kind more."""
        kinds = self.kinds[number]
        spare = np.full((len(kinds), fabric.ports - kinds.shape[1]), kinds.max() + 1, np.int32)
        return np.ascontiguousarray(np.concatenate([kinds, spare], axis=1))

    def _check(
        self, number: int, bank: Bank, fabric: Fabric, states: NDArray[np.integer], ports: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Send port numbers through the switches, and the cells after them; returns what is realised."""
        signals = np.tile(np.arange(fabric.ports), (bank.banks, 1))
        realised = fabric.apply_many(states, signals)
        if self.exchanges_values:
            kinds = self._port_kinds(number, fabric)
            differ = np.take_along_axis(kinds, realised, axis=1) != np.take_along_axis(kinds, ports, axis=1)
        else:
            differ = realised != ports
        wrong = np.flatnonzero(differ.any(axis=1))
        if wrong.size:
            raise ExecutionError(f"layer {number}, bank {wrong[0]}: the configuration realises another permutation")
        cells = self._banks(self.chip.cells(number), bank)
        met = np.sort(np.take_along_axis(cells, realised[:, : bank.ports], axis=1), axis=1)
        wrong = np.flatnonzero((met != self._sorted_cells[number]).any(axis=1))
        if wrong.size:
            raise ExecutionError(f"layer {number}, bank {wrong[0]}: the multiset of cell values changed")
        return np.ascontiguousarray(realised[:, : bank.ports])

    def place(self, entry: Entry) -> Entry:
        """An entry as a controller wants it, units in their own places, as it is to be executed.

        Hidden units go where the fewest positions change; the layer after them takes its inputs from there, and their
        registers travel along. What the network computes stays the same, to the last bit where sums are integers.
        """
        if self.freedom not in {"units", "all"} or not self.placement.moves_any:
            return entry
        before = [place.copy() for place in self.placement.place]
        shown = [self._met(number) for number in range(len(self.kinds))]
        wanted = [
            self.placement.logical(number, shown[number])
            if p is None or not shown[number].size
            else self._unit_rows(number, np.take_along_axis(self.kinds[number], p, axis=1))
            for number, p in enumerate(entry.permutations)
        ]
        self.placement.settle(shown, wanted)
        place, straight = self.placement.place, [np.arange(layer.units) for layer in self.model.layers]
        permutations: list[NDArray[np.int64] | None] = []
        for number, p in enumerate(entry.permutations):
            near = range(max(number - 1, 0), number + 1)  # the layers whose places its matrix depends on
            usual = before if p is None else straight
            if not self.kinds[number].size or all(np.array_equal(place[n], usual[n]) for n in near):
                permutations.append(p)
            else:
                kinds = self.placement.physical(number, wanted[number]).reshape(self.kinds[number].shape)
                permutations.append(assign_values(self.permutations[number], self.kinds[number], kinds))
        registers = tuple(self.placement.registers(n, values) for n, values in enumerate(entry.registers))
        return Entry(entry.event, entry.batch, tuple(permutations), registers)

    def _unit_rows(self, number: int, banks: NDArray[np.int32]) -> NDArray[np.int32]:
        layer = self.model.layers[number]
        return banks.reshape(layer.units, layer.inputs)

    def _met(self, number: int) -> NDArray[np.int32]:
        """Kinds that a layer's positions meet now, (units, inputs); empty where connections are fixed."""
        kinds = self.kinds[number]
        if not kinds.size:
            return np.zeros((0, 0), np.int32)
        return self._unit_rows(number, np.take_along_axis(kinds, self.permutations[number], axis=1))

    def _movable(self, bank: Bank) -> NDArray[np.bool_] | None:
        """Which places of a layer can take each other's units; None where its units must stay."""
        following = bank.layer + 1
        layers = self.layout.layers
        if following == len(layers) or not (bank.learned and layers[following].learned):
            return None
        layer = self.model.layers[bank.layer]
        plain = all(node.kind == "dense" for node in self.model.nodes) and layer.activation != "look-up"
        if not layer.learned_registers or not plain:
            return None
        if bank.banks == 1:
            return np.ones((layer.units, layer.units), np.bool_)
        held = np.unique(np.sort(self.kinds[bank.layer], axis=1), axis=0, return_inverse=True)[1].reshape(-1)
        return np.asarray(held[:, None] == held, np.bool_)

    def settled(self, entry: Entry) -> Entry:
        """An entry just executed, with the permutations that came out of it."""
        rows = [None if p is None else self.permutations[number] for number, p in enumerate(entry.permutations)]
        return Entry(entry.event, entry.batch, tuple(rows), entry.registers)

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
