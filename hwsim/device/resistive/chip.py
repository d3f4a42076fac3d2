"""Electronic cells in pairs of conductances: phase-change memory and resistive RAM, with converters around them.

A weight w is ``(G+ - G-) / G_max`` times a scale; the device that is not used stays at its least conductance. At
fabrication every device is programmed with an error that depends on its target, and has a drift exponent of its own;
at an age t after programming it has drifted, and every sample that is read meets its 1/f noise anew. The noise of an
output is then Gaussian with variance ``sum_i x_i^2 (s+^2 + s-^2)``, exactly what independent Gaussian noise on every
cell gives, and is drawn so: one deviate per output instead of one per cell. (aihwkit cuts a noisy conductance off at
zero; noise on a current does not stop there, and is not cut off here.)
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from hwsim.device.number import NumberChip, finish, side_by_side
from hwsim.device.resistive.fits import Fit, drift_factor, flicker
from hwsim.device.technology import Bill, Resources, Technology
from hwsim.device.variation import EXACT, Variation
from hwsim.files import Bits, Joules, Seconds, Section, Watts
from hwsim.files.datasheet import Datasheet, Datum
from hwsim.kernels.reading.reads import Converter
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Layer, Model, Registers, Start

MICRO = 1e-6
"""Microsiemens, in which the fits are written."""


class ResistiveChipNumbers(Section):
    """Drawn or fixed once, at fabrication."""

    largest_conductance: Datum[float]
    """Conductance of the largest weight, in microsiemens."""
    fitted_conductance: Datum[float]
    """Largest conductance of the devices that the fits were made on, in microsiemens."""
    programming: Datum[list[list[float]]]
    """Standard deviation of a programmed conductance, in microsiemens: rows of an age in seconds and the coefficients
    of powers of g, lowest first. One row of any age where the error does not depend on it."""
    drift_mean: Datum[Fit]
    """Mean drift exponent."""
    drift_spread: Datum[Fit]
    """Standard deviation of the drift exponent from device to device, before its sign is dropped: nothing grows."""
    compensated: Datum[bool]
    """Whether a layer's outputs are scaled by what its summed conductance has lost (global drift compensation)."""
    headroom_bits: Datum[int]
    """Powers of two kept free above the largest signal and sum seen at calibration, where a layer learns."""


class ResistiveEventNumbers(Section):
    """Drawn or applied at each read."""

    age: Datum[Seconds]
    """Time from the first read after programming to the reads simulated."""
    first_read: Datum[Seconds]
    """Time of the first read after programming."""
    flicker: Datum[Fit]
    """Strength of the 1/f noise of a device against its conductance; 0 for none."""
    read_time: Datum[Seconds]
    """Time of one matrix-vector product."""
    output_noise: Datum[float]
    """Standard deviation of additional noise of an output, in units of the largest weight times the largest input."""
    dac_bits: Datum[Bits]
    """Resolution of an input; 0 for none."""
    adc_bits: Datum[Bits]
    """Resolution of an output; 0 for none."""


class ResistiveCostNumbers(Section):
    """What one read costs."""

    dac_energy: Datum[Joules]
    """One conversion of one input."""
    adc_energy: Datum[Joules]
    """One conversion of one output."""
    cell_energy: Datum[Joules]
    """One cell in one read."""
    idle_power: Datum[Watts] | None = None
    """What the device takes all the time, busy or not; 0 unless told."""


AT_ONCE = 2**15
"""Cells that are programmed at a time."""


class ResistiveDatasheet(Datasheet):
    """A datasheet of the technology ``resistive``."""

    kind: Literal["device"]
    """This is a device."""
    chip: ResistiveChipNumbers
    """Drawn or fixed once, at fabrication."""
    event: ResistiveEventNumbers
    """Drawn or applied at each read."""
    cost: ResistiveCostNumbers
    """What one read costs."""


