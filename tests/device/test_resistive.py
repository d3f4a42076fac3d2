"""Resistive cells: published check values, draws by stated tests, and read noise against a draw for every cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet
from hwsim.device.resistive.chip import Resistive
from hwsim.device.resistive.fits import Fit, drift_factor
from hwsim.files import read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Registers, Start
from hwsim.stream import stream

DAY, YEAR = 86400.0, 31536000.0


def sheet(name: str) -> Resistive:
    document = read_document(names("devices")[name])
    technology = DEVICES[document.data["technology"]]
    built = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ()))
    assert isinstance(built, Resistive)
    return built


PCM, WAN = sheet("pcm-nandakumar-2019"), sheet("reram-wan-2022")
HERMES, TWO = sheet("hermes-khaddam-aljameh-2023"), sheet("hermes-two-devices-2023")


def model(units: int, inputs: int) -> Model:
    return Model("t", (Layer(units, inputs, "identity", "uniform", 1.0, False, "zero", 1.0, False, False),))


def test_programming_of_phase_change_memory() -> None:
    assert (PCM.spread(np.array([0.0, 0.5, 1.0])) * 25).round(3).tolist() == [0.263, 0.953, 1.055]


@pytest.mark.parametrize(
    ("age", "factor", "read"), [(1.0, 0.9976, 3.69), (3600.0, 0.7751, 4.19), (DAY, 0.6635, 4.48), (YEAR, 0.4969, 4.96)]
)
def test_a_full_conductance_in_time(age: float, factor: float, read: float) -> None:
    """Mean exponent 0.049 at g = 1; read noise in percent of what drift leaves."""
    one = np.ones(1)
    left = drift_factor(PCM.drift_mean.at(one), age, PCM.first_read)
    assert left.round(4).tolist() == [factor]
    assert (100 * replace(PCM, age=age).noise(one, left) / left).round(2).tolist() == [read]


def test_drift_of_phase_change_memory() -> None:
    """Both fits clip at both ends, and follow -0.0155 ln g + 0.0244 and -0.0125 ln g - 0.0059 between."""
    g = np.array([0.0, 0.1, 1.0])
    assert PCM.drift_mean.at(g) == pytest.approx([0.1, 0.0244 - 0.0155 * np.log(0.1), 0.049])
    assert PCM.drift_spread.at(g) == pytest.approx([0.045, -0.0059 - 0.0125 * np.log(0.1), 0.008])


def test_fits_of_hermes_meet_their_tables() -> None:
    """Each piece at its own end, by hand from the table."""
    g = np.array([0.05, 1.0])
    assert HERMES.drift_mean.at(g) == pytest.approx([-0.0387 * np.log(0.05) - 0.0182, 0.0736 - 0.0126 - 0.0436])
    assert HERMES.drift_spread.at(g) == pytest.approx([-0.0120 * np.log(0.05) - 0.0023, 0.0104 + 0.0116 - 0.0165])
    assert HERMES.flicker.at(g) == pytest.approx([-0.0078 * np.log(0.05) + 0.0038, 0.0664 - 0.1352 + 0.0768 + 0.0088])
    assert HERMES.spread(g)[1] * 10.35 == pytest.approx(0.15781817 + 2.32443916 - 2.16310839 + 0.68841818)
    assert TWO.drift_spread.at(g) == pytest.approx([-0.0117 * np.log(0.05) - 0.0057, 0.0073 + 0.0093 - 0.0118])
    assert TWO.flicker.at(g) == pytest.approx([-0.0117 * np.log(0.05) - 0.0069, 0.0069 - 0.0280 + 0.0211 + 0.0123])
    assert TWO.spread(g)[1] * 20.7 == pytest.approx(0.16603222 + 4.71806468 - 8.48101252 + 4.68961419)
    assert (HERMES.read_time, HERMES.first_read, TWO.first_read) == (512e-9, 200.0, 300.0)


@pytest.mark.parametrize(
    ("age", "sigmas"),
    [(1.0, [0.35, 2.26, 2.02, 1.10]), (DAY, [0.70, 3.72, 3.91, 2.65]), (2 * DAY, [0.78, 3.66, 3.93, 2.68])],
)
def test_programming_of_resistive_memory(age: float, sigmas: list[float]) -> None:
    found = replace(WAN, age=age).spread(np.array([0.0, 0.25, 0.5, 1.0])) * 40
    assert found == pytest.approx(sigmas, abs=0.0051)


def test_an_age_that_was_not_measured() -> None:
    (problem,) = replace(WAN, age=3600.0).problems(model(1, 1))
    assert problem == (
        0,
        "the device was not measured at an age of 3600 s",
        "set age to one of 1 s, 86400 s, 172800 s",
    )


def test_programmed_conductances() -> None:
    """H0: errors are normal with the fit's spread. Kolmogorov-Smirnov, 40,000 devices at g = 0.5, false alarms 1e-3."""
    g = np.full(40_000, 0.5)
    assert stats.kstest((PCM.program(g, stream(0, "a/programming")) - g) / PCM.spread(g), "norm").pvalue > 1e-3
    off = PCM.program(np.zeros(40_000), stream(0, "b/programming")) * 25
    assert off.min() == 0
    assert off.mean() == pytest.approx(0.105, abs=4 * 0.154 / 200)  # E max(0, N(0, 0.263)), four standard errors


