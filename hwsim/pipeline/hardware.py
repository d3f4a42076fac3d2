"""What an imported network is put on: a device with settings, circuits before its cells, and how they are routed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.routing.effort import check_effort
from hwsim.device import OpticalChip, datasheet_values, read_datasheet
from hwsim.errors import BAD_INPUT, HwsimError, check_type
from hwsim.execution import Machine, first_entry
from hwsim.files import parse_document, read_document
from hwsim.files.registry import unknown
from hwsim.kernels.watch import logged
from hwsim.scenario.lookup import device_technology, find_sheet, read_switch
from hwsim.schedule import layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch
    from hwsim.device import Device
    from hwsim.model.imports import Imported

SAMPLES = 256
"""Samples drawn for calibration where none are given."""


class NotOnDeviceError(HwsimError, ValueError):
    """A layer or an activation that a device cannot do; the message names it and what would work."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class Hardware:
    """The hardware that a network is put on, by names as :func:`hwsim.emulate` takes them."""

    device: str = "ideal"
    crossbar: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    technology: str = "fpga-register-ug474-2016"
    effort: str = "greedy"
    calibrated: bool = True

    def check(self) -> None:
        """Refuse values of a wrong type, and unknown efforts.

        Raises:
            ArgumentError: a name is not a text, or settings are not a table.
            ValueError: an unknown effort.
        """
        for option in ("device", "technology", "effort"):
            check_type(option, getattr(self, option), "a text")
        check_type("crossbar", self.crossbar, "a text", none=True)
        check_type("settings", self.settings, "a table")
        check_effort(self.effort)

    def prepare(self) -> Prepared:
        """Read the datasheets.

        Raises:
            ValueError: an unknown name; a topology that blocks.
            DiagnosticError: a setting that does not fit the datasheet.
        """
        document = read_document(find_sheet("device", self.device)[1])
        technology = device_technology(document)
        sheet = read_datasheet(document, technology.datasheet)
        built = technology.make(datasheet_values(sheet, dict(self.settings), parse_document("", "settings"), ()))
        if self.crossbar is not None:
            if self.crossbar not in CROSSBARS:
                raise ValueError(unknown("topology", self.crossbar, CROSSBARS))
            _circuit(self.crossbar, 4)  # whether it blocks does not depend on its ports
        return Prepared(self, built, read_switch(*find_sheet("switch", self.technology)))


@dataclass(frozen=True)
class Prepared:
    """Hardware with its datasheets read, ready to fabricate chips."""

    hardware: Hardware
    device: Device
    switch: Switch

    def fabricate(self, network: Imported, samples: NDArray[np.float32], seed: int) -> Machine:
        """Make a chip with the weights of a network, put circuits before it, and write its registers.

        Args:
            network: the network.
            samples: float32 (samples, features), which set ranges of converters and shifts.
            seed: of static variation.

        Raises:
            NotOnDeviceError: the device cannot do some layers, one a line; optical circuits before electrical signals.
        """
        wish = self.hardware
        if problems := self.device.problems(network.model):
            lines = dict.fromkeys(f"{network.origins[number]}: {what}; {hint}" for number, what, hint in problems)
            raise NotOnDeviceError("\n".join(lines))
        with logged():
            chip = self.device.fabricate(network.model, network.start, samples, seed)
        fabrics: list[Fabric | None] = [None] * len(network.model.layers)
        if wish.crossbar is not None:
            fabrics = [_circuit(wish.crossbar, bank.ports) for bank in layout(network.model, "output").layers]
            if self.switch.medium == "optical" and not isinstance(chip, OpticalChip):
                what = f"{wish.technology} is optical, but the signals of {wish.device} are electrical"
                raise ValueError(f"{what}; use an electronic switch technology, or a photonic device")
        machine = Machine(network.model, chip, fabrics, self.switch, "output", wish.effort, calibrated=wish.calibrated)
        with logged():
            machine.execute(first_entry(network.model, network.start))
        return machine


def drawn_samples(shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    """Draw samples (256, ...) uniform in 0..1, for calibration if none are given."""
    return np.random.default_rng(seed).random((SAMPLES, *shape), np.float32)


def check_seed(seed: Any) -> None:
    """Refuse what is not a whole number of at least 0.

    Raises:
        ArgumentError, ValueError: it is not.
    """
    check_type("seed", seed, "a whole number")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, found {seed}")


def as_numbers(name: str, given: Any, kind: type[np.float32] | None = None) -> NDArray[Any]:
    """Convert what a caller gave to an array.

    Raises:
        ValueError: nothing that can be made one.
    """
    try:
        return np.asarray(given, kind)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} cannot be made an array: {error}") from None


def _circuit(topology: str, ports: int) -> Fabric:
    """Build a circuit that realises whatever a later call asks for."""
    fabric = CROSSBARS[topology].build(ports)
    if fabric.blocking == "blocking":
        what = f"{topology!r} cannot realise every permutation, and reconnect may be asked for any"
        hint = ", ".join(name for name in ("benes", "waksman", "crossbar") if name in CROSSBARS)
        raise NotOnDeviceError(f"{what}; choose a topology that does not block, such as {hint}; hwsim.cost takes any")
    return fabric
