"""The datasheet of a photonic phase-change core: every number, and the symbols that the formulas use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import model_validator

from hwsim.files import (
    AmpsPerRootHertz,
    AmpsPerWatt,
    Bits,
    Decibels,
    DecibelsPerHertz,
    Hertz,
    Joules,
    Kelvin,
    Metres,
    Seconds,
    Section,
    Watts,
)
from hwsim.files.datasheet import Datasheet, Datum

if TYPE_CHECKING:
    from typing import Self

Signs = Literal["reference-column", "balanced-pair", "reference-branch"]
Couplers = Literal["even", "compensated"]
Combining = Literal["couplers", "lossless"]
Spacing = Literal["transmission", "decibel"]
Calibration = Literal["cell", "path"]
Floor = Literal["subtracted", "left"]
Comb = Literal["common", "independent"]


class PhotonicChipNumbers(Section):
    """Drawn or fixed once, at fabrication."""

    tile_rows: Datum[int]
    """Inputs m of a tile."""
    tile_columns: Datum[int]
    """Outputs n of a tile, dark columns not counted."""
    signs: Datum[Signs]
    """What a column is compared with: one reference column a tile at half transmission, a column of its own with the
    opposite weights, or a fixed branch beside each cell."""
    level_bits: Datum[Bits]
    """Levels of a cell, as a power of two."""
    level_spacing: Datum[Spacing]
    """Levels equidistant in transmission (closed-loop programming) or in decibels (identical pulses)."""
    extinction: Datum[Decibels]
    """Contrast between the most and the least transparent level."""
    cell_loss: Datum[Decibels]
    """Loss of the most transparent level."""
    couplers: Datum[Couplers]
    """Taps that split light evenly where nothing is lost, or that make up for the losses of the stages before."""
    combine: Datum[Combining]
    """How a column adds its rows: on couplers, which costs 1/m of the light, or without that loss."""
    combiner_loss: Datum[Decibels]
    """Loss of lossless combining: multiplexer or multi-port detector."""
    coupler_loss: Datum[Decibels]
    """Excess loss of a directional coupler."""
    crossing_loss: Datum[Decibels]
    """Loss of a waveguide crossing."""
    coupler_error: Datum[float]
    """Standard deviation of a coupling ratio, relative."""
    crossing_crosstalk: Datum[Decibels]
    """Power that a crossing leaks into the other guide, negative; it meets the cell's light coherently."""
    calibration: Datum[Calibration]
    """What closed-loop programming sees: the cell alone, or all that stands between comb and column at the first
    vector's wavelength, so that static errors of the path are absorbed."""
    programming_error: Datum[float]
    """Standard deviation of a programmed transmission, in units of the swing."""
    programming_error_db: Datum[Decibels]
    """Standard deviation of a programmed transmission by identical pulses, in decibels."""
    wavelength_vectors: Datum[int]
    """Input vectors that pass the core at once, each on wavelengths of its own."""
    comb_spacing: Datum[Hertz]
    """Distance of two lines of the comb; a vector takes m neighbouring lines."""
    cell_slope: Datum[Decibels]
    """Change of a cell's contrast over 100 nm of wavelength."""
    headroom_bits: Datum[int]
    """Powers of two kept free above the largest activation seen at calibration, where a layer learns."""


class PhotonicEventNumbers(Section):
    """Drawn or applied at each read."""

    dac_bits: Datum[Bits]
    """Resolution of the input modulation."""
    modulator_extinction: Datum[Decibels]
    """Light of an open modulator over that of a shut one."""
    modulator_floor: Datum[Floor]
    """Whether the constant that shut modulators add is measured and subtracted."""
    drive_error: Datum[float]
    """Standard deviation of an input from what is asked for, in units of full drive, each read anew."""
    adc_bits: Datum[Bits]
    """Resolution of a column read-out, over the full scale of the rows in use."""
    launched_power: Datum[Watts]
    """Light per input line at the row input, at full drive."""
    wavelength: Datum[Metres]
    """Middle of the comb."""
    responsivity: Datum[AmpsPerWatt]
    """Photocurrent per light."""
    bandwidth: Datum[Hertz]
    """Noise bandwidth of a read."""
    amplifier_noise: Datum[AmpsPerRootHertz]
    """Input current noise density of the transimpedance amplifier."""
    intensity_noise: Datum[DecibelsPerHertz]
    """Relative intensity noise of the light."""
    comb: Datum[Comb]
    """Whether all lines come from one comb and fluctuate together, or each from its own laser."""
    channel_crosstalk: Datum[Decibels]
    """Power that leaks from one vector's wavelengths into another's detector, negative."""
    age: Datum[Seconds]
    """Time since programming."""
    drift_exponent: Datum[float]
    """Exponent of the fall of transmission with age; 0 for none."""
    temperature_rise: Datum[Kelvin]
    """How much warmer the chip is than when it was calibrated."""
    temperature_coefficient: Datum[float]
    """Relative change of all transmissions a kelvin."""
    temperature_spread: Datum[float]
    """Standard deviation of a cell's own relative change a kelvin."""


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
    idle_power: Datum[Watts] | None = None
    """What the device takes all the time, busy or not; 0 unless told."""


