"""The emulated machine: a chip behind its permutation circuits, its registers, and what it has spent."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import Expense, SpentError
from hwsim.device import Bill, MortalChip, NarrowChip, OpticalChip, TiledChip, infer
from hwsim.execution.circuits import Circuits, ExecutionError, UnroutedError
from hwsim.execution.equivalence import number_classes
from hwsim.execution.faults import find_problem
from hwsim.execution.finding import expect
from hwsim.execution.light import mean_transmission, path_transmissions, straight_transmissions
from hwsim.execution.placing import Placing
from hwsim.execution.timeline import PICOSECONDS, bill, work_of
from hwsim.files.registry import maker
from hwsim.model import Registers
from hwsim.schedule import Bank, Entry, layout
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.controller import Reconnection
    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch
    from hwsim.device import Chip
    from hwsim.device.inference import Watch
    from hwsim.device.placed import PlacedDesign
    from hwsim.execution.change import Change
    from hwsim.execution.timeline import Work
    from hwsim.model import Model
    from hwsim.schedule import Fault

    Contents = tuple[NDArray[np.float64], ...]
    Settings = Sequence[NDArray[Any] | None] | None

CLOSE = 1e-6
"""Relative change of other cells when one dies: where values are held together, they are rounded anew."""


UNTILED = "only arrays of photonic or electronic cells take turns; units of an FPGA do by folding, in [device]"
"""What is said where a device has no arrays that could be shared."""


class Machine:
    """A chip with one permutation circuit per bank, just after power-up.

    Crosspoints that are open then are closed by the first entry that is executed, straight where it asks for nothing
    else: what is evaluated and exported is what the circuit does, and its bill has that in it.

    Args:
        model: the network the chip was fabricated for.
        chip: the fabricated chip.
        fabrics: per layer, the permutation circuit of each of its banks, or None where connections are fixed.
        switch: switch technology of all circuits.
        scope: ``output`` for one bank per output unit, ``layer`` for one bank per layer.
        effort: how hard the router tries to toggle little.
        equivalence: ``none`` for the cells and units that are asked for, ``values`` for any cells of the same class,
            ``units`` for hidden units in any places where they fit, ``all`` for both; ``levels`` for any cells of the
            same design value, though they may differ by errors of their own.
        calibrated: whether the electronics know what every path of an optical circuit loses.
        seed: of the noise of a controller's own reads.
        limits: the most that may be spent of numbers of :class:`hwsim.controller.Expense`, by name.
        placed: what was measured of the machine on a real part, in place of reckoned times.
        tiles: arrays of a layer that work at a time, the others after them; None for all.
        writes: how configurations are sent, a key of :data:`hwsim.execution.writes.WRITES`; a placed design takes whole
            banks.
        check_bits: of the checksum that follows what a bank is sent; it is not counted among its bits.
        aim: what routers spend little of, ``toggles`` or ``wear``.
        counted: reconnections over which the wear of switches is counted; 0 counts none.

    Raises:
        ExecutionError: optical circuits before a chip whose signals are electrical, no tiles at all, or ``tiles`` of a
            chip that has no arrays.
    """

    def __init__(
        self,
        model: Model,
        chip: Chip,
        fabrics: Sequence[Fabric | None],
        switch: Switch,
        scope: str,
        effort: str,
        equivalence: str = "none",
        *,
        calibrated: bool = True,
        seed: int = 0,
        limits: Mapping[str, float] | None = None,
        placed: PlacedDesign | None = None,
        tiles: int | None = None,
        writes: str = "full",
        check_bits: int = 0,
        aim: str = "toggles",
        counted: int = 0,
    ) -> None:
        if tiles is not None and (tiles < 1 or not isinstance(chip, TiledChip)):
            raise ExecutionError(f"{tiles} tiles at a time: {'give at least 1' if tiles < 1 else UNTILED}")
        self.placed, self.tiles = placed, tiles
        self.model, self.chip, self.switch, self.equivalence = model, chip, switch, equivalence
        self.layout = layout(model, scope)
        self.registers: list[NDArray[np.float64]] = []
        """Per layer, what was written last, biases and then gains; empty before the first entry."""
        alike = chip.nominal if equivalence == "levels" else chip.classes
        classes = [
            number_classes(bank.rows(alike(bank.layer)))
            if bank.learned and equivalence != "none"
            else np.zeros((0, 0), np.int32)
            for bank in self.layout.layers
        ]
        repeats = any((np.diff(np.sort(one, axis=1), axis=1) == 0).any() for one in classes)
        self.exchanges_values = equivalence in {"values", "levels", "all"} and repeats
        """Whether some bank has cells that may stand for each other."""
        self.placing = Placing(model, self.layout, classes) if equivalence in {"units", "all"} else None
        self.circuits = Circuits(
            fabrics,
            self.layout,
            switch,
            effort,
            classes=classes if self.exchanges_values else None,
            bits=placed.bank_bits if placed else None,
            writes=writes,
            check_bits=check_bits,
            aim=aim,
            counted=counted,
        )
        self._sorted_cells = {
            bank.layer: np.sort(bank.rows(chip.cells(bank.layer)), axis=1) for _, bank in self._built()
        }
        self._seed, self.limits = seed, dict(limits or {})
        self._reconnected, self._calls = Expense(), 0
        self.read = Expense()
        """What reads for a controller have cost."""
        self.work: Work | None = None
        """What the last entry was for the port and the switches; None before the first."""
        self.impossible: list[tuple[int, int]] = []
        """Layer and bank of all that known faults kept from what the last entry asked."""
        if switch.medium == "optical" and any(fabric is not None for fabric in fabrics):
            self._set_path_loss(calibrated=calibrated)

    def _set_path_loss(self, *, calibrated: bool) -> None:
        """Light the cells through the circuits as they are at power-up."""
        if not isinstance(self.chip, OpticalChip):
            what = "an optical crossbar stands before a chip whose signals are electrical"
            raise ExecutionError(f"{what}; use a photonic device, or electronic switches")
        for fabric, bank in self._built():
            self.chip.set_path_loss(bank.layer, mean_transmission(fabric, self.switch), calibrated=calibrated)
            left = straight_transmissions(fabric, self.switch)[: bank.ports]
            self.chip.update_path_loss(bank.layer, np.arange(bank.banks * bank.ports), np.tile(left, bank.banks))

    def _built(self) -> list[tuple[Fabric, Bank]]:
        pairs = zip(self.circuits.fabrics, self.layout.layers, strict=True)
        return [(fabric, bank) for fabric, bank in pairs if fabric is not None]

    @property
    def permutations(self) -> list[NDArray[np.int64]]:
        """Return which cell feeds each position now, per layer int64 (banks, cells)."""
        return self._of_cells(self.circuits.permutations)

    @property
    def asked(self) -> list[NDArray[np.int64]]:
        """Return the same as was asked for last: what stands but for stuck switches."""
        return self._of_cells(self.circuits.asked)

    @property
    def expected(self) -> list[NDArray[np.int64]]:
        """Return the same as the host reckons it: what was asked for last, but for the faults that it knows."""
        return self._of_cells([expect(self.circuits, number) for number in range(len(self.layout.layers))])

    def _of_cells(self, permutations: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
        rows = zip(permutations, self.layout.layers, strict=True)
        return [np.ascontiguousarray(all_ports[:, : bank.ports]) for all_ports, bank in rows]

    # connect

    def execute(self, entry: Entry, settings: Settings = None) -> Expense:
        """Route, load and switch one reconnection of a schedule, and check that it is what was asked for.

        What breaks at it breaks first; what is found at it is known from then on, and what was asked for last of those
        layers is asked for again.

        Args:
            entry: the reconnection.
            settings: per layer, states of its circuits to load instead of routed ones.

        Returns:
            What it cost.

        Raises:
            ExecutionError: no configuration was found, the realised permutation is another one, the cells of a bank
                changed, or a register would hold not a finite number. The machine then stands as it stood before.
            SpentError: it costs more than is left; likewise.
        """
        for fault in entry.faults:
            self.strike(fault)
        return self._carry_out(replace(entry, permutations=self._learn(entry)), settings)

    def fulfil(self, event: int, wanted: Reconnection) -> Entry:
        """Do what a controller wants, as the machine is free to do it; returns what the schedule keeps of it.

        Cells of one class or level and hidden units stand for each other as ``equivalence`` lets them.

        Raises:
            ExecutionError, SpentError: as for :meth:`execute`.
        """
        before = self._places()
        permutations, registers = self._placed(wanted)
        try:
            self._carry_out(Entry(event, wanted.batch, tuple(permutations), registers))
        except Exception:
            self._set_places(before)
            raise
        now = self.asked
        rows = tuple(None if p is None else now[number] for number, p in enumerate(permutations))
        return Entry(event, wanted.batch, rows, registers)

    def _placed(self, wanted: Reconnection) -> tuple[tuple[NDArray[np.int64] | None, ...], Contents]:
        values = zip(wanted.registers, self.model.layers, strict=True)
        registers = tuple(registers.flat(layer.gains) for registers, layer in values)
        if self.placing is None:
            return wanted.permutations, registers
        return self.placing.place(self.asked, wanted.permutations, registers)

    def _places(self) -> list[NDArray[np.int64]]:
        return [] if self.placing is None else [place.copy() for place in self.placing.placement.place]

    def _set_places(self, places: list[NDArray[np.int64]]) -> None:
        if self.placing is not None:
            self.placing.placement.place = places

    def _carry_out(self, entry: Entry, settings: Settings = None) -> Expense:
        change = self._find(entry.event, entry.permutations, settings)
        self._check_cells(change)
        writes = self._writes(entry.event, entry.registers)
        expense = self._expense(change, writes)
        self._afford(expense)
        self._connect(change)
        self.circuits.take(change)
        self.registers = list(entry.registers)
        self._reconnected += expense
        self.impossible = change.impossible
        self.work = work_of(change, entry.event, entry.batch, writes, self.circuits.standing)
        return expense

    def _find(self, event: int, permutations: Sequence[NDArray[np.int64] | None], settings: Settings = None) -> Change:
        try:
            return self.circuits.find(permutations, settings)
        except UnroutedError as error:
            raise ExecutionError(f"event {event}, layer {error.layer}: {error}") from error

    def _connect(self, change: Change) -> None:
        """Tell the chip which positions meet other cells than before, and what light the paths to them leave."""
        for layer in change.layers:
            if layer is None:
                continue
            bank, fabric = self.layout.layers[layer.layer], self.circuits.fabrics[layer.layer]
            after = layer.after[:, : bank.ports]
            moved = np.flatnonzero(after != layer.before[:, : bank.ports])
            cells = after.reshape(-1)[moved] + moved // bank.ports * bank.ports
            self.chip.connect(bank.layer, moved, cells)
            turned = np.flatnonzero(layer.toggles)
            if turned.size and fabric and self.switch.medium == "optical" and isinstance(self.chip, OpticalChip):
                left = path_transmissions(fabric, self.switch, layer.new[turned])[:, : bank.ports]
                positions = turned[:, None] * bank.ports + np.arange(bank.ports)
                self.chip.update_path_loss(bank.layer, positions.reshape(-1), left.reshape(-1))

    def stick(self, fault: Fault) -> int:
        """Let a switch be stuck from now on: positions behind it meet other cells at once, and nothing is billed.

        The host knows at once: reconnections go around it, or are refused where they cannot.

        Returns:
            Positions that meet another cell than before.

        Raises:
            ExecutionError: there is no such switch, or it is stuck in the other state.
        """
        return self._stick(fault, known=True)

    def strike(self, fault: Fault) -> int:
        """Let a fault come to be; the host does not know of it. Returns, raises as :meth:`stick`; nothing is billed.

        A dead cell is still met by the position that met it, which is not counted.
        """
        if fault.cell is None or fault.value is None:
            return self._stick(fault, known=False)
        self._refuse(fault)
        bank = self.layout.layers[fault.layer]
        before, cell = bank.rows(self.chip.cells(fault.layer)).copy(), fault.bank * bank.ports + fault.cell
        self._kill(self.chip, fault)
        place = np.flatnonzero(self.circuits.permutations[fault.layer][fault.bank, : bank.ports] == fault.cell)
        self.chip.connect(fault.layer, place + fault.bank * bank.ports, np.full(place.size, cell))
        after = bank.rows(self.chip.cells(fault.layer))
        before[fault.bank, fault.cell] = after[fault.bank, fault.cell]
        if not np.allclose(before, after, rtol=CLOSE, atol=0):
            raise ExecutionError(f"{fault.words}: other cells than this one changed")
        self._sorted_cells[fault.layer] = np.sort(after, axis=1)
        return 0

    def check_death(self, fault: Fault) -> None:
        """Raise an ExecutionError if a cell cannot be read as a fault says, or cannot die at all; nothing changes."""
        self._refuse(fault)
        self._kill(deepcopy(self.chip), fault)

    def _refuse(self, fault: Fault) -> None:
        if problem := find_problem(fault, self.layout, self.circuits.fabrics):
            raise ExecutionError(f"layer {fault.layer}: {problem}")

    def _kill(self, chip: Chip, fault: Fault) -> None:
        if not isinstance(chip, MortalChip):
            raise ExecutionError(f"cells of a chip of the device {maker(chip)} cannot die: it has no method 'kill'")
        try:
            cell = fault.bank * self.layout.layers[fault.layer].ports + (fault.cell or 0)
            chip.kill(fault.layer, cell, fault.value or 0.0)
        except ValueError as error:
            raise ExecutionError(f"{fault.words}: {error}") from error

    def _learn(self, entry: Entry) -> tuple[NDArray[np.int64] | None, ...]:
        """Let the host know what was found; return what is to be connected."""
        wanted, asked = list(entry.permutations), self.asked
        for fault in entry.found:
            if fault.switch is not None:
                self.circuits.learn(fault)
                wanted[fault.layer] = asked[fault.layer] if wanted[fault.layer] is None else wanted[fault.layer]
        return tuple(wanted)

    def _stick(self, fault: Fault, *, known: bool) -> int:
        try:
            change = self.circuits.stick(fault, known=known)
        except UnroutedError as error:
            raise ExecutionError(f"layer {error.layer}: {error}") from error
        self._check_cells(change)
        self._connect(change)
        self.circuits.prepared(change)
        return change.moves

    # check

    def _check_cells(self, change: Change) -> None:
        """Send the cells through what was realised: every bank must have those that it left fabrication with."""
        for layer in change.layers:
            if layer is None:
                continue
            bank = self.layout.layers[layer.layer]
            cells = bank.rows(self.chip.cells(bank.layer))
            met = np.sort(np.take_along_axis(cells, layer.after[:, : bank.ports], axis=1), axis=1)
            wrong = np.flatnonzero((met != self._sorted_cells[bank.layer]).any(axis=1))
            if wrong.size:
                what = f"layer {bank.layer}, bank {wrong[0]}: the multiset of cell values changed"
                raise ExecutionError(what)

    # write

    def _writes(self, event: int, registers: Contents) -> int:
        """Count registers whose content would change; the first write after power-up counts every non-zero one."""
        writes = 0
        for number, values in enumerate(registers):
            if not np.isfinite(values).all():
                what = f"event {event}, layer {number}: a register would hold {values[~np.isfinite(values)][0]}"
                raise ExecutionError(f"{what}, training diverged; lower the learning rate or the initial values")
            new = self._codes(number, values)
            old = self._codes(number, self.registers[number]) if self.registers else np.zeros_like(new)
            writes += int((new != old).sum())
        return writes

    def _codes(self, number: int, values: NDArray[np.float64]) -> NDArray[Any]:
        return np.asarray(self.chip.register_codes(number, Registers.of(self.model.layers[number], values)))

    @property
    def saturated(self) -> int:
        """Count registers that are too narrow for what was last written to them."""
        if not isinstance(self.chip, NarrowChip):
            return 0
        written = enumerate(zip(self.model.layers, self.registers, strict=True)) if self.registers else ()
        return sum(self.chip.saturated(number, Registers.of(layer, values)) for number, (layer, values) in written)

    def register_codes(self) -> list[NDArray[np.generic]]:
        """Return what the registers of every layer hold now."""
        return [self._codes(number, values) for number, values in enumerate(self.registers)]

    # infer

    def infer(
        self,
        x: NDArray[np.float32],
        rng: np.random.Generator | None,
        model: Model | None = None,
        watch: Watch | None = None,
    ) -> NDArray[np.float64]:
        """Run samples through the emulated chip as it is connected now.

        Args:
            x: float32 (samples, features).
            rng: source of event noise.
            model: the same layers where images have another size; the machine's own unless told.
            watch: as of :func:`hwsim.device.infer`.
        """
        values = zip(self.model.layers, self.registers, strict=True)
        registers = [Registers.of(layer, flat) for layer, flat in values]
        return infer(model or self.model, self.chip, x, registers, rng, watch)

    def inference_bill(self) -> Bill:
        """Bill one inference: the core, and every signal bit through every switch of its circuits.

        Where arrays take turns, a layer takes as many passes as it has shares of them. Of a pipelined core the next
        inference may enter when the slowest layer is free, and when all signals have left the first switch before it.
        """
        core = self.chip.inference_bill()
        energy, time = core.energy_j, core.time_s + self._waiting()
        for fabric, bank in self._built():
            energy += bank.banks * fabric.switches * self.chip.data_bits * self.switch.pass_energy
            time += fabric.depth * self.switch.pass_time
        if self.placed:
            return replace(core, energy_j=energy, time_s=self.placed.latency_s, pipelined_s=self.placed.interval_s)
        interval = core.pipelined_s
        if interval is not None:  # a circuit's delay counts once in the time, however many products pass it
            interval = min(max(interval, self._products() * self.switch.pass_time), time)
        return replace(core, energy_j=energy, time_s=time, pipelined_s=interval)

    def _waiting(self) -> float:
        """Compute how much longer an inference takes since arrays take turns, s."""
        waiting = 0.0
        if self.tiles is not None and isinstance(self.chip, TiledChip):
            for arrays, seconds in self.chip.layer_times():
                waiting += (-(-arrays // self.tiles) - 1) * seconds
        return waiting

    def _products(self) -> int:
        """Count the products that pass the circuits of the layer with most of them, in one inference."""
        switched = {bank.layer for _, bank in self._built()}
        return max((node.matmuls for node in self.model.nodes if node.layer in switched), default=0)

    # what a controller may ask (hwsim.controller.Probe)

    def outputs(self, x: NDArray[np.float32]) -> NDArray[Any]:
        """Infer for a controller: every call draws its own noise, and every sample is billed."""
        one = self.inference_bill()
        expense = Expense(
            energy_j=len(x) * one.energy_j, time_ps=round(len(x) * one.time_s * PICOSECONDS), reads=len(x)
        )
        self._afford(expense)
        self.read, self._calls = self.read + expense, self._calls + 1
        return self.infer(x, stream(self._seed, f"probe/{self._calls}/read") if self.chip.noisy else None)

    def price(self, wanted: Reconnection) -> Expense:
        """Return what :meth:`fulfil` would cost; nothing changes."""
        before = self._places()
        try:
            permutations, registers = self._placed(wanted)
        finally:
            self._set_places(before)
        return self._expense(self._find(0, permutations), self._writes(0, registers))

    @property
    def spent(self) -> Expense:
        """Return what reconnections, and reads for a controller, have cost so far."""
        return self._reconnected + self.read

    @property
    def left(self) -> Mapping[str, float]:
        """Return what may still be spent of what is limited."""
        return {name: most - getattr(self.spent, name) for name, most in self.limits.items()}

    def _expense(self, change: Change, writes: int) -> Expense:
        energy, duration = bill(change.sent, writes, self.switch)
        return Expense(change.moves, change.toggles, writes, energy, duration)

    def _afford(self, expense: Expense) -> None:
        for name, left in self.left.items():
            if (wanted := getattr(expense, name)) > left:
                raise SpentError(f"{name}: {wanted:g} would be spent next, and {left:g} of {self.limits[name]:g} left")

    # what a run that is taken up again needs besides its schedule

    def dump(self) -> dict[str, NDArray[np.generic]]:
        """Return where units are built and what a controller has read, as named arrays."""
        places = {} if self.placing is None else self.placing.placement.dump()
        counts = np.array([self._calls, self.read.reads, self.read.time_ps], np.int64)
        return {**places, "probe/counts": counts, "probe/energy_j": np.array([self.read.energy_j])}

    def load(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take up what was dumped."""
        if self.placing is not None:
            self.placing.placement.load(arrays)
        self._calls, reads, time_ps = (int(count) for count in arrays["probe/counts"])
        self.read = Expense(energy_j=float(arrays["probe/energy_j"][0]), time_ps=time_ps, reads=reads)
