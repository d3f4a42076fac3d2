"""Photonic cores: exact where nothing is noisy or rounded, and noise and errors of the stated size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet
from hwsim.device.photonic.chip import Photonic
from hwsim.device.photonic.datasheet import EFFECTS, PhotonicDatasheet
from hwsim.device.photonic.phase_change import limits
from hwsim.files import read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Registers, start

CHARGE = 1.602176634e-19


def sheet() -> Photonic:
    document = read_document(names("devices")["photonic-feldmann-2021"])
    values = datasheet_values(read_datasheet(document, PhotonicDatasheet), {}, document, ())
    built = DEVICES["photonic-pcm"].build(values)
    assert isinstance(built, Photonic)
    return built


FELDMANN = sheet()
EXACT = Photonic(**{**vars(FELDMANN), **{k: v for e in EFFECTS.values() for k, v in e.items()}})
# every effect off but losses and receiver noise
IDEAL = replace(EXACT, coupler_loss=0.1, crossing_loss=0.12, shot_noise=True, amplifier_noise=1e-11)


def model(units: int, inputs: int, *, gain: bool = False) -> Model:
    return Model("t", (Layer(units, inputs, "identity", "uniform", 1.0, True, "uniform", 1.0, gain, True),))


@given(
    inputs=st.integers(1, 25),
    units=st.integers(1, 11),
    low=st.sampled_from([0.0, -1.0]),
    rows=st.integers(1, 12),
    columns=st.integers(1, 6),
    seed=st.integers(0, 2**32),
)
def test_without_noise_it_is_the_product(
    inputs: int, units: int, low: float, rows: int, columns: int, seed: int
) -> None:
    """With every effect off: float64 rounding alone, below 2^-40 a term of size 2."""
    rng = np.random.default_rng(seed)
    device, net = replace(IDEAL, tile_rows=rows, tile_columns=columns), model(units, inputs, gain=True)
    (values,) = start(net, seed)
    x = rng.uniform(low, 1, (7, inputs)).astype(np.float32)
    chip = device.fabricate(net, [values], x, seed)
    p = np.array([rng.permutation(inputs) for _ in range(units)])
    chip.connect(0, np.arange(p.size), (p + inputs * np.arange(units)[:, None]).reshape(-1))
    bias, gain = values.bias.astype(np.float32).astype(float), 1.5
    found = infer(net, chip, x, [Registers(values.bias, gain)], None)
    wanted = gain * x.astype(float) @ np.take_along_axis(values.weights, p, axis=1).T + bias
    assert np.abs(found - wanted).max() <= inputs * 2.0**-40


def test_read_noise() -> None:
    """H0: the variance of a read is shot plus thermal noise of column and reference, in closed form.

    var = 2qB (I + I_ref) + 2 i^2 B, I = full drive through the cells, in weights by scale / (full * half swing);
    intensity noise off. Chi-square test on n = 20,000 reads, two-sided false alarms 1e-3, seed fixed. And H0: reads are
    normal; Kolmogorov-Smirnov, false alarms 1e-3.
    """
    device = replace(IDEAL, bandwidth=91e6)
    net, n = model(1, 9), 20_000
    (values,) = start(net, 0)
    x = np.ones((n, 9), np.float32)
    chip = device.fabricate(net, [values], np.array([[0.0] * 9, [1.0] * 9], np.float32), 0)
    zero = [Registers(np.zeros(1), 1.0)]
    reads = infer(net, chip, x, zero, np.random.default_rng(1))[:, 0]
    full = device.responsivity * device.launched_power * device.mean_path
    darkest, brightest = limits(device.cell_loss, device.extinction)
    mid, half = (brightest + darkest) / 2, (brightest - darkest) / 2
    scale = np.abs(values.weights).max()
    current = full * (mid * 9 + half * values.weights.sum() / scale)
    shot, thermal = 2 * CHARGE * device.bandwidth * (current + full * mid * 9), 2 * device.amplifier_noise**2 * 91e6
    variance = (shot + thermal) * (scale / (full * half)) ** 2
    mean = values.weights.sum()
    found = ((reads - mean) ** 2).sum() / variance
    assert 5e-4 < stats.chi2(n).cdf(found) < 1 - 5e-4
    assert stats.kstest(reads, stats.norm(mean, variance**0.5).cdf).pvalue > 1e-3
    assert 0.2 < shot / thermal < 5  # both parts count in this test


def test_intensity_noise_is_common_to_column_and_reference() -> None:
    """H0: with nothing else, the relative spread of a read is 10^(RIN/20) sqrt(B), since both see one comb.

    Chi-square on n = 20,000 reads, two-sided false alarms 1e-3, seed fixed.
    """
    device = replace(EXACT, bandwidth=1e6, intensity_noise=-100.0, wavelength_vectors=1)
    net, n = model(1, 5), 20_000
    (values,) = start(net, 0)
    x = np.ones((n, 5), np.float32)
    chip = device.fabricate(net, [values], np.array([[0.0] * 5, [1.0] * 5], np.float32), 0)
    reads = infer(net, chip, x, [Registers(np.zeros(1), 1.0)], np.random.default_rng(1))[:, 0]
    product = values.weights.sum()
    spread = np.sqrt(1e-10 * 1e6)
    assert 5e-4 < stats.chi2(n).cdf(((reads / product - 1) ** 2).sum() / spread**2) < 1 - 5e-4


def test_programming_error() -> None:
    """H0: transmissions are normal about their levels, 0.001 of the swing, drawn once a chip.

    Chi-square on 20,000 cells, two-sided false alarms 1e-3; Kolmogorov-Smirnov, 1e-3; seed fixed.
    """
    net = model(100, 200)
    values = start(net, 3)
    device = replace(EXACT, programming_error=0.001, level_bits=5)
    chip, same, other = (device.fabricate(net, values, np.ones((2, 200), np.float32), seed) for seed in (3, 3, 4))
    darkest, brightest = limits(FELDMANN.cell_loss, FELDMANN.extinction)
    mid, half = (brightest + darkest) / 2, (brightest - darkest) / 2
    design = mid + half * chip.nominal(0) / np.abs(values[0].weights).max()
    error = ((chip.cells(0) - design) / (2 * half * 0.001)).reshape(-1)
    assert 5e-4 < stats.chi2(error.size).cdf((error**2).sum()) < 1 - 5e-4
    assert stats.kstest(error, "norm").pvalue > 1e-3
    assert np.array_equal(chip.cells(0), same.cells(0))
    assert not np.array_equal(chip.cells(0), other.cells(0))
    assert np.array_equal(chip.nominal(0), other.nominal(0))


@pytest.mark.parametrize("signs", ["reference-column", "balanced-pair"])
def test_a_chip_is_the_same_in_whatever_parts_it_is_made(signs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One group of units after the other, or all at once, with an error from every stream."""
    device = replace(
        FELDMANN, signs=signs, coupler_error=0.02, programming_error_db=0.1, temperature_rise=10.0, tile_rows=5
    )
    net = model(23, 17)
    made = []
    for part in (1, 1 << 20):
        monkeypatch.setattr("hwsim.device.photonic.core.PART", part)
        core = device.fabricate(net, start(net, 0), np.ones((2, 17), np.float32), 3).layers[0].core
        assert core is not None
        made.append([*core.bright, *core.dark, core.real])
    assert all(np.array_equal(one, other) for one, other in zip(*made, strict=True))
    assert len(np.unique(made[0][1])) > 1000