class PhotonicDatasheet(Datasheet):
    """A datasheet of the technology ``photonic-pcm``."""

    kind: Literal["device"]
    """This is a device."""
    chip: PhotonicChipNumbers
    """Drawn or fixed once, at fabrication."""
    event: PhotonicEventNumbers
    """Drawn or applied at each read."""
    cost: PhotonicCostNumbers
    """What one read costs."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        found = [
            (self.chip.tile_rows.value >= 1, "tile_rows must be at least 1"),
            (self.chip.tile_columns.value >= 1, "tile_columns must be at least 1"),
            (self.chip.wavelength_vectors.value >= 1, "wavelength_vectors must be at least 1"),
            (self.chip.level_bits.value >= 1, "a cell of 0 bits has no two levels; level_bits must be at least 1 bit"),
            (self.event.dac_bits.value >= 1, "a DAC of 0 bits converts nothing; dac_bits must be at least 1 bit"),
            (self.event.adc_bits.value >= 1, "an ADC of 0 bits converts nothing; adc_bits must be at least 1 bit"),
        ]
        for part, names, low in (
            (self.chip, ("cell_loss", "combiner_loss", "coupler_loss", "crossing_loss", "programming_error_db"), 0.0),
            (self.chip, ("coupler_error", "programming_error"), 0.0),
            (self.event, ("drive_error", "amplifier_noise", "launched_power", "bandwidth", "age"), 0.0),
        ):
            for name in names:
                value = getattr(part, name).value
                found.append((value >= low, f"{name} is {value:g}; light never gains: it must be {low:g} or more"))
        for name, value in (
            ("crossing_crosstalk", self.chip.crossing_crosstalk.value),
            ("channel_crosstalk", self.event.channel_crosstalk.value),
        ):
            found.append(
                (value < 0, f"{name} is {value:g} dB; what leaks is less than what stays: it must be negative")
            )
        found += [
            (self.chip.extinction.value > 0, "extinction must be more than 0 dB"),
            (self.event.modulator_extinction.value > 0, "modulator_extinction must be more than 0 dB"),
        ]
        wrong = [why for sound, why in found if not sound]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


SYMBOLS = {
    "tile_rows": "m",
    "tile_columns": "n",
    "level_bits": "b",
    "extinction": "ER",
    "cell_loss": "IL",
    "combiner_loss": "L_c",
    "coupler_loss": "L_dc",
    "crossing_loss": "L_x",
    "coupler_error": "σ_κ",
    "crossing_crosstalk": "XT",
    "programming_error": "σ_t",
    "programming_error_db": "σ_dB",
    "wavelength_vectors": "V",
    "comb_spacing": "Δf",
    "cell_slope": "dER/dλ",
    "dac_bits": "b_D",
    "modulator_extinction": "ER_m",
    "drive_error": "σ_x",
    "adc_bits": "ENOB",
    "launched_power": "P_λ",
    "wavelength": "λ",
    "responsivity": "R",
    "bandwidth": "B",
    "amplifier_noise": "i_n",
    "intensity_noise": "RIN",
    "channel_crosstalk": "X",
    "age": "τ",
    "drift_exponent": "ν",
    "temperature_rise": "ΔT",
    "temperature_coefficient": "c_T",
    "temperature_spread": "σ_T",
    "wall_plug_efficiency": "η_wp",
    "dac_energy": "E_DAC",
    "adc_energy": "E_ADC",
    "read_time": "T",
}
"""Symbols of the formulas, by number."""

EFFECTS: dict[str, dict[str, Any]] = {
    "levels": {"level_bits": None},
    "programming": {"programming_error": 0.0, "programming_error_db": 0.0},
    "path loss": {"coupler_loss": 0.0, "crossing_loss": 0.0, "combiner_loss": 0.0},
    "coupler error": {"coupler_error": 0.0},
    "crossing crosstalk": {"crossing_crosstalk": float("-inf")},
    "wavelength slope": {"cell_slope": 0.0},
    "drift": {"drift_exponent": 0.0},
    "temperature": {"temperature_rise": 0.0},
    "DAC": {"dac_bits": None},
    "modulator": {"modulator_extinction": float("inf")},
    "drive error": {"drive_error": 0.0},
    "channel crosstalk": {"channel_crosstalk": float("-inf")},
    "shot noise": {"shot_noise": False},
    "amplifier noise": {"amplifier_noise": 0.0},
    "intensity noise": {"intensity_noise": float("-inf")},
    "ADC": {"adc_bits": None},
}
"""The numbers that switch an effect off, by its name."""
