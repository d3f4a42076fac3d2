"""A datasheet for people: its numbers as a table, and what a chip made after it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import SwitchDatasheet
from hwsim.device import Datum, datasheet_values, infer, read_datasheet
from hwsim.device.technology import FabricationError
from hwsim.execution import Circuits
from hwsim.execution.resources import account
from hwsim.files import Diagnostic, DiagnosticError, format_quantity, read_document
from hwsim.files.diagnostic import Refusal
from hwsim.files.markup import html_table
from hwsim.files.registry import unknown
from hwsim.files.section import dimension_of
from hwsim.model import Layer, Model, Registers, Start, start
from hwsim.scenario.lookup import device_technology, find_sheet, read_switch
from hwsim.schedule import layout
from hwsim.stream import stream

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.device import Datasheet, Technology
    from hwsim.files import Document

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class ParameterRow:
    """One number of a datasheet: the formulas' symbol, its key, value and unit as text, status and source."""

    part: str
    symbol: str
    key: str
    value: str
    unit: str
    status: str
    source: str


@dataclass(frozen=True)
class Curves:
    """Curves of what a chip does, with weights and inputs in units of the largest.

    ``levels`` are the weights a cell can be given; ``drive`` the inputs, all alike, of a unit of 16; ``transfer`` the
    unit's output over 16 for weights of 1, a half and -1 (3, drives); ``noise`` the standard deviation of it over
    ``reads`` reads, zeros where reading draws nothing.
    """

    levels: Array
    drive: Array
    transfer: Array
    noise: Array
    reads: int


@dataclass(frozen=True)
class Characterisation:
    """A datasheet's rows, and curves where it describes a device."""

    name: str
    title: str
    citation: str
    fit: str
    not_modelled: tuple[str, ...]
    rows: tuple[ParameterRow, ...]
    curves: Curves | None

    def __repr__(self) -> str:
        return f"<datasheet {self.name}: {len(self.rows)} numbers>"

    def _repr_html_(self) -> str:
        """Show the datasheet as a table in which every number has its status and source."""
        head = ("symbol", "number", "value", "unit", "status", "source")
        rows = [(row.symbol, row.key, row.value, row.unit, row.status, row.source) for row in self.rows]
        return html_table(head, rows, f"{self.title} ({self.citation})")


def portray(name: str) -> Characterisation:
    """Read a datasheet by name or path and make its characterisation.

    Raises:
        DiagnosticError: no such datasheet, or a faulty one.

    Example:
        >>> row = portray("photonic-feldmann-2021").rows[0]
        >>> row.symbol, row.key, row.value, row.status
        ('m', 'tile_rows', '9', 'measured')
    """
    name, path = _sheet(None, name)
    document = read_document(path)
    if document.data.get("kind") == "switch":
        sheet: Datasheet = read_datasheet(document, SwitchDatasheet)
        rows, curves = table(sheet, {}), None
    else:
        technology = device_technology(document)
        sheet = read_datasheet(document, technology.datasheet)
        rows, curves = table(sheet, technology.symbols), draw_from(technology, sheet, document)
    return Characterisation(
        name, sheet.title, sheet.source.citation, sheet.source.fit, tuple(sheet.not_modelled), tuple(rows), curves
    )


