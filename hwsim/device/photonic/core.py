"""The cells of one layer on a photonic core: programmed to their levels, seen through the light's way.

A layer is laid on tiles of m rows and n columns. Unit u is column u mod n of group u // n; input i is row i mod m of
tile i // m. Transmissions here are relative to the mean path of the design, so a clear cell on the mean path gives 1.

What is kept of a cell is what arrives through it at the wavelengths of each vector, in float64 where reads are exact,
else in the few bytes of :mod:`hwsim.kernels.reading.planes`. The rounding to them is part of how a chip comes to be,
like its programming error, of which it is a thousandth: everything that is asked of the chip later is answered from
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.device.photonic import phase_change
from hwsim.device.photonic.making import Making
from hwsim.kernels.reading import planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device.photonic_numbers import PhotonicNumbers
    from hwsim.device.variation import Faults
    from hwsim.kernels.reading.planes import Planes

    Array = NDArray[np.float64]

PART = 1 << 15
"""Cells that are programmed or looked at together, whole groups of units; the rest of a layer waits."""


@dataclass(frozen=True)
class TilePlan:
    """The transmissions that a layer's cells are meant to hold.

    Args:
        weights: as wanted (units, inputs), the caller's own.
        scale: weight of the brightest level.
        low: darkest relative transmission.
        high: brightest.
        known: levels between them, darkest first; none for cells that can take any.
        top: largest relative transmission by design: the converter's full scale, a row.
        pair: whether a column of opposite weights stands beside each, or one halfway between for a group.
    """

    weights: Array
    scale: float
    low: float
    high: float
    known: Array
    top: float
    pair: bool

    @property
    def middle(self) -> float:
        """Return the transmission halfway between the two ends."""
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        """Return half the swing."""
        return (self.high - self.low) / 2

    @property
    def weight(self) -> float:
        """Return the weight of a difference of 1 in relative transmission."""
        return self.scale / (2 * self.half if self.pair else self.half)

    def targets(self, units: slice) -> tuple[Array, Array]:
        """Return levels of some units' cells, and of those they are compared with, (units, inputs) each."""
        wanted = self.half * self.weights[units] / self.scale
        target = phase_change.nearest(self.middle + wanted, self.known)
        if not self.pair:
            return target, np.full(target.shape, self.middle)
        return target, phase_change.nearest(self.middle - wanted, self.known)

    def nominal(self) -> Array:
        """Return design weights by level, worked out anew."""
        target, opposite = self.targets(slice(None))
        target -= opposite
        target *= self.weight
        return target


