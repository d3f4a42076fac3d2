"""The engine over an ideal chip is the network in torch; over an FPGA it is integers."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch

from hwsim.controller.forward import forward
from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet
from hwsim.device.fpga.chip import FpgaChip
from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.ideal import Ideal
from hwsim.files import parse_document, read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Registers, Start, read_model, start

IMAGE = """
title = "residual"
inputs = 98
shape = [2, 7, 7]

[[layer]]
kind = "conv2d"
units = 4
kernel = 3
padding = "same"
activation = "relu"
bias = "uniform"
name = "first"

[[layer]]
kind = "conv2d"
units = 4
kernel = [3, 2]
padding = "same"
activation = "ACTIVATION"
bias = "uniform"

[[layer]]
kind = "add"
summand = "first"
activation = "relu"

[[layer]]
kind = "max-pool"
kernel = 2
stride = 1

[[layer]]
kind = "conv2d"
units = 6
kernel = 2
stride = 2
activation = "relu"

[[layer]]
kind = "average-pool"
kernel = [1, 2]

[[layer]]
kind = "flatten"

[[layer]]
kind = "dense"
units = 5
activation = "identity"
bias = "uniform"
"""
SEQUENCE = """
title = "recurrent"
inputs = 28
shape = [7, 4]

[[layer]]
kind = "rnn"
units = 6
activation = "tanh"
bias = "uniform"
sequence = true

[[layer]]
kind = "rnn"
units = 5
activation = "sigmoid"

[[layer]]
kind = "dense"
units = 3
activation = "identity"

[[layer]]
kind = "batch-norm"
activation = "leaky-relu"
slope = 0.25
"""


def torch_twin(model: Model, values: list[Start], registers: list[Registers], x: Any) -> Any:
    """Independent of the engine: torch's own convolutions, in double precision."""
    weights, biases, gains = (
        [torch.tensor(np.asarray(getattr(v, key)), dtype=torch.float64) for v in owners]
        for owners, key in ((values, "weights"), (registers, "bias"), (registers, "gain"))
    )
    return forward(model, torch.tensor(x, dtype=torch.float64), weights, biases, gains).numpy()


@pytest.mark.parametrize("text", [IMAGE.replace("ACTIVATION", "identity"), SEQUENCE], ids=["image", "sequence"])
def test_ideal_is_torch(text: str) -> None:
    model = read_model(parse_document(text, "m.toml"))
    values = start(model, 3)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, model.inputs)).astype(np.float32)
    registers = [
        Registers(v.bias, rng.uniform(0.5, 2, v.bias.shape) if layer.gains else 1.0)
        for v, layer in zip(values, model.layers, strict=True)
    ]
    chip = Ideal().fabricate(model, values, x, 0)
    assert infer(model, chip, x, registers, None) == pytest.approx(torch_twin(model, values, registers, x), abs=3e-5)


