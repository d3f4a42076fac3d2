"""From a run at one event to the netlist of its network, where a device computes in whole numbers."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from hwsim.export.netlist import (
    LEAKY,
    OUTSIDE,
    RELU,
    STEP,
    TABLE,
    Configuration,
    Join,
    Law,
    Matmul,
    Netlist,
    NetlistError,
    Node,
    Pool,
    Rectify,
    Signal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar.wiring import Wiring
    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.model import Node as Step


@runtime_checkable
class WholeNumbers(Protocol):
    """A chip whose arithmetic is exact in integers (:class:`hwsim.device.fpga.chip.FpgaChip`), as logic needs it."""

    signed: bool
    """Whether codes of the network's input are signed."""
    input_scale: float
    """The value of one of these codes."""
    layers: Sequence[Any]
    """Constants of each layer and what becomes of its accumulators (:class:`hwsim.device.fpga.numbers.Burnt`)."""
    joins: Mapping[int, Any]
    """Adders of two activations, by node (:class:`hwsim.device.fpga.numbers.Join`)."""
    device: Any
    """Widths: ``weight_bits``, ``activation_bits``, ``bias_bits``."""


def netlist_of(snapshot: Snapshot) -> Netlist:
    """Build the netlist of a run's network.

    Raises:
        NetlistError: the device does not compute in whole numbers, or electronics stand behind the last layer.
    """
    chip, model = snapshot.chip, snapshot.model
    if not isinstance(chip, WholeNumbers):
        what = "logic needs a device that computes in whole numbers, as FPGA look-up tables do"
        raise NetlistError(f"{what}, and this run's does not; use --format json or values")
    bits = chip.device.activation_bits
    builder = _Builder(snapshot, chip, Signal(model.inputs, bits, chip.signed))
    for number, step in enumerate(model.nodes[: model.last + 1]):
        builder.add(number, step)
    for number, step in enumerate(model.nodes[model.last + 1 :], model.last + 1):
        if step.kind not in {"flatten", "reshape"}:
            what = f"node {number} ({step.kind}) stands behind the last layer, where electronics reckon in numbers"
            raise NetlistError(f"{what}; logic ends with the last layer: leave the node out")
    return Netlist(snapshot.identity, builder.takes, tuple(builder.nodes))


class _Builder:
    """Turns the model's nodes into the netlist's, one by one."""

    def __init__(self, snapshot: Snapshot, chip: WholeNumbers, takes: Signal) -> None:
        self.model, self.chip, self.takes = snapshot.model, chip, takes
        self.circuits: dict[int, LayerSnapshot] = {layer.layer: layer for layer in snapshot.layers}
        self.nodes: list[Node] = []
        self.place = {-1: -1}
        """The node of the netlist that gives what a node of the model gives."""

    def gives(self, place: int) -> Signal:
        """Return what stands at a place of the netlist."""
        return self.takes if place < 0 else self.nodes[place].gives

    def add(self, number: int, step: Step) -> None:
        """Add one node of the model."""
        source = self.place[self.model.source(number)]
        taken = self.gives(source)
        if step.layer is not None:
            found: Node | None = self._matmul(step, source, last=number == self.model.last)
        elif step.kind in {"max-pool", "average-pool"} and step.window is not None:
            found = _pool(step, source, taken)
        elif step.kind == "add":
            found = self._join(number, step, source)
        elif step.kind == "activation" and step.activation == "relu":
            found = Rectify(source, Signal(taken.size, taken.bits, taken.signed)) if taken.signed else None
        elif (
            step.kind in {"flatten", "reshape", "dropout", "batch-norm", "activation"} and step.activation == "identity"
        ):
            found = None
        else:
            raise NetlistError(f"node {number}: logic has no {step.kind!r} between layers")
        if found is None:
            self.place[number] = source
            return
        self.nodes.append(found)
        self.place[number] = len(self.nodes) - 1

    def _matmul(self, step: Step, source: int, *, last: bool) -> Matmul:
        number = step.layer or 0
        spec, burnt, device = self.model.layers[number], self.chip.layers[number], self.chip.device
        circuit = self.circuits.get(number)
        codes = np.rint(np.asarray(self.chip.cells(number))).astype(np.int64)  # type: ignore[attr-defined]
        if not np.array_equal(codes, self.chip.cells(number)):  # type: ignore[attr-defined]
            what = f"layer {number}: cells vary as analogue levels, which no look-up table holds"
            raise NetlistError(f"{what}; set device.variation to none")
        banks = spec.units if circuit is None else len(circuit.permutations)
        codes = codes.reshape(banks, -1)
        windows, targets = _windows(step, spec.inputs, spec.groups), _targets(step, spec.units)
        most = np.sort(np.abs(codes).reshape(-1))[-spec.inputs :].sum() * burnt.reach + device.largest_bias
        law = Law() if last else _law(burnt)
        bits = int(most).bit_length() + 1
        wiring: Wiring | None = None if circuit is None else getattr(circuit.fabric, "wiring", None)
        two_by_two = wiring is not None and hasattr(wiring, "wire_a")
        return Matmul(
            layer=number,
            source=source,
            codes=codes,
            weight_bits=max(int(np.abs(codes).max()).bit_length() + 1, 2),
            units=spec.units,
            inputs=spec.inputs,
            topology="" if circuit is None else circuit.fabric.topology,
            ports=codes.shape[1] if circuit is None else circuit.fabric.ports,
            wiring=wiring if two_by_two else None,
            windows=windows,
            targets=targets,
            bias_bits=device.bias_bits,
            accumulator_bits=bits,
            law=law,
            gives=Signal(prod(step.given), bits, signed=True) if last else _given(law, prod(step.given)),
        )

    def _join(self, number: int, step: Step, source: int) -> Join:
        join = self.chip.joins[number]
        summand = self.place[-1 if step.summand is None else step.summand]
        least = max(join.least, 0) if step.rectify else join.least
        size = self.gives(source).size
        signal = _between(least, join.largest, size)
        return Join(source, summand, join.one, join.other, join.shift, least, join.largest, signal)


