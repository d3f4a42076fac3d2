"""A trained torch module or ONNX file on an emulated chip: its weights are fixed cells behind permutation circuits."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import Expense, Reconnection
from hwsim.device import ClippingChip, CodingChip
from hwsim.errors import check_type
from hwsim.execution import ExecutionError
from hwsim.execution.resources import account
from hwsim.files.markup import html_table
from hwsim.kernels.watch import logged
from hwsim.model import Registers
from hwsim.model.imports import Imported, RefusedError
from hwsim.pipeline.hardware import Hardware, as_numbers, check_seed, drawn_samples
from hwsim.pipeline.probing import MisreadError, read_network
from hwsim.schedule import Entry, Fault
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from hwsim.device.inference import Watch
    from hwsim.execution import Machine
    from hwsim.model import Model

NEAR = 0.005
"""How far outside a range, in shares of it, an input is cut off by no more than rounding."""
FEW_OUTSIDE = 0.01
"""Share of inputs outside the range of calibration samples that were given, which never hold every extreme."""


class ClippedWarning(UserWarning):
    """Inputs lie outside the range that a chip was calibrated for, and are cut off at its ends."""


class Emulation:
    """A network on one emulated chip: call it to infer; reconnect its layers; ask what it costs."""

    def __init__(self, machine: Machine, shape: tuple[int, ...], seed: int, name: str, *, calibrated: bool) -> None:
        self.machine, self.shape, self.name, self._seed = machine, shape, name, seed
        # what a pool takes need not lie within the range of the first layer's converter, unless it takes codes
        first = next(node for node in machine.model.nodes if node.kind != "flatten")
        clips = first.layer is not None or isinstance(machine.chip, CodingChip)
        self._range = machine.chip.input_range if clips and isinstance(machine.chip, ClippingChip) else None
        self._tolerated = FEW_OUTSIDE if calibrated else 0.0
        self.reads = self.events = 0
        """Reads that drew noise, and reconnections, so far."""
        self.spent = Expense()
        """What reconnections, and registers written, have cost so far."""
        self.cure = "give hwsim.emulate calibration=, samples like those that you infer"
        """What a warning about inputs out of range says would help."""

    def __repr__(self) -> str:
        sizes = [f"{layer.inputs} x {layer.units}" for layer in self.machine.model.layers]
        shown = ", ".join(sizes[:3] + ["..."] * (len(sizes) > 3))  # noqa: PLR2004 - enough to tell networks apart
        return f"<Emulation on {self.name}: {len(sizes)} layers ({shown}), {self.events} reconnections>"

    def _repr_html_(self) -> str:
        """Show the chip in a notebook: its layers, what it takes, and what it costs."""
        layers = enumerate(self.machine.model.layers)
        facts = [(f"layer {number}", f"{layer.inputs} x {layer.units}") for number, layer in layers]
        return html_table((f"emulation on {self.name}", ""), [*facts, *self.cost().items()])

    @property
    def layers(self) -> int:
        """Return layers with cells, numbered from 0 in the order of the module."""
        return len(self.machine.model.layers)

    def __call__(self, x: Any, *, noise: bool = True) -> NDArray[np.float32]:
        """Infer on the chip as it is connected now.

        Samples that pass a photonic core together, at several wavelengths, leak a little into each other, noise or not.

        Args:
            x: samples (batch, ...), as the module takes them; anything that NumPy makes an array of.
            noise: whether reads draw event noise; every call draws from a stream of its own.

        Returns:
            float32 (batch, outputs...).

        Raises:
            ValueError: samples of another shape, or that are not finite numbers.
        """
        samples = as_numbers("samples", x, np.float32)
        if samples.shape[1:] != self.shape:
            wanted = ", ".join(map(str, ("batch", *self.shape)))
            raise ValueError(f"the network takes samples (batch first) of shape ({wanted}), found {samples.shape}")
        self.heed_range(samples)
        given = self.machine.model.nodes[-1].given
        found = self.read(samples.reshape(len(samples), self.machine.model.inputs), noise=noise)
        return found.astype(np.float32, copy=False).reshape(len(samples), *given)

    def draw(self, *, noise: bool) -> np.random.Generator | None:
        """Return the stream of the next read's noise; None if noise is not wanted or the chip has none."""
        self.reads += int(noise)
        return stream(self._seed, f"emulate/{self.reads}/read") if noise and self.machine.chip.noisy else None

    def read(
        self,
        samples: NDArray[np.float32],
        *,
        noise: bool,
        model: Model | None = None,
        watch: Watch | None = None,
    ) -> NDArray[Any]:
        """Infer flat samples (samples, features) to (samples, outputs), with noise of the next stream.

        Args:
            samples: float32; images' features in the order channel, row, column.
            noise: whether the read draws event noise.
            model: the same layers for images of another size.
            watch: as of :func:`hwsim.device.infer`.
        """
        rng, taken = self.draw(noise=noise), model or self.machine.model
        if not len(samples):
            return np.empty((0, taken.outputs), np.float32)
        with logged():
            return self.machine.infer(samples, rng, taken, watch)

    def heed_range(self, samples: NDArray[np.float32]) -> None:
        """Say once what share of inputs the chip cuts off, where that is more than rounding or a few outliers."""
        if self._range is None:
            return
        low, high = self._range
        room = NEAR * (high - low)
        outside = (samples < low - room) | (samples > high + room)
        share = float(outside.mean()) if samples.size else 0.0
        far = bool(share and max(samples.max() - high, low - samples.min()) > high - low)
        if share > self._tolerated or far:
            self._range = None
            what = f"{share:.2g} of the inputs" if share < 0.001 else f"{share:.1%} of the inputs"  # noqa: PLR2004 - 0.1 %
            warnings.warn(
                f"{what} lie outside {low:.3g} to {high:.3g}, the range that the chip was calibrated for, and are cut "
                f"off at its ends; {self.cure}",
                ClippedWarning,
                stacklevel=3,
            )

    def reconnect(self, layer: int, permutations: Any) -> Expense:
        """Let the positions of a layer meet other cells: position i of unit u takes cell ``permutations[u, i]`` of u.

        Args:
            layer: number of the layer with cells.
            permutations: whole numbers (units, inputs), every row a permutation.

        Returns:
            Moves, toggles and cost of this reconnection.

        Raises:
            ValueError: there is no such layer, it has no crossbar, or a row is no permutation of its cells.
        """
        return self.reconnect_layers({layer: permutations})

    def reconnect_layers(self, permutations: Mapping[int, Any]) -> Expense:
        """Reconnect several layers at once; arguments and errors as in :meth:`reconnect`, by layer."""
        rows = self.checked(permutations)
        with logged():
            expense = self.machine.execute(Entry(self.events + 1, 0, rows, tuple(self.machine.registers)))
        self.events, self.spent = self.events + 1, self.spent + expense
        return expense

    @property
    def permutations(self) -> list[NDArray[np.int64]]:
        """Return which cell of its unit feeds each position now, per layer whole numbers (units, inputs)."""
        return self.machine.permutations

    def stick(self, layer: int, unit: int, switch: int, state: int) -> int:
        """Let a switch of a unit's circuit be stuck: inputs that pass it meet other weights from now on.

        A later :meth:`reconnect` routes around it, so that ``chip.reconnect(0, wanted)`` mends the layer where the
        topology has another way, and is refused where it has none.

        Args:
            layer: number of the layer with cells.
            unit: whose circuit it is.
            switch: its number in the circuit, as ``chip.machine.circuits.fabrics[layer]`` counts them.
            state: 0 for bar (both signals go straight on), 1 for cross.

        Returns:
            How many inputs of the unit meet another weight than before.

        Raises:
            ValueError: there is no such switch, or it is stuck in the other state.

        Example:
            >>> from torch import nn
            >>> chip = emulate(nn.Sequential(nn.Linear(4, 2)), crossbar="benes")
            >>> chip.stick(0, unit=1, switch=0, state=1), chip.permutations[0].tolist()
            (2, [[0, 1, 2, 3], [2, 1, 0, 3]])
            >>> chip.reconnect(0, [[0, 1, 2, 3], [0, 1, 2, 3]]).moves
            2
        """
        for name, value in (("layer", layer), ("unit", unit), ("switch", switch), ("state", state)):
            check_type(name, value, "a whole number")
        if not 0 <= layer < self.layers:
            raise ValueError(f"there is no layer {layer}; layers with cells are 0 to {self.layers - 1}")
        try:
            return self.machine.stick(Fault(layer, unit, switch=switch, state=state))
        except ExecutionError as error:
            raise ValueError(str(error)) from error

    def write(self, registers: Sequence[NDArray[np.float64]]) -> Expense:
        """Write registers, of every layer biases and then gains; connections stay.

        Raises:
            ExecutionError: a register would hold not a finite number.
        """
        expense = self.machine.execute(Entry(self.events, 0, (None,) * self.layers, tuple(registers)))
        self.spent += expense
        return expense

    def price(self, layer: int, permutations: Any) -> Expense:
        """Price a reconnection without carrying it out; arguments and errors as in :meth:`reconnect`."""
        rows, layers = self.checked({layer: permutations}), self.machine.model.layers
        values = zip(layers, self.machine.registers, strict=True)
        return self.machine.price(Reconnection(0, rows, tuple(Registers.of(one, flat) for one, flat in values)))

    def checked(self, permutations: Mapping[int, Any]) -> tuple[NDArray[np.int64] | None, ...]:
        """Return permutations by layer as a schedule has them; arguments and errors as in :meth:`reconnect_layers`."""
        wanted = {layer: self._rows(layer, rows) for layer, rows in permutations.items()}
        return tuple(wanted.get(number) for number in range(self.layers))

    def _rows(self, layer: int, permutations: Any) -> NDArray[np.int64]:
        check_type("layer", layer, "a whole number")
        if not 0 <= layer < self.layers:
            raise ValueError(f"there is no layer {layer}; layers with cells are 0 to {self.layers - 1}")
        if self.machine.circuits.fabrics[layer] is None:
            raise ValueError(f"layer {layer} has no crossbar; give emulate a topology, such as crossbar='benes'")
        bank, given = self.machine.layout.layers[layer], as_numbers("permutations", permutations)
        if given.shape != (bank.banks, bank.ports) or not np.issubdtype(given.dtype, np.integer):
            what = f"layer {layer} wants whole numbers of shape {(bank.banks, bank.ports)}"
            raise ValueError(f"{what}, found {given.dtype} of shape {given.shape}")
        wrong = np.flatnonzero((np.sort(given, axis=1) != np.arange(bank.ports)).any(axis=1))
        if wrong.size:
            raise ValueError(f"layer {layer}, unit {wrong[0]}: no permutation of the cells 0 to {bank.ports - 1}")
        return np.asarray(given, np.int64)

    def resources(self) -> dict[str, Any]:
        """Count the hardware of the chip and its circuits, as in :func:`hwsim.execution.resources.account`."""
        return account(self.machine.chip, self.machine.circuits)

    def cost(self) -> dict[str, float]:
        """Return what one inference costs now, and what all reconnections so far have cost."""
        bill = self.machine.inference_bill()
        return {
            "inference_energy_j": bill.energy_j,
            "inference_time_s": bill.time_s,
            "switches": self.machine.circuits.switches,
            "reconnections": self.events,
            "moves": self.spent.moves,
            "toggles": self.spent.toggles,
            "energy_j": self.spent.energy_j,
            "time_s": self.spent.time_ps / 10**12,
        }


