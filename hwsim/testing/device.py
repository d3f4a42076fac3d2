"""The promises of a device: of its chips, and of chips that light reaches through optical circuits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwsim.device import DEVICES, MortalChip, OpticalChip, TiledChip, datasheet_values, infer, read_datasheet
from hwsim.files import read_document
from hwsim.model import Registers, start
from hwsim.scenario.lookup import sheets
from hwsim.testing.example import CLASSIFIER, classes
from hwsim.testing.promise import hold, introduce

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device import Chip, Device, Technology

NEAR = 1e-9
"""How far outputs may be apart that differ by the order of sums alone."""

FAINT = 0.1
"""Most that may be left of a dead cell, as a share of what its position does to any unit: steps of converters."""


def check_device(sheet: str | Path) -> None:
    """Check a device: cells never change, connections gather them, registers hold what is written, reads repeat.

    Args:
        sheet: name of a datasheet, or the path of its file; its technology is a registered device.

    Raises:
        ConformanceError: a promise is broken.
        DiagnosticError: the datasheet is faulty.

    Example:
        >>> check_device("ideal")
    """
    path = Path(sheet) if str(sheet).endswith(".toml") else sheets("device")[str(sheet)]
    document = read_document(path)
    technology = DEVICES[str(document.data["technology"])]
    introduce(technology)
    device = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ()))
    name = str(sheet)
    hold(device.problems(CLASSIFIER) == [], name, "a network of two dense layers can be built")
    _check_reads(name, technology, device)
    _check_bill(name, technology, _chip(device))
    _check_connections(name, device)
    _check_death(name, device)
    hold(isinstance(_chip(device), OpticalChip) == technology.optical, name, "optical chips can be lit")
    if technology.optical:
        for calibrated in (False, True):
            _check_light(name, device, calibrated=calibrated)


def _chip(device: Device) -> Chip:
    """Build one chip, the same every time."""
    return device.fabricate(CLASSIFIER, start(CLASSIFIER, 1), classes().train_x, 1)


def _registers() -> list[Registers]:
    return [Registers(value.bias + 0.1, 1.0) for value in start(CLASSIFIER, 1)]


def _read(chip: Chip, x: NDArray[np.float32], seed: int | None = None) -> NDArray[np.float64]:
    """Run a chip on samples and return its outputs, without noise if there is no seed."""
    return infer(CLASSIFIER, chip, x, _registers(), None if seed is None else np.random.default_rng(seed))


def _check_reads(name: str, technology: Technology, device: Device) -> None:
    """Check for finite outputs, the same for the same chip and stream; design values near what was asked."""
    chip, again, task = _chip(device), _chip(device), classes()
    quiet = _read(chip, task.test_x)
    hold(quiet.shape == (len(task.test_x), CLASSIFIER.outputs), name, "outputs are (samples, outputs)")
    hold(np.isfinite(quiet).all(), name, "outputs are finite")
    hold(np.array_equal(quiet, _read(again, task.test_x)), name, "the same seed makes the same chip")
    first, second = _read(chip, task.test_x, 0), _read(chip, task.test_x, 1)
    hold(np.array_equal(first, _read(chip, task.test_x, 0)), name, "the same stream gives the same noise")
    hold(chip.noisy != np.array_equal(first, second), name, "a chip is noisy where, and only where, it says so")
    for number, (value, registers) in enumerate(zip(start(CLASSIFIER, 1), _registers(), strict=True)):
        cells = chip.cells(number)
        hold(np.array_equal(cells, again.cells(number)), name, "reading changes no cell")
        error = np.abs(chip.nominal(number) - value.weights).max()
        limit = np.abs(value.weights).max() * technology.resolution
        hold(error <= limit, name, f"design values are within resolution = {technology.resolution:g} of the weights")
        codes = chip.register_codes(number, registers)
        hold(len(codes) == len(value.bias), name, "a layer without a gain has one register code per bias")
    count = sum(chip.cells(number).size for number in range(len(CLASSIFIER.layers)))
    hold(chip.resources().cells == count, name, "its resources count every cell")


def _check_bill(name: str, technology: Technology, chip: Chip) -> None:
    """Check that a bill's parts lie within it, and that the passes of its arrays are all of its time."""
    hold(isinstance(chip, TiledChip) == technology.tiled, name, "tiled chips, and no others, tell layers' times")
    bill = chip.inference_bill()
    hold(bill.energy_j >= 0 and bill.time_s >= 0, name, "an inference costs nothing below zero")
    hold((bill.energy_j > 0) == (bill.time_s > 0), name, "an inference that takes time takes energy")
    hold(0 <= bill.conversion_j <= bill.energy_j, name, "conversion is a share of an inference's energy")
    hold(0 <= bill.interval_s <= bill.time_s, name, "the next inference may begin before the answer, and not later")
    hold(0 <= bill.idle_w < np.inf, name, "what is taken all the time is a finite power")
    if isinstance(chip, TiledChip):
        times = chip.layer_times()
        hold(all(arrays >= 1 and seconds >= 0 for arrays, seconds in times), name, "a layer of arrays has at least one")
        hold(np.isclose(sum(seconds for _, seconds in times), bill.time_s), name, "layers' times add up to the bill's")


