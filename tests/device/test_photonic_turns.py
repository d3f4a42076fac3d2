"""Units that drive the rows of a tile in different orders are read in turn: bills by hand, noise by test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hwsim.device import infer
from hwsim.device.photonic.chip import Photonic, PhotonicChip
from hwsim.model import Layer, Model, Registers, start
from tests.device.test_photonic import EXACT, FELDMANN

DAC, ADC, LIGHT = 3.57e-12, 32.6e-12, 1e-3 / 0.2 * FELDMANN.read_time
"""Joules of a conversion of one row, of one column, and of the light of one row in one read."""


def model(units: int, inputs: int) -> Model:
    return Model("t", (Layer(units, inputs, "identity", "uniform", 1.0, True, "uniform", 1.0, False, True),))


def fabricated(device: Photonic, units: int, inputs: int) -> PhotonicChip:
    net = model(units, inputs)
    return device.fabricate(net, start(net, 0), np.array([[0.0] * inputs, [1.0] * inputs], np.float32), 0)


def swap(chip: PhotonicChip, unit: int, one: int, other: int) -> None:
    """Exchange the cells of two positions of a unit, as fabricated before."""
    inputs = chip.layers[0].weights.shape[1]
    chip.connect(0, unit * inputs + np.array([one, other]), unit * inputs + np.array([other, one]))


def test_the_bill_of_a_reconnected_core_by_hand() -> None:
    """20 inputs x 10 units on 9 x 4: tiles of rows 0-8, 9-17, 18-19, groups of units 0-3, 4-7, 8-9."""
    chip = fabricated(FELDMANN, 10, 20)
    before = chip.inference_bill()
    assert before.energy_j == pytest.approx(9 * (9 * LIGHT + 9 * DAC + 5 * ADC))
    assert before.time_s == FELDMANN.read_time
    swap(chip, 1, 0, 1)  # first tile of the first group: two orders
    swap(chip, 2, 0, 10)  # the same tile: three orders; the second tile: two
    swap(chip, 8, 18, 19)  # both units of the last group drive the last tile in the same new order:
    swap(chip, 9, 18, 19)  # one read
    after = chip.inference_bill()
    reads = 9 + 2 + 1
    assert after.energy_j == pytest.approx(reads * (9 * LIGHT + 9 * DAC + ADC) + 9 * 4 * ADC)
    assert after.time_s == pytest.approx(3 * FELDMANN.read_time)
    for unit, one, other in ((1, 0, 1), (2, 0, 10), (8, 18, 19), (9, 18, 19)):
        chip.connect(0, unit * 20 + np.array([one, other]), unit * 20 + np.array([one, other]))
    assert chip.inference_bill() == before


@pytest.mark.parametrize("signs", ["balanced-pair", "reference-branch"])
def test_columns_of_their_own_are_converted_once(signs: str) -> None:
    """Two columns a unit: a read more of one tile takes light and DACs, and no ADC more."""
    chip = fabricated(replace(FELDMANN, signs=signs), 4, 9)
    swap(chip, 3, 2, 5)
    bill = chip.inference_bill()
    assert bill.energy_j == pytest.approx(2 * (9 * LIGHT + 9 * DAC) + 8 * ADC)
    assert bill.time_s == pytest.approx(2 * FELDMANN.read_time)


@pytest.mark.parametrize(("calibrated", "reads"), [(False, 3 + 1), (True, 3 + 3)])
def test_light_that_differs_is_read_apart(calibrated: bool, reads: int) -> None:
    """One path of unit 1, in the first of three tiles, loses more; where drives are weakened to it, all differ."""
    chip = fabricated(FELDMANN, 4, 20)
    chip.set_path_loss(0, 0.5, calibrated=calibrated)
    assert chip.inference_bill().time_s == FELDMANN.read_time
    chip.update_path_loss(0, np.array([23]), np.array([0.4]))
    bill = chip.inference_bill()
    assert bill.energy_j == pytest.approx(reads * (9 * LIGHT + 9 * DAC + ADC) + 3 * 4 * ADC)
    assert bill.time_s == pytest.approx(2 * FELDMANN.read_time)


@given(
    units=st.integers(1, 9),
    inputs=st.integers(1, 9),
    grid=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    seed=st.integers(0, 2**32),
)
def test_reads_are_the_different_orders_of_a_tile(units: int, inputs: int, grid: tuple[int, int], seed: int) -> None:
    """After each of several reconnections, counted as sets of the orders that the definition gives."""
    rng, (rows, columns) = np.random.default_rng(seed), grid
    chip = fabricated(replace(FELDMANN, tile_rows=rows, tile_columns=columns), units, inputs)
    p = np.tile(np.arange(inputs), (units, 1))
    for _ in range(4):
        new = p.copy()
        for u in np.flatnonzero(rng.integers(0, 2, units)):
            new[u] = new[rng.integers(units)] if rng.integers(2) else rng.permutation(inputs)
        moved = np.flatnonzero(new != p)
        p = new
        chip.connect(0, moved, p.reshape(-1)[moved] + moved // inputs * inputs)
        drives = np.argsort(p, axis=1)  # the input that drives each row
        wanted = [
            [
                len({tuple(line[r : r + rows]) for line in drives[head : head + columns].tolist()})
                for r in range(0, inputs, rows)
            ]
            for head in range(0, units, columns)
        ]
        assert chip.layers[0].reads(chip.precision).tolist() == wanted


def correlations(chip: PhotonicChip, units: int, inputs: int) -> np.ndarray:
    """Of the noise of units, over 20,000 reads of full light on all rows."""
    x = np.ones((20_000, inputs), np.float32)
    reads = infer(model(units, inputs), chip, x, [Registers(np.zeros(units), 1.0)], np.random.default_rng(8))
    return np.asarray(np.corrcoef(reads.T))


def agree(found: np.ndarray, wanted: np.ndarray) -> bool:
    """H0: correlations are as said; Fisher's z over all pairs, false alarms 1e-4 together."""
    pairs = np.triu_indices(len(found), 1)
    limit = stats.norm.isf(0.5e-4 / len(pairs[0])) / np.sqrt(20_000 - 3)
    return bool((np.abs(np.arctanh(found[pairs]) - np.arctanh(wanted[pairs])) < limit).all())


