"""The ONNX file of a chip that reckons in numbers computes what a quiet read gives, and hwsim reads it back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import hwsim
from hwsim.device import DEVICES, datasheet_values, read_datasheet
from hwsim.device.ideal import Ideal
from hwsim.export import EXPORTS
from hwsim.files import parse_document, read_document
from hwsim.files.library import names
from hwsim.model import Model, read_model
from hwsim.pipeline.snapshot import snapshot
from tests.export.connected import NUMBERS, SMALL, Array, fabricated, models, runtime

LIGHT = {"dac_bits": None, "adc_bits": None, "headroom_bits": 6, "channel_crosstalk": -np.inf, "wavelength_vectors": 1}
EXACT: dict[str, dict[str, Any]] = {
    "ideal": {},
    "pcm-nandakumar-2019": {"dac_bits": 0, "adc_bits": 0},
    "photonic-feldmann-2021": LIGHT,
    "photonic-zhou-2023": LIGHT,
}
NEAR = 2e-5
"""How far float32 in another order may be off, of the largest output."""


def device(name: str, **changes: Any) -> Any:
    """A datasheet's device, with other numbers where it has them."""
    document = read_document(names("devices")[name])
    technology = DEVICES[document.data["technology"]]
    values = datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ())
    return technology.make(values | changes)


def off(found: Array, wanted: Array) -> float:
    """The largest difference, of the largest output."""
    return float(np.abs(found.reshape(wanted.shape) - wanted).max() / max(np.abs(wanted).max(), 1e-3))


@given(models(NUMBERS), st.booleans(), st.integers(0, 1 << 30))
@settings(max_examples=12)
@pytest.mark.parametrize("name", EXACT)
def test_random_networks_without_converters(name: str, model: Model, signed: bool, seed: int) -> None:
    """What is left of a device then is what its cells weigh."""
    made = device(name, **EXACT[name])
    taken, x, wanted = fabricated(made, model, np.random.default_rng(seed), signed=signed, reach=1)
    (found,) = runtime(EXPORTS["onnx"].files(taken)["network.onnx"], x, optimised=seed % 2 == 0)
    assert off(found, wanted) < NEAR


AS_SHIPPED = {
    "pcm-nandakumar-2019": 0.05,
    "reram-wan-2022": 0.05,
    "hermes-khaddam-aljameh-2023": 0.05,
    "photonic-zhou-2023": 0.1,
    "photonic-brueckerhoff-2022": 0.1,
    "photonic-feldmann-2021": 0.15,
}
"""What converters, and wavelengths that differ, may be off by, of the largest output."""


@pytest.mark.parametrize("name", AS_SHIPPED)
def test_how_far_a_device_is_from_its_means(name: str) -> None:
    text = (
        SMALL.replace("inputs = 4", "inputs = 64").replace("units = 3", "units = 32").replace("units = 2", "units = 10")
    )
    model = read_model(parse_document(text, "m.toml"))
    taken, x, wanted = fabricated(device(name), model, np.random.default_rng(0), signed=False, reach=1)
    taken = replace(taken, quiet=lambda: (x, wanted))
    file = EXPORTS["onnx"].files(taken)["network.onnx"]
    (found,) = runtime(file, x, optimised=True)
    assert 1e-4 < off(found, wanted) < AS_SHIPPED[name]
    told = {one.key: one.value for one in onnx.load_from_string(file).metadata_props}["hwsim.largest_difference"]
    assert told.startswith(f"{off(found, wanted):.2g} of the largest output of the 20 test inputs, by onnxruntime ")


