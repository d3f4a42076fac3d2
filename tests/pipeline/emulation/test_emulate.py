"""A torch module on an emulated chip: the same numbers where the device is ideal, and clear words else."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim
from hwsim.errors import ArgumentError
from hwsim.pipeline.emulation import ClippedWarning
from hwsim.pipeline.hardware import NotOnDeviceError


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
    (
        nn.Sequential(nn.Linear(2, 2), nn.Softplus()),
        {},
        r"^layer 1 \(Softplus\) cannot be emulated; hwsim\.nn\.convert leaves",
    ),
    (nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Softmax(1)), nn.ReLU()), {}, r"^layer 0\.1 \(Softmax\) cannot be"),
    (nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2)), {}, r"^the module \(Sequential\) gives 3 outputs; networks of one"),
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
    (nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 2)), {}, r"^layer 1 \(Linear\) cannot be traced by torch: .* got"),
    (
        nn.Sequential(nn.MaxPool2d(1), nn.ReLU()),
        {"shape": (1, 2, 2)},
        r"^the network has no Linear or Conv2d layer, and so no cells$",
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
    with pytest.raises(ValueError, match=r"^input 1 of sample 0 is nan, not a finite number; clean the data$"):
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


DEVICES = ["fpga-lut-bthowen-2022", "pcm-nandakumar-2019", "photonic-feldmann-2021"]
with torch.random.fork_rng():  # the same weights whichever tests are collected before
    torch.manual_seed(0)
    PLAIN = nn.Sequential(nn.Linear(4, 3))
UNIT = np.random.default_rng(1).random((64, 4))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("calibration", [None, UNIT])
def test_inputs_outside_the_calibrated_range_are_told_once(device: str, calibration: Any) -> None:
    chip = hwsim.emulate(PLAIN, device=device, calibration=calibration)
    inputs = UNIT.copy()
    chip(inputs * 0.99)
    inputs[:16, 0] = -2.0  # 16 of 256 numbers
    with pytest.warns(
        ClippedWarning, match=r"^6\.2% of the inputs lie outside 0.* to (1|0\.99.*), .* calibration="
    ) as told:
        chip(inputs)
    assert len(told) == 1
    assert told[0].filename == __file__
    chip(inputs)


def test_few_inputs_a_little_outside_given_ranges_are_no_warning() -> None:
    chip = hwsim.emulate(PLAIN, device=DEVICES[0], calibration=UNIT)
    inputs = UNIT.copy()
    inputs[0, 0] = 1.3
    chip(inputs)
    inputs[0, 0] = 3.0
    with pytest.warns(ClippedWarning, match=r"^0\.4% of the inputs"):
        chip(inputs)
    drawn = hwsim.emulate(PLAIN, device=DEVICES[0])
    inputs[0, 0] = 1.3
    with pytest.warns(ClippedWarning, match=r"^0\.4% of the inputs"):
        drawn(inputs)


def test_ranges_are_where_inputs_begin_to_be_cut_off() -> None:
    """Beyond the range an input does as its end does, within it another input does something else."""
    for device in DEVICES:
        chip = hwsim.emulate(nn.Sequential(nn.Linear(1, 1)), device=device, calibration=[[0.0], [2.0]])
        low, high = chip.machine.chip.input_range  # type: ignore[attr-defined]
        assert (low, high) == (0.0, pytest.approx(2.0))
        below, at, above = (chip([[x]], noise=False) for x in (1.7, high, high * 1.004))  # alone: samples leak
        assert at == above != below
        with pytest.warns(ClippedWarning):
            assert chip([[high + 9]], noise=False) == at


def test_ideal_cells_cut_nothing_off() -> None:
    chip = hwsim.emulate(PLAIN)
    assert chip(UNIT * 100).max() > 1


def test_blocking_topologies_are_refused() -> None:
    from hwsim.crossbar import CROSSBARS

    for name in CROSSBARS:
        if CROSSBARS[name].build(4).blocking == "blocking":
            with pytest.raises(NotOnDeviceError, match=f"^'{name}' cannot realise every permutation, .* benes"):
                hwsim.emulate(PLAIN, crossbar=name)
        else:
            assert hwsim.emulate(PLAIN, crossbar=name).cost()["switches"] > 0
    with pytest.raises(NotOnDeviceError, match="'omega' cannot"):
        hwsim.emulate(PLAIN, crossbar="omega")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"device": 3}, "device must be a text, found '3' of type int"),
        ({"technology": None}, "technology must be a text, found None"),
        ({"crossbar": ["benes"]}, "crossbar must be a text or None"),
        ({"seed": "a"}, "seed must be a whole number"),
        ({"seed": -1}, "seed must be at least 0, found -1$"),
        ({"settings": "x=3"}, "settings must be a table or None"),
        ({"shape": 3}, "shape must be a list of whole numbers or None"),
        ({"effort": "zeal"}, "unknown effort 'zeal'"),
        ({"calibration": "x"}, "calibration cannot be made an array"),
        ({"calibration": []}, r"calibration must be samples, batch first, found an array of shape \(0,\)"),
        ({"calibration": np.zeros((3, 4))}, "calibration samples are all 0, which gives no range"),
        ({"calibration": np.zeros((0, 4))}, r"calibration must be samples, .* shape \(0, 4\)"),
    ],
)
def test_arguments_of_the_wrong_kind(words: dict[str, Any], says: str) -> None:
    with pytest.raises((ArgumentError, ValueError), match=f"^{says}"):
        hwsim.emulate(PLAIN, **words)


def test_wrong_arguments_of_an_emulation() -> None:
    chip = hwsim.emulate(PLAIN, crossbar="benes", calibration=UNIT)
    for layer in ("a", 0.0, None, True):
        with pytest.raises(ArgumentError, match=r"^layer must be a whole number, found"):
            chip.reconnect(layer, [[0, 1, 2, 3]] * 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^permutations cannot be made an array"):
        chip.reconnect(0, [[0, 1, 2, 3], [0]])
    with pytest.raises(ValueError, match=r"^samples cannot be made an array"):
        chip("x")
    chip.reconnect(np.int64(0), [[1, 0, 2, 3]] * 3)  # type: ignore[arg-type]
    assert repr(chip) == "<Emulation on ideal: 1 layers (4 x 3), 1 reconnections>"


@pytest.mark.parametrize(("device", "most"), [("ideal", 24), (DEVICES[0], 40), (DEVICES[1], 48)])
def test_memory_of_a_large_layer(device: str, most: int) -> None:
    """At most so many bytes a weight above the module's own: 4096 x 4096 weights take less than 0.8 GB."""
    module = nn.Sequential(nn.Linear(1024, 1024))
    samples = np.random.default_rng(0).random((8, 1024), np.float32)
    hwsim.emulate(PLAIN, device=device)
    tracemalloc.start()
    try:
        hwsim.emulate(module, device=device, calibration=samples)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 4 < peak / 1024**2 < most
