"""Optics against the scattering oracle, golden transmissions, closed forms and published losses."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.crossbar import CROSSBARS
from hwsim.device.photonic import optics
from tests.device import scattering

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "photonic_crossbar_4x4.json").read_text())


def taps(rows: int, columns: int, stage_loss: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Even couplers, or compensated ones: on rows, on columns."""
    along, down = (
        optics.even_taps(ways) if stage_loss is None else optics.compensated_taps(ways, stage_loss)
        for ways in (columns, rows)
    )
    return np.tile(along, (rows, 1)), np.tile(down[::-1, None], (1, columns))


@given(rows=st.integers(1, 12), columns=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_without_losses_light_is_split_evenly(rows: int, columns: int, seed: int) -> None:
    """Target 1: every transmission is t / (m n), to 1e-12."""
    cells = np.random.default_rng(seed).random((rows, columns))
    found = optics.transmit(cells, np.zeros_like(cells), *taps(rows, columns), 0.0, 0.0, -np.inf)
    assert found == pytest.approx(cells / (rows * columns), rel=1e-12)
    assert optics.path_factors(*taps(rows, columns), 0.0, 0.0) == pytest.approx(1 / (rows * columns), rel=1e-12)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda c: f"{c['dc_loss_dB']}-{c['crosstalk']}")
def test_golden_transmissions(case: dict[str, object]) -> None:
    """Target 2: three 4 x 4 cores, one with leaking crossings, to 1e-9; so does the oracle."""
    cells, phases, wanted = (np.array(x) for x in (GOLDEN["W"], case["phi"], case["T"]))
    coupler, crossing, leak = (float(str(case[key])) for key in ("dc_loss_dB", "crossing_loss_dB", "crosstalk"))
    decibels = 10 * np.log10(leak) if leak else -np.inf
    found = optics.transmit(cells, phases, *taps(4, 4), coupler, crossing, decibels)
    assert found == pytest.approx(wanted, rel=1e-9)
    assert scattering.crossbar(cells, phases, *taps(4, 4), (coupler, crossing, leak)) == pytest.approx(wanted, rel=1e-9)
    if not leak:
        assert optics.path_factors(*taps(4, 4), coupler, crossing) * cells == pytest.approx(wanted, rel=1e-9)


def test_path_loss_formula() -> None:
    """Target 2: L_dc [(j+1) + (m-i)] + L_x [j + (m-1-i)] decibels beside 1/(mn), to 1e-9."""
    rows, columns, coupler, crossing = 9, 5, 0.1, 0.12
    i, j = np.arange(rows)[:, None], np.arange(columns)
    decibels = coupler * (j + 1 + rows - i) + crossing * (j + rows - 1 - i)
    wanted = 10 ** (-decibels / 10) / (rows * columns)
    assert optics.path_factors(*taps(rows, columns), coupler, crossing) == pytest.approx(wanted, rel=1e-9)