@pytest.mark.parametrize("adc_bits", [None, 20], ids=["float64", "float32"])
def test_noise_of_the_dark_column_is_shared_in_a_read_alone(adc_bits: int | None) -> None:
    """H0: correlation of two units is the share of their variance from dark read-outs that they have in common.

    Amplifier noise alone: every read-out has the same variance. Two tiles: each unit's variance is that of four
    read-outs, two of which are dark; units read together in both tiles share two (1/2), in one tile one (1/4).
    """
    device = replace(EXACT, amplifier_noise=1e-11, wavelength_vectors=1, adc_bits=adc_bits, tile_rows=4)
    chip = fabricated(device, 5, 8)
    wanted = np.full((5, 5), 0.5)
    wanted[4, :4] = wanted[:4, 4] = 0.0  # the fifth unit is in another group of four
    assert agree(correlations(chip, 5, 8), wanted)
    swap(chip, 1, 0, 1)  # unit 1 drives the first tile in an order of its own
    swap(chip, 2, 0, 7)  # unit 2 drives both
    wanted[1, [0, 3]] = wanted[[0, 3], 1] = 0.25
    wanted[2, :4] = wanted[:4, 2] = 0.0
    assert agree(correlations(chip, 5, 8), wanted)
    swap(chip, 3, 0, 1)  # unit 3 is read with unit 1 in the first tile, with 0 and 1 in the second
    wanted[1, 3] = wanted[3, 1] = 0.5
    wanted[0, 3] = wanted[3, 0] = 0.25
    assert agree(correlations(chip, 5, 8), wanted)


def test_light_of_the_comb_is_that_of_the_read() -> None:
    """H0: units read together see one light, units read apart independent ones; intensity noise alone."""
    device = replace(EXACT, intensity_noise=-110.0, bandwidth=1e6, wavelength_vectors=1)
    chip = fabricated(device, 3, 5)
    assert np.abs(correlations(chip, 3, 5)) == pytest.approx(np.ones((3, 3)), abs=1e-9)
    swap(chip, 1, 0, 1)
    found = correlations(chip, 3, 5)
    assert abs(found[0, 2]) == pytest.approx(1, abs=1e-9)
    assert agree(found[:2, :2], np.zeros((2, 2)))


@pytest.mark.parametrize("signs", ["reference-column", "balanced-pair"])
def test_turns_change_no_variance(signs: str) -> None:
    """H0: a unit's read noise is as large read apart as together: F-test of 20,000 reads, false alarms 1e-4 a unit."""
    device = replace(EXACT, amplifier_noise=1e-11, wavelength_vectors=1, signs=signs)
    spread = []
    x = np.ones((20_000, 5), np.float32)
    for moved in (False, True):
        chip = fabricated(device, 3, 5)
        if moved:
            swap(chip, 1, 0, 1)
        reads = infer(model(3, 5), chip, x, [Registers(np.zeros(3), 1.0)], np.random.default_rng(2 + moved))
        spread.append(reads.var(axis=0))
    low, high = stats.f(19_999, 19_999).ppf([0.5e-4, 1 - 0.5e-4])
    assert ((low < spread[0] / spread[1]) & (spread[0] / spread[1] < high)).all()
