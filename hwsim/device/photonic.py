"""Photonic phase-change tensor core: non-negative transmissions, signed weights by a reference column.

Each column of an m x n tile sums light that its cells let through, plus one reference column at mid-transmission
(Feldmann et al. 2021). With loss-compensated couplers every path has the same factor: rows contribute
``10^(-L_dc/10) / sum_{k<n_c} a^-k`` with ``a = 10^(-(L_dc+L_x)/10)``, columns likewise. A layer larger than a tile is
split; its partial sums are added after the ADC. Learned connections permute the inputs of each output unit, which
then owns its rows: unit u's tile row r holds cell r of unit u.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from hwsim.device.datasheet import Datasheet, Datum
from hwsim.device.technology import Bill, Registers, Technology
from hwsim.scenario import (
    AmpsPerRootHertz,
    AmpsPerWatt,
    Bits,
    Decibels,
    DecibelsPerHertz,
    Hertz,
    Joules,
    Seconds,
    Section,
    Watts,
)
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model, Start

ELEMENTARY_CHARGE = 1.602176634e-19
"""Charge of an electron in coulombs (exact, SI 2019)."""


class PhotonicChipNumbers(Section):
    """Drawn or fixed once, at fabrication."""

    tile_rows: Datum[int]
    """Inputs m of a tile."""
    tile_columns: Datum[int]
    """Outputs n of a tile, the reference column not counted."""
    level_bits: Datum[Bits]
    """Levels of a cell, as a power of two, uniform in transmission (closed-loop programming)."""
    extinction: Datum[Decibels]
    """Contrast between the most and the least transparent level."""
    cell_loss: Datum[Decibels]
    """Loss of the most transparent level."""
    coupler_loss: Datum[Decibels]
    """Excess loss of a directional coupler."""
    crossing_loss: Datum[Decibels]
    """Loss of a waveguide crossing."""
    programming_error: Datum[float]
    """Standard deviation of a cell's transmission from its level, in units of the swing."""
    headroom_bits: Datum[int]
    """Powers of two kept free above the largest activation seen at calibration, where a layer learns."""


class PhotonicEventNumbers(Section):
    """Drawn or applied at each read."""

    dac_bits: Datum[Bits]
    """Resolution of the input modulation."""
    adc_bits: Datum[Bits]
    """Resolution of a column read-out, over the full scale of the rows in use."""
    launched_power: Datum[Watts]
    """Light per input line at the row input, at full drive."""
    responsivity: Datum[AmpsPerWatt]
    """Photocurrent per light."""
    bandwidth: Datum[Hertz]
    """Noise bandwidth of a read."""
    amplifier_noise: Datum[AmpsPerRootHertz]
    """Input current noise density of the transimpedance amplifier."""
    intensity_noise: Datum[DecibelsPerHertz]
    """Relative intensity noise of the comb, common to all lines."""


class PhotonicCostNumbers(Section):
    """What one read costs."""

    wall_plug_efficiency: Datum[float]
    """Light out per electrical power in."""
    dac_energy: Datum[Joules]
    """One conversion of one input."""
    adc_energy: Datum[Joules]
    """One conversion of one column."""
    read_time: Datum[Seconds]
    """Time of one matrix-vector product of a tile."""


class PhotonicSheet(Datasheet):
    """A datasheet of the technology ``photonic-pcm``."""

    kind: Literal["device"]
    """This is a device."""
    chip: PhotonicChipNumbers
    """Drawn or fixed once, at fabrication."""
    event: PhotonicEventNumbers
    """Drawn or applied at each read."""
    cost: PhotonicCostNumbers
    """What one read costs."""


