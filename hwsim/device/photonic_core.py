"""The cells of one layer on a photonic core: programmed to their levels, seen through the light's way.

A layer is laid on tiles of m rows and n columns. Unit u is column u mod n of group u // n; input i is row i mod m of
tile i // m. Transmissions here are relative to the mean path of the design, so a clear cell on the mean path gives 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.device import optics, phase_change
from hwsim.stream import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device.photonic import Photonic

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Core:
    """One layer's cells as they are: what they were meant to weigh, what they hold, and what arrives of the light.

    Args:
        nominal: design weights (units, inputs).
        cells: transmissions of the cells that carry the weights (units, inputs).
        bright: relative transmissions from row to column (planes, units, inputs), a plane for each wavelength vector.
        dark: the same of the columns compared with (planes, darks, inputs).
        real: difference of a unit's columns at full drive of all rows, as measured once (planes, units).
        weight: weight of a difference of 1 in relative transmission.
        top: largest relative transmission by design: the converter's full scale, a row.
    """

    nominal: Array
    cells: Array
    bright: Array
    dark: Array
    real: Array
    weight: float
    top: float

    def __post_init__(self) -> None:
        off = np.argwhere(~((self.cells >= 0) & (self.cells <= 1)))
        if off.size:
            unit, row = off[0]
            value = self.cells[unit, row]
            raise ValueError(f"cell {row} of unit {unit} is off range: a transmission of {value:g} is not in 0 to 1")

    def seen(self, input_on: NDArray[np.int64], share: Array, columns: int) -> Array:
        """``real`` where only shares of the light reach the rows, (planes, units).

        Args:
            input_on: input that drives each row (units, inputs).
            share: what is left of each input's light (units, inputs).
            columns: columns of a tile, dark ones not counted.
        """
        units = len(self.cells)
        shade = np.arange(units) // (1 if self.dark.shape[1] == units else columns)
        lit = np.take_along_axis(share, input_on, axis=1)
        return np.array(
            [(lit * (bright - dark[shade])).sum(axis=1) for bright, dark in zip(self.bright, self.dark, strict=True)]
        )


def place(device: Photonic, weights: Array, scale: float, seed: int, name: str) -> Core:
    """Program a layer's weights into a core.

    Args:
        device: the law.
        weights: what is wanted (units, inputs), within -scale to scale.
        scale: weight of the brightest level.
        seed: of the chip.
        name: path of the random streams, for example ``chip/0``.

    Raises:
        ValueError: the paths differ by more than the cells' contrast can make up for.
    """
    design, mean = device.paths(None, None), device.mean_path
    units, inputs = weights.shape
    rows, columns = device.tile_rows, device.tile_columns
    shape = (-(-units // columns), -(-inputs // rows), rows, device.physical_columns)
    row_taps, column_taps = _taps(device, shape, seed, name)
    path = device.paths(row_taps, column_taps) / mean
    darkest, brightest = phase_change.limits(device.cell_loss, device.extinction)
    low, high, top = darkest, brightest, brightest * float((design / mean).max())
    if device.calibration == "path":
        low, high = darkest * float(path.max()), brightest * float(path.min())
        top = high
        if low >= high:
            spread = 10 * np.log10(path.max() / path.min())
            raise ValueError(
                f"paths differ by {spread:.3g} dB, which cells of {device.extinction:g} dB contrast cannot make up "
                "for; use compensated couplers, a smaller tile, or calibration = 'cell'"
            )
    known = phase_change.levels(device.level_bits, device.level_spacing, low, high)
    middle, half = (low + high) / 2, (high - low) / 2
    pair = device.signs == "balanced-pair"
    target = phase_change.nearest(middle + half * weights / scale, known)
    opposite = phase_change.nearest(middle - half * weights / scale, known) if pair else np.full(target.shape, middle)
    weight = scale / (2 * half if pair else half)
    wanted = _lay(device, target, opposite, shape, middle)
    cells, arriving = _programmed(device, wanted, path, (low, high), seed, name)
    planes = _planes(device, cells, arriving, path, (row_taps, column_taps), seed, name)
    size = (units, inputs)
    bright = np.ascontiguousarray([_take(device, plane, size) for plane in planes])
    dark = np.ascontiguousarray([_take_dark(device, plane, size) for plane in planes])
    dark_of = np.arange(units) // (columns if device.signs == "reference-column" else 1)
    return Core(
        nominal=(target - opposite) * weight,
        cells=_take(device, cells, size),
        bright=bright,
        dark=dark,
        real=bright.sum(axis=2) - dark.sum(axis=2)[:, dark_of],
        weight=weight,
        top=top,
    )


def beside(weights: Array) -> Core:
    """A layer that electronics computes: its weights and no cells."""
    none = np.zeros((1, 0, 0))
    return Core(np.ascontiguousarray(weights, np.float64), np.zeros((0, 0)), none, none, none[0], 1.0, 1.0)


def _taps(device: Photonic, shape: tuple[int, ...], seed: int, name: str) -> tuple[Array, Array]:
    """Coupling ratios of all tiles as made; one tile's for all where there is no error."""
    row_taps, column_taps = device.taps()
    if device.coupler_error == 0:
        return row_taps, column_taps
    normals = stream(seed, f"{name}/couplers").standard_normal((2, *shape))
    return (
        optics.erring_taps(row_taps, device.coupler_error, normals[0]),
        optics.erring_taps(column_taps, device.coupler_error, normals[1]),
    )


