"""A receiver and its noise: photodiode, transimpedance amplifier, converter, as pure functions.

Variances are in A^2, currents in A, bandwidths in Hz. Source: textbook shot, thermal and relative intensity noise; the
same shot and thermal expressions stand in photontorch's photodetector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.device.photonic.optics import LIGHT_SPEED

if TYPE_CHECKING:
    from numpy.typing import NDArray

ELEMENTARY_CHARGE = 1.602176634e-19
"""Charge of an electron in coulombs (exact, SI 2019)."""
BOLTZMANN = 1.380649e-23
"""Boltzmann constant in J/K (exact, SI 2019)."""
PLANCK = 6.62607015e-34
"""Planck constant in J s (exact, SI 2019)."""


def shot_variance(current: NDArray[np.float64] | float, bandwidth: float) -> NDArray[np.float64]:
    """Compute the shot noise 2 q I B of a photocurrent; a current below zero makes none.

    Example:
        >>> float(shot_variance(1e-3, 1e9)) == 2 * ELEMENTARY_CHARGE * 1e6
        True
    """
    return np.asarray(2 * ELEMENTARY_CHARGE * bandwidth * np.maximum(current, 0), np.float64)


def thermal_variance(density: float, bandwidth: float) -> float:
    """Compute the amplifier noise i_n^2 B.

    Args:
        density: input current noise density, A/sqrt(Hz).
        bandwidth: Hz.
    """
    return density**2 * bandwidth


def load_noise(resistance: float, temperature: float = 300.0) -> float:
    """Compute the current noise density of a load resistor, sqrt(4 k T / R), A/sqrt(Hz).

    Example:
        >>> [round(load_noise(ohms) * 1e12, 1) for ohms in (50, 166, 1000)]
        [18.2, 10.0, 4.1]
    """
    return float(np.sqrt(4 * BOLTZMANN * temperature / resistance))


def intensity_spread(intensity_noise: float, bandwidth: float) -> float:
    """Compute the relative rms fluctuation of a light source, sqrt(RIN B), RIN in dB/Hz.

    Example:
        >>> round(intensity_spread(-150.0, 14e9), 4)
        0.0037
    """
    return float(np.sqrt(10 ** (intensity_noise / 10) * bandwidth))


def converter_variance(full_scale: float, bits: float) -> float:
    """Compute the rounding noise of a converter, (FS / (2^b sqrt(12)))^2.

    Raises:
        ValueError: a converter of no bits.

    Example:
        >>> round(converter_variance(1.0, 8) ** 0.5 * 2**8, 4)
        0.2887
    """
    if not bits > 0:
        raise ValueError(f"a converter of {bits:g} bits converts nothing; give at least 1 bit")
    return float((full_scale / (2**bits * np.sqrt(12))) ** 2)


def difference_variance(
    bright: NDArray[np.float64] | float,
    dark: NDArray[np.float64] | float,
    bandwidth: float,
    amplifier_noise: float,
    intensity_noise: float,
) -> NDArray[np.float64]:
    """Compute the variance of the difference of two photocurrents of one comb.

    Shot and thermal noise of the two add; the comb's intensity noise is common, so it acts on the difference alone:
    ``2qB(I1 + I2) + 2 i^2 B + RIN B (I1 - I2)^2``.

    Example:
        >>> float(difference_variance(1e-3, 1e-3, 1e9, 0.0, -130.0)) == float(2 * shot_variance(1e-3, 1e9))
        True
    """
    common = intensity_spread(intensity_noise, bandwidth) * (np.asarray(bright) - dark)
    shot = shot_variance(bright, bandwidth) + shot_variance(dark, bandwidth)
    return np.asarray(shot + 2 * thermal_variance(amplifier_noise, bandwidth) + common**2)


def effective_bits(swing: float, spread: float) -> float:
    """Compute effective bits, log2(swing / (sqrt(12) sigma)): the converter whose rounding would be as large.

    Example:
        >>> round(effective_bits(1.0, 1 / (2**6 * 12**0.5)), 6)
        6.0
    """
    return float(np.log2(swing / (np.sqrt(12) * spread)))


def resolved_bits(spread: float) -> float:
    """Compute bits of a result whose levels lie four standard deviations apart, log2(1 / (4 sigma)), full scale 1.

    Example: 0.008 of full scale is what Feldmann et al. call 5 bit.
        >>> round(resolved_bits(0.008), 2)
        4.97
    """
    return float(np.log2(1 / (4 * spread)))


def shot_limited_energy(bits: float, wavelength: float) -> float:
    """Compute light per multiply-accumulate for I/sigma = 2^bits by shot noise alone, 2 * 2^(2b) h c / wavelength, J.

    One symbol lasts 1/B, every photon makes an electron, nothing is lost.

    Example:
        >>> round(shot_limited_energy(8, 1550e-9) * 1e15, 1)
        16.8
    """
    return float(2 * 2 ** (2 * bits) * PLANCK * LIGHT_SPEED / wavelength)