@settings(max_examples=15)
@given(rows=st.integers(1, 5), columns=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_any_crossbar_against_the_oracle(rows: int, columns: int, seed: int) -> None:
    """Any couplers, phases, losses and leaks; 1e-9 of the largest."""
    rng = np.random.default_rng(seed)
    cells, phases = rng.random((rows, columns)), rng.uniform(0, 7, (rows, columns))
    row_taps, column_taps = rng.random((rows, columns)), rng.random((rows, columns))
    coupler, crossing, leak = rng.uniform(0, 0.5), rng.uniform(0, 0.5), 10 ** rng.uniform(-6, -3)
    found = optics.transmit(cells, phases, row_taps, column_taps, coupler, crossing, 10 * np.log10(leak))
    wanted = scattering.crossbar(cells, phases, row_taps, column_taps, (coupler, crossing, leak))
    assert found == pytest.approx(wanted, abs=1e-9 * wanted.max())
    quiet = optics.transmit(cells, phases, row_taps, column_taps, coupler, crossing, -np.inf)
    assert optics.path_factors(row_taps, column_taps, coupler, crossing) * cells == pytest.approx(quiet, rel=1e-9)


@pytest.mark.parametrize(("ways", "loss"), [(4, 12.9), (9, 21.1), (16, 27.8), (32, 38.1), (40, 42.3), (64, 53.7)])
def test_compensated_couplers(ways: int, loss: float) -> None:
    """Target 3: every path loses the same to 1e-6 dB, and as much as the published table says."""
    found = -10 * np.log10(optics.path_factors(*taps(ways, ways, 0.22), 0.1, 0.12))
    assert np.ptp(found) < 1e-6
    assert found.mean() == pytest.approx(loss, abs=0.06)
    if ways == 16:
        assert found.mean() == pytest.approx(27.82, abs=0.005)


@pytest.mark.parametrize(
    ("ways", "best", "worst"), [(4, 12.2, 13.6), (9, 19.3, 22.8), (16, 24.3, 30.9), (32, 30.3, 43.9), (64, 36.3, 64.0)]
)
def test_even_couplers(ways: int, best: float, worst: float) -> None:
    found = -10 * np.log10(optics.path_factors(*taps(ways, ways), 0.1, 0.12))
    assert (found.min(), found.max()) == pytest.approx((best, worst), abs=0.06)
    assert np.ptp(found) == pytest.approx(0.22 * (2 * ways - 2))


@pytest.mark.parametrize("columns", [4, 16, 32])
def test_coupler_errors(columns: int) -> None:
    """H0: a tap is off by sigma sqrt(1[j < n-1] + sum_(l<j) 1/(n-l-1)^2) to first order, at most 1.28 sigma.

    4,000 rows, sigma 2 %: the rms of a tap is known to 1.1 %; 6 % allowed (second order and 4.5 sigma: false alarms
    below 1e-4 over all taps).
    """
    sigma, rng = 0.02, np.random.default_rng(0)
    even = optics.even_taps(columns)
    made = optics.erring_taps(even, sigma, rng.standard_normal((4000, columns)))
    power = optics.row_factors(made, 0.0, 0.0)
    j = np.arange(columns)
    wanted = np.sqrt((j < columns - 1) + np.array([sum(1 / (columns - k - 1) ** 2 for k in range(x)) for x in j]))
    assert (power * columns).std(axis=0) / sigma == pytest.approx(wanted, rel=0.06)
    assert wanted.max() <= 1.29
    assert power.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("size", [8, 16])
def test_crossing_crosstalk(size: int) -> None:
    """Target 9: H0: rms over phases and the array is sqrt(e (n-1) (m-1) / 2), e = 1e-5, within 10 %.

    400 cores of independent phases: 25,600 and 102,400 transmissions; the rms moves by below 2 %, false alarms below
    1e-6. Two cores are held against the oracle to 1e-9.
    """
    rng = np.random.default_rng(0)
    phases, cells = rng.uniform(0, 2 * np.pi, (400, size, size)), np.ones((size, size))
    clean = optics.path_factors(*taps(size, size), 0.0, 0.0)
    found = optics.transmit(cells, phases, *taps(size, size), 0.0, 0.0, -50.0)
    rms = np.sqrt(((found / clean - 1) ** 2).mean())
    assert rms == pytest.approx(np.sqrt(1e-5 * (size - 1) ** 2 / 2), rel=0.1)
    spread = optics.crosstalk_spread(size, size, -50.0, cells)
    assert np.sqrt((spread**2).mean()) == pytest.approx(np.sqrt(1e-5 * (size - 1) ** 2 / 2), rel=1e-12)
    if size == 8:
        for k in range(2):
            wanted = scattering.crossbar(cells, phases[k], *taps(size, size), (0.0, 0.0, 1e-5))
            assert found[k] == pytest.approx(wanted, rel=1e-9)


def benes() -> list[tuple[int, int]]:
    """Wires of the six switches of a 4-port Beneš, stage by stage, strides 2, 1, 2."""
    return [(b + k, b + k + s) for s in (2, 1, 2) for b in range(0, 4, 2 * s) for k in range(s)]


def test_optical_benes_realises_every_permutation() -> None:
    """Target 8: 24 of 24; every switch setting of 64 is what the fabric says, less three switches' loss, to 1e-12."""
    fabric, loss = CROSSBARS["benes"].build(4), 0.5
    wanted_loss = optics.switched_loss(np.array(2), np.array(1), np.array(0), (loss, loss, 0.0))
    seen = set()
    for states in itertools.product((0, 1), repeat=6):
        power = scattering.switch_network(4, benes(), np.array(states), 0.0, loss)
        order = power.argmax(axis=1)
        seen.add(tuple(order.tolist()))
        assert power == pytest.approx(np.eye(4)[order] * 10 ** (-3 * loss / 10), abs=1e-12)
        assert wanted_loss == pytest.approx(10 ** (-3 * loss / 10), rel=1e-12)
    assert len(seen) == 24
    for permutation in itertools.permutations(range(4)):
        state = fabric.route_many(np.array([permutation]), previous=fabric.power_up(1), effort="any")
        words = [value >> k & 1 for value, width in fabric.words(state[0]) for k in range(width)]
        power = scattering.switch_network(4, benes(), np.array(words), 0.0, loss)
        assert power.argmax(axis=1).tolist() == list(permutation)


@pytest.mark.parametrize(("error", "published"), [(0.01, 0.0020), (0.02, 0.00798), (0.05, 0.0492)])
def test_optical_benes_leaks(error: float, published: float) -> None:
    """Target 8: the worst output takes 20 d^2 from other inputs for couplers of 1/2 + d, d small: two paths meet."""
    worst = 0.0
    for states in itertools.product((0, 1), repeat=6):
        power = scattering.switch_network(4, benes(), np.array(states), error, 0.0)
        worst = max(worst, float((power.sum(axis=1) - power.max(axis=1)).max()))
    assert worst == pytest.approx(published, rel=0.01)
    assert worst == pytest.approx(20 * error**2, rel=0.02)


def test_light_is_never_gained() -> None:
    with pytest.raises(ValueError, match=r"a loss of -0\.1 dB: passive optics has no gain; give 0 dB or more"):
        optics.power_share(-0.1)
    with pytest.raises(ValueError, match="a loss of nan dB"):
        optics.power_share(float("nan"))
