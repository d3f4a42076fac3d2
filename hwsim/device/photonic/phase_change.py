"""A phase-change cell: the transmissions it can take, how well they are met, and what time and temperature do to them.

Transmissions are shares of the power, 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.device.photonic.optics import power_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def limits(cell_loss: float, extinction: float) -> tuple[float, float]:
    """Compute the darkest and brightest transmission of a cell with this loss and contrast, both in dB.

    Example:
        >>> darkest, brightest = limits(0.12, 5.0)
        >>> round(darkest, 3), round(brightest, 3)
        (0.308, 0.973)
    """
    if not extinction > 0:
        raise ValueError(f"a cell with a contrast of {extinction:g} dB holds nothing; give more than 0 dB")
    return power_share(cell_loss + extinction), power_share(cell_loss)


def levels(bits: int | None, spacing: str, darkest: float, brightest: float) -> Array:
    """List the transmissions that a cell can be programmed to, darkest first; empty if it can take any.

    Args:
        bits: levels as a power of two, None for any value.
        spacing: ``transmission``: equal steps of transmission, as closed-loop programming gives; ``decibel``: equal
            steps in dB, as identical pulses give, each crystallising the same fraction.
        darkest: lower end of the range.
        brightest: its upper end.

    Raises:
        ValueError: fewer than two levels, or a spacing of another name.

    Example:
        >>> levels(1, "transmission", 0.25, 0.75).tolist(), levels(2, "decibel", 0.125, 1.0).round(3).tolist()
        ([0.25, 0.75], [0.125, 0.25, 0.5, 1.0])
    """
    if bits is None:
        return np.empty(0)
    if bits < 1:
        raise ValueError(f"a cell of {bits} bits has no two levels; give at least 1 bit")
    if spacing == "transmission":
        return np.linspace(darkest, brightest, 2**bits)
    if spacing == "decibel":
        return np.geomspace(darkest, brightest, 2**bits)
    raise ValueError(f"unknown level spacing {spacing!r}; known: transmission, decibel")


def nearest(wanted: Array, known: Array) -> Array:
    """Return the level nearest to each wanted transmission, or the wanted ones themselves if there are no levels.

    Example:
        >>> nearest(np.array([0.1, 0.55]), np.array([0.0, 0.5, 1.0])).tolist()
        [0.0, 0.5]
    """
    if not known.size:
        return np.asarray(wanted, np.float64)
    return np.asarray(known[np.searchsorted((known[1:] + known[:-1]) / 2, wanted)])


def programmed(wanted: Array, swing: float, error: float, error_db: float, normals: Sequence[Array] | Array) -> Array:
    """Draw transmissions as they come out: off by a share of the swing (closed loop) and decibels (identical pulses).

    Args:
        wanted: levels.
        swing: brightest less darkest.
        error: standard deviation in units of the swing.
        error_db: standard deviation in dB.
        normals: standard normals of the shape of ``wanted``, for either error.
    """
    found = wanted * 10 ** (error_db * normals[1] / 10) + error * swing * normals[0]
    return np.asarray(np.clip(found, 0, 1), np.float64)


def aged(cells: Array, age: float, exponent: float) -> Array:
    """Compute transmissions an ``age`` in seconds after programming, t (age / 1 s)^-exponent; constant before 1 s.

    Optical transmission is reported free of drift for weeks to months: a datasheet's exponent is 0 unless measured.

    Example:
        >>> aged(np.array([0.5]), 1e4, 1e-3).round(4).tolist()
        [0.4954]
    """
    return np.asarray(cells * max(age, 1.0) ** -exponent, np.float64)


def warmed(cells: Array, rise: float, coefficient: float, spread: float, normals: Array) -> Array:
    """Compute transmissions when the chip is ``rise`` kelvin warmer than when it was calibrated.

    t (1 + (c + s z) dT): a common gain and a part of each cell's own.

    Args:
        cells: transmissions.
        rise: K.
        coefficient: c, relative change a kelvin.
        spread: s, standard deviation of a cell's own coefficient.
        normals: z, standard normals of the cells' shape.
    """
    return np.asarray(np.clip(cells * (1 + (coefficient + spread * normals) * rise), 0, 1), np.float64)


def at_wavelength(cells: Array, cell_loss: float, extinction: float, change: float) -> Array:
    """Compute transmissions if the contrast is ``change`` decibels larger: attenuation grows in proportion.

    Example:
        >>> darkest, brightest = limits(0.12, 5.0)
        >>> at_wavelength(np.array([darkest, brightest]), 0.12, 5.0, 0.8).round(3).tolist()
        [0.256, 0.973]
    """
    clear = power_share(cell_loss)
    return np.asarray(clear * (cells / clear) ** (1 + change / extinction), np.float64)
