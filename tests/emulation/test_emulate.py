"""A torch module on an emulated chip: the same numbers where the device is ideal, and clear words else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim


def convolutional() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, (2, 3), stride=2, padding="valid"),
        nn.LeakyReLU(0.25),
        nn.Dropout(0.5),
        nn.AvgPool2d((1, 2)),
        nn.Flatten(),
        nn.Linear(18, 5),
    )
    net(torch.rand(64, 1, 14, 14))  # gives batch-norm its statistics
    return net.eval()


X = np.random.default_rng(0).random((7, 1, 14, 14)).astype(np.float32)


def torch_says(net: nn.Module, x: Any) -> Any:
    with torch.no_grad():
        return net(torch.from_numpy(x)).numpy()


def test_an_ideal_chip_is_the_module() -> None:
    net = convolutional()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    chip = hwsim.emulate(net, device="ideal", shape=(1, 14, 14))
    y = chip(X)
    assert y.dtype == np.float32
    assert y == pytest.approx(torch_says(net, X), abs=1e-5)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


@pytest.mark.parametrize(("device", "close"), [("fpga-lut-bthowen-2022", 0.06), ("pcm-nandakumar-2019", 0.5)])
def test_a_device_is_near_the_module(device: str, close: float) -> None:
    net = convolutional()
    chip = hwsim.emulate(net, device=device, calibration=X, seed=3)
    wanted = torch_says(net, X)
    assert np.abs(chip(X) - wanted).max() < close * np.abs(wanted).max()
    again = hwsim.emulate(net, device=device, calibration=X, seed=3)
    assert np.array_equal(again(X), hwsim.emulate(net, device=device, calibration=X, seed=3)(X))
    assert np.array_equal(again(X), chip(X))  # the second call of each
    quiet = chip(X, noise=False)
    assert np.array_equal(quiet, chip(X, noise=False))
    assert np.array_equal(quiet, chip(X)) == (device == "fpga-lut-bthowen-2022")


def test_reconnection_permutes_the_weights() -> None:
    first = nn.Linear(6, 4)
    net = nn.Sequential(first, nn.Tanh(), nn.Linear(4, 3))
    chip = hwsim.emulate(net, crossbar="benes")
    rng = np.random.default_rng(0)
    p = np.array([rng.permutation(6) for _ in range(4)])
    step = chip.reconnect(0, p)
    assert step.moves == int((p != np.arange(6)).sum())
    with torch.no_grad():
        first.weight.copy_(torch.gather(first.weight, 1, torch.from_numpy(p)))
    x = rng.normal(size=(5, 6)).astype(np.float32)
    assert chip(x) == pytest.approx(torch_says(net, x), abs=1e-5)
    cost = chip.cost()
    assert (cost["reconnections"], cost["moves"], cost["toggles"]) == (1, step.moves, step.toggles)
    assert cost["energy_j"] == step.energy_j > 0
    chip.reconnect(0, p)
    assert chip.cost()["moves"] == step.moves


CASES: list[tuple[Any, dict[str, Any], str]] = [
    (nn.Sequential(nn.Linear(2, 2), nn.GELU()), {}, r"^layer 1 \(GELU\) cannot be emulated; supported: Linear, Conv2d"),
    (nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2))), {}, r"^layer 0\.1 \(LSTM\) cannot be emulated"),
    (nn.Linear(2, 2), {}, r"^Linear is no torch\.nn\.Sequential; wrap its layers into one$"),
    (nn.Sequential(nn.Conv2d(1, 1, 1)), {}, r"^give shape=\(channels, rows, columns\), which cannot be told"),
    (
        nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)),
        {"device": "fpga-lut-bthowen-2022"},
        r"^layer 0 \(Linear\) with layer 1 \(Tanh\): a hidden layer of an FPGA LUT array cannot be 'tanh'; use 'relu'",
    ),
    (nn.Sequential(nn.Linear(2, 2)), {"device": "fpga-lut"}, r"^unknown device 'fpga-lut', did you mean"),
    (nn.Sequential(nn.Linear(2, 2)), {"crossbar": "bens"}, r"^unknown topology 'bens'; did you mean 'benes'\?"),
    (
        nn.Sequential(nn.Linear(2, 2)),
        {"calibration": np.array([[np.nan, 1]])},
        r"^calibration samples hold numbers that",
    ),
    (nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 2)), {}, r"^layer 1 \(Linear\) takes 3 features, but \(2,\) stand"),
    (
        nn.Sequential(nn.Conv2d(1, 1, 1), nn.MaxPool2d(1)),
        {"shape": (1, 2, 2)},
        r"^the network must end in a Linear or Conv2d layer",
    ),
]


@pytest.mark.parametrize(("module", "words", "says"), CASES)
def test_refusals(module: Any, words: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        hwsim.emulate(module, **words)


def test_calls_that_are_refused() -> None:
    chip = hwsim.emulate(nn.Sequential(nn.Linear(2, 2)), crossbar="benes")
    with pytest.raises(
        ValueError, match=r"^the network takes samples \(batch first\) of shape \(batch, 2\), found \(1, 3\)$"
    ):
        chip(np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"^input 1 of sample 0 is nan, no finite number; clean the data$"):
        chip(np.array([[0, np.nan]]))
    with pytest.raises(ValueError, match=r"^there is no layer 1; layers with cells are 0 to 0$"):
        chip.reconnect(1, [[0, 1]])
    with pytest.raises(ValueError, match=r"^layer 0 wants whole numbers of shape \(2, 2\), found float64"):
        chip.reconnect(0, [[0.5, 1], [0, 1]])
    with pytest.raises(ValueError, match=r"^layer 0, unit 1: no permutation of the cells 0 to 1$"):
        chip.reconnect(0, [[0, 1], [1, 1]])
    with pytest.raises(ValueError, match=r"^layer 0 has no crossbar; give emulate a topology"):
        hwsim.emulate(nn.Sequential(nn.Linear(2, 2))).reconnect(0, [[0, 1], [0, 1]])


@pytest.mark.parametrize("device", ["ideal", "fpga-lut-bthowen-2022", "pcm-nandakumar-2019", "photonic-feldmann-2021"])
def test_no_samples(device: str) -> None:
    chip = hwsim.emulate(torch.nn.Sequential(torch.nn.Linear(2, 3)), device)
    assert chip(np.empty((0, 2))).shape == (0, 3)