def _lay(device: Photonic, target: Array, opposite: Array, shape: tuple[int, ...], middle: float) -> Array:
    """Wanted transmissions on the tiles (groups, tiles, m, physical columns); cells without a use stay halfway."""
    groups, tiles, rows, _ = shape
    columns = device.tile_columns
    wanted = np.full(shape, middle)
    full = np.full((groups * columns, tiles * rows), middle)
    full[: target.shape[0], : target.shape[1]] = target
    wanted[..., device.bright_columns] = full.reshape(groups, columns, tiles, rows).transpose(0, 2, 3, 1)
    if device.signs == "balanced-pair":
        full[: target.shape[0], : target.shape[1]] = opposite
        wanted[..., device.dark_columns] = full.reshape(groups, columns, tiles, rows).transpose(0, 2, 3, 1)
    return wanted


def _programmed(
    device: Photonic, wanted: Array, path: Array, span: tuple[float, float], seed: int, name: str
) -> tuple[Array, Array]:
    """What the cells come to hold, and what arrives through them, at the first vector's wavelength and now."""
    found = wanted
    if device.programming_error or device.programming_error_db:
        normals = stream(seed, f"{name}/programming").standard_normal((2, *wanted.shape))
        swing = span[1] - span[0]
        found = phase_change.programmed(wanted, swing, device.programming_error, device.programming_error_db, normals)
    cells = np.minimum(found / path, 1) if device.calibration == "path" else found
    now = phase_change.aged(cells, device.age, device.drift_exponent)
    if device.temperature_rise:
        normals = stream(seed, f"{name}/temperature").standard_normal(cells.shape)
        now = phase_change.warmed(
            now, device.temperature_rise, device.temperature_coefficient, device.temperature_spread, normals
        )
    return now, now * path


def _planes(
    device: Photonic,
    cells: Array,
    arriving: Array,
    path: Array,
    taps: tuple[Array, Array],
    seed: int,
    name: str,
) -> list[Array]:
    """What arrives at the wavelengths of each vector; a single plane where all vectors see the same."""
    leaks = device.crossing_crosstalk > -np.inf
    if not leaks and (device.cell_slope == 0 or device.wavelength_vectors == 1):
        return [arriving]
    step = device.tile_rows * device.comb_spacing * device.wavelength**2 / optics.LIGHT_SPEED
    planes, first = [], np.ones(())
    for vector in range(device.wavelength_vectors):
        change = device.cell_slope * vector * step / 100e-9
        here = phase_change.at_wavelength(cells, device.cell_loss, device.extinction, change) if change else cells
        seen = arriving * here / np.maximum(cells, 1e-30)
        if leaks:
            phases = stream(seed, f"{name}/phases/{vector}").uniform(0, 2 * np.pi, cells.shape)
            losses = (device.coupler_loss, device.crossing_loss)
            share = optics.transmit(here, phases, *taps, *losses, device.crossing_crosstalk) / device.mean_path
            share = share / (here * path)
            if vector == 0 and device.calibration == "path":
                first = share
            seen = seen * share / first
        planes.append(seen)
    return planes


def _take(device: Photonic, tiles: Array, size: tuple[int, int]) -> Array:
    """The columns that carry weights, (units, inputs)."""
    return _straight(tiles[..., device.bright_columns], size)


def _take_dark(device: Photonic, tiles: Array, size: tuple[int, int]) -> Array:
    """The columns compared with: (groups, inputs) for reference columns, else (units, inputs)."""
    found = tiles[..., device.dark_columns]
    return _straight(found, (len(tiles), size[1]) if device.signs == "reference-column" else size)


def _straight(tiles: Array, size: tuple[int, int]) -> Array:
    groups, count, rows, columns = tiles.shape
    return np.ascontiguousarray(
        tiles.transpose(0, 3, 1, 2).reshape(groups * columns, count * rows)[: size[0], : size[1]]
    )