def test_drifted_conductances() -> None:
    """H0: logarithms of drift are normal with the fits' moments; as above."""
    device, g = replace(PCM, age=DAY), np.full(40_000, 0.3)
    exponent = -np.log(device.drift(g, stream(0, "a/drift"))) / np.log((DAY + 20) / 20)
    z = (exponent - device.drift_mean.at(g)) / device.drift_spread.at(g)
    assert stats.kstest(z, "norm").pvalue > 1e-3


def folded(mean: float, spread: float, rate: float) -> float:
    """E exp(-rate |N(mean, spread^2)|) in closed form: completing the square on either side of zero."""
    sides = [
        stats.norm.cdf(sign * mean / spread - rate * spread) * np.exp(-rate * sign * mean + (rate * spread) ** 2 / 2)
        for sign in (1, -1)
    ]
    return float(sum(sides))


@pytest.mark.parametrize("device", [PCM, HERMES, TWO], ids=["pcm", "hermes", "two"])
@pytest.mark.parametrize("g", [0.0, 0.03, 0.05])
def test_nothing_grows_by_drift(device: Resistive, g: float) -> None:
    """H0: after a year, exponents are a folded normal's: first two moments of what is left in closed form.

    40,000 devices a case, two z-tests each, false alarms 1e-4 a test. Small conductances have exponents near zero,
    where the sign matters: without the absolute value about 1 % of devices grow, and all nine cases fail.
    """
    n, rate = 40_000, np.log((YEAR + device.first_read) / device.first_read)
    left = replace(device, age=YEAR).drift(np.full(n, g), stream(3, "grown/drift"))
    assert left.max() <= 1
    mean, spread = (float(fit.at(np.array([g]))[0]) for fit in (device.drift_mean, device.drift_spread))
    first, second, fourth = (folded(mean, spread, k * rate) for k in (1, 2, 4))
    limit = stats.norm.isf(0.5e-4)
    assert abs(left.mean() - first) < limit * np.sqrt((second - first**2) / n)
    assert abs((left**2).mean() - second) < limit * np.sqrt((fourth - second**2) / n)


def test_read_noise_is_that_of_every_cell() -> None:
    """H0: outputs have the distribution of a brute-force read with a deviate a device.

    Two-sample Kolmogorov-Smirnov and a chi-square test of the variance, 20,000 reads each, false alarms 1e-3 a test,
    seeds fixed.
    """
    device = replace(PCM, dac_bits=0, adc_bits=0, output_noise=0.0)
    rng = np.random.default_rng(0)
    net, weights, n = model(2, 12), rng.normal(size=(2, 12)), 20_000
    x = np.tile(rng.normal(size=12), (n, 1)).astype(np.float32)
    chip = device.fabricate(net, [Start(weights, np.zeros(2), 1.0)], x[:1], 5)
    zero = [Registers(np.zeros(2), 1.0)]
    reads = infer(net, chip, x, zero, np.random.default_rng(1))
    assert not np.array_equal(reads[0], reads[1])
    scale, sides = np.abs(weights).max(), []
    for side, sign in (("plus", 1), ("minus", -1)):
        target = np.maximum(sign * weights / scale, 0)
        programmed = device.program(target, stream(5, f"chip/0/{side}/programming"))
        drifted = programmed * device.drift(target, stream(5, f"chip/0/{side}/drift"))
        sides.append((sign, programmed, drifted, device.noise(programmed, drifted)))
    regain = sum(p.sum() for _, p, _, _ in sides) / sum(d.sum() for _, _, d, _ in sides)
    brute = np.zeros((n, 2))
    for sign, _, drifted, sigma in sides:
        noisy = drifted + sigma * rng.standard_normal((n, 2, 12))
        brute += sign * scale * regain * np.einsum("sui,si->su", noisy, x)
    quiet = infer(net, chip, x[:1], zero, None)[0]
    variance = sum(((scale * regain * sigma * x[0]) ** 2).sum(axis=1) for *_, sigma in sides)
    for unit in range(2):
        assert stats.ks_2samp(reads[:, unit], brute[:, unit]).pvalue > 1e-3
        total = ((reads[:, unit] - quiet[unit]) ** 2).sum() / variance[unit]
        assert 5e-4 < stats.chi2(n).cdf(total) < 1 - 5e-4


def test_noise_moves_with_its_cell() -> None:
    device = replace(PCM, dac_bits=0, adc_bits=0)
    net, weights = model(1, 3), np.array([[1.0, -0.5, 0.01]])
    chip = device.fabricate(net, [Start(weights, np.zeros(1), 1.0)], np.eye(3, dtype=np.float32), 0)
    before, array = chip.cells(0).copy(), chip.layers[0]
    assert array.met_variances is not None
    variances = array.met_variances.copy()
    chip.connect(0, np.array([0, 2]), np.array([2, 0]))
    assert array.met_variances.tolist() == [variances[0, [2, 1, 0]].tolist()]
    assert array.met.tolist() == [before[0, [2, 1, 0]].tolist()]
    assert np.array_equal(chip.cells(0), before)