@dataclass(frozen=True)
class Core:
    """One layer's cells as they are: what they were meant to weigh, and what arrives of the light.

    Args:
        plan: what was wanted.
        bright: relative transmissions from row to column (planes, units, inputs), a plane for each wavelength vector.
        dark: the same of the columns compared with (planes, darks, inputs).
        real: difference of a unit's columns at full drive of all rows, as measured once (planes, units).
        group: units that have a dark column in common; 1 where each has its own.
    """

    plan: TilePlan
    bright: Planes
    dark: Planes
    real: Array
    group: int

    @property
    def weight(self) -> float:
        """Return the weight of a difference of 1 in relative transmission."""
        return self.plan.weight

    @property
    def top(self) -> float:
        """Return the largest relative transmission by design."""
        return self.plan.top

    @property
    def shape(self) -> tuple[int, int]:
        """Count units and inputs."""
        return self.bright.fine.shape[1], self.bright.fine.shape[2]

    def nominal(self) -> Array:
        """Return design weights (units, inputs)."""
        return self.plan.nominal()

    def cells(self) -> Array:
        """Return the transmissions of the cells with weights, each with its path, at the first vector's wavelength."""
        return planes.values(self.bright, 0)

    def kill(self, unit: int, row: int, value: float) -> None:
        """Let one cell differ from the one it is compared with by what a weight takes, at every wavelength.

        What is held of the unit's other cells is rounded anew, as at fabrication (:mod:`hwsim.kernels.reading.planes`).

        Raises:
            ValueError: no transmission makes that weight.
        """
        rows, shade = slice(unit, unit + 1), np.array([unit // self.group])
        found = [planes.values(self.bright, plane, rows) for plane in range(len(self.real))]
        for plane, held in enumerate(found):
            held[0, row] = _shade(self.dark, plane, shade)[0, row] + value / self.weight
            if not 0 <= held[0, row] <= 1:
                raise ValueError(f"no transmission of a cell is read as a weight of {value:g}")
        planes.fill(self.bright, unit, found)

    def seen(self, input_on: NDArray[np.integer], transmission: Array) -> Array:
        """Return ``real`` where only a part of the light reaches the rows, (planes, units).

        Args:
            input_on: input that drives each row (units, inputs).
            transmission: what is left of each input's light (units, inputs).
        """
        found = np.empty(self.real.shape)
        units, inputs = self.shape
        for first in range(0, units, step := max(PART // inputs, 1)):
            rows = slice(first, first + step)
            lit = np.take_along_axis(transmission[rows], input_on[rows].astype(np.int64), axis=1)
            for plane in range(len(found)):
                difference = planes.values(self.bright, plane, rows)
                difference -= _shade(self.dark, plane, np.arange(units)[rows] // self.group)
                found[plane, rows] = (lit * difference).sum(axis=1)
        return found


def _shade(dark: Planes, plane: int, rows: NDArray[np.int64]) -> Array:
    """Return dark columns of some units."""
    first = rows[0]
    return np.asarray(planes.values(dark, plane, slice(first, rows[-1] + 1))[rows - first])


def place(device: PhotonicNumbers, weights: Array, scale: float, seed: int, layer: int) -> Core:
    """Program a layer's weights into a core, some groups of units at a time.

    Args:
        device: the numbers of the datasheet.
        weights: what is wanted (units, inputs), within -scale to scale; they are not copied.
        scale: weight of the brightest level.
        seed: of the chip.
        layer: number of the layer, for the names of the random streams.

    Raises:
        ValueError: the paths differ by more than the cells' contrast can make up for, or a cell is off range.
    """
    units, inputs = weights.shape
    columns, pair = device.tile_columns, device.signs == "balanced-pair"
    groups, tiles = -(-units // columns), -(-inputs // device.tile_rows)
    making = Making(device, (groups, tiles), seed, f"chip/{layer}")
    draws = device.varied.draws(seed, layer) if device.varied else None
    at_once = max(PART // (tiles * device.tile_rows * device.physical_columns), 1)
    parts = [slice(first, min(first + at_once, groups)) for first in range(0, groups, at_once)]
    low, high, top = making.span(parts)
    known = phase_change.levels(device.level_bits, device.level_spacing, low, high)
    plan = TilePlan(weights, scale, low, high, known, top, pair)
    own = device.signs != "reference-column"
    count = making.planes
    bright = planes.empty((count, units, inputs), exact=device.exact)
    dark = planes.empty((count, units if own else groups, inputs), exact=device.exact)
    real = np.empty((count, units))
    for part in parts:
        rows = slice(part.start * columns, min(part.stop * columns, units))
        wanted = _lay(device, *plan.targets(rows), (part.stop - part.start, tiles), plan.middle)
        shade = rows if own else part
        size, dim = (rows.stop - rows.start, inputs), (shade.stop - shade.start, inputs)
        defects = None if draws is None else _defects(device, plan, draws.take(size), (part.stop - part.start, tiles))
        cells, seen = making.make(part, wanted, (low, high), defects)
        check(_straight(cells[..., device.bright_columns], size), rows.start)
        del wanted, cells
        planes.fill(bright, rows.start, [_straight(plane[..., device.bright_columns], size) for plane in seen])
        planes.fill(dark, shade.start, [_straight(plane[..., device.dark_columns], dim) for plane in seen])
        del seen
        for plane in range(count):
            sums = planes.values(dark, plane, shade).sum(axis=1)
            sums = sums if own else np.repeat(sums, columns)[: size[0]]
            real[plane, rows] = planes.values(bright, plane, rows).sum(axis=1) - sums
    return Core(plan, bright, dark, real, 1 if own else columns)


def check(cells: Array, first: int) -> None:
    """Check that transmissions (units, inputs) of cells are possible.

    Raises:
        ValueError: one is not; ``first`` is the number of the first unit.
    """
    off = np.argwhere(~((cells >= 0) & (cells <= 1)))
    if off.size:
        unit, row = off[0]
        what = f"cell {row} of unit {first + unit} is off range"
        raise ValueError(f"{what}: a transmission of {cells[unit, row]:g} is not in 0 to 1")


def _lay(device: PhotonicNumbers, target: Array, opposite: Array, shape: tuple[int, int], middle: float) -> Array:
    """Arrange wanted transmissions on tiles (groups, tiles, m, physical columns); unused cells stay halfway."""
    groups, tiles = shape
    rows, columns = device.tile_rows, device.tile_columns
    wanted = np.full((groups, tiles, rows, device.physical_columns), middle)
    full = np.full((groups * columns, tiles * rows), middle)
    full[: target.shape[0], : target.shape[1]] = target
    wanted[..., device.bright_columns] = full.reshape(groups, columns, tiles, rows).transpose(0, 2, 3, 1)
    if device.signs == "balanced-pair":
        full[: target.shape[0], : target.shape[1]] = opposite
        wanted[..., device.dark_columns] = full.reshape(groups, columns, tiles, rows).transpose(0, 2, 3, 1)
    return wanted


def _defects(device: PhotonicNumbers, plan: TilePlan, faults: Faults, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Draw errors of transmission on the tiles, and what stuck cells transmit, NaN if a cell is not stuck.

    Of a balanced pair the column with the weight itself varies; stuck are both.
    """
    error = faults.error * (2 * plan.half if plan.pair else plan.half)
    stuck, opposite = (np.where(faults.stuck, plan.middle + sign * faults.at * plan.half, np.nan) for sign in (1, -1))
    none = np.full(error.shape, np.nan)
    return (
        _lay(device, error, np.zeros(error.shape), shape, 0.0),
        _lay(device, stuck, opposite if plan.pair else none, shape, np.nan),
    )


def _straight(tiles: Array, size: tuple[int, int]) -> Array:
    """Arrange columns of tiles (groups, tiles, m, columns) as a layer's rows."""
    groups, count, rows, columns = tiles.shape
    return np.ascontiguousarray(
        tiles.transpose(0, 3, 1, 2).reshape(groups * columns, count * rows)[: size[0], : size[1]]
    )
