"""How the cells of a photonic core come to be, some groups of units at a time.

Every kind of error has a random stream of its own, whose numbers lie in the order of the groups. Parts are made in that
order, so that each cell gets the same numbers however many groups are made together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.device.photonic import optics, phase_change
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.device.photonic_numbers import PhotonicNumbers

    Array = NDArray[np.float64]


class Making:
    """Cells of one layer in the making.

    Args:
        device: the numbers of the datasheet.
        shape: groups of units, and tiles of inputs.
        seed: of the chip.
        name: path of the random streams.
    """

    def __init__(self, device: PhotonicNumbers, shape: tuple[int, int], seed: int, name: str) -> None:
        self.device, self._seed, self._name = device, seed, name
        self._group = (shape[1], device.tile_rows, device.physical_columns)
        self._cells = int(np.prod((shape[0], *self._group)))
        self._couplers = self._pair("couplers") if device.coupler_error else None
        self._errors = self._pair("programming", second=device.programming_error_db != 0)
        self._warmth = stream(seed, f"{name}/temperature")
        self._phases = [stream(seed, f"{name}/phases/{vector}") for vector in range(self.planes)]

    @property
    def planes(self) -> int:
        """Count the different transmissions of a cell: one if all vectors see the same."""
        device = self.device
        alike = not self._leaks and (device.cell_slope == 0 or device.wavelength_vectors == 1)
        return 1 if alike else device.wavelength_vectors

    @property
    def _leaks(self) -> bool:
        return self.device.crossing_crosstalk > -np.inf

    def _pair(self, what: str, *, second: bool = True) -> tuple[np.random.Generator, np.random.Generator]:
        """Open a stream of two normals per cell twice: where all first ones begin, and where all second ones begin.

        Where no second ones are wanted, the way to them is not gone.
        """
        first, other = (stream(self._seed, f"{self._name}/{what}") for _ in range(2))
        left = self._cells if second else 0
        while left > 0:
            other.standard_normal(min(left, 1 << 14))
            left -= 1 << 14
        return first, other

    def _taps(self, streams: tuple[np.random.Generator, ...] | None, groups: int) -> tuple[Array, Array]:
        """Draw coupling ratios of the next groups as made; one tile's for all if there is no error."""
        row_taps, column_taps = self.device.taps()
        if streams is None:
            return row_taps, column_taps
        rows, columns = (one.standard_normal((groups, *self._group)) for one in streams)
        error = self.device.coupler_error
        return optics.erring_taps(row_taps, error, rows), optics.erring_taps(column_taps, error, columns)

    def span(self, parts: Sequence[slice]) -> tuple[float, float, float]:
        """Return the darkest and brightest transmission that cells are programmed between, and the largest by design.

        Raises:
            ValueError: the paths differ by more than the cells' contrast can make up for.
        """
        device, design = self.device, self.device.paths(None, None) / self.device.mean_path
        darkest, brightest = phase_change.limits(device.cell_loss, device.extinction)
        if device.calibration != "path":
            return darkest, brightest, brightest * float(design.max())
        longest, shortest = float(design.min()), float(design.max())
        if device.coupler_error:
            streams = self._pair("couplers")
            paths = (device.paths(*self._taps(streams, part.stop - part.start)) for part in parts)
            ends = [(float(path.min()), float(path.max())) for path in paths]
            longest = min(low for low, _ in ends) / device.mean_path
            shortest = max(high for _, high in ends) / device.mean_path
        low, high = darkest * shortest, brightest * longest
        if low >= high:
            spread = 10 * np.log10(shortest / longest)
            raise ValueError(
                f"paths differ by {spread:.3g} dB, which cells of {device.extinction:g} dB contrast cannot make up "
                "for; use compensated couplers, a smaller tile, or calibration = 'cell'"
            )
        return low, high, high

    def make(
        self, part: slice, wanted: Array, span: tuple[float, float], defects: tuple[Array, Array] | None = None
    ) -> tuple[Array, list[Array]]:
        """Program the next groups: what cells hold, and what arrives through them for each vector.

        Args:
            part: the groups.
            wanted: relative transmissions (groups, tiles, m, physical columns), as the results.
            span: darkest and brightest of them.
            defects: errors that are added to what programming gives, and what stuck cells have, NaN for others.
        """
        taps = self._taps(self._couplers, part.stop - part.start)
        path = self.device.paths(*taps) / self.device.mean_path
        cells = self._programmed(wanted, path, span, defects)
        return cells, self._seen(cells, path, taps)

    def _programmed(
        self, wanted: Array, path: Array, span: tuple[float, float], defects: tuple[Array, Array] | None
    ) -> Array:
        """Return what the cells come to hold, at the first vector's wavelength and now."""
        device, found = self.device, wanted
        if device.programming_error or device.programming_error_db:
            normals = [self._errors[0].standard_normal(wanted.shape), np.zeros(())]
            if device.programming_error_db:
                normals[1] = self._errors[1].standard_normal(wanted.shape)
            swing = span[1] - span[0]
            found = phase_change.programmed(
                wanted, swing, device.programming_error, device.programming_error_db, normals
            )
        if defects is not None:
            error, stuck = defects
            found = np.clip(np.where(np.isnan(stuck), found + error, stuck), 0, 1)
        cells = np.minimum(found / path, 1) if device.calibration == "path" else found
        now = phase_change.aged(cells, device.age, device.drift_exponent)
        if device.temperature_rise:
            normals_ = self._warmth.standard_normal(cells.shape)
            now = phase_change.warmed(
                now, device.temperature_rise, device.temperature_coefficient, device.temperature_spread, normals_
            )
        return now

    def _seen(self, cells: Array, path: Array, taps: tuple[Array, Array]) -> list[Array]:
        """Return what arrives at the wavelengths of each vector; one plane if all vectors see the same."""
        device, arriving = self.device, cells * path
        if self.planes == 1 and not self._leaks:
            return [arriving]
        step = device.tile_rows * device.comb_spacing * device.wavelength**2 / optics.LIGHT_SPEED
        planes, first = [], np.ones(())
        for vector in range(device.wavelength_vectors):
            change = device.cell_slope * vector * step / 100e-9
            here = phase_change.at_wavelength(cells, device.cell_loss, device.extinction, change) if change else cells
            seen = arriving * here / np.maximum(cells, 1e-30)
            if self._leaks:
                phases = self._phases[vector].uniform(0, 2 * np.pi, cells.shape)
                losses = (device.coupler_loss, device.crossing_loss)
                transmission = (
                    optics.transmit(here, phases, *taps, *losses, device.crossing_crosstalk) / device.mean_path
                )
                transmission /= here * path
                if vector == 0 and device.calibration == "path":
                    first = transmission
                seen *= transmission
                seen /= first
            planes.append(seen)
        return planes