@pytest.mark.parametrize("large", [1, 1 << 18])
def test_ideal_cells_move(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However its weights lie in memory."""
    monkeypatch.setattr("hwsim.device.ideal.LARGE", large)
    rng = np.random.default_rng(0)
    model = Model("t", (Layer(5, 7, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
    values, x = start(model, 0), rng.random((3, 7), np.float32)
    chip, p = Ideal().fabricate(model, values, x, 0), rng.permutation(35)
    moved = rng.permutation(35)[:20]
    met = values[0].weights.astype(np.float32).reshape(-1)
    chip.connect(0, moved, p[moved])
    met[moved] = values[0].weights.astype(np.float32).reshape(-1)[p[moved]]
    assert infer(model, chip, x, [Registers(np.zeros(5), 1.0)], None) == pytest.approx(x @ met.reshape(5, 7).T)


def conv(image: Any, filters: Any, bias: Any, window: Any) -> Any:
    """Convolution in Python integers: image [channel][row][column], filters [unit][cell]."""
    (kh, kw), (sh, sw), (top, left) = window.kernel, window.stride, window.before
    channels, rows, columns = len(image), len(image[0]), len(image[0][0])
    oh, ow = window.places((rows, columns))

    def at(c: int, r: int, q: int) -> Any:
        return image[c][r][q] if 0 <= r < rows and 0 <= q < columns else 0

    return [
        [
            [
                b
                + sum(
                    cells[(c * kh + dy) * kw + dx] * at(c, y * sh + dy - top, x * sw + dx - left)
                    for c in range(channels)
                    for dy in range(kh)
                    for dx in range(kw)
                )
                for x in range(ow)
            ]
            for y in range(oh)
        ]
        for cells, b in zip(filters, bias, strict=True)
    ]


def shifted(total: int, shift: int, low: int, high: int) -> int:
    rounded: int = (2 * total + 2**shift) // 2 ** (shift + 1)
    return min(max(rounded, low), high)


def test_fpga_is_integers() -> None:
    """A residual network of convolutions and pools, node by node in Python integers."""
    model = read_model(parse_document(IMAGE.replace("ACTIVATION", "relu"), "m.toml"))
    device = FpgaLut(6, 8, 24, 1, 1e8, 2e-13)
    assert device.problems(model) == []
    values = start(model, 1)
    x = np.random.default_rng(0).random((4, 98)).astype(np.float32)
    chip = device.fabricate(model, values, x, 0)
    assert isinstance(chip, FpgaChip)
    registers = [Registers(v.bias, 1.0) for v in values]
    found = infer(model, chip, x, registers, None)
    codes = [chip.register_codes(n, r).tolist() for n, r in enumerate(registers)]
    for sample, line in zip(x, found, strict=True):
        image: Any = np.rint(sample.astype(float) / chip.input_scale).astype(int).reshape(2, 7, 7).tolist()
        kept: Any = None
        for number, node in enumerate(model.nodes):
            if node.kind == "conv2d":
                burnt = chip.layers[node.layer or 0]
                sums = conv(image, burnt.codes.tolist(), codes[node.layer or 0], node.window)
                image = [[[shifted(s, burnt.shift, 0, 255) for s in r] for r in c] for c in sums]
                kept = kept or image
            elif node.kind == "add":
                join = chip.joins[number]
                image = [
                    [
                        [
                            shifted(a * 2**join.one + b * 2**join.other, join.shift, 0, 255)
                            for a, b in zip(r, q, strict=True)
                        ]
                        for r, q in zip(c, d, strict=True)
                    ]
                    for c, d in zip(image, kept, strict=True)
                ]
            elif node.kind == "max-pool":
                image = [
                    [[max(c[y][x], c[y][x + 1], c[y + 1][x], c[y + 1][x + 1]) for x in range(6)] for y in range(6)]
                    for c in image
                ]
            elif node.kind == "average-pool":
                image = [[[(c[y][0] + c[y][1] + 1) // 2] for y in range(3)] for c in image]
        flat = [value for channel in image for row in channel for value in row]
        last = chip.layers[-1]
        wanted = [
            b + sum(w * v for w, v in zip(row, flat, strict=True))
            for row, b in zip(last.codes.tolist(), codes[-1], strict=True)
        ]
        assert line.tolist() == [s * last.unit for s in wanted]
    exact = torch_twin(model, values, registers, x)
    assert np.abs(found - exact).max() < 0.1 * np.abs(exact).max()


def test_parts_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = read_model(parse_document(IMAGE.replace("ACTIVATION", "relu"), "m.toml"))
    values, x = start(model, 1), np.random.default_rng(0).random((7, 98)).astype(np.float32)
    chip, registers = Ideal().fabricate(model, values, x, 0), [Registers(v.bias, 1.0) for v in values]
    whole = infer(model, chip, x, registers, None)
    monkeypatch.setattr("hwsim.model.batches.WINDOWS_AT_ONCE", 3 * 49 * 36)
    assert infer(model, chip, x, registers, None) == pytest.approx(whole, abs=1e-5)


def test_inputs_that_are_refused() -> None:
    model = read_model(parse_document(SEQUENCE, "m.toml"))
    values, x = start(model, 1), np.zeros((3, 28), np.float32)
    chip, registers = Ideal().fabricate(model, values, x, 0), [Registers(v.bias, v.gain) for v in values]
    x[1, 5] = np.nan
    with pytest.raises(ValueError, match=r"^input 5 of sample 1 is nan, not a finite number; clean the data$"):
        infer(model, chip, x, registers, None)
    with pytest.raises(ValueError, match=r"^the network takes \(samples, 28\) inputs, found \(3, 27\)$"):
        infer(model, chip, x[:, 1:], registers, None)


def test_what_an_fpga_refuses() -> None:
    device = FpgaLut(6, 8, 24, 1, 1e8, 2e-13)
    sequence = read_model(parse_document(SEQUENCE, "m.toml"))
    assert [(number, what) for number, what, _ in device.problems(sequence)] == [
        (0, "an FPGA LUT array has no feedback from a layer to itself"),
        (0, "a hidden layer of an FPGA LUT array cannot be 'tanh'"),
        (1, "an FPGA LUT array has no feedback from a layer to itself"),
        (1, "a hidden layer of an FPGA LUT array cannot be 'sigmoid'"),
        (2, "an FPGA LUT array has no gain register"),
        (2, "the last layer of an FPGA LUT array cannot be 'leaky-relu'"),
    ]
    image = read_model(parse_document(IMAGE.replace("ACTIVATION", "relu").replace("[1, 2]", "[1, 3]"), "m.toml"))
    assert [(number, what) for number, what, _ in device.problems(image)] == [
        (5, "an FPGA LUT array averages by shifting, which 3 values a window do not allow")
    ]


SCRATCH = 200_000
"""Most bytes that kernels take beside NumPy's memory, whatever the size of layer and batch: a photonic kernel's totals,
currents and cells of a group of units on one block of samples, on one thread."""


@pytest.mark.parametrize(
    ("device", "settings"),
    [
        ("ideal", {}),
        ("fpga-lut-bthowen-2022", {}),
        ("pcm-nandakumar-2019", {}),
        ("photonic-feldmann-2021", {}),
        ("photonic-feldmann-2021", {"tile_rows": 16, "tile_columns": 16}),
        ("photonic-zhou-2023", {}),
    ],
)
def test_memory_stays_within_three_times_weights_and_activations(device: str, settings: dict[str, int]) -> None:
    """At its peak, in float32 sizes, design weights left out, which are the caller's; every position reconnected.

    A core of four wavelength vectors holds five different transmissions a weight, dark columns counted.
    """
    size, batch = 512, 128
    document = read_document(names("devices")[device])
    technology = DEVICES[document.data["technology"]]
    built = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), settings, document, ()))
    model = Model("t", (Layer(size, size, learned_registers=False),))
    values, rng = start(model, 0), np.random.default_rng(0)
    x, registers = rng.random((batch, size), np.float32), [Registers(np.zeros(size), 1.0)]
    order = np.array([rng.permutation(size) for _ in range(size)])
    cells = (order + size * np.arange(size)[:, None]).reshape(-1)
    infer(model, built.fabricate(model, values, x[:2], 0), x[:2], registers, rng)  # compiles what is compiled
    tracemalloc.start()
    try:
        chip = built.fabricate(model, values, x, 0)
        chip.connect(0, np.arange(size * size), cells)
        tracemalloc.reset_peak()
        infer(model, chip, x, registers, rng)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak + (SCRATCH if document.data["technology"] == "photonic-pcm" else 0) <= 3 * 4 * (
        size * size + 2 * batch * size
    )