def _check_connections(name: str, device: Device) -> None:
    """Check that positions that meet other cells compute as reordered inputs do, and that all is undone at the end."""
    chip, task = _chip(device), classes()
    before, cells = _read(chip, task.test_x), chip.cells(0).copy()
    order = np.array([4, 2, 0, 1, 3])
    wanted = _read(chip, np.ascontiguousarray(task.test_x[:, np.argsort(order)]))
    chip.connect(0, np.arange(30), np.arange(30).reshape(6, 5)[:, order].reshape(-1))
    hold(np.allclose(_read(chip, task.test_x), wanted, atol=NEAR), name, "position i meets the cell it is connected to")
    back = np.flatnonzero(np.tile(order != np.arange(5), 6))
    chip.connect(0, back, back)
    hold(np.array_equal(_read(chip, task.test_x), before), name, "connected back, every bit is as before")
    hold(np.array_equal(chip.cells(0), cells), name, "connecting changes no cell")


def _check_death(name: str, device: Device) -> None:
    """Check that a cell that dies is read as nothing by the position that meets it, and that no other cell changes."""
    chip = _chip(device)
    if not isinstance(chip, MortalChip):
        return
    cells, nominal = chip.cells(0).astype(np.float64), chip.nominal(0).copy()
    chip.connect(0, np.array([0, 1]), np.array([1, 0]))  # position 0 meets the cell that dies
    x = np.repeat(classes().test_x[:8], 2, axis=0)
    x[:, 0] = np.tile([x.min(), x.max()], 8)
    alive = chip.matmul(0, chip.encode(x), None).astype(np.float64)
    chip.kill(0, 1, 0.0)
    chip.connect(0, np.array([0]), np.array([1]))
    dead = chip.matmul(0, chip.encode(x), None).astype(np.float64)
    changed = np.flatnonzero(np.abs(chip.cells(0) - cells) > NEAR * np.abs(cells).max())
    hold(set(changed.tolist()) <= {1}, name, "a cell that dies changes no other cell")
    hold(np.array_equal(chip.nominal(0), nominal), name, "design values do not tell which cell is dead")
    swing = np.abs(np.diff(alive.reshape(8, 2, -1), axis=1)).max()
    hold(np.abs(np.diff(dead[:, 0].reshape(8, 2))).max() < FAINT * swing, name, "a dead cell is read as 0")
    hold(np.allclose(dead[:, 1:], alive[:, 1:], atol=NEAR), name, "other units read what they read before")


def _check_light(name: str, device: Device, *, calibrated: bool) -> None:
    """Check that paths of nominal transmission change nothing, that others change sums, and that this is undone."""
    chip, task = _chip(device), classes()
    clear = _read(chip, task.test_x)
    if not isinstance(chip, OpticalChip):
        return
    chip.set_path_loss(0, 0.5, calibrated=calibrated)
    hold(np.allclose(_read(chip, task.test_x), clear, atol=NEAR), name, "the nominal share of light changes no output")
    chip.update_path_loss(0, np.array([0, 7]), np.array([0.25, 0.4]))
    moved = _read(chip, task.test_x)
    hold(not np.array_equal(moved, clear), name, "paths that lose more light change outputs")
    if calibrated:  # the steps of converters alone
        hold(np.abs(moved - clear).max() < 0.2 * np.abs(clear).max(), name, "calibration makes up for path losses")
    chip.update_path_loss(0, np.array([0, 7]), np.array([0.5, 0.5]))
    hold(
        np.allclose(_read(chip, task.test_x), clear, atol=NEAR), name, "with the nominal share again, all is as before"
    )