def _law(burnt: Any) -> Law:
    kind = {RELU: RELU, LEAKY: LEAKY, STEP: STEP, TABLE: TABLE}[burnt.kind]
    return Law(kind, burnt.shift, burnt.least, burnt.largest, burnt.slope, burnt.tables)


def _given(law: Law, size: int) -> Signal:
    if law.kind == STEP:
        return Signal(size, 1, signed=False)
    if law.kind == TABLE:
        return _between(int(law.tables.min()), int(law.tables.max()), size)
    return _between(law.least, law.largest, size)


def _between(least: int, largest: int, size: int) -> Signal:
    if least >= 0:
        return Signal(size, max(largest.bit_length(), 1), signed=False)
    return Signal(size, max(largest.bit_length(), (-least - 1).bit_length()) + 1, signed=True)


def _pool(step: Step, source: int, taken: Signal) -> Pool:
    windows = _patches(step, channels=step.taken[0])
    count = windows.shape[-1]
    largest = step.kind == "max-pool"
    flat = windows.reshape(-1, count)
    gives = Signal(len(flat), taken.bits, taken.signed)
    return Pool(source, largest, flat, 0 if largest else count.bit_length() - 1, gives)


def _windows(step: Step, inputs: int, groups: int) -> NDArray[np.int64]:
    """Return which signals stand at the positions of a unit (groups, places, inputs)."""
    if step.kind == "conv2d":
        patches = _patches(step, channels=step.taken[0])  # (channels, places, kernel)
        share = step.taken[0] // groups
        grouped = patches.reshape(groups, share, *patches.shape[1:])
        return np.ascontiguousarray(grouped.transpose(0, 2, 1, 3).reshape(groups, patches.shape[1], inputs))
    return np.arange(prod(step.taken)).reshape(1, -1, inputs)


def _targets(step: Step, units: int) -> NDArray[np.int64]:
    """Return where the results of places and units stand in the map."""
    if step.kind == "conv2d":
        places = prod(step.given[1:])
        return np.arange(units)[None, :] * places + np.arange(places)[:, None]
    return np.arange(prod(step.given)).reshape(-1, units)


def _patches(step: Step, channels: int) -> NDArray[np.int64]:
    """Return the signals of every window (channels, places, kernel), OUTSIDE around the image."""
    window = step.window
    if window is None:
        raise AssertionError("a node without a window")
    _, rows, columns = step.taken
    places, grid = step.given[1:], []
    for axis, size in enumerate((rows, columns)):
        first = np.arange(places[axis]) * window.stride[axis] - window.before[axis]
        at = first[:, None] + np.arange(window.kernel[axis]) * window.dilation[axis]
        grid.append(np.where((at >= 0) & (at < size), at, OUTSIDE))
    row, column = grid[0][:, None, :, None], grid[1][None, :, None, :]
    inside = (row >= 0) & (column >= 0)
    flat = np.where(inside, row * columns + column, OUTSIDE).reshape(prod(places), -1)
    channel = np.arange(channels)[:, None, None] * (rows * columns)
    return np.where(flat == OUTSIDE, OUTSIDE, flat + channel)


def configuration_of(snapshot: Snapshot, netlist: Netlist) -> Configuration:
    """Return what a snapshot's circuits and registers hold, as the netlist takes it."""
    circuits = {layer.layer: layer for layer in snapshot.layers}
    permutations: list[NDArray[np.int64]] = []
    states: list[NDArray[np.uint8] | None] = []
    for node in netlist.layers:
        circuit = circuits.get(node.layer)
        if circuit is None:
            permutations.append(np.tile(np.arange(node.codes.shape[1]), (node.banks, 1)))
            states.append(None)
        else:
            permutations.append(circuit.permutations)
            states.append(circuit.states.astype(np.uint8) if node.wiring is not None else None)
    biases = tuple(
        np.asarray(codes, np.int64)[: node.units]
        for node, codes in zip(netlist.layers, snapshot.registers, strict=True)
    )
    return Configuration(snapshot.event, tuple(permutations), tuple(states), biases)