def size_up(model: Model, device: str, topology: str, technology: str) -> dict[str, Any]:
    """Tell how much of a device's hardware a model needs, with start values of seed 0 as its cells.

    Args:
        model: the network.
        device: name of its datasheet, or path of one.
        topology: of the circuit before each unit whose connections are learned.
        technology: datasheet of the switches.

    Returns:
        As :func:`hwsim.execution.resources.account` gives it.

    Raises:
        DiagnosticError: no such datasheet or topology, or a faulty datasheet.
        FabricationError: the device cannot compute the model.
    """
    document = read_document(_sheet("device", device)[1])
    plugin = device_technology(document)
    built = plugin.build(datasheet_values(read_datasheet(document, plugin.datasheet), {}, document, ()))
    for number, what, hint in built.problems(model):
        raise FabricationError(f"layer {number}: {what}; {hint}")
    samples = stream(0, "size/calibration").random((SAMPLES, model.inputs)).astype(np.float32)
    chip = built.fabricate(model, start(model, 0), samples, 0)
    if topology not in CROSSBARS:
        what, _, hint = unknown("topology", topology, CROSSBARS).partition("; ")
        raise DiagnosticError([Diagnostic(topology, 1, 1, what, "", hint)])
    banks = layout(model, "output")
    fabrics = [CROSSBARS[topology].build(bank.ports) if bank.learned else None for bank in banks.layers]
    switch = read_switch(*_sheet("switch", technology))
    return account(chip, Circuits(fabrics, banks, switch, "any"))


def _sheet(kind: Literal["device", "switch"] | None, name: str) -> tuple[str, Path]:
    """Name and file of a datasheet.

    Raises:
        DiagnosticError: there is none.
    """
    try:
        return find_sheet(kind, name)
    except Refusal as error:
        raise DiagnosticError([Diagnostic(name, 1, 1, error.what, "", error.hint)]) from None


def table(sheet: Datasheet, symbols: Any) -> list[ParameterRow]:
    """List the numbers of a sheet in their order."""
    rows = []
    for part in ("chip", "event", "cost", "rewriting"):
        section = getattr(sheet, part, None)
        for key in type(section).model_fields if section is not None else ():
            datum = getattr(section, key)
            if isinstance(datum, Datum):
                dimension = dimension_of(type(datum).model_fields["value"].annotation)
                if dimension is None:  # what Annotated said may stand beside the annotation
                    dimension = next(
                        (d for d in type(datum).model_fields["value"].metadata if hasattr(d, "units")), None
                    )
                text = str(datum.value) if dimension is None else format_quantity(float(datum.value), dimension.name)
                value, _, unit = text.partition(" ") if dimension is not None else (text, "", "")
                rows.append(ParameterRow(part, symbols.get(key, ""), key, value, unit, datum.status, datum.source))
    return rows


SAMPLES = 16
"""Samples that set the ranges of a chip which is only to be measured out."""
WIDTH = 16
READS = 400


def draw_from(technology: Technology, sheet: Datasheet, document: Document) -> Curves:
    """Fabricate two small chips and ask them, through the protocol that every device has."""
    device = technology.build(datasheet_values(sheet, {}, document, ()))
    ramp = np.linspace(-1, 1, 2001)[None, :]
    net = _model(1, ramp.shape[1])
    chip = device.fabricate(net, [Start(ramp, np.zeros(1), 1.0)], np.ones((2, ramp.shape[1]), np.float32), 0)
    levels = np.unique(np.round(chip.nominal(0), 9))
    weights = np.repeat([[1.0], [0.5], [-1.0]], WIDTH, axis=1)
    net = _model(3, WIDTH)
    calibration = np.array([[0.0] * WIDTH, [1.0] * WIDTH], np.float32)
    chip = device.fabricate(net, [Start(weights, np.zeros(3), 1.0)], calibration, 0)
    registers = [Registers(np.zeros(3), 1.0)]
    drive = np.linspace(0, 1, 101)
    x = np.repeat(drive[:, None], WIDTH, axis=1).astype(np.float32)
    transfer = infer(net, chip, x, registers, None).T / WIDTH
    noise = np.zeros_like(transfer)
    if chip.noisy:
        rng = stream(0, "characterisation/read")
        reads = infer(net, chip, np.tile(x, (READS, 1)), registers, rng).reshape(READS, len(drive), 3)
        noise = reads.std(axis=0, ddof=1).T / WIDTH
    return Curves(levels, drive, transfer, noise, READS)


def _model(units: int, inputs: int) -> Model:
    return Model("characterisation", (Layer(units, inputs, learned_connections=False, learned_registers=False),))
