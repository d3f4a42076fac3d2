"""Measurements drawn from published coefficients, from the formulas as papers write them."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Cells:
    """Phase-change or resistive cells: laws of g = G / G_max as functions, times in seconds, conductances in uS."""

    largest: float
    sigma: Callable[[float], float]
    drift_mean: Callable[[float], float]
    drift_spread: Callable[[float], float]
    flicker: Callable[[float], float]
    first: float
    read_time: float


def clipped(slope: float, offset: float, least: float, largest: float) -> Callable[[float], float]:
    """A logarithm between two bounds.

    Example:
        >>> round(clipped(-0.0155, 0.0244, 0.049, 0.1)(0.1), 5)
        0.06009
    """
    return lambda g: min(max(slope * log(max(g, 1e-12)) + offset, least), largest)


NANDAKUMAR = Cells(
    25.0,
    lambda g: 0.26348 + 1.9650 * g - 1.1731 * g**2,
    clipped(-0.0155, 0.0244, 0.049, 0.1),
    clipped(-0.0125, -0.0059, 0.008, 0.045),
    lambda g: min(0.0088 / max(g**0.65, 1e-3), 0.2),
    20.0,
    250e-9,
)
"""Phase-change memory, Nandakumar et al. 2019, Joshi et al. 2020."""
HERMES = Cells(
    10.35,
    lambda g: 0.15781817 + 2.32443916 * g - 2.16310839 * g**2 + 0.68841818 * g**3,
    lambda g: clipped(-0.0387, -0.0182, 0.072, 0.13)(g) if g < 0.0945 else 0.0736 - 0.0126 * g - 0.0436 * g**2,
    lambda g: clipped(-0.012, -0.0023, 0.0124, 0.04)(g) if g < 0.3039 else 0.0104 + 0.0116 * g - 0.0165 * g**2,
    lambda g: (
        clipped(-0.0078, 0.0038, 0.0179, 0.04)(g) if g < 0.1591 else 0.0088 + 0.0768 * g - 0.1352 * g**2 + 0.0664 * g**3
    ),
    200.0,
    512e-9,
)
"""HERMES core, Khaddam-Aljameh et al. 2022."""


def measure(
    cells: Cells, levels: Sequence[float], devices: int, ages: Sequence[float], reads: int, seed: int
) -> dict[str, list[float | int]]:
    """Columns of a table: every device of every level, at times since programming, several reads each.

    Example:
        >>> table = measure(NANDAKUMAR, [0.5], 2, [20.0, 200.0], 3, 0)
        >>> len(table["value [uS]"]), table["target [uS]"][0]
        (12, 12.5)
    """
    rng = np.random.default_rng(seed)
    names = ("target [uS]", "value [uS]", "time [s]", "device", "read")
    table: dict[str, list[float | int]] = {name: [] for name in names}
    for number, g in enumerate(levels):
        programmed = np.maximum(g * cells.largest + cells.sigma(g) * rng.standard_normal(devices), 0)
        strength = np.array([cells.flicker(own / cells.largest) for own in programmed])
        exponent = np.abs(cells.drift_mean(g) + cells.drift_spread(g) * rng.standard_normal(devices))
        for age in ages:
            drifted = programmed * (age / cells.first) ** -exponent
            noise = drifted * strength * sqrt(log((age + cells.read_time) / (2 * cells.read_time)))
            for read in range(reads):
                value = np.maximum(drifted + noise * rng.standard_normal(devices), 0)  # a meter that shows no less
                columns = (np.full(devices, g * cells.largest), value, np.full(devices, age))
                for name, column in zip(names, columns, strict=False):
                    table[name] += column.tolist()
                table["device"] += range(number * devices, (number + 1) * devices)
                table["read"] += [read] * devices
    return table


@dataclass(frozen=True)
class Light:
    """Photonic phase-change cells: decibels between and above the levels, errors of programming, drift exponent."""

    extinction: float
    loss: float
    bits: int
    error: float
    error_db: float
    drift: float
    noise: float
    """Relative noise of a read, of the set-up."""


def shine(cells: Light, devices: int, ages: Sequence[float], reads: int, seed: int) -> dict[str, list[float | int]]:
    """Columns of a table of transmissions in per cent, levels in equal steps of transmission.

    Example:
        >>> table = shine(Light(5.0, 0.12, 1, 0.0, 0.0, 0.0, 0.0), 1, [1.0], 1, 0)
        >>> [round(value, 1) for value in table["value [%]"]]
        [30.8, 97.3]
    """
    rng = np.random.default_rng(seed)
    bright = 10 ** (-cells.loss / 10)
    dark = bright * 10 ** (-cells.extinction / 10)
    names = ("target [%]", "value [%]", "time [s]", "device", "read")
    table: dict[str, list[float | int]] = {name: [] for name in names}
    for number, level in enumerate(np.linspace(dark, bright, 2**cells.bits).tolist()):
        programmed = level * 10 ** (cells.error_db * rng.standard_normal(devices) / 10)
        programmed += cells.error * (bright - dark) * rng.standard_normal(devices)
        for age in ages:
            for read in range(reads):
                value = programmed * age**-cells.drift * (1 + cells.noise * rng.standard_normal(devices))
                rows = (np.full(devices, 100 * level), 100 * value, np.full(devices, age))
                for name, column in zip(names, rows, strict=False):
                    table[name] += column.tolist()
                table["device"] += range(number * devices, (number + 1) * devices)
                table["read"] += [read] * devices
    return table