def test_levels() -> None:
    """32 levels, equidistant, the largest weight at the brightest."""
    net = model(10, 200)
    (values,) = start(net, 0)
    nominal = FELDMANN.fabricate(net, [values], np.ones((2, 200), np.float32), 0).nominal(0)
    scale = np.abs(values.weights).max()
    assert np.unique(np.round((nominal / scale + 1) / 2 * 31, 9)).tolist() == list(range(32))
    assert np.abs(nominal - values.weights).max() <= scale / 31 * (1 + 1e-12)


def test_the_losses_of_the_published_core() -> None:
    """Feldmann et al. state 12.9 dB for every path of their 4 x 4 core; columns are four and the reference."""
    loss = -10 * np.log10(replace(FELDMANN, tile_rows=4, tile_columns=3).mean_path)
    assert round(loss, 1) == 12.9


def test_a_path_by_hand() -> None:
    """One row, one column and its reference, no losses: the row's light is halved by the two columns."""
    device = replace(FELDMANN, tile_rows=1, tile_columns=1, coupler_loss=0.0, crossing_loss=0.0)
    assert device.mean_path == 0.5
    assert limits(device.cell_loss, device.extinction) == pytest.approx((10**-0.512, 10**-0.012))


def test_the_bill_by_hand() -> None:
    """20 inputs x 10 units on 9 x 4: 3 x 3 tiles; light 9 * 1 mW / 0.2 * 11 ns, 5 ADCs and 9 DACs a tile."""
    chip = FELDMANN.fabricate(model(10, 20), start(model(10, 20), 0), np.ones((2, 20), np.float32), 0)
    bill = chip.inference_bill()
    assert bill.energy_j == pytest.approx(9 * (9e-3 / 0.2 * 11e-9 + 5 * 32.6e-12 + 9 * 3.57e-12))
    assert bill.time_s == 11e-9


@pytest.mark.parametrize("calibrated", [False, True])
def test_the_range_of_the_converter_is_set_for_the_mean_path(calibrated: bool) -> None:
    """A circuit of which every path leaves a quarter of the light changes no code: steps are a quarter too.

    By hand: a step of 4 bits and 3 rows is 3/16 of a clear cell, in weights scale / half swing times as much.
    """
    device, net = replace(EXACT, adc_bits=4, tile_rows=3, tile_columns=1), model(1, 3)
    (values,) = start(net, 0)
    ends = np.array([[0.0] * 3, [1.0] * 3], np.float32)
    x, registers = np.random.default_rng(0).random((400, 3)).astype(np.float32), [Registers(np.zeros(1), 1.0)]
    plain, behind = (device.fabricate(net, [values], ends, 0) for _ in range(2))
    behind.set_path_loss(0, 0.25, calibrated=calibrated)
    found = infer(net, behind, x, registers, None)
    assert found == pytest.approx(infer(net, plain, x, registers, None), abs=1e-6)
    darkest, brightest = limits(device.cell_loss, device.extinction)
    step = 3 / 16 * brightest * np.abs(values.weights).max() / ((brightest - darkest) / 2)
    codes = np.unique(np.round(found / step, 4))
    assert codes == pytest.approx(np.rint(codes), abs=1e-3)
    assert np.diff(codes).min() == pytest.approx(1, abs=1e-3)
