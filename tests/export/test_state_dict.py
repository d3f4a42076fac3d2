"""The exported state_dict, loaded into plain torch modules, computes what the chip computes in a quiet read."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.ideal import Ideal
from hwsim.export import EXPORTS, Snapshot
from hwsim.files import parse_document
from hwsim.model import read_model
from tests.export.connected import SMALL, Array, fabricated

IMAGES = """
title = "images"
inputs = 98
shape = [2, 7, 7]

[[layer]]
kind = "conv2d"
units = 4
kernel = [3, 2]
groups = 2
activation = "identity"
bias = "uniform"

[[layer]]
kind = "batch-norm"
activation = "relu"

[[layer]]
kind = "flatten"

[[layer]]
kind = "dense"
units = 3
activation = "identity"
bias = "uniform"
"""
SEQUENCE = """
title = "sequence"
inputs = 12
shape = [4, 3]

[[layer]]
kind = "rnn"
units = 5
activation = "tanh"
bias = "uniform"

[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""


def loaded(device: Any, text: str, modules: dict[str, nn.Module]) -> tuple[Snapshot, nn.ModuleDict, Array, Array]:
    """Modules with the file's weights, inputs, and what the chip makes of them."""
    model = read_model(parse_document(text, "m.toml"))
    snapshot, x, wanted = fabricated(device, model, np.random.default_rng(5), signed=True)
    network = nn.ModuleDict(modules)
    content = io.BytesIO(EXPORTS["state-dict"].files(snapshot)["state_dict.pt"])
    network.load_state_dict(torch.load(content, weights_only=True))
    return snapshot, network.eval(), x, wanted


def close(found: torch.Tensor, wanted: Array) -> None:
    np.testing.assert_allclose(found.detach().numpy(), wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())


def test_dense() -> None:
    _, net, x, wanted = loaded(Ideal(), SMALL, {"layer0": nn.Linear(4, 3), "layer1": nn.Linear(3, 2)})
    close(net["layer1"](net["layer0"](torch.tensor(x)).relu()), wanted)


def test_grouped_images_with_gains() -> None:
    modules = {"layer0": nn.Conv2d(2, 4, (3, 2), groups=2), "layer1": nn.Linear(120, 3)}
    _, net, x, wanted = loaded(Ideal(), IMAGES, modules)
    images = torch.tensor(x).reshape(-1, 2, 7, 7)
    close(net["layer1"](net["layer0"](images).relu().flatten(1)), wanted)


def test_sequences() -> None:
    modules = {"layer0": nn.RNN(3, 5, batch_first=True), "layer1": nn.Linear(5, 2)}
    _, net, x, wanted = loaded(Ideal(), SEQUENCE, modules)
    _, state = net["layer0"](torch.tensor(x).reshape(-1, 4, 3))
    close(net["layer1"](state[0]), wanted)


def test_an_array_of_whole_numbers() -> None:
    """With inputs and signals rounded as the chip rounds them, torch finds its outputs."""
    device = FpgaLut(6, 8, 24, 1, 1e8, 0)
    modules: dict[str, nn.Module] = {"layer0": nn.Linear(4, 3), "layer1": nn.Linear(3, 2)}
    snapshot, net, x, wanted = loaded(device, SMALL, modules)
    chip: Any = snapshot.chip
    inputs = torch.tensor(np.clip(np.rint(x.astype(np.float64) / chip.input_scale), -127, 127) * chip.input_scale)
    sums = net.double()["layer0"](inputs)
    hidden = torch.floor(sums / chip.layers[0].given_scale + 0.5 + 1e-6).clamp(0, 255) * chip.layers[0].given_scale
    close(net["layer1"](hidden), wanted)


def test_what_does_not_fit() -> None:
    model = read_model(parse_document(SMALL, "m.toml"))
    snapshot, _, _ = fabricated(Ideal(), model, np.random.default_rng(5), signed=True)
    content = io.BytesIO(EXPORTS["state-dict"].files(snapshot)["state_dict.pt"])
    tensors = torch.load(content, weights_only=True)
    assert all(type(one) is torch.Tensor and one.is_contiguous() for one in tensors.values())
    with pytest.raises(RuntimeError, match="size mismatch"):
        nn.ModuleDict({"layer0": nn.Linear(4, 2), "layer1": nn.Linear(3, 2)}).load_state_dict(tensors)
