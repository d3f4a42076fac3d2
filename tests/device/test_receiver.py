"""Receivers against closed forms, published numbers and Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest

from hwsim.device.photonic import optics, receiver
from hwsim.device.photonic.phase_change import limits


def test_energy_of_shot_noise() -> None:
    """Target 5: 16.8 fJ a multiply-accumulate for I/sigma = 2^8 at 1550 nm; 17 fJ is what Feldmann et al. state."""
    assert receiver.shot_limited_energy(8, 1550e-9) == pytest.approx(16.8e-15, rel=3e-3)
    # the same from the noise itself: one symbol of 1/(2B)... of power P has energy P/B; I/sigma = sqrt(I/(2qB)) = 2^8
    bandwidth, photon = 1e9, receiver.PLANCK * optics.LIGHT_SPEED / 1550e-9
    current = 2**16 * 2 * receiver.ELEMENTARY_CHARGE * bandwidth
    assert current / np.sqrt(receiver.shot_variance(current, bandwidth)) == pytest.approx(2**8)
    assert current / receiver.ELEMENTARY_CHARGE * photon / bandwidth == pytest.approx(
        receiver.shot_limited_energy(8, 1550e-9)
    )


@pytest.mark.parametrize(("bits", "power"), [(4, 1.1e-6), (5, 4.6e-6), (6, 18e-6), (8, 294e-6)])
def test_power_of_shot_noise(bits: int, power: float) -> None:
    """Published light for I/sigma = 2^b at 14 GHz and 1 A/W, to the digits given."""
    current = 2 ** (2 * bits) * 2 * receiver.ELEMENTARY_CHARGE * 14e9
    assert current == pytest.approx(power, rel=0.05)


def test_variance_of_a_difference() -> None:
    """Target 5: H0: the closed form is what two Poisson-like currents on one comb do; sigma within 1 %.

    400,000 draws: the standard deviation is known to 0.11 %, so 1 % is nine sigma (false alarms below 1e-15).
    """
    rng, n = np.random.default_rng(0), 400_000
    bright, dark, bandwidth, noise, rin = 80e-6, 50e-6, 14e9, 10e-12, -140.0
    comb = 1 + receiver.intensity_spread(rin, bandwidth) * rng.standard_normal(n)

    def read(current: float) -> np.ndarray:
        spread = np.sqrt(2 * 1.602176634e-19 * current * bandwidth + noise**2 * bandwidth)
        return np.asarray(current * comb + spread * rng.standard_normal(n))

    wanted = float(np.sqrt(receiver.difference_variance(bright, dark, bandwidth, noise, rin)))
    assert (read(bright) - read(dark)).std() == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize(("rin", "bandwidth", "share"), [(-150, 14e9, 0.0037), (-140, 14e9, 0.012), (-130, 1e9, 0.01)])
def test_floor_of_intensity_noise(rin: float, bandwidth: float, share: float) -> None:
    assert receiver.intensity_spread(rin, bandwidth) == pytest.approx(share, rel=0.02)


def enob(power: float, bandwidth: float, rows: int, columns: int, *, shot: bool, thermal: float, rin: float) -> float:
    """Effective bits of a reference column, the comb's noise not cancelled, on the mean of the even paths in dB."""
    darkest, brightest = limits(0.0, 5.0)
    taps = (
        np.tile(optics.even_taps(columns), (rows, 1)),
        np.tile(optics.even_taps(rows)[::-1, None], (1, columns)),
    )
    share = 10 ** np.log10(optics.path_factors(*taps, 0.1, 0.12) * rows * columns).mean()
    full = power * share / columns
    variance = 2 * thermal**2 * bandwidth + receiver.intensity_spread(rin, bandwidth) ** 2 * (full * brightest) ** 2
    variance += 2 * float(receiver.shot_variance(full * brightest, bandwidth)) * shot
    return receiver.effective_bits(full * (brightest - darkest), np.sqrt(variance))


def test_slopes_of_effective_bits() -> None:
    """Target 7: 3.01 dB more light gives 1 bit (amplifier), half a bit (shot), none (intensity noise), to 1e-9."""
    quiet = {"shot": False, "thermal": 0.0, "rin": -np.inf}
    for only, slope in (({"thermal": 1e-11}, 1.0), ({"shot": True}, 0.5), ({"rin": -140.0}, 0.0)):
        settings = {**quiet, **only}
        gained = enob(2e-3, 1e9, 4, 4, **settings) - enob(1e-3, 1e9, 4, 4, **settings)  # type: ignore[arg-type]
        assert gained == pytest.approx(slope, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "columns", "bandwidth", "published"),
    [
        (4, 4, 1e9, (3.1, 6.1, 7.5)),
        (9, 4, 1e9, (2.9, 6.0, 7.5)),
        (16, 16, 1e9, (0.3, 3.5, 6.5)),
        (4, 4, 14e9, (1.2, 4.2, 5.6)),
    ],
)
def test_published_effective_bits(rows: int, columns: int, bandwidth: float, published: tuple[float, ...]) -> None:
    """The table of the literature notes, within 0.35 bit: it averages paths in its own way and rounds."""
    found = [enob(p, bandwidth, rows, columns, shot=True, thermal=1e-11, rin=-150.0) for p in (1e-4, 1e-3, 1e-2)]
    assert found == pytest.approx(published, abs=0.35)


def test_a_converter_needs_bits() -> None:
    with pytest.raises(ValueError, match="a converter of 0 bits converts nothing; give at least 1 bit"):
        receiver.converter_variance(1.0, 0)
