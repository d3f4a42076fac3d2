"""A converted Sequential gives the very bits of ``hwsim.emulate``, whatever the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim
from hwsim.files import read_document
from hwsim.files.library import names

DEVICES = [name for name, path in names("devices").items() if read_document(path).data["kind"] == "device"]


def perceptron() -> nn.Sequential:
    return nn.Sequential(nn.Linear(12, 9), nn.ReLU(), nn.Dropout(0.3), nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 3))


def convolutional() -> nn.Sequential:
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, (2, 3), stride=2, padding="valid", bias=False),
        nn.ReLU(),
        nn.AvgPool2d((1, 2)),
        nn.Flatten(),
        nn.Linear(18, 5),
    )
    net(torch.rand(64, 1, 14, 14))  # gives batch-norm its statistics
    return net


NETS: list[tuple[Callable[[], nn.Sequential], tuple[int, ...]]] = [
    (convolutional, (9, 1, 14, 14)),
    (perceptron, (33, 12)),
    (lambda: nn.Sequential(nn.Linear(6, 2)), (5, 6)),
    (lambda: nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 3)), (5, 1, 4, 4)),
]


@pytest.mark.parametrize("device", DEVICES)
def test_the_bits_of_emulate(device: str) -> None:
    torch.manual_seed(0)
    # each network is traced twice, which takes most of the time: all of them on one integer and one noisy device
    for build, shape in NETS if device in {"fpga-lut-bthowen-2022", "pcm-nandakumar-2019"} else NETS[:1]:
        net, x = build().eval(), torch.rand(shape)
        emulated = hwsim.emulate(net, device, calibration=x.numpy(), seed=3)
        converted: Any = hwsim.nn.convert(net, device, calibrate=x, seed=3)
        for _ in range(2):  # the stream goes on from call to call
            assert np.array_equal(emulated(x), converted(x).detach().numpy())
        with torch.no_grad():
            assert np.array_equal(emulated(x), converted(x).numpy())
        with hwsim.nn.quiet(converted):
            assert np.array_equal(emulated(x, noise=False), converted(x).detach().numpy())
        assert converted(x[:0]).shape == emulated(x[:0]).shape


def test_the_bits_of_emulate_once_reconnected() -> None:
    torch.manual_seed(1)
    net, x = perceptron().eval(), torch.rand(20, 12)
    emulated = hwsim.emulate(net, "photonic-feldmann-2021", "benes", calibration=x.numpy())
    converted: Any = hwsim.nn.convert(net, "photonic-feldmann-2021", "benes", calibrate=x)
    rows = np.array([np.random.default_rng(unit).permutation(9) for unit in range(7)])
    assert converted.reconnect("3", rows) == emulated.reconnect(1, rows)
    assert np.array_equal(emulated(x), converted(x).detach().numpy())
    assert hwsim.nn.summary(converted).rows[0]["energy_j"] == emulated.cost()["inference_energy_j"]


@pytest.mark.parametrize("device", ["ideal", "pcm-nandakumar-2019"])
@pytest.mark.parametrize("hidden", [nn.Tanh(), nn.Sigmoid(), nn.LeakyReLU(0.3)])
def test_the_bits_of_emulate_with_other_activations(device: str, hidden: nn.Module) -> None:
    torch.manual_seed(2)
    net, x = nn.Sequential(nn.Linear(4, 5), hidden, nn.Linear(5, 5), hidden, nn.Linear(5, 2)), torch.rand(8, 4)
    twin = nn.Sequential(
        net[0], hidden, net[2], type(hidden)(*([0.3] if isinstance(hidden, nn.LeakyReLU) else [])), net[4]
    )
    emulated, converted = hwsim.emulate(twin, device, seed=1), hwsim.nn.convert(net, device, seed=1)
    assert np.array_equal(emulated(x), converted(x).detach().numpy())  # without calibration: uniform in 0..1 for both


def test_a_wrapped_sequential_is_the_same_chip() -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = perceptron()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(self.net(x))

    torch.manual_seed(3)
    wrapped, x = Wrapped().eval(), torch.rand(9, 12)
    emulated = hwsim.emulate(wrapped.net, "reram-wan-2022", calibration=x.numpy())
    converted: Any = hwsim.nn.convert(wrapped, "reram-wan-2022", calibrate=x)
    assert np.array_equal(torch.sigmoid(torch.from_numpy(emulated(x))), converted(x).detach().numpy())
