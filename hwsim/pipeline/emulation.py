"""A trained torch module or ONNX file on an emulated chip: its weights are fixed cells behind permutation circuits."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import Expense, Reconnection
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.routing.effort import check_effort
from hwsim.device import ClippingChip, OpticalChip, read_sheet, sheet_values
from hwsim.errors import BAD_INPUT, HwsimError, check_type
from hwsim.execution import Machine, first_entry
from hwsim.execution.resources import account
from hwsim.files import parse_document, read_document
from hwsim.files.registry import unknown
from hwsim.kernels.watch import logged
from hwsim.model import Registers
from hwsim.model.imports import Imported, read_module, read_onnx
from hwsim.scenario.lookup import device_technology, find_sheet, read_switch
from hwsim.schedule import Entry, layout
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.device import Device

SAMPLES = 256
"""Samples drawn for calibration where none are given."""
NEAR = 0.005
"""How far outside a range, in shares of it, an input is cut off by no more than rounding."""
FEW_OUTSIDE = 0.01
"""Share of inputs outside the range of calibration samples that were given, which never hold every extreme."""


class NotOnDeviceError(HwsimError, ValueError):
    """A layer or an activation that a device cannot do; the message names it and what would work."""

    exit_code = BAD_INPUT


class ClippedWarning(UserWarning):
    """Inputs lie outside the range that a chip was calibrated for, and are cut off at its ends."""


class Emulation:
    """A network on one emulated chip: call it to infer; reconnect its layers; ask what it costs."""

    def __init__(self, machine: Machine, shape: tuple[int, ...], seed: int, name: str, *, calibrated: bool) -> None:
        self.machine, self.shape, self.name, self._seed = machine, shape, name, seed
        self._range = machine.chip.input_range if isinstance(machine.chip, ClippingChip) else None
        self._tolerated = FEW_OUTSIDE if calibrated else 0.0
        self._reads = self._events = 0
        self._spent = Expense()

    def __repr__(self) -> str:
        sizes = [f"{layer.inputs} x {layer.units}" for layer in self.machine.model.layers]
        shown = ", ".join(sizes[:3] + ["..."] * (len(sizes) > 3))  # noqa: PLR2004 - enough to tell networks apart
        return f"<Emulation on {self.name}: {len(sizes)} layers ({shown}), {self._events} reconnections>"

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
            ValueError: samples of another shape, or that are not finite numbers.
        """
        samples = _numbers("samples", x, np.float32)
        if samples.shape[1:] != self.shape:
            wanted = ", ".join(map(str, ("batch", *self.shape)))
            raise ValueError(f"the network takes samples (batch first) of shape ({wanted}), found {samples.shape}")
        if self._range is not None:
            self._warn(samples, *self._range)
        self._reads += int(noise)
        rng = stream(self._seed, f"emulate/{self._reads}/read") if noise and self.machine.chip.noisy else None
        given = self.machine.model.nodes[-1].given
        if not len(samples):
            return np.empty((0, *given), np.float32)
        with logged():
            found = self.machine.infer(samples.reshape(len(samples), -1), rng)
        return found.astype(np.float32, copy=False).reshape(len(samples), *given)

    def _warn(self, samples: NDArray[np.float32], low: float, high: float) -> None:
        """Say once what share of inputs the chip cuts off, where that is more than rounding or a few outliers."""
        room = NEAR * (high - low)
        outside = (samples < low - room) | (samples > high + room)
        share = float(outside.mean()) if samples.size else 0.0
        far = bool(share and max(samples.max() - high, low - samples.min()) > high - low)
        if share > self._tolerated or far:
            self._range = None
            what = f"{share:.2g} of the inputs" if share < 0.001 else f"{share:.1%} of the inputs"  # noqa: PLR2004 - 0.1 %
            warnings.warn(
                f"{what} lie outside {low:.3g} to {high:.3g}, the range that the chip was calibrated for, and are cut "
                "off at its ends; give hwsim.emulate calibration=, samples like those that you infer",
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
        rows, registers = self._wanted(layer, permutations), tuple(self.machine.registers)
        with logged():
            expense = self.machine.execute(Entry(self._events + 1, 0, rows, registers))
        self._events, self._spent = self._events + 1, self._spent + expense
        return expense

    def price(self, layer: int, permutations: Any) -> Expense:
        """What a reconnection would cost, which is not carried out; arguments and errors as in :meth:`reconnect`."""
        rows, layers = self._wanted(layer, permutations), self.machine.model.layers
        values = zip(layers, self.machine.registers, strict=True)
        return self.machine.price(Reconnection(0, rows, tuple(Registers.of(one, flat) for one, flat in values)))

    def _wanted(self, layer: int, permutations: Any) -> tuple[NDArray[np.int64] | None, ...]:
        check_type("layer", layer, "a whole number")
        if not 0 <= layer < self.layers:
            raise ValueError(f"there is no layer {layer}; layers with cells are 0 to {self.layers - 1}")
        if self.machine.circuits.fabrics[layer] is None:
            raise ValueError(f"layer {layer} has no crossbar; give emulate a topology, such as crossbar='benes'")
        bank, given = self.machine.layout.layers[layer], _numbers("permutations", permutations)
        if given.shape != (bank.banks, bank.ports) or not np.issubdtype(given.dtype, np.integer):
            what = f"layer {layer} wants whole numbers of shape {(bank.banks, bank.ports)}"
            raise ValueError(f"{what}, found {given.dtype} of shape {given.shape}")
        wrong = np.flatnonzero((np.sort(given, axis=1) != np.arange(bank.ports)).any(axis=1))
        if wrong.size:
            raise ValueError(f"layer {layer}, unit {wrong[0]}: no permutation of the cells 0 to {bank.ports - 1}")
        return tuple(given.astype(np.int64) if number == layer else None for number in range(self.layers))

    def resources(self) -> dict[str, Any]:
        """What the chip and its circuits take of their hardware, as in :func:`hwsim.execution.resources.account`."""
        return account(self.machine.chip, self.machine.circuits)

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
        ValueError: a layer or an activation that hwsim or the device cannot do, with the number and class of the layer;
            calibration or weights that are not finite numbers; an unknown name; a topology that blocks.
        DiagnosticError: a setting that does not fit the datasheet.
    """
    for option, value in (("device", device), ("technology", technology), ("effort", effort)):
        check_type(option, value, "a text")
    check_type("crossbar", crossbar, "a text", none=True)
    check_type("seed", seed, "a whole number")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, found {seed}")
    check_type("settings", settings, "a table", none=True)
    check_type("shape", shape, "a list of whole numbers", none=True)
    check_effort(effort)
    given = None if calibration is None else _samples(calibration)
    if shape is None and given is not None:
        shape = given.shape[1:]
    if isinstance(module, str | Path):
        found = read_onnx(Path(module), shape)
    else:
        found = module if isinstance(module, Imported) else read_module(module, shape)
    samples = np.random.default_rng(seed).random((SAMPLES, *found.shape), np.float32) if given is None else given
    if samples.shape[1:] != found.shape:
        raise ValueError(f"calibration samples have shape {samples.shape[1:]}, but the module takes {found.shape}")
    built = _device(device, dict(settings or {}))
    if problems := built.problems(found.model):
        number, what, hint = problems[0]
        raise NotOnDeviceError(f"{found.origins[number]}: {what}; {hint}")
    flat = samples.reshape(len(samples), -1)
    with logged():
        chip = built.fabricate(found.model, found.start, flat, seed)
    fabrics: list[Fabric | None] = [None] * len(found.model.layers)
    if crossbar is not None:
        if crossbar not in CROSSBARS:
            raise ValueError(unknown("topology", crossbar, CROSSBARS))
        fabrics = [_circuit(crossbar, bank.ports) for bank in layout(found.model, "output").layers]
    switch = read_switch(*find_sheet("switch", technology))
    if crossbar is not None and switch.medium == "optical" and not isinstance(chip, OpticalChip):
        what = f"{technology} is optical, but the signals of {device} are electrical"
        raise ValueError(f"{what}; use an electronic switch technology, or a photonic device")
    machine = Machine(found.model, chip, fabrics, switch, "output", effort, calibrated=calibrated)
    with logged():
        machine.execute(first_entry(found.model, found.start))
    return Emulation(machine, found.shape, seed, device, calibrated=calibration is not None)


def _samples(calibration: Any) -> NDArray[np.float32]:
    """Samples that can set ranges."""
    samples = _numbers("calibration", calibration, np.float32)
    if not samples.ndim or not len(samples):
        raise ValueError(f"calibration must be samples, batch first, found an array of shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise ValueError("calibration samples hold numbers that are not finite; clean the data")
    if not samples.any():
        raise ValueError("calibration samples are all 0, which gives no range; give samples like those to be inferred")
    return samples


def _circuit(topology: str, ports: int) -> Fabric:
    """A circuit that realises whatever a later call asks for."""
    fabric = CROSSBARS[topology].build(ports)
    if fabric.blocking == "blocking":
        what = f"{topology!r} cannot realise every permutation, and reconnect may be asked for any"
        hint = ", ".join(name for name in ("benes", "waksman", "crossbar") if name in CROSSBARS)
        raise NotOnDeviceError(f"{what}; choose a topology that does not block, such as {hint}; hwsim.cost takes any")
    return fabric


def _numbers(name: str, given: Any, kind: type[np.float32] | None = None) -> NDArray[Any]:
    """An array of what a caller gave."""
    try:
        return np.asarray(given, kind)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} cannot be made an array: {error}") from None


def _device(name: str, settings: dict[str, Any]) -> Device:
    document = read_document(find_sheet("device", name)[1])
    technology = device_technology(document)
    sheet = read_sheet(document, technology.datasheet)
    return technology.build(sheet_values(sheet, settings, parse_document("", "settings"), ()))