@dataclass(frozen=True)
class Resistive:
    """Describes a resistive array by the numbers of its datasheet, in SI units but for microsiemens."""

    largest_conductance: float
    fitted_conductance: float
    programming: list[list[float]]
    drift_mean: Fit
    drift_spread: Fit
    compensated: bool
    headroom_bits: int
    age: float
    first_read: float
    flicker: Fit
    read_time: float
    output_noise: float
    dac_bits: int
    adc_bits: int
    dac_energy: float
    adc_energy: float
    cell_energy: float
    idle_power: float = 0.0
    varied: Variation = EXACT

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """Return the one problem there can be: an age for which programming was not measured."""
        del model
        ages = [row[0] for row in self.programming]
        if len(ages) > 1 and self.age not in ages:
            shown = ", ".join(f"{age:g} s" for age in ages)
            return [(0, f"the device was not measured at an age of {self.age:g} s", f"set age to one of {shown}")]
        return []

    def spread(self, g: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the standard deviation of conductances programmed to g, in units of the largest one."""
        rows = [row[1:] for row in self.programming if len(self.programming) == 1 or row[0] == self.age]
        sigma = np.polynomial.polynomial.polyval(g, rows[0])
        return np.asarray(np.maximum(sigma, 0) / self.fitted_conductance, np.float64)

    def program(self, g: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the conductances that devices meant to have g really take, one error per device."""
        error = rng.standard_normal(g.shape)
        return np.asarray(np.maximum(g + self.spread(g) * error, 0), np.float64)

    def drift(self, g: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw what is left of devices programmed to g at the datasheet's age, as factors, one exponent per device.

        Exponents are ``|mu + sigma N|``, as the published formula has them: no conductance grows with time. Source:
        aihwkit commit 4545f11, drift of PCMLikeNoiseModel and HermesNoiseModel.
        """
        exponent = self.drift_mean.at(g)
        exponent += self.drift_spread.at(g) * rng.standard_normal(g.shape)
        return drift_factor(np.abs(exponent), self.age, self.first_read)

    def noise(self, programmed: NDArray[np.float64], drifted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the standard deviation of devices' 1/f noise in one read, in units of the largest conductance."""
        strength = flicker(self.age, self.first_read, self.read_time)
        return np.abs(drifted) * self.flicker.at(programmed) * strength

    def fabricate(
        self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int
    ) -> ResistiveChip:
        """Program every device, let it drift, and set the converters' ranges by calibration."""
        from hwsim.device.range_observer import observe_ranges

        layers = []
        for number, (layer, values, seen) in enumerate(
            zip(model.layers, start, observe_ranges(model, start, calibration), strict=True)
        ):
            room = 2**self.headroom_bits if layer.learned_connections or layer.learned_registers else 1
            scale = max(float(np.abs(values.weights).max()), 1e-30)
            made = self._made(values.weights, scale, seed, f"chip/{number}")
            if self.varied:
                faults = self.varied.draws(seed, number).take((layer.units, layer.inputs))
                made = made._replace(
                    weight=faults.applied(made.weight), variance=np.where(faults.stuck, 0, made.variance)
                )
            factor = scale * made.regain
            layers.append(
                Array(
                    values.weights,
                    side_by_side(made.weight, factor),
                    side_by_side(made.variance, factor**2) if made.variance.any() else None,
                    inputs=_converter(self.dac_bits, seen.low, seen.high * (room if number else 1)),
                    outputs=_converter(self.adc_bits, -seen.accumulators * room, seen.accumulators * room),
                    common=(self.output_noise * scale * max(seen.high, -seen.low)) ** 2,
                )
            )
        return ResistiveChip(self, model, tuple(layers))

    def _made(self, weights: NDArray[np.float64], scale: float, seed: int, name: str) -> _Made:
        """Program the two devices of every cell: in parts, whose numbers stay near the processor, on a core each."""
        weight, variance, held, after = (np.zeros(weights.shape) for _ in range(4))
        step = max(AT_ONCE // weights.shape[1], 1)
        signs = (1, -1)
        streams = [
            [stream(seed, f"{name}/{side}/{drawn}") for drawn in ("programming", "drift")] for side in ("plus", "minus")
        ]
        with ThreadPoolExecutor(len(signs)) as pool:
            for first in range(0, len(weights), step):
                part = slice(first, first + step)
                targets = [np.maximum(sign * weights[part] / scale, 0) for sign in signs]
                for sign, (programmed, drifted, noise) in zip(
                    signs, pool.map(self._devices, targets, streams), strict=True
                ):
                    weight[part] += sign * drifted
                    variance[part] += noise**2
                    held[part] += programmed
                    after[part] += drifted
        return _Made(weight, variance, held.sum() / max(after.sum(), 1e-30) if self.compensated else 1.0)

    def _devices(
        self, target: NDArray[np.float64], streams: Sequence[np.random.Generator]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return conductances of devices as programmed and at the datasheet's age, and the noise of a read."""
        errors, exponents = streams
        programmed = self.program(target, errors)
        drifted = programmed * self.drift(target, exponents)
        return programmed, drifted, self.noise(programmed, drifted)


class _Made(NamedTuple):
    """Cells as made, in units of the largest conductance: weights, variances of their noise, compensation of drift."""

    weight: NDArray[np.float64]
    variance: NDArray[np.float64]
    regain: float


def _converter(bits: int, low: float, high: float) -> Converter:
    """Build the converter of a range of values; codes are symmetric if values can be negative."""
    top = 2 ** (bits - 1) - 1 if low < 0 else 2**bits - 1
    reach = max(high, -low, 1e-30)
    step, least, largest = np.array([reach / top if bits else 0.0, -top if low < 0 else 0, top], np.float32)
    return Converter(step, least, largest)


@dataclass(frozen=True)
class Array:
    """One layer's cells: design weights, converters, and what each position meets, which is the cells in another order.

    ``met`` is the weight that each position meets as it is read, ``met_variances`` the variance of its noise (None
    without). The cells are kept nowhere else: what they hold is found back from ``held``, the cell at each position,
    which is there from the first reconnection on. Inputs lie one after the other in memory, which is the order that
    products are quickest in.
    """

    design: NDArray[np.float64]
    met: NDArray[np.float32]
    met_variances: NDArray[np.float32] | None
    inputs: Converter
    outputs: Converter
    common: float
    held: list[NDArray[np.int32]] = field(default_factory=list, compare=False, repr=False)
    scratch: dict[str, NDArray[np.float32]] = field(default_factory=dict, compare=False, repr=False)
    """Room for activations in the array's domain, kept from read to read: fresh memory costs more than filling it."""

    def room(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return a scratch array of a shape, with any content."""
        found = self.scratch.get(name)
        if found is None or found.shape != shape:
            found = self.scratch[name] = np.empty(shape, np.float32)
        return found

    def connect(self, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Exchange cells among positions; the cost is in proportion to the moves.

        Raises:
            ValueError: a cell that none of the positions meets now.
        """
        if not self.held:
            self.held.append(np.arange(self.met.size, dtype=np.int32))
        before = self.held[0][positions]
        order = np.argsort(before)
        at = order[np.minimum(np.searchsorted(before, cells, sorter=order), len(order) - 1)]
        if not np.array_equal(before[at], cells):
            raise ValueError("cells can only be exchanged among the positions that move")
        places = np.divmod(positions, self.met.shape[1])
        for values in (self.met, self.met_variances):
            if values is not None:
                values[places] = values[places][at]
        self.held[0][positions] = cells

    def kill(self, cell: int, value: float) -> None:
        """Let a cell be read as a constant, without noise of its own."""
        at = int(np.flatnonzero(self.held[0] == cell)[0]) if self.held else cell
        place = np.divmod(at, self.met.shape[1])
        self.met[place] = value
        if self.met_variances is not None:
            self.met_variances[place] = 0.0

    def cells(self) -> NDArray[np.float32]:
        """Return weights in the order of the cells (units, inputs)."""
        if not self.held:
            return self.met
        found = np.empty(self.met.shape, np.float32)
        found.reshape(-1)[self.held[0]] = self.met.reshape(-1)
        return found


@dataclass(frozen=True)
class ResistiveChip(NumberChip):
    """A programmed array."""

    device: Resistive
    model: Model
    layers: tuple[Array, ...]
    precision = np.float32
    together = 1

    @property
    def noisy(self) -> bool:
        """Tell whether a read draws noise."""
        return any(layer.met_variances is not None or layer.common > 0 for layer in self.layers)

    @property
    def data_bits(self) -> int:
        """Return the width of the signals that pass the permutation circuit, before the DAC, bit."""
        return self.device.dac_bits or 32

    @property
    def input_range(self) -> tuple[float, float] | None:
        """Return what the converter before the first layer reaches."""
        step, low, high = (float(value) for value in self.layers[0].inputs)
        return (low * step, high * step) if self.device.dac_bits else None

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Return the weights that the devices were programmed for."""
        return self.layers[layer].design

    def cells(self, layer: int) -> NDArray[np.float32]:
        """Return weights that the pairs of conductances really make at the datasheet's age."""
        return self.layers[layer].cells()

    def programmed(self, layer: int) -> dict[str, tuple[NDArray[Any], str]]:
        """Return the conductances that the two devices of every cell are programmed for, and the weight they make."""
        array = self.layers[layer]
        share = array.design / max(float(np.abs(array.design).max()), 1e-30)
        most, age = self.device.largest_conductance, f"{self.device.age:g} s after programming"
        return {
            "plus": (np.maximum(share, 0) * most, "uS, wanted"),
            "minus": (np.maximum(-share, 0) * most, "uS, wanted"),
            "weight": (array.cells(), f"that both make {age}, drift compensated where the datasheet says so"),
        }

    def classes(self, layer: int) -> NDArray[np.int64]:
        """No two cells are equal: each has its own devices."""
        cells = self.layers[layer].met
        return np.arange(cells.size).reshape(cells.shape)

    def register_codes(self, layer: int, registers: Registers) -> NDArray[np.float32]:
        """Return biases and gains as the float32 numbers that the electronics behind the ADC hold."""
        return registers.flat(self.model.layers[layer].gains).astype(np.float32)

    def connect(self, layer: int, positions: NDArray[np.int64], cells: NDArray[np.int64]) -> None:
        """Gather weights and variances of the positions that move."""
        self.layers[layer].connect(positions, cells)

    def kill(self, layer: int, cell: int, value: float) -> None:
        """Let a pair of devices be read as a constant weight from now on."""
        self.layers[layer].kill(cell, value)

    def matmul(self, layer: int, activations: NDArray[np.float32], rng: np.random.Generator | None) -> NDArray[Any]:
        """Convert, multiply, add read noise, convert."""
        from hwsim.kernels.reading.noise import convert_inputs, convert_outputs

        array = self.layers[layer]
        noisy = rng is not None and (array.met_variances is not None or array.common > 0)
        own = array.met_variances if noisy else None
        drive = array.room("drive", activations.shape) if self.device.dac_bits else np.asarray(activations, np.float32)
        squares = array.room("squares", activations.shape) if own is not None else np.empty((0, 0), np.float32)
        if self.device.dac_bits:
            convert_inputs(np.ascontiguousarray(activations), array.inputs, drive, squares)
        elif own is not None:
            np.square(drive, out=squares)
        accumulators = drive @ array.met.T
        variances = np.empty((0, 0), np.float32)
        if own is not None:
            variances = np.matmul(squares, own.T, out=array.room("variances", accumulators.shape))
        key = rng.integers(1 << 64, dtype=np.uint64) if noisy and rng is not None else np.uint64(0)
        convert_outputs(accumulators, variances, np.float32(array.common), np.uint64(key), array.outputs, int(noisy))
        return np.asarray(accumulators)

    def activate(self, layer: int, accumulators: NDArray[Any], registers: Registers) -> NDArray[Any]:
        """Apply gain, bias and activation in the electronics behind the ADC."""
        return finish(self.model.layers[layer], accumulators, registers)

    def inference_bill(self) -> Bill:
        """Bill all columns of a layer at once, of all groups too, places of a convolution and layers in sequence."""
        time = 0.0
        for _, seconds in self.layer_times():
            time += seconds
        energy, conversion = self._energy(self.device.cell_energy), self._energy(0.0)
        return Bill(energy, time, conversion, idle_w=self.device.idle_power)

    def _energy(self, cell: float) -> float:
        """Compute the energy of one inference, J, with that of a cell in one read as given."""
        device, energy = self.device, 0.0
        for layer, reads in self._reads():
            each, driven = layer.units * layer.inputs * cell, layer.inputs * layer.groups
            energy += reads * (each + driven * device.dac_energy + layer.units * device.adc_energy)
        return energy

    def layer_times(self) -> list[tuple[int, float]]:
        """Return the arrays of each layer, one for each group, and the time in which all are read at all places."""
        return [(layer.groups, reads * self.device.read_time) for layer, reads in self._reads()]

    def _reads(self) -> list[tuple[Layer, int]]:
        """Return each layer with the products of one inference, in the order in which they are computed."""
        nodes = self.model.nodes
        return [(self.model.layers[node.layer], node.matmuls) for node in nodes if node.layer is not None]

    def resources(self) -> Resources:
        """Count one array per layer, as large as the layer, or one for each group of a grouped convolution.

        A cell is a pair of devices.
        """
        layers = self.model.layers
        rows, columns = max(one.inputs for one in layers), max(one.units // one.groups for one in layers)
        return Resources(
            sum(one.units * one.inputs for one in layers), sum(one.groups for one in layers), rows, columns
        )


def _build(values: Mapping[str, Any]) -> Resistive:
    return Resistive(**values)


PLUGIN = Technology(
    name="resistive",
    summary="phase-change memory or resistive RAM in pairs of conductances: programming, drift, 1/f noise, converters",
    datasheet=ResistiveDatasheet,
    build=_build,
    tiled=True,
    effects={
        "programming": {"programming": [[0.0, 0.0]]},
        "drift": {"drift_mean": Fit(), "drift_spread": Fit()},
        "1/f noise": {"flicker": Fit()},
        "output noise": {"output_noise": 0.0},
        "DAC": {"dac_bits": 0},
        "ADC": {"adc_bits": 0},
    },
)
