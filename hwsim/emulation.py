"""A trained torch module or ONNX file on an emulated chip: its weights are fixed cells behind permutation circuits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import Expense, Reconnection
from hwsim.crossbar import CROSSBARS
from hwsim.device import OpticalChip, Registers, read_sheet, sheet_values
from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.execution import Machine, first_entry, layout
from hwsim.imported import Imported, read_module, read_onnx
from hwsim.plan.lookup import device_technology, find_sheet, read_switch
from hwsim.registry import unknown
from hwsim.scenario import parse_document, read_document
from hwsim.schedule import Entry
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.device import Device

SAMPLES = 256
"""Samples drawn for calibration where none are given."""


class NotOnDeviceError(HwsimError, ValueError):
    """A layer or an activation that a device cannot do; the message names it and what would work."""

    exit_code = BAD_INPUT


class Emulation:
    """A network on one emulated chip: call it to infer; reconnect its layers; ask what it costs."""

    def __init__(self, machine: Machine, shape: tuple[int, ...], seed: int) -> None:
        self.machine, self.shape, self._seed = machine, shape, seed
        self._reads = self._events = 0
        self._spent = Expense()

    @property
    def layers(self) -> int:
        """Layers with cells, numbered from 0 in the order of the module."""
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
            ValueError: samples of another shape, or that are no finite numbers.
        """
        samples = np.asarray(x, np.float32)
        if samples.shape[1:] != self.shape:
            wanted = ", ".join(map(str, ("batch", *self.shape)))
            raise ValueError(f"the network takes samples (batch first) of shape ({wanted}), found {samples.shape}")
        self._reads += int(noise)
        rng = stream(self._seed, f"emulate/{self._reads}/read") if noise and self.machine.chip.noisy else None
        given = self.machine.model.nodes[-1].given
        if not len(samples):
            return np.empty((0, *given), np.float32)
        found = self.machine.infer(samples.reshape(len(samples), -1), rng)
        return found.astype(np.float32, copy=False).reshape(len(samples), *given)

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
        rows, registers = self._wanted(layer, permutations), tuple(self.machine.registers)
        expense = self.machine.execute(Entry(self._events + 1, 0, rows, registers))
        self._events, self._spent = self._events + 1, self._spent + expense
        return expense

    def price(self, layer: int, permutations: Any) -> Expense:
        """What a reconnection would cost, which is not carried out; arguments and errors as in :meth:`reconnect`."""
        rows, layers = self._wanted(layer, permutations), self.machine.model.layers
        values = zip(layers, self.machine.registers, strict=True)
        return self.machine.price(Reconnection(0, rows, tuple(Registers.of(one, flat) for one, flat in values)))

    def _wanted(self, layer: int, permutations: Any) -> tuple[NDArray[np.int64] | None, ...]:
        if not 0 <= layer < self.layers:
            raise ValueError(f"there is no layer {layer}; layers with cells are 0 to {self.layers - 1}")
        if self.machine.circuits.fabrics[layer] is None:
            raise ValueError(f"layer {layer} has no crossbar; give emulate a topology, such as crossbar='benes'")
        bank, given = self.machine.layout.layers[layer], np.asarray(permutations)
        if given.shape != (bank.banks, bank.ports) or not np.issubdtype(given.dtype, np.integer):
            what = f"layer {layer} wants whole numbers of shape {(bank.banks, bank.ports)}"
            raise ValueError(f"{what}, found {given.dtype} of shape {given.shape}")
        wrong = np.flatnonzero((np.sort(given, axis=1) != np.arange(bank.ports)).any(axis=1))
        if wrong.size:
            raise ValueError(f"layer {layer}, unit {wrong[0]}: no permutation of the cells 0 to {bank.ports - 1}")
        return tuple(given.astype(np.int64) if number == layer else None for number in range(self.layers))

    def cost(self) -> dict[str, float]:
        """What one inference costs now, and what all reconnections so far have cost."""
        bill = self.machine.inference_bill()
        return {
            "inference_energy_j": bill.energy_j,
            "inference_time_s": bill.time_s,
            "switches": self.machine.circuits.switches,
            "reconnections": self._events,
            "moves": self._spent.moves,
            "toggles": self._spent.toggles,
            "energy_j": self._spent.energy_j,
            "time_s": self._spent.time_ps / 10**12,
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
    """Fabricate a chip with the weights of a trained ``torch.nn.Sequential``, or of an ONNX file, as its cells.

    Batch normalisation is folded into the cells and biases of the layer before it, dropout left out.

    Args:
        module: the trained module, which is not changed, or the path of an ONNX file (``pip install 'hwsim[onnx]'``).
        device: a device's datasheet, as ``hwsim list devices`` prints them.
        crossbar: topology of one permutation circuit an output unit; None for fixed connections.
        seed: of the chip's static variation and of read noise.
        shape: shape of one sample where it cannot be told from the module: an image's (channels, rows, columns).
        calibration: samples (batch, ...) that set ranges of converters and shifts; uniform in 0..1 when left out, which
            fits only inputs that are like them.
        settings: numbers of the datasheet to override, written as in a scenario's ``[device]``.
        technology: datasheet of the switches.
        effort: how hard the router tries to toggle little.
        calibrated: of optical switches before a photonic core, whether the electronics know what every path loses
            (:mod:`hwsim.device.passage`).

    Raises:
        ValueError: a layer or an activation that hwsim or the device cannot do, with the number and class of the layer;
            calibration or weights that are no finite numbers; an unknown name.
        FaultError: a setting that does not fit the datasheet.
    """
    samples = None if calibration is None else np.asarray(calibration, np.float32)
    if shape is None and samples is not None:
        shape = samples.shape[1:]
    if isinstance(module, str | Path):
        found = read_onnx(Path(module), shape)
    else:
        found = module if isinstance(module, Imported) else read_module(module, shape)
    if samples is None:
        samples = np.random.default_rng(seed).random((SAMPLES, *found.shape), np.float32)
    if samples.shape[1:] != found.shape:
        raise ValueError(f"calibration samples have shape {samples.shape[1:]}, but the module takes {found.shape}")
    if not np.isfinite(samples).all():
        raise ValueError("calibration samples hold numbers that are not finite; clean the data")
    built = _device(device, dict(settings or {}))
    if problems := built.problems(found.model):
        number, what, cure = problems[0]
        raise NotOnDeviceError(f"{found.origins[number]}: {what}; {cure}")
    flat = samples.reshape(len(samples), -1)
    chip = built.fabricate(found.model, found.start, flat, seed)
    fabrics: list[Fabric | None] = [None] * len(found.model.layers)
    if crossbar is not None:
        if crossbar not in CROSSBARS:
            raise ValueError(unknown("topology", crossbar, CROSSBARS))
        fabrics = [CROSSBARS[crossbar].build(bank.ports) for bank in layout(found.model, "output").layers]
    switch = read_switch(*find_sheet("switch", technology))
    if crossbar is not None and switch.medium == "optical" and not isinstance(chip, OpticalChip):
        what = f"{technology} is optical, but the signals of {device} are electrical"
        raise ValueError(f"{what}; use an electronic switch technology, or a photonic device")
    machine = Machine(found.model, chip, fabrics, switch, "output", effort, calibrated=calibrated)
    machine.execute(first_entry(found.model, found.start))
    return Emulation(machine, found.shape, seed)


def _device(name: str, settings: dict[str, Any]) -> Device:
    document = read_document(find_sheet("device", name)[1])
    technology = device_technology(document)
    sheet = read_sheet(document, technology.sheet)
    return technology.build(sheet_values(sheet, settings, parse_document("", "settings"), ()))