@given(seed=st.integers(0, 2**32), units=st.integers(1, 4), inputs=st.integers(1, 9), times=st.integers(1, 4))
def test_positions_meet_the_cells_that_were_asked_for(seed: int, units: int, inputs: int, times: int) -> None:
    """However often they are reconnected; the cells themselves are found back in their order."""
    rng = np.random.default_rng(seed)
    net, values = model(units, inputs), Start(rng.normal(size=(units, inputs)), np.zeros(units), 1.0)
    chip = PCM.fabricate(net, [values], np.ones((2, inputs), np.float32), seed)
    cells = chip.cells(0).copy()
    p = np.tile(np.arange(inputs), (units, 1))
    for _ in range(times):
        new = np.array([rng.permutation(inputs) if rng.integers(2) else row for row in p])
        moved = np.flatnonzero(new != p)
        p = new
        chip.connect(0, moved, p.reshape(-1)[moved] + moved // inputs * inputs)
        assert np.array_equal(chip.layers[0].met, np.take_along_axis(cells, p, axis=1))
        assert np.array_equal(chip.cells(0), cells)


def test_cells_that_come_from_nowhere() -> None:
    chip = PCM.fabricate(model(1, 3), [Start(np.ones((1, 3)), np.zeros(1), 1.0)], np.ones((2, 3), np.float32), 0)
    with pytest.raises(ValueError, match=r"^cells can only be exchanged among the positions that move$"):
        chip.connect(0, np.array([0, 1]), np.array([1, 2]))


def quiet(**numbers: float) -> Resistive:
    """Cells that are what they are meant to be, behind other converters."""
    none, exact = Fit(), [[0.0, 0.0]]
    device = replace(PCM, programming=exact, drift_mean=none, drift_spread=none, flicker=none, headroom_bits=0)
    return replace(device, **numbers)  # type: ignore[arg-type]


def test_converters() -> None:
    """8 bits of inputs and outputs over the calibrated range, and saturation beyond it."""
    device = quiet()
    net = model(1, 1)
    chip = device.fabricate(net, [Start(np.array([[2.0]]), np.zeros(1), 1.0)], np.array([[0.0], [1.0]], np.float32), 0)
    assert not chip.noisy
    x = np.array([[0.2], [1.0], [7.0], [-7.0]], np.float32)
    found = infer(net, chip, x, [Registers(np.zeros(1), 1.0)], None)[:, 0]
    assert found == pytest.approx([25 / 127 * 2, 2, 2, 0], abs=1e-6)  # 0.4 is 25.4 steps of 2 / 127


def test_an_unsigned_converter_uses_all_its_codes() -> None:
    """2 bits from 0 to 1 are 0, 1/3, 2/3 and 1; with signs they are -1, 0 and 1."""
    net, zero = model(1, 1), [Registers(np.zeros(1), 1.0)]
    one = [Start(np.array([[3.0]]), np.zeros(1), 1.0)]
    for low, x, codes in (
        (0.0, [0.1, 0.2, 0.4, 0.6, 0.9, 5.0], [0, 1, 1, 2, 3, 3]),
        (-1.0, [-7.0, -0.6, -0.4, 0.4, 0.6, 7.0], [-3, -3, 0, 0, 3, 3]),
    ):
        chip = quiet(dac_bits=2, adc_bits=0).fabricate(net, one, np.array([[low], [1.0]], np.float32), 0)
        found = infer(net, chip, np.array(x, np.float32)[:, None], zero, None)[:, 0]
        assert found.tolist() == pytest.approx(codes, abs=1e-5)


@pytest.mark.parametrize(("low", "high"), [(-2.0, 0.5), (-0.5, 2.0), (0.0, 2.0), (-2.0, 0.0)])
def test_output_noise_is_in_units_of_the_largest_input(low: float, high: float) -> None:
    """H0: 1 % of the largest weight, 3, times the largest size of an input, 2, whatever its sign: 0.06.

    Chi-square test of the variance of 4,000 reads, false alarms 1e-4 a case.
    """
    device, net, n = quiet(dac_bits=0, adc_bits=0, output_noise=0.01), model(1, 1), 4000
    start = [Start(np.array([[3.0]]), np.zeros(1), 1.0)]
    chip = device.fabricate(net, start, np.array([[low], [high]], np.float32), 0)
    x = np.full((n, 1), 0.25, np.float32)
    reads = infer(net, chip, x, [Registers(np.zeros(1), 1.0)], np.random.default_rng(4))[:, 0]
    total = (((reads - 0.75) / 0.06) ** 2).sum()
    assert 0.5e-4 < stats.chi2(n).cdf(total) < 1 - 0.5e-4
