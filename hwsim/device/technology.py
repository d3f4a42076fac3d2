"""What every device offers: fabrication of a chip, and what a chip can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from hwsim.device.variation import KEYS, varied
from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.files.datasheet import Datasheet
    from hwsim.model import Model, Registers, Start


@dataclass(frozen=True)
class Bill:
    """The cost of an inference.

    Args:
        energy_j: joules, all told.
        time_s: seconds from its beginning to its answer.
        conversion_j: joules of ``energy_j`` that converters between signals and numbers take.
        pipelined_s: seconds from its beginning to that of the next one, at most ``time_s``; None where the next one
            waits for its answer.
        idle_w: watts that are taken all the time, busy or not, and stand in no ``energy_j``.
    """

    energy_j: float
    time_s: float
    conversion_j: float = 0.0
    pipelined_s: float | None = None
    idle_w: float = 0.0

    @property
    def interval_s(self) -> float:
        """Return the seconds from the beginning of an inference to that of the next.

        Example:
            >>> Bill(1e-9, 1e-6).interval_s, Bill(1e-9, 1e-6, pipelined_s=1e-8).interval_s
            (1e-06, 1e-08)
        """
        return self.time_s if self.pipelined_s is None else self.pipelined_s


@dataclass(frozen=True)
class Part:
    """A part that an array is built in: its name, and how many LUTs and flip-flops it has."""

    name: str
    luts: int
    flip_flops: int


@dataclass(frozen=True)
class Resources:
    """The hardware that a chip needs; 0 stands for what its technology does not have.

    ``cells`` hold weights. ``cores`` are arrays or tiles that stand side by side, so that a layer is read at once,
    ``rows`` inputs by ``columns`` outputs each (of the largest where they differ). ``luts`` and ``flip_flops`` are an
    FPGA's, ``cycles`` its clock cycles of one inference, and ``folding`` the turns in which a unit takes its inputs.
    ``bare`` counts flip-flops that stand without a LUT in front of them where such a one takes up a LUT of the part.
    ``serial`` signals pass the permutation circuit bit by bit, on one wire each.
    ``part`` is the FPGA that the datasheet names. ``notes`` are sentences about what was built.
    """

    cells: int
    cores: int = 0
    rows: int = 0
    columns: int = 0
    luts: int = 0
    flip_flops: int = 0
    cycles: int = 0
    folding: int = 1
    bare: int = 0
    serial: bool = False
    part: Part | None = None
    notes: tuple[str, ...] = ()


class FabricationError(HwsimError, ValueError):
    """A chip cannot be made; the message names the layer and what would help."""

    exit_code = BAD_INPUT


class Chip(Protocol):
    """One fabricated instance: values that never change, behind connections that do.

    A chip knows matrix products and registers; networks are the engine's affair (:mod:`hwsim.device.inference`). The
    ``activations`` between its layers and the ``accumulators`` that a product gives are in the chip's own domain:
    integers, currents, numbers. Cells of a layer are numbered row by row, unit 0 first; so are the positions, each of
    which is one input of one unit. A chip leaves fabrication with position k on cell k.
    """

    @property
    def noisy(self) -> bool:
        """Tell whether reading draws event noise."""

    @property
    def data_bits(self) -> int:
        """Return the width of the signals that pass the permutation circuit, bit."""

    @property
    def together(self) -> int:
        """Count the consecutive rows of a product that are read together.

        Rows of different groups know nothing of each other where no noise is drawn, so that samples can be run in
        blocks of whole groups. 0 for a chip that promises nothing of the kind: it is given all samples at once.
        """

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Return the design values of a layer's cells (units, inputs), as a controller may know them."""

    def cells(self, layer: int) -> NDArray[Any]:
        """Return what the cells physically hold (units, inputs): the values that no run may ever change."""

    def classes(self, layer: int) -> NDArray[Any]:
        """Return one number per cell (units, inputs): cells with equal numbers may stand for each other.

        Exchanging cells of equal number in a bank, or banks of equal numbers, changes no bit of any inference.
        """

    def register_codes(self, layer: int, registers: Registers) -> NDArray[Any]:
        """Return what a layer's registers hold after a write: one number per bias, then the gain if there is one."""

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Let positions of a layer meet other cells: position ``positions[k]`` meets ``cells[k]`` from now on.

        Called once a reconnection, with the positions that move and no others: the cost is in proportion to them.
        """

    def encode(self, x: NDArray[np.float32]) -> NDArray[Any]:
        """Encode samples (samples, features) as what enters the first layer, in the chip's domain."""

    def matmul(self, layer: int, activations: NDArray[Any], rng: np.random.Generator | None) -> NDArray[Any]:
        """Multiply activations (rows, fan-in) by the cells, to (rows, units); noise from ``rng``, None is without."""

    def activate(self, layer: int, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Turn accumulators (rows, units) into activations by registers, activation function and requantisation.

        Those of the last layer become numbers.
        """

    def average(self, node: int, totals: NDArray[Any], count: int) -> NDArray[Any]:
        """Compute an average pool from the sums of its windows of ``count`` values; ``node`` of the model."""

    def add(self, node: int, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        """Add two nodes' activations; ``node`` is the one that adds."""

    def inference_bill(self) -> Bill:
        """Compute energy and time of one inference in the chip's core, its permutation circuits apart."""

    def resources(self) -> Resources:
        """Count the hardware that the chip's core needs, its permutation circuits apart."""


@runtime_checkable
class FoldableChip(Chip, Protocol):
    """A chip whose units can take their inputs in turns, for less hardware and more time."""

    def foldings(self) -> Iterator[Resources]:
        """Yield what the chip would need with one more turn, with two more, and so on; nothing if it cannot fold."""


@runtime_checkable
class TiledChip(Chip, Protocol):
    """A chip of arrays that stand side by side, each with its cells, and may share what reads them.

    An array that waits for its turn takes nothing: energies are of reads, however long these take.
    """

    def layer_times(self) -> list[tuple[int, float]]:
        """Return, per layer that arrays compute, how many there are, and the seconds of one pass of them all at once.

        A pass reads every array as often as an inference needs; the seconds of all layers add up to the time of the
        chip's bill.
        """


@runtime_checkable
class NarrowChip(Chip, Protocol):
    """A chip whose registers are whole numbers of so many bits, which a value may be too large for."""

    def saturated(self, layer: int, registers: Registers) -> int:
        """Count a layer's registers that hold an end of their range in place of what was written."""


@runtime_checkable
class MortalChip(Chip, Protocol):
    """A chip of which single cells can die."""

    def kill(self, layer: int, cell: int, value: float) -> None:
        """Let a cell of a layer be read as a constant weight from now on, as near as the technology has it.

        Design values and classes stay: nobody knows. The position that meets the cell is connected to it anew at once.

        Raises:
            ValueError: no cell of this technology can be read as that, or the layer has no cells.
        """


@runtime_checkable
class OpticalChip(Chip, Protocol):
    """A chip that light may reach through optical permutation circuits, which lose some of it on every path."""

    def set_path_loss(self, layer: int, nominal: float, *, calibrated: bool) -> None:
        """Put optical circuits before a layer, whose paths all have the transmission ``nominal`` for now.

        That is what the read-out is built for. ``calibrated``: whether the electronics know the loss of every
        path and make up for it, or for the nominal one alone (:mod:`hwsim.device.photonic.path`).
        """

    def update_path_loss(self, layer: int, positions: NDArray[np.int64], transmissions: NDArray[np.float64]) -> None:
        """Let the paths to positions of a layer leave other parts of the light.

        Called once a reconnection, after :meth:`connect`, with the positions of the banks whose switches moved.
        """


@runtime_checkable
class ClippingChip(Protocol):
    """A chip that cuts inputs off at the ends of the range it was calibrated for; a chip of any device may be one."""

    @property
    def input_range(self) -> tuple[float, float] | None:
        """Return the least and largest input that passes whole; None if there is no end."""


@runtime_checkable
class CodingChip(Protocol):
    """A chip whose activations between layers are codes of numbers, not the numbers themselves."""

    def decode(self, layer: int, activations: NDArray[Any]) -> NDArray[Any]:
        """Return the numbers that activations of a hidden layer stand for."""


class Device(Protocol):
    """A device model: one technology with the numbers of its datasheet filled in."""

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """Say why a model cannot be built: (number of the node, what is wrong, what would work) per line."""

    def fabricate(self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int) -> Chip:
        """Make one chip: burn the weights in, set the ranges from calibration inputs (samples, features)."""


@dataclass(frozen=True)
class Technology:
    """A catalogue entry: the schema of its datasheets and the device model built from one."""

    name: str
    summary: str
    datasheet: type[Datasheet]
    build: Callable[[Mapping[str, Any]], Device]
    scopes: tuple[str, ...] = ("output", "layer")
    """Banks that the technology can be divided into."""
    resolution: float = 0.04
    """Largest error of a design value of a cell, in units of the largest weight."""
    electronics: bool = False
    """Whether layers can be computed in electronics beside the cells (``Layer.electronic``)."""
    optical: bool = False
    """Whether signals are light, so that optical permutation circuits may stand before the cells: its chips are
    :class:`OpticalChip`."""
    tiled: bool = False
    """Whether cells stand in arrays that may take turns: its chips are :class:`TiledChip`."""
    effects: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Effects that can be switched off, by name: the numbers that do it, laid over a datasheet's before ``build``."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """Symbols that formulas use, by number."""

    def make(self, values: Mapping[str, Any]) -> Device:
        """Build a device, with the static variation that values may say besides (:mod:`hwsim.device.variation`).

        Raises:
            ValueError: numbers that do not go together, or variation that the technology does not have.
        """
        device = self.build({key: value for key, value in values.items() if key not in KEYS})
        return cast("Device", varied(device, values))