@dataclass(frozen=True)
class Photonic:
    """The law of a photonic phase-change core; numbers as in the datasheet, SI units (losses in dB)."""

    tile_rows: int
    tile_columns: int
    level_bits: int
    extinction: float
    cell_loss: float
    coupler_loss: float
    crossing_loss: float
    programming_error: float
    headroom_bits: int
    dac_bits: int
    adc_bits: int
    launched_power: float
    responsivity: float
    bandwidth: float
    amplifier_noise: float
    intensity_noise: float
    wall_plug_efficiency: float
    dac_energy: float
    adc_energy: float
    read_time: float

    @property
    def brightest(self) -> float:
        """Transmission of the most transparent level."""
        return float(10 ** (-self.cell_loss / 10))

    @property
    def darkest(self) -> float:
        """Transmission of the least transparent level."""
        return float(10 ** (-(self.cell_loss + self.extinction) / 10))

    @property
    def path_factor(self) -> float:
        """Power that reaches a column from one row through a perfectly clear cell, with compensated couplers.

        Example: the 4 x 4 core of Feldmann et al. loses 12.9 dB on every path.
        """
        stage = 10 ** (-(self.coupler_loss + self.crossing_loss) / 10)
        factor = 1.0
        for ways in (self.tile_columns + 1, self.tile_rows):
            factor *= 10 ** (-self.coupler_loss / 10) / sum(stage**-k for k in range(ways))
        return float(factor)

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """Everything that dense layers ask for can be built."""
        last = len(model.layers) - 1
        return [
            (number, "a hidden layer of a photonic core cannot be 'identity': light is never negative", "use 'relu'")
            for number, layer in enumerate(model.layers)
            if layer.activation != "relu" and number != last
        ]

    def fabricate(
        self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int
    ) -> PhotonicChip:
        """Program every cell to its level, with an error drawn once, and set the input ranges by calibration."""
        swing, reference = self.brightest - self.darkest, (self.brightest + self.darkest) / 2
        top = 2**self.level_bits - 1
        low, high = float(min(calibration.min(), 0)), float(calibration.max())
        signals = calibration.astype(np.float64)
        layers: list[_Layer] = []
        for number, (layer, values) in enumerate(zip(model.layers, start, strict=True)):
            scale = max(float(np.abs(values.weights).max()), 1e-30)
            level = np.rint((values.weights / scale + 1) / 2 * top)
            error = stream(seed, f"chip/{number}/programming").normal(0, self.programming_error * swing, level.shape)
            cells = np.clip(self.darkest + swing * level / top + error, 0, 1)
            columns = -(-layer.units // self.tile_columns)
            rows = -(-layer.inputs // self.tile_rows)
            error = stream(seed, f"chip/{number}/reference").normal(
                0, self.programming_error * swing, (columns, rows * self.tile_rows)
            )
            layers.append(
                _Layer(
                    nominal=(2 * level / top - 1) * scale,
                    cells=cells,
                    reference=np.clip(reference + error, 0, 1),
                    scale=scale,
                    low=low,
                    span=max(high - low, 1e-30),
                    relu=layer.activation == "relu",
                    gain=layer.gain,
                )
            )
            signals = np.maximum(values.gain * (signals @ values.weights.T) + values.bias, 0)
            learns = layer.learned_connections or layer.learned_registers
            low, high = 0.0, float(signals.max()) * (2**self.headroom_bits if learns else 1)
        return PhotonicChip(self, tuple(layers))


@dataclass(frozen=True)
class _Layer:
    nominal: NDArray[np.float64]
    cells: NDArray[np.float64]
    reference: NDArray[np.float64]
    scale: float
    low: float
    span: float
    relu: bool
    gain: bool
    row_of: NDArray[np.int64] = field(init=False)
    """The row of a unit's cells that each of its inputs drives."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "row_of", np.tile(np.arange(self.cells.shape[1]), (len(self.cells), 1)))


@dataclass(frozen=True)
class PhotonicChip:
    """A programmed core."""

    device: Photonic
    layers: tuple[_Layer, ...]

    @property
    def noisy(self) -> bool:
        """A read draws shot, amplifier and intensity noise."""
        return True

    @property
    def data_bits(self) -> int:
        """Width of the signals that pass the permutation circuit, before the DAC, bit."""
        return self.device.dac_bits

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Weights by design level, without programming error."""
        return self.layers[layer].nominal

    def cells(self, layer: int) -> NDArray[np.float64]:
        """Transmissions that the cells really have."""
        return self.layers[layer].cells

    def register_codes(self, layer: int, registers: Registers) -> NDArray[np.float32]:
        """Biases, and the gain where there is one, as the float32 numbers that the electronics behind the ADC hold."""
        gain = [registers.gain] if self.layers[layer].gain else []
        return np.concatenate([registers.bias, gain]).astype(np.float32)

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Let inputs drive other rows; a unit's connections stay within the unit's own rows."""
        row_of = self.layers[layer].row_of
        row_of.reshape(-1)[positions] = cells % row_of.shape[1]

    def encode(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """The numbers themselves; the modulators of a layer convert them."""
        return x.astype(np.float64)

    def settle(self, layer: int, sums: NDArray[np.float64], registers: Registers) -> NDArray[np.float64]:
        """Gain, bias and activation in the electronics behind the ADC."""
        core = self.layers[layer]
        codes = self.register_codes(layer, registers).astype(np.float64)
        bias, gain = codes[: len(core.cells)], codes[-1] if core.gain else 1.0
        signals = gain * sums + bias
        return np.maximum(signals, 0) if core.relu else np.asarray(signals)

    def products(
        self, layer: int, signals: NDArray[np.float64], rng: np.random.Generator | None
    ) -> NDArray[np.float64]:
        """Light through the cells, column by column, tile by tile; noise for every sample, tile and column."""
        return self._read(self.layers[layer], signals, rng)

    def _read(
        self, layer: _Layer, signals: NDArray[np.float64], rng: np.random.Generator | None
    ) -> NDArray[np.float64]:
        """One layer's products W x (samples, units)."""
        from hwsim.kernels.photonic import read_tiles

        device = self.device
        steps = 2**device.dac_bits - 1
        drive = np.rint(np.clip((signals - layer.low) / layer.span, 0, 1) * steps) / steps
        units, inputs = layer.cells.shape
        samples = len(drive)
        tiles = -(-inputs // device.tile_rows)
        groups = -(-units // device.tile_columns)
        full_current = device.responsivity * device.launched_power * device.path_factor
        noise = np.zeros((3, 1), np.float64)
        if rng is not None:
            noise = rng.standard_normal((samples, tiles * (units + 2 * groups)))
        products = np.empty((samples, units))
        read_tiles(
            np.ascontiguousarray(drive),
            layer.cells,
            layer.reference,
            layer.row_of,
            noise,
            np.array(
                [
                    full_current,
                    2 * ELEMENTARY_CHARGE * device.bandwidth,
                    device.amplifier_noise**2 * device.bandwidth,
                    np.sqrt(10 ** (device.intensity_noise / 10) * device.bandwidth),
                    full_current * device.brightest / 2**device.adc_bits,
                ]
            ),
            np.array([device.tile_rows, device.tile_columns, int(rng is not None)]),
            products,
        )
        half_swing = (device.brightest - device.darkest) / 2
        weight = layer.scale / (full_current * half_swing)
        real = (
            (layer.cells - layer.reference[np.arange(units) // device.tile_columns, :inputs]) / half_swing * layer.scale
        )
        return np.asarray(products * weight * layer.span + layer.low * real.sum(axis=1), np.float64)

    def inference_bill(self) -> Bill:
        """All tiles of a layer in parallel, layers in sequence."""
        device = self.device
        energy = 0.0
        for layer in self.layers:
            units, inputs = layer.cells.shape
            rows, columns = -(-inputs // device.tile_rows), -(-units // device.tile_columns)
            light = device.tile_rows * device.launched_power / device.wall_plug_efficiency * device.read_time
            conversions = (device.tile_columns + 1) * device.adc_energy + device.tile_rows * device.dac_energy
            energy += rows * columns * (light + conversions)
        return Bill(energy_j=energy, time_s=len(self.layers) * device.read_time)


def _build(values: Mapping[str, float]) -> Photonic:
    return Photonic(**values)  # type: ignore[arg-type]


PLUGIN = Technology(
    name="photonic-pcm",
    summary="photonic phase-change tensor core: transmissions, reference column, receiver noise",
    sheet=PhotonicSheet,
    build=_build,
    scopes=("output",),
)
