"""The numbers of a photonic core's datasheet, and the paths of light through a tile that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.device.photonic import optics
from hwsim.device.variation import EXACT, Variation

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE_BEYOND = 200.0
"""Decibels beyond which a crosstalk or an extinction of a datasheet stands for none at all."""


@dataclass(frozen=True)
class PhotonicNumbers:
    """What a photonic phase-change core is made of; numbers as in the datasheet, SI units (losses in dB).

    ``level_bits``, ``dac_bits`` and ``adc_bits`` are None for exact cells and converters.
    """

    tile_rows: int
    tile_columns: int
    signs: str
    level_bits: int | None
    level_spacing: str
    extinction: float
    cell_loss: float
    couplers: str
    combine: str
    combiner_loss: float
    coupler_loss: float
    crossing_loss: float
    coupler_error: float
    crossing_crosstalk: float
    calibration: str
    programming_error: float
    programming_error_db: float
    wavelength_vectors: int
    comb_spacing: float
    cell_slope: float
    headroom_bits: int
    dac_bits: int | None
    modulator_extinction: float
    modulator_floor: str
    drive_error: float
    adc_bits: int | None
    launched_power: float
    wavelength: float
    responsivity: float
    bandwidth: float
    amplifier_noise: float
    intensity_noise: float
    comb: str
    channel_crosstalk: float
    age: float
    drift_exponent: float
    temperature_rise: float
    temperature_coefficient: float
    temperature_spread: float
    wall_plug_efficiency: float
    dac_energy: float
    adc_energy: float
    read_time: float
    idle_power: float = 0.0
    shot_noise: bool = True
    varied: Variation = EXACT

    def __post_init__(self) -> None:
        if self.combine == "lossless" and self.crossing_crosstalk > -np.inf:
            raise ValueError(
                "crossing crosstalk is not modelled where columns combine without couplers; "
                f"set crossing_crosstalk to -{NONE_BEYOND:g} dB, or combine = 'couplers'"
            )

    @property
    def exact(self) -> bool:
        """Tell whether read-outs are not rounded: then all is computed in float64, else in float32.

        A converter of b bits and m rows rounds to m / 2^b of the light of a clear cell, float32 to 2^-24 of a sum.
        """
        return self.adc_bits is None

    @property
    def physical_columns(self) -> int:
        """Count columns of a tile that take light, those compared with included."""
        return self.tile_columns + 1 if self.signs == "reference-column" else 2 * self.tile_columns

    @property
    def bright_columns(self) -> slice:
        """Tell which columns carry weights."""
        return slice(self.tile_columns) if self.signs == "reference-column" else slice(0, None, 2)

    @property
    def dark_columns(self) -> slice:
        """Tell which columns are compared with."""
        return slice(self.tile_columns, None) if self.signs == "reference-column" else slice(1, None, 2)

    def taps(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Compute the designed coupling ratios of the couplers on rows and on columns, (m, physical columns) each."""
        rows, columns = self.tile_rows, self.physical_columns
        if self.couplers == "even":
            along, down = optics.even_taps(columns), optics.even_taps(rows)
        else:
            stage = self.coupler_loss + self.crossing_loss
            along, down = optics.compensated_taps(columns, stage), optics.compensated_taps(rows, stage)
        return np.tile(along, (rows, 1)), np.tile(down[::-1, None], (1, columns))

    def paths(
        self, row_taps: NDArray[np.float64] | None, column_taps: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        """Compute power from a row's input to a column's detector through a clear cell (..., m, physical columns).

        With the designed taps, or with others.
        """
        if row_taps is None or column_taps is None:
            row_taps, column_taps = self.taps()
        if self.combine == "lossless":
            along = optics.row_factors(row_taps, self.coupler_loss, self.crossing_loss)
            return along * optics.power_share(self.combiner_loss)
        return optics.path_factors(row_taps, column_taps, self.coupler_loss, self.crossing_loss)

    @property
    def mean_path(self) -> float:
        """Return the mean over a tile of the designed paths.

        Example: the 4 x 4 core of Feldmann et al. loses 12.9 dB on every path with compensated couplers.
        """
        return float(self.paths(None, None).mean())

    @property
    def full_current(self) -> float:
        """Compute the photocurrent of one row at full drive through a clear cell on the mean path, A."""
        return self.responsivity * self.launched_power * self.mean_path
