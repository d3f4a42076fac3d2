"""What every export is given, a run at one event, and what an export says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hwsim.files.whole import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch
    from hwsim.export.told import Told
    from hwsim.export.trial import Phase
    from hwsim.files.whole import Content
    from hwsim.model import Model

DIRECTION = (
    "input c of a circuit is cell c, output i is position i, and stage 0 stands at the cells; ports beyond the "
    "cells are spare. Where cells stay in place and signals come to them, as constants in logic do, the signal of "
    "position i enters at output i and passes the stages from the last to the first: a switch exchanges the same "
    "two wires either way"
)
"""Which way a configuration is to be read; every file says it."""


class Constants(Protocol):
    """The values fixed at fabrication, as an export may ask a chip for them."""

    def cells(self, layer: int) -> NDArray[Any]:
        """Return what the cells physically hold (units, inputs): codes of an FPGA, transmissions of a photonic core."""


class Recorded(Protocol):
    """One event of a schedule (:class:`hwsim.schedule.Entry`), as an export reads it."""

    @property
    def event(self) -> int:
        """Return its number, 0 for the state after power-up."""

    @property
    def batch(self) -> int:
        """Count the optimiser steps before it."""

    @property
    def permutations(self) -> tuple[NDArray[np.int64] | None, ...]:
        """Return the permutations per layer (banks, ports), None if connections stay."""

    @property
    def registers(self) -> tuple[NDArray[np.float64], ...]:
        """Return the registers per layer, biases and then gains."""


@dataclass(frozen=True)
class LayerSnapshot:
    """One layer's banks: permutations (banks, ports), switch states (banks, states), toggles since the event before."""

    layer: int
    fabric: Fabric
    """The circuit of every bank, with its wiring (:mod:`hwsim.crossbar.wiring`)."""
    permutations: NDArray[np.int64]
    states: NDArray[np.integer]
    toggles: NDArray[np.int64]


@dataclass(frozen=True)
class Snapshot:
    """A run at one event: all reconnectable layers, and the registers of every layer.

    ``registers`` holds, per layer, what the chip's registers contain (codes of an FPGA, numbers of a photonic core).
    """

    identity: str
    event: int
    technology: str
    """Of the switches."""
    model: Model
    layers: tuple[LayerSnapshot, ...]
    registers: tuple[NDArray[np.generic], ...]
    chip: Constants
    history: Callable[[], Iterable[Recorded]] = tuple
    """Every event up to this one, in order, where they are at hand."""
    trial: Callable[[int | None], Iterable[Phase]] = lambda _: ()
    """What a bench runs, with so many test images a phase; all when None."""
    switch: Switch | None = None
    """The technology's numbers, where an export may need them."""
    quiet: Callable[[], tuple[NDArray[np.float32], NDArray[Any]]] | None = None
    """The task's test inputs (samples, inputs) and what the chip gives for them in a quiet read (samples, outputs),
    where they are at hand: what an approximate export is compared with."""
    before: Callable[[], Snapshot | None] = lambda: None
    """The event before; None at power-up, or where it is not at hand."""

    def cells(self, layer: LayerSnapshot) -> int:
        """Return the cells of one bank; the circuit may have more ports."""
        made = self.model.layers[layer.layer]
        return made.units * made.inputs // len(layer.states)


@dataclass(frozen=True)
class ExportPlugin:
    """A catalogue entry: a format as files.

    Args:
        name: the word that commands use.
        summary: what it is, in one line.
        export: makes the files, name to text, bytes or parts of bytes; names hold no folder.
        needs: ``configuration`` where there is nothing to write without a crossbar, ``network`` where model, registers
            and constants are worth a file by themselves.
        in_runs: whether every run folder gets these files, for the last event; others are made when asked for.
        named: what the files are called, for people.
        checksum: how a file tells that a byte of it was changed; empty where it cannot.
        read: reads a file back, without its last line; its checksum (:mod:`hwsim.files.checksum`) is sound.
        verify: finds a change of a file that cannot end with such a line; a refusal says what was changed.
        options: keyword arguments of ``export`` that the command ``hwsim export`` has options for.
    """

    name: str
    summary: str
    export: Callable[..., Mapping[str, Content]]
    needs: Literal["configuration", "network"] = "configuration"
    in_runs: bool = False
    named: str = ""
    checksum: str = ""
    read: Callable[[bytes], Told] | None = None
    verify: Callable[[Path], object] | None = None
    options: tuple[str, ...] = ()

    def contents(self, snapshot: Snapshot, **options: Any) -> dict[str, Content]:
        """Return what the files hold; none if a configuration is needed and there is no crossbar."""
        return {} if self.needs == "configuration" and not snapshot.layers else dict(self.export(snapshot, **options))

    def files(self, snapshot: Snapshot) -> dict[str, bytes]:
        """Return the files as bytes, text in UTF-8; none if a configuration is needed and there is no crossbar."""
        return {name: b"".join(split(content)) for name, content in self.contents(snapshot).items()}
