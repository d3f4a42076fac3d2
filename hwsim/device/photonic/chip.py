"""Photonic phase-change tensor core: transmissions in 0..1 as weights, light as signals, noise at every read.

A layer is cut into tiles of ``tile_rows`` inputs and ``tile_columns`` outputs; each column of each tile is read by its
own ADC, and the parts are added up behind them. Signed weights are the difference of two columns: ``w = (t - t_ref) /
((t_max - t_min) / 2)`` against a reference column or branch, ``w = (t+ - t-) / (t_max - t_min)`` for a balanced pair;
readings are scaled back in the electronics. Units of a tile that drive its rows in different orders are read one after
the other: :mod:`hwsim.device.photonic.turns`. Optics: :mod:`hwsim.device.photonic.optics`, cells:
:mod:`hwsim.device.photonic.phase_change`, receiver: :mod:`hwsim.device.photonic.receiver`, drive:
:mod:`hwsim.device.photonic.modulator`.

Inputs are brought to 0..1 by an offset and a span found at calibration; the product of the offset with the weights, and
the floor of shut modulators where the datasheet says so, are constants that the electronics behind the ADC subtract.
Biases and activation are electronic.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.number import NumberChip, finish
from hwsim.device.photonic import modulator, receiver
from hwsim.device.photonic.core import place
from hwsim.device.photonic.datasheet import EFFECTS, SYMBOLS, PhotonicDatasheet
from hwsim.device.photonic.drive import Drives
from hwsim.device.photonic.layer import CoreLayer
from hwsim.device.photonic.path import OpticalPath
from hwsim.device.photonic.tile import tiles
from hwsim.device.photonic_numbers import NONE_BEYOND, PhotonicNumbers
from hwsim.device.range_observer import observe_ranges
from hwsim.device.technology import Bill, FabricationError, Resources, Technology
from hwsim.kernels.reading.reads import Light, PhotonicLaw, Tiles
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.device.photonic.core import Core
    from hwsim.device.photonic.tile import Tile
    from hwsim.model import Model, Start

AT_ONCE = 256
"""Inputs that are opened in one product where weights are found by reading."""


@dataclass(frozen=True)
class Photonic(PhotonicNumbers):
    """Describes a photonic phase-change core; fabricates chips of it."""

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """Return an empty list: an offset lifts activations below zero, and activations are electronic."""
        del model
        return []

    def fabricate(
        self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int
    ) -> PhotonicChip:
        """Program every cell to its level, with an error drawn once, and set the input ranges by calibration.

        Raises:
            FabricationError: a layer cannot be programmed; the message names it.
        """
        ranges = observe_ranges(model, start, calibration)
        places = {n.layer: n.matmuls for n in model.nodes}  # reads of one inference
        layers: list[CoreLayer] = []
        for number, (layer, values, seen) in enumerate(zip(model.layers, start, ranges, strict=True)):
            ends = [values.weights.min(), values.weights.max()]
            if not np.isfinite(ends).all():
                raise FabricationError(f"layer {number}: a weight is not a finite number; mend the initial values")
            scale = max(float(-ends[0]), float(ends[1]), 1e-30)
            try:
                core = None if layer.electronic else place(self, values.weights, scale, seed, number)
            except ValueError as error:
                raise FabricationError(f"layer {number}: {error}") from None
            learns = layer.learned_connections or layer.learned_registers
            room = 2**self.headroom_bits if learns and number > 0 else 1
            span = max(seen.high - seen.low, 1e-30) * room
            grid = (self.tile_rows, self.tile_columns)
            layers.append(CoreLayer(layer, values.weights, core, seen.low * room, span, places[number], grid))
        return PhotonicChip(self, tuple(layers))


@dataclass(frozen=True)
class PhotonicChip(NumberChip):
    """A photonic core whose cells are programmed."""

    device: Photonic
    layers: tuple[CoreLayer, ...]
    precision: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "precision", np.float64 if self.device.exact else np.float32)

    @property
    def noisy(self) -> bool:
        """Tell whether a read draws shot, amplifier, intensity or drive noise."""
        d = self.device
        return bool(d.shot_noise or d.amplifier_noise or d.drive_error or d.intensity_noise > -np.inf)

    @property
    def together(self) -> int:
        """Returns the number of wavelength vectors: as many rows are read together."""
        return self.device.wavelength_vectors

    @property
    def data_bits(self) -> int:
        """Return the width of the signals that pass the permutation circuit, before the DAC, bit."""
        return self.device.dac_bits or 64

    @property
    def input_range(self) -> tuple[float, float] | None:
        """Return activations that the modulators before the first layer leave dark and that they let pass whole."""
        first = self.layers[0]
        return None if first.core is None else (first.low, first.low + first.span)

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Return weights by design level, without programming error."""
        entry = self.layers[layer]
        return entry.weights if entry.core is None else entry.core.nominal()

    def cells(self, layer: int) -> NDArray[np.float64]:
        """Return the transmissions that cells really have, each with its path, relative to the design's mean path."""
        entry = self.layers[layer]
        return entry.weights if entry.core is None else entry.core.cells()

    def programmed(self, layer: int) -> dict[str, tuple[NDArray[Any], str]]:
        """Return the transmission that every cell is meant to have, its level if it has levels, and what it became.

        Layers of electronics have their weights alone.
        """
        entry = self.layers[layer]
        if entry.core is None:
            return {"weight": (entry.weights, "in electronics")}
        plan = entry.core.plan
        target, compared = plan.targets(slice(None))
        relative = "of the light through a clear cell on the mean path of the design"
        found: dict[str, tuple[NDArray[Any], str]] = {}
        if plan.known.size:
            found["level"] = (np.searchsorted(plan.known, target), f"number of {plan.known.size}, the darkest is 0")
        return found | {
            "transmission": (target, f"wanted, as a share {relative}"),
            "compared": (compared, "of the cell whose column is subtracted, in the same unit"),
            "found": (entry.core.cells(), "as made, with the path, in the same unit; of the first wavelength vector"),
        }

    def tiles(self, layer: int) -> Iterator[Tile]:
        """Yield the tiles of a layer as they are, for exports; none of a layer in electronics."""
        core = self.layers[layer].core
        yield from () if core is None else tiles(self.device, core)

    def classes(self, layer: int) -> NDArray[np.int64]:
        """No two cells are equal: each has its own programming error, and its own place before a rounding read-out."""
        units, inputs = self.layers[layer].weights.shape
        return np.arange(units * inputs).reshape(units, inputs)

    def register_codes(self, layer: int, registers: Registers) -> NDArray[np.float32]:
        """Return biases, and the gain if there is one, as float32 numbers as the electronics behind the ADC do."""
        return registers.flat(self.layers[layer].layer.gains).astype(np.float32)

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Let inputs drive other rows; a unit's connections stay within the unit's own rows."""
        self.layers[layer].connect(positions, cells)

    def kill(self, layer: int, cell: int, value: float) -> None:
        """Let a cell let through what a constant weight takes; constants of the read-out stay as they were measured.

        Raises:
            ValueError: no transmission makes that weight, or electronics computes the layer.
        """
        entry = self.layers[layer]
        if entry.core is None:
            raise ValueError(f"electronics computes layer {layer}, which has no cells that could die")
        unit, row = divmod(cell, entry.weights.shape[1])
        entry.core.kill(unit, row, value)
        entry.connect(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def set_path_loss(self, layer: int, nominal: float, *, calibrated: bool) -> None:
        """Put optical circuits before a layer; the read-out is built for the nominal transmission."""
        entry = self.layers[layer]
        entry.paths_before[:] = [OpticalPath(entry.weights.shape, nominal, calibrated=calibrated, kind=self.precision)]

    def update_path_loss(self, layer: int, positions: NDArray[np.int64], transmissions: NDArray[np.float64]) -> None:
        """Let paths leave other parts of the light; the cost is in proportion to the units they lead to."""
        self.layers[layer].update_path_loss(positions, transmissions)

    def activate(self, layer: int, accumulators: NDArray[np.float64], registers: Registers) -> NDArray[np.float64]:
        """Apply gain, bias and activation in the electronics behind the ADC, from float32 registers."""
        spec = self.layers[layer].layer
        codes = self.register_codes(layer, registers).astype(np.float64)
        gain = codes[spec.units :] if spec.gains else 1.0
        return finish(spec, accumulators, Registers(codes[: spec.units], gain))

    def matmul(self, layer: int, activations: NDArray[Any], rng: np.random.Generator | None) -> NDArray[Any]:
        """Send light through the cells, column by column, tile by tile; draw noise for every sample, tile and column.

        Consecutive rows pass the core together, as many as there are wavelength vectors.

        Raises:
            ValueError: a signal is not a number.
        """
        device, entry = self.device, self.layers[layer]
        core = entry.core
        if core is None:
            from hwsim.kernels.reading.dense import dense_float

            accumulators = np.empty((len(activations), entry.layer.units))
            dense_float(
                np.ascontiguousarray(activations, np.float64),
                np.ascontiguousarray(entry.weights, np.float64),
                accumulators,
            )
            return accumulators.astype(self.precision, copy=False)
        drives = Drives(device, entry.low, entry.span, weakened=entry.weakened)
        try:
            light, faults = drives.convert(activations, self.precision, rng)
        except ValueError as error:
            raise ValueError(f"layer {layer}: {error}") from None
        accumulators = np.empty((len(activations), core.shape[0]), self.precision)
        self._read(entry, core, light, faults, rng, accumulators)
        del light, faults
        # behind the converter: to weights, less what shut modulators add and what the offset of the inputs takes away
        dark, factor = modulator.floor_of(device.modulator_extinction), core.weight * entry.span / device.full_current
        shut, gain = core.real, np.ones(core.shape[0])
        if entry.paths_before:
            gain = entry.paths_before[0].gain
            if entry.weakened:  # what shut modulators add is measured through the very paths
                shut = entry.shut() * gain
        factors = factor / (1 - dark) * gain
        floor = dark if device.modulator_floor == "subtracted" else 0.0
        constants = entry.low * core.weight * core.real - floor * core.weight * entry.span / (1 - dark) * shut
        for plane, constant in enumerate(constants):
            part = accumulators[plane :: len(constants)]
            part *= factors.astype(self.precision)
            part += constant.astype(self.precision)
        return accumulators

    def means(self, layer: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what a layer computes without noise, converters and leaking light, as it is connected now.

        Found by reading: one input after the other is opened, and the reads at all wavelengths are averaged.

        Returns:
            Weights (units, inputs) and what is added to each sum (units,).
        """
        entry, vectors = self.layers[layer], self.device.wavelength_vectors
        units, inputs = entry.weights.shape
        if entry.core is None:
            return entry.weights, np.zeros(units)
        exact = replace(self, device=replace(self.device, dac_bits=None, adc_bits=None, channel_crosstalk=-np.inf))
        shut = exact.matmul(layer, np.full((vectors, inputs), entry.low), None).mean(axis=0)
        weights = np.empty((units, inputs))
        for first in range(0, inputs, AT_ONCE):
            opened = np.arange(first, min(first + AT_ONCE, inputs))
            drives = np.full((len(opened), inputs), entry.low)
            drives[np.arange(len(opened)), opened] += entry.span
            read = exact.matmul(layer, np.repeat(drives, vectors, axis=0), None)
            read = read.reshape(len(opened), vectors, units).mean(axis=1)
            weights[:, opened] = (read - shut).T / entry.span
        return weights, np.asarray(shut - weights.sum(axis=1) * entry.low)

    def _read(
        self,
        entry: CoreLayer,
        core: Core,
        light: NDArray[Any],
        faults: NDArray[Any],
        rng: np.random.Generator | None,
        out: NDArray[Any],
    ) -> None:
        """Compute differences of photocurrents, A, of light or drives (rows, inputs)."""
        from hwsim.kernels.reading.photonic import read_tiles

        device = self.device
        full = device.full_current
        step = 0.0 if device.adc_bits is None else full * core.top / 2**device.adc_bits
        spread = receiver.intensity_spread(device.intensity_noise, device.bandwidth)
        law = PhotonicLaw(
            full=full,
            shot=float(receiver.shot_variance(1.0, device.bandwidth)) * device.shot_noise,
            thermal=receiver.thermal_variance(device.amplifier_noise, device.bandwidth),
            swing=spread if device.comb == "common" else 0.0,
            step=step * (entry.paths_before[0].nominal if entry.paths_before else 1),
            leak=10 ** (device.channel_crosstalk / 10),
            codes=float(2**device.dac_bits - 1) if device.dac_bits else 0.0,
            floor=modulator.floor_of(device.modulator_extinction),
        )
        keys = np.zeros(2, np.uint64) if rng is None else rng.integers(0, 2**64, 2, np.uint64)
        tiles = Tiles(device.tile_rows, device.tile_columns, device.wavelength_vectors, int(rng is not None), *keys)
        read_tiles(Light(light, faults), core.bright, core.dark, entry.ways(self.precision), law, tiles, out)

    def inference_bill(self) -> Bill:
        """Bill all tiles of a layer in parallel; a convolution reads as many places at once as there are vectors.

        A tile is read once where all its columns want the same light on its rows, as they do at fabrication, and once
        for each light that differs (:mod:`hwsim.device.photonic.turns`). Every read takes light, conversions of all
        rows and of a reference column; a unit's columns are converted when it is their turn. A layer takes as long as
        the tile with the most reads. Layers computed in electronics are not billed.
        """
        device, reads, time = self.device, self._reads(), 0.0
        light = device.tile_rows * device.launched_power / device.wall_plug_efficiency * device.read_time
        for _, seconds in self._times(reads):
            time += seconds
        return Bill(self._energy(reads, light), time, self._energy(reads, 0.0), idle_w=device.idle_power)

    def layer_times(self) -> list[tuple[int, float]]:
        """Return the tiles of each layer that has any, and the time of a pass, which the tile with most reads sets.

        A tile that is not read is dark.
        """
        return self._times(self._reads())

    def _reads(self) -> list[tuple[int, NDArray[np.int64]]]:
        """Return, per layer of tiles, its places and the reads of its tiles for each of them, (groups, tiles)."""
        return [(entry.places, entry.reads(self.precision)) for entry in self.layers if entry.core is not None]

    def _times(self, layers: list[tuple[int, NDArray[np.int64]]]) -> list[tuple[int, float]]:
        d = self.device
        return [
            (reads.size, -(-places // d.wavelength_vectors) * int(reads.max()) * d.read_time)
            for places, reads in layers
        ]

    def _energy(self, layers: list[tuple[int, NDArray[np.int64]]], light: float) -> float:
        """Compute the energy of one inference where the light of one read of a tile takes so much, J."""
        device, energy = self.device, 0.0
        conversions = device.physical_columns * device.adc_energy + device.tile_rows * device.dac_energy
        again = light + device.tile_rows * device.dac_energy
        if device.signs == "reference-column":
            again += device.adc_energy
        for places, reads in layers:
            energy += (reads.size * (light + conversions) + (int(reads.sum()) - reads.size) * again) * places
        return energy

    def resources(self) -> Resources:
        """Count the tiles of all layers, each a core that is there once; layers in electronics have none."""
        device = self.device
        shapes = [entry.core.shape for entry in self.layers if entry.core is not None]
        tiles = sum(-(-inputs // device.tile_rows) * -(-units // device.tile_columns) for units, inputs in shapes)
        cells = sum(units * inputs for units, inputs in shapes)
        return Resources(cells, tiles, device.tile_rows, device.tile_columns)


def _build(values: Mapping[str, Any]) -> Photonic:
    given = dict(values)
    for name in ("crossing_crosstalk", "channel_crosstalk"):
        if given[name] <= -NONE_BEYOND:
            given[name] = -np.inf
    if given["modulator_extinction"] >= NONE_BEYOND:
        given["modulator_extinction"] = np.inf
    return Photonic(**given)


PLUGIN = Technology(
    name="photonic-pcm",
    summary="photonic phase-change tensor core: transmissions, dark columns, optics and receiver with their errors",
    datasheet=PhotonicDatasheet,
    build=_build,
    scopes=("output",),
    electronics=True,
    optical=True,
    tiled=True,
    effects=EFFECTS,
    symbols=SYMBOLS,
    resolution=0.067,  # half a step of the 4 bits of the coarsest datasheet
)