ACTIVATIONS = [
    'activation = "identity"',
    'activation = "leaky-relu"',
    'activation = "step"',
    'activation = "gelu"',
    'activation = "gelu-tanh"',
    'activation = "look-up"\ntable = [0.5, -1, 2, 0.3, 1, 0]\ntable_range = [-2, 2]',
    'activation = "look-up"\ntable = [0.5, -1, 2, 0.3, 1, 0]\ntable_entries = 2\ntable_range = [-2, 2]',
    'activation = "legendre"\ncoefficients = [0.1, 0.5, -0.3, 0.2]',
    'activation = "laguerre"\ncoefficients = [0.1, 0.5, -0.3]',
    'activation = "hermite"\ncoefficients = [0.1, 0.5, 0.3, 0.02]',
]
SEQUENCE = """
title = "sequence"
inputs = 12
shape = [4, 3]

[[layer]]
kind = "rnn"
units = 5
activation = "tanh"
bias = "uniform"
sequence = true
RETAIN

[[layer]]
kind = "layer-norm"
factors = [1.0, 2.0, 0.5, 1.5, -1.0]
shifts = [0.1]

[[layer]]
kind = "dense"
units = 4
activation = "relu"
bias = "uniform"

[[layer]]
kind = "rnn"
units = 3
activation = "relu"
bias = "uniform"

[[layer]]
kind = "scale"
factors = [2.0]
shifts = [0.5, 1.0, 0.0]
"""
IMAGES = """
title = "images"
inputs = 50
shape = [2, 5, 5]

[[layer]]
kind = "conv2d"
units = 3
kernel = 3
dilation = 2
padding = "same"
activation = "identity"

[[layer]]
kind = "batch-norm"
activation = "relu"

[[layer]]
kind = "layer-norm"
factors = [1.0, 2.0, 0.5]

[[layer]]
kind = "activation"
activation = "gelu"

[[layer]]
kind = "average-pool"
kernel = 3
padding = [1, 0, 1, 1]

[[layer]]
kind = "reshape"
shape = [4, 3]
"""


def ideal(text: str) -> tuple[bytes, Array, Array]:
    """The file of a model on an ideal device, inputs, and what the chip makes of them."""
    model = read_model(parse_document(text, "m.toml"))
    taken, x, wanted = fabricated(Ideal(), model, np.random.default_rng(3), signed=True)
    return EXPORTS["onnx"].files(taken)["network.onnx"], x, wanted


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation: str) -> None:
    file, x, wanted = ideal(SMALL.replace('activation = "relu"', activation))
    (found,) = runtime(file, x, optimised=True)
    assert off(found, wanted) < NEAR


@pytest.mark.parametrize(
    "text", [IMAGES, SEQUENCE.replace("RETAIN", ""), SEQUENCE.replace("RETAIN", "retain = 0.5\nrenew = 0.25")]
)
def test_sequences_and_electronics(text: str) -> None:
    file, x, wanted = ideal(text)
    (found,) = runtime(file, x, optimised=False)
    assert off(found, wanted) < NEAR


@given(models(NUMBERS, step=""), st.booleans(), st.integers(0, 1 << 30))  # steps are not read
@settings(max_examples=12)
def test_hwsim_reads_it_back(model: Model, signed: bool, seed: int) -> None:
    """The imported network has the weights that the positions meet, and computes the same."""
    taken, x, wanted = fabricated(Ideal(), model, np.random.default_rng(seed), signed=signed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        path.write_bytes(EXPORTS["onnx"].files(taken)["network.onnx"])
        again = hwsim.emulate(path, calibration=x.reshape(len(x), *model.nodes[0].taken))
    assert off(again(x.reshape(len(x), *model.nodes[0].taken)), wanted) < NEAR
    for layer, before, after in zip(taken.layers, model.layers, again.machine.model.layers, strict=True):
        cells = np.asarray(taken.chip.cells(layer.layer))
        met = [[cells[u, c] for c in p] for u, p in enumerate(layer.permutations)]
        assert (before.units, before.inputs) == (after.units, after.inputs)
        np.testing.assert_array_equal(again.machine.chip.cells(layer.layer), np.array(met, np.float32))


@pytest.mark.parametrize("calibrated", [True, False])
def test_light_that_passed_a_circuit(calibrated: bool) -> None:
    """Paths that lose unequal parts of the light weaken weights, where nobody makes up for it."""
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    wide = {"adc_bits": "14 bit", "dac_bits": "12 bit", "wavelength_vectors": 1, "headroom_bits": 1}
    x = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    chip = hwsim.emulate(
        module, "photonic-zhou-2023", "benes", calibration=x, settings=wide, technology="pcm-gst-chen-2022",
        calibrated=calibrated,
    )  # fmt: skip
    chip.reconnect(0, np.stack([np.random.default_rng(u).permutation(6) for u in range(8)]))
    file = EXPORTS["onnx"].files(snapshot("0" * 64, chip.machine, 1))["network.onnx"]
    (found,) = runtime(file, x, optimised=True)
    assert off(found, chip(x, noise=False)) < 0.01
