"""The neutral netlist of a network of whole numbers: constants, circuits, registers and signals, without a language.

Verilog of either architecture is printed from it. :func:`evaluate` runs it in plain integers, signal by signal through
the switches as they are set: the first oracle of what is printed, which shares no code with the emulator.

Signals of a node stand as a flat *map*, images in the order channel, row, column. A node with cells reads its map
through windows, one for each place at which it is applied; a dense layer has one window, the whole map.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar.wiring import Wiring

RELU, LEAKY, STEP, TABLE, LAST = range(5)
"""What becomes of an accumulator; the numbers are those of :mod:`hwsim.device.fpga.numbers`."""
OUTSIDE = -1
"""Stands in a window for what lies around an image."""


class NetlistError(HwsimError, ValueError):
    """A run has no netlist: its device, circuit or network is none that digital logic can be written for."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class Law:
    """What becomes of an accumulator ``s``, its bias included.

    Kinds: RELU ``clip((s + (1 << shift >> 1)) >> shift, least, largest)``; LEAKY the same after ``s >> slope`` of
    negative s; STEP 1 where s > 0, else 0; TABLE the clipped number less ``least`` as an address into ``tables``
    (units or 1, entries); LAST s itself.
    """

    kind: int = LAST
    shift: int = 0
    least: int = 0
    largest: int = 0
    slope: int = 0
    tables: NDArray[np.int32] = field(default_factory=lambda: np.zeros((1, 1), np.int32))

    def apply(self, s: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the signals of accumulators (..., units)."""
        if self.kind == LAST:
            return s
        if self.kind == STEP:
            return (s > 0).astype(np.int64)
        if self.kind == LEAKY:
            s = np.where(s < 0, s >> self.slope, s)
        found = np.clip((s + ((1 << self.shift) >> 1)) >> self.shift, self.least, self.largest)
        if self.kind != TABLE:
            return np.asarray(found)
        unit = np.arange(s.shape[-1]) if len(self.tables) > 1 else 0
        return np.asarray(self.tables[unit, found - self.least], np.int64)


@dataclass(frozen=True)
class Signal:
    """The whole numbers that a node gives: how many, how wide, and whether negative ones are among them."""

    size: int
    bits: int
    signed: bool


@dataclass(frozen=True)
class Matmul:
    """A node with cells: banks of constants behind circuits, at every place of a window.

    ``codes`` (banks, cells): what each cell holds. A bank serves ``units / banks`` units; its cells are those of one
    unit after the other. ``windows`` (groups, places, inputs): which signals of the map stand at the positions of a
    unit, OUTSIDE for 0; units are divided into equal groups in order. ``targets`` (places, units): where results go.
    """

    layer: int
    source: int
    codes: NDArray[np.int64]
    weight_bits: int
    units: int
    inputs: int
    topology: str
    """Name of the permutation circuit; empty where connections are fixed."""
    ports: int
    """Of the circuit of a bank; at least its cells."""
    wiring: Wiring | None
    """Of a circuit of 2 x 2 switches; None where connections are fixed, or the circuit is another."""
    windows: NDArray[np.int64]
    targets: NDArray[np.int64]
    bias_bits: int
    accumulator_bits: int
    """Width of a signed accumulator that holds any sum of this layer with any bias."""
    law: Law
    gives: Signal

    @property
    def banks(self) -> int:
        """Count the banks."""
        return len(self.codes)

    @property
    def places(self) -> int:
        """Count the places at which the matrix is applied in one inference."""
        return int(self.windows.shape[1])

    @property
    def per_unit(self) -> bool:
        """Tell whether every unit has a bank of its own."""
        return self.banks == self.units

    def group(self, unit: int) -> int:
        """Return the group of a unit."""
        return unit // (self.units // len(self.windows))


@dataclass(frozen=True)
class Pool:
    """A node that takes the largest of a window, or its rounded mean ``(sum + count // 2) >> shift``."""

    source: int
    largest: bool
    windows: NDArray[np.int64]
    """(results, window), OUTSIDE for what lies around the image: never the largest, 0 in a mean."""
    shift: int
    gives: Signal


@dataclass(frozen=True)
class Join:
    """A node that adds two maps: ``clip(((a << one) + (b << other) + half) >> shift, least, largest)``."""

    source: int
    summand: int
    one: int
    other: int
    shift: int
    least: int
    largest: int
    gives: Signal


@dataclass(frozen=True)
class Rectify:
    """A node that sets negative signals to 0."""

    source: int
    gives: Signal


Node = Matmul | Pool | Join | Rectify


@dataclass(frozen=True)
class Netlist:
    """A network as digital logic: what enters, and its nodes in order; the last is the last layer.

    Sources count nodes of this list; -1 is what enters. Nodes that only rearrange are left out.
    """

    identity: str
    takes: Signal
    nodes: tuple[Node, ...]

    @property
    def layers(self) -> tuple[Matmul, ...]:
        """Return the nodes with cells in order."""
        return tuple(node for node in self.nodes if isinstance(node, Matmul))

    @staticmethod
    def sources(node: Node) -> tuple[int, ...]:
        """Return the numbers of the nodes from which a node takes."""
        return (node.source, node.summand) if isinstance(node, Join) else (node.source,)

    def source(self, node: Node) -> Signal:
        """Return what a node takes."""
        return self.given(node.source)

    def given(self, number: int) -> Signal:
        """Return what a node gives, or what enters where it is none."""
        return self.takes if number < 0 else self.nodes[number].gives


@dataclass(frozen=True)
class Configuration:
    """What is loaded at a reconnection, layer by layer."""

    event: int
    permutations: tuple[NDArray[np.int64], ...]
    """(banks, ports): position i is fed by cell p[i]."""
    states: tuple[NDArray[np.uint8] | None, ...]
    """(banks, switches), 1 = cross; None where there are no 2 x 2 switches."""
    biases: tuple[NDArray[np.int64], ...]
    """(units,) codes of the bias registers."""


def backwards(wiring: Wiring, states: NDArray[np.uint8], signals: NDArray[Any]) -> NDArray[Any]:
    """Send signals from positions to cells: in at the outputs, and from the last stage to the first.

    Args:
        wiring: of the circuit.
        states: (banks, switches).
        signals: (..., banks, ports) at the positions.

    Returns:
        (..., banks, ports), what arrives at the cells.
    """
    wires = np.zeros((*signals.shape[:-1], wiring.wires), signals.dtype)
    wires[..., wiring.outputs] = signals
    for stage in reversed(range(wiring.depth)):
        _exchange(wiring, stage, states, wires)
    return np.asarray(wires[..., wiring.inputs])


def forwards(wiring: Wiring, states: NDArray[np.uint8], signals: NDArray[Any]) -> NDArray[Any]:
    """Send signals from cells to positions, as :func:`backwards` the other way."""
    wires = np.zeros((*signals.shape[:-1], wiring.wires), signals.dtype)
    wires[..., wiring.inputs] = signals
    for stage in range(wiring.depth):
        _exchange(wiring, stage, states, wires)
    return np.asarray(wires[..., wiring.outputs])


def _exchange(wiring: Wiring, stage: int, states: NDArray[np.uint8], wires: NDArray[Any]) -> None:
    a, b = wiring.pairs(stage)
    cross = states[:, wiring.starts[stage] : wiring.starts[stage + 1]] == 1
    upper, lower = wires[..., a], wires[..., b]
    wires[..., a], wires[..., b] = np.where(cross, lower, upper), np.where(cross, upper, lower)


def evaluate(netlist: Netlist, configuration: Configuration, inputs: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Run codes through the netlist.

    Args:
        netlist: the network.
        configuration: what its circuits and registers hold.
        inputs: (images, inputs) codes.

    Returns:
        Per layer its accumulators with bias, int64 (images, places, units); the last layer's are the outputs.
    """
    maps: dict[int, NDArray[np.int64]] = {-1: np.asarray(inputs, np.int64)}
    found = []
    for number, node in enumerate(netlist.nodes):
        given = maps[node.source]
        if isinstance(node, Matmul):
            sums = _accumulate(node, configuration, given)
            found.append(sums)
            maps[number] = np.empty((len(given), node.gives.size), np.int64)
            maps[number][:, node.targets] = node.law.apply(sums)
        elif isinstance(node, Pool):
            maps[number] = _pool(node, given)
        elif isinstance(node, Join):
            total = (given << node.one) + (maps[node.summand] << node.other)
            maps[number] = np.clip((total + ((1 << node.shift) >> 1)) >> node.shift, node.least, node.largest)
        else:
            maps[number] = np.maximum(given, 0)
    return found


def _accumulate(node: Matmul, configuration: Configuration, given: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the accumulators of one layer (images, places, units)."""
    share = node.units // len(node.windows)
    padded = np.concatenate([given, np.zeros((len(given), 1), np.int64)], axis=1)  # OUTSIDE is the last
    if node.per_unit:
        sums = np.empty((len(given), node.places, node.units), np.int64)
        for unit in range(node.units):
            met = _positions(node, configuration, unit, padded[:, node.windows[unit // share]])
            sums[:, :, unit] = met @ node.codes[unit]
    else:  # constants come to the signals, since a unit's cells stand anywhere
        matrix = _met(node, configuration)
        sums = np.stack([padded[:, node.windows[u // share]] @ matrix[u] for u in range(node.units)], axis=-1)
    return np.asarray(sums + configuration.biases[node.layer])


def _positions(node: Matmul, configuration: Configuration, bank: int, window: NDArray[np.int64]) -> NDArray[np.int64]:
    """Send the signals of a window (images, places, inputs) to the cells of a bank."""
    states = configuration.states[node.layer]
    if node.wiring is not None and states is not None:
        signals = np.zeros((*window.shape[:-1], 1, node.ports), np.int64)
        signals[..., 0, : node.inputs] = window
        return np.asarray(backwards(node.wiring, states[bank : bank + 1], signals)[..., 0, : node.inputs])
    found = np.empty_like(window)
    found[..., configuration.permutations[node.layer][bank, : node.inputs]] = window
    return found


def _met(node: Matmul, configuration: Configuration) -> NDArray[np.int64]:
    """Return what each position of a layer meets (units, inputs), its constants sent through the circuit."""
    states, cells = configuration.states[node.layer], node.codes.shape[1]
    if node.wiring is not None and states is not None:
        signals = np.zeros((node.banks, node.ports), np.int64)
        signals[:, :cells] = node.codes
        met = forwards(node.wiring, states, signals)[:, :cells]
    else:
        met = np.take_along_axis(node.codes, configuration.permutations[node.layer][:, :cells], axis=1)
    return np.asarray(met.reshape(node.units, node.inputs))


def _pool(node: Pool, given: NDArray[np.int64]) -> NDArray[np.int64]:
    outside = np.iinfo(np.int64).min if node.largest else 0
    padded = np.concatenate([given, np.full((len(given), 1), outside, np.int64)], axis=1)
    window = padded[:, node.windows]
    if node.largest:
        return np.asarray(window.max(axis=-1))
    return np.asarray((window.sum(axis=-1) + node.windows.shape[1] // 2) >> node.shift)


def check_states(netlist: Netlist, configuration: Configuration) -> None:
    """Walk every bank's switches and compare what they realise with the permutation that is told.

    Raises:
        NetlistError: they differ: layer and bank.
    """
    for node in netlist.layers:
        states, told = configuration.states[node.layer], configuration.permutations[node.layer]
        if node.wiring is None or states is None:
            continue
        came: Sequence[int] | NDArray[np.int64] = np.tile(np.arange(node.ports), (node.banks, 1))
        wrong = np.flatnonzero((forwards(node.wiring, states, np.asarray(came)) != told).any(axis=1))
        if wrong.size:
            what = f"layer {node.layer}, bank {wrong[0]}: the switches realise another permutation than is told"
            raise NetlistError(f"event {configuration.event}, {what}; this is a fault of hwsim, please report it")