def emulate(
    module: torch.nn.Module | str | Path | Imported,
    device: str = "ideal",
    crossbar: str | None = None,
    seed: int = 0,
    *,
    shape: tuple[int, ...] | None = None,
    calibration: Any = None,
    settings: Mapping[str, Any] | None = None,
    technology: str = "fpga-register-ug474-2016",
    effort: str = "greedy",
    calibrated: bool = True,
) -> Emulation:
    """Fabricate a chip with the weights of a trained torch module, or of an ONNX file, as its cells.

    A module is taken from what it computes when it is called in inference mode: its own forward, functions, hooks and
    parametrizations count. Batch normalisation is folded into the cells and biases of the layer before it; a softmax at
    the end is left out, with a warning. The imported network is compared with the module or file on probe inputs.

    Args:
        module: the trained module, which is not changed, or the path of an ONNX file (``pip install 'hwsim[onnx]'``).
        device: a device's datasheet, as ``hwsim list devices`` prints them.
        crossbar: topology of one permutation circuit per output unit; None for fixed connections.
        seed: of the chip's static variation and of read noise, at least 0.
        shape: shape of one sample where it cannot be told from the module: an image's (channels, rows, columns).
        calibration: samples (batch, ...) that set ranges of converters and shifts; uniform in 0..1 when left out, which
            fits only inputs that are like them.
        settings: numbers of the datasheet to override, written as in a scenario's ``[device]``.
        technology: datasheet of the switches.
        effort: how hard the router tries to toggle little.
        calibrated: of optical switches before a photonic core, whether the electronics know what every path loses
            (:mod:`hwsim.device.photonic.path`).

    Raises:
        ValueError: layers that hwsim or the device cannot do, each on a line of its own with its name and class; an
            import that is not what it was made from, with the first layer where they part;
            calibration or weights that are not finite numbers; an unknown name; a topology that blocks.
        DiagnosticError: a setting that does not fit the datasheet.
    """
    check_type("settings", settings, "a table", none=True)
    hardware = Hardware(device, crossbar, dict(settings or {}), technology, effort, calibrated)
    hardware.check()
    check_seed(seed)
    check_type("shape", shape, "a list of whole numbers", none=True)
    given = None if calibration is None else _samples(calibration)
    if shape is None and given is not None:
        shape = given.shape[1:]
    if isinstance(module, Imported):
        found = module
    else:
        try:
            found = read_network(module, shape, given)
        except (RefusedError, MisreadError) as error:
            raise ValueError(str(error)) from error
    samples = drawn_samples(found.shape, seed) if given is None else given
    machine = hardware.prepare().fabricate(found, samples.reshape(len(samples), -1), seed)
    return Emulation(machine, found.shape, seed, device, calibrated=calibration is not None)


def _samples(calibration: Any) -> NDArray[np.float32]:
    """Return samples that can set ranges."""
    samples = as_numbers("calibration", calibration, np.float32)
    if not samples.ndim or not len(samples):
        raise ValueError(f"calibration must be samples, batch first, found an array of shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise ValueError("calibration samples hold numbers that are not finite; clean the data")
    if not samples.any():
        raise ValueError("calibration samples are all 0, which gives no range; give samples like those to be inferred")
    return samples
