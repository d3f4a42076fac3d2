"""Samples are run in blocks: not a bit of any output changes, and memory does not grow with samples times units."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.device import DEVICES, Chip, datasheet_values, infer, read_datasheet
from hwsim.files import parse_document, read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Registers, read_model, start
from hwsim.model.batches import ANY, block, samples_at_once, widest

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDE = Model("3-2500-4", (Layer(2500, 3, "relu"), Layer(4, 2500)))
STEPS = """
title = "sequence"
inputs = 12
shape = [4, 3]

[[layer]]
kind = "rnn"
units = 5
activation = "tanh"
sequence = true

[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""


def made(device: str, model: Model, x: NDArray[np.float32]) -> tuple[Chip, list[Registers]]:
    document = read_document(names("devices")[device])
    technology = DEVICES[document.data["technology"]]
    built = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ()))
    values = start(model, 1)
    return built.fabricate(model, values, x[:50], 0), [Registers(v.bias, v.gain) for v in values]


def at_once(monkeypatch: pytest.MonkeyPatch, numbers: int) -> None:
    monkeypatch.setattr("hwsim.model.batches.NUMBERS_AT_ONCE", numbers)
    monkeypatch.setattr("hwsim.model.batches.LARGE_PRODUCT", numbers)


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("device", ["ideal", "fpga-lut-bthowen-2022", "pcm-nandakumar-2019", "photonic-feldmann-2021"])
def test_blocks_change_no_bit(monkeypatch: pytest.MonkeyPatch, device: str, noisy: bool) -> None:
    """As the constants stand, three blocks; in the other run one block takes all."""
    samples = 2 * block(WIDE) + 1001
    x = np.random.default_rng(0).uniform(-1, 1, (samples, 3)).astype(np.float32)
    assert samples > 2 * block(WIDE)
    chip, registers = made(device, WIDE, x)
    found = infer(WIDE, chip, x, registers, np.random.default_rng(3) if noisy else None)
    at_once(monkeypatch, ANY)
    assert block(WIDE) > samples
    whole = infer(WIDE, chip, x, registers, np.random.default_rng(3) if noisy else None)
    assert found.dtype == whole.dtype
    assert np.array_equal(found, whole)


@given(samples=st.integers(1, 700), numbers=st.sampled_from([1, 1 << 9, 1 << 11]))
@settings(deadline=None, max_examples=40)
def test_integers_in_blocks_of_any_size(samples: int, numbers: int) -> None:
    model = Model("3-16-2", (Layer(16, 3, "relu"), Layer(2, 16)))
    x = np.random.default_rng(samples).uniform(-1, 1, (samples + 50, 3)).astype(np.float32)
    chip, registers = made("fpga-lut-bthowen-2022", model, x)
    whole = infer(model, chip, x[:samples], registers, None)
    with pytest.MonkeyPatch.context() as patch:
        at_once(patch, numbers)
        assert np.array_equal(infer(model, chip, x[:samples], registers, None), whole)


def test_sequences_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What blocks of 64 sequences give differs by roundings at most: products this small have kernels of their own."""
    model = read_model(parse_document(STEPS, "m.toml"))
    x = np.random.default_rng(0).uniform(-1, 1, (200, 12)).astype(np.float32)
    chip, registers = made("ideal", model, x)
    whole = infer(model, chip, x, registers, None)
    at_once(monkeypatch, 1)
    assert block(model) == 64
    assert infer(model, chip, x, registers, None) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("device", ["ideal", "fpga-lut-bthowen-2022", "pcm-nandakumar-2019"])
def test_memory_does_not_grow_with_samples_times_units(device: str) -> None:
    """At the peak, beyond the outputs: that of three times the samples within a tenth of a block's signals."""
    peaks = []
    for blocks in (3, 9):
        x = np.random.default_rng(0).uniform(-1, 1, (blocks * block(WIDE), 3)).astype(np.float32)
        chip, registers = made(device, WIDE, x)
        infer(WIDE, chip, x[:10], registers, None)  # compiles what is compiled
        tracemalloc.start()
        try:
            outputs = infer(WIDE, chip, x, registers, None)
            peaks.append(tracemalloc.get_traced_memory()[1] - outputs.nbytes)
        finally:
            tracemalloc.stop()
    assert peaks[1] <= peaks[0] + 0.1 * 4 * block(WIDE) * widest(WIDE)
    assert peaks[1] >= 4 * block(WIDE) * widest(WIDE)


def test_groups_of_rows_stay_together() -> None:
    assert [block(WIDE, together) % together for together in (1, 3, 5, 7, 48)] == [0] * 5


def test_a_network_with_windows_keeps_its_parts() -> None:
    image = """
title = "image"
inputs = 16
shape = [1, 4, 4]
[[layer]]
kind = "conv2d"
units = 3
kernel = 2
activation = "relu"
[[layer]]
kind = "flatten"
[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
    model = read_model(parse_document(image, "m.toml"))
    assert samples_at_once(model) == (1 << 22) // (9 * 4) < ANY
