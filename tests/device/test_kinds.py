"""Grouped and dilated convolutions, padded pools, branches, and electronics beside the cells, against torch's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from hwsim.analysis.symmetry import describe_model
from hwsim.controller.forward import forward
from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet
from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.ideal import Ideal
from hwsim.device.number import NumberChip
from hwsim.device.technology import FabricationError
from hwsim.files import DiagnosticError, parse_document, read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Node, Registers, Start, Window, read_model, start

LUT = FpgaLut(6, 8, 24, 1, 1e8, 2e-13)
IMAGE = """
title = "everything on images"
inputs = 252
shape = [4, 9, 7]

[[layer]]
kind = "scale"
factors = [2.0, 0.5, 1.0, -1.0]
shifts = [0.25]

[[layer]]
kind = "conv2d"
units = 6
kernel = [3, 2]
stride = [1, 2]
padding = [1, 0, 2, 1]
dilation = [2, 1]
groups = 2
activation = "gelu"
bias = "uniform"
name = "first"

[[layer]]
kind = "layer-norm"
factors = [1.0, 2.0, 3.0, 0.5, 0.25, 1.5]
epsilon = 0.001

[[layer]]
kind = "conv2d"
units = 6
kernel = 3
padding = "same"
dilation = 2
groups = 6
activation = "identity"
bias = "uniform"

[[layer]]
kind = "max-pool"
kernel = 3
stride = 1
padding = [1, 1, 1, 1]
name = "pool"

[[layer]]
kind = "activation"
activation = "leaky-relu"
slope = 0.125

[[layer]]
kind = "conv2d"
units = 6
kernel = 1
takes = "first"
activation = "tanh"

[[layer]]
kind = "add"
summand = "pool"

[[layer]]
kind = "average-pool"
kernel = 2
padding = [1, 0, 0, 1]

[[layer]]
kind = "activation"
activation = "gelu-tanh"

[[layer]]
kind = "flatten"

[[layer]]
kind = "dense"
units = 5
activation = "identity"
bias = "uniform"

[[layer]]
kind = "layer-norm"

[[layer]]
kind = "activation"
activation = "relu"
"""


def image_by_torch(weights: list[Any], biases: list[Any], x: Any) -> Any:
    """The same network as a reader of torch's documentation would write it."""
    (w0, w1, w2, w3), (b0, b1, b2, b3) = weights, biases
    x = x.reshape(-1, 4, 9, 7) * torch.tensor([2, 0.5, 1, -1], dtype=x.dtype).reshape(1, 4, 1, 1) + 0.25
    padded = functional.pad(x, (0, 1, 1, 2))
    first = functional.gelu(functional.conv2d(padded, w0.reshape(6, 2, 3, 2), b0, (1, 2), dilation=(2, 1), groups=2))
    factors = torch.tensor([1, 2, 3, 0.5, 0.25, 1.5], dtype=x.dtype).reshape(6, 1, 1)
    normed = functional.layer_norm(first, first.shape[1:], eps=1e-3) * factors
    second = functional.conv2d(normed, w1.reshape(6, 1, 3, 3), b1, padding=2, dilation=2, groups=6)
    pool = functional.max_pool2d(second, 3, 1, padding=1)
    branch = torch.tanh(functional.conv2d(first, w2.reshape(6, 6, 1, 1), b2))
    summed = functional.avg_pool2d(functional.pad(branch + pool, (0, 1, 1, 0)), 2)
    flat = functional.gelu(summed, approximate="tanh").flatten(1)
    return functional.layer_norm(functional.linear(flat, w3, b3), (5,)).relu()


SEQUENCE = """
title = "everything on sequences"
inputs = 12
shape = [4, 3]

[[layer]]
kind = "dense"
units = 3
activation = "gelu"
bias = "uniform"

[[layer]]
kind = "add"
summand = "input"

[[layer]]
kind = "layer-norm"
factors = [1.0, 2.0, 3.0]
shifts = [0.0, 1.0, 0.0]

[[layer]]
kind = "scale"
factors = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]

[[layer]]
kind = "activation"
activation = "look-up"
table = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
table_range = [-1.0, 1.0]
table_entries = 2

[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""


def sequence_by_torch(weights: list[Any], biases: list[Any], x: Any) -> Any:
    x = x.reshape(-1, 4, 3)
    summed = functional.gelu(functional.linear(x, weights[0], biases[0])) + x
    factors = torch.tensor([1, 2, 3], dtype=x.dtype)
    normed = functional.layer_norm(summed, (3,)) * factors + torch.tensor([0, 1, 0], dtype=x.dtype)
    scaled = normed * torch.arange(1, 13, dtype=x.dtype).reshape(4, 3)
    table = (scaled >= 0).to(x.dtype) + torch.tensor([0, 2, 4], dtype=x.dtype)
    return functional.linear(table, weights[1], biases[1]).flatten(1)


def made(text: str, seed: int = 3) -> tuple[Model, list[Start], list[Registers], Any]:
    model = read_model(parse_document(text, "m.toml"))
    values = start(model, seed)
    x = np.random.default_rng(seed).normal(size=(9, model.inputs)).astype(np.float32)
    return model, values, [Registers(v.bias, v.gain) for v in values], x


def doubles(values: list[Start]) -> tuple[list[Any], list[Any], list[Any]]:
    found = [[torch.tensor(np.asarray(getattr(v, key))) for v in values] for key in ("weights", "bias", "gain")]
    return found[0], found[1], found[2]


def built(name: str, settings: dict[str, Any] | None = None) -> Any:
    document = read_document(names("devices")[name])
    technology = DEVICES[document.data["technology"]]
    sheet = read_datasheet(document, technology.datasheet)
    return technology.build(datasheet_values(sheet, settings or {}, parse_document("", "settings"), ()))


CASES = [(IMAGE, image_by_torch), (SEQUENCE, sequence_by_torch)]


@pytest.mark.parametrize(("text", "twin"), CASES, ids=["image", "sequence"])
def test_the_engine_and_training_are_torch(text: str, twin: Any) -> None:
    model, values, registers, x = made(text)
    weights, biases, gains = doubles(values)
    wanted = twin(weights, biases, torch.tensor(x, dtype=torch.float64)).numpy()
    assert np.ptp(wanted) > 0.5
    assert forward(model, torch.tensor(x).double(), weights, biases, gains).numpy() == pytest.approx(wanted, abs=1e-9)
    chip = Ideal().fabricate(model, values, x, 0)
    assert infer(model, chip, x, registers, None) == pytest.approx(wanted, abs=2e-4)


@pytest.mark.parametrize("device", ["pcm-nandakumar-2019", "photonic-feldmann-2021"])
def test_number_devices_do_all_of_it(device: str) -> None:
    """Roughly what torch gives: cells and converters have their errors."""
    model, values, registers, x = made(IMAGE)
    weights, biases, _ = doubles(values)
    wanted = image_by_torch(weights, biases, torch.tensor(x, dtype=torch.float64)).numpy()
    chip = built(device).fabricate(model, values, x, 0)
    found = infer(model, chip, x, registers, None)
    assert np.corrcoef(found.reshape(-1), wanted.reshape(-1))[0, 1] > 0.75


def grouped(groups: int, units: int = 6, channels: int = 6) -> Model:
    window = Window((2, 2), (1, 1))
    layers = (Layer(units, channels // groups * 4, "relu", groups=groups), Layer(3, units * 9, learned_registers=False))
    nodes = (
        Node("conv2d", (channels, 4, 4), (units, 3, 3), 0, window),
        Node("flatten", (units, 3, 3), (units * 9,)),
        Node("dense", (units * 9,), (3,), 1),
    )
    return Model("grouped", layers, nodes)


def test_an_fpga_sums_each_group_of_channels() -> None:
    """Whole numbers, unit by unit, in Python; behind its last layer an FPGA averages in numbers."""
    model = grouped(3)
    values, x = start(model, 1), np.random.default_rng(0).random((3, 96)).astype(np.float32)
    assert LUT.problems(model) == []
    chip: Any = LUT.fabricate(model, values, x, 0)
    registers = [Registers(v.bias, 1.0) for v in values]
    (first, last), codes = chip.layers, np.rint(x.astype(float) / chip.input_scale).astype(int).reshape(3, 6, 4, 4)
    for sample, line in zip(codes, infer(model, chip, x, registers, None), strict=True):
        signals = []
        for unit, cells in enumerate(first.codes.reshape(6, 2, 2, 2)):
            own = sample[unit // 2 * 2 : unit // 2 * 2 + 2]
            for row, column in np.ndindex(3, 3):
                total = int((own[:, row : row + 2, column : column + 2] * cells).sum())
                signals.append(min(max((2 * total + 2**first.shift) // 2 ** (first.shift + 1), 0), 255))
        assert line.tolist() == [int(s) * last.unit for s in last.codes @ signals]
    behind = (*model.nodes[:1], Node("average-pool", (6, 3, 3), (6, 1, 1), window=Window((3, 3), (1, 1))))
    pooled = Model("pooled", (replace(model.layers[0], activation="identity"),), behind)
    assert LUT.problems(pooled) == []
    chip = LUT.fabricate(pooled, values[:1], x, 0)
    found = infer(pooled, chip, x, registers[:1], None)
    plain = infer(Model("plain", pooled.layers, behind[:1]), chip, x, registers[:1], None)
    assert found == pytest.approx(plain.reshape(3, 6, 9).mean(axis=2))


def test_what_groups_cost() -> None:
    """Each group has an array, or turns of light, of its own."""
    x = np.random.default_rng(0).random((3, 96)).astype(np.float32)
    pcm = {g: built("pcm-nandakumar-2019").fabricate(grouped(g), start(grouped(g), 1), x, 0) for g in (1, 3)}
    sheet = pcm[3].device
    saved = 9 * (6 * 24 - 6 * 8) * sheet.cell_energy
    assert pcm[1].inference_bill().energy_j - pcm[3].inference_bill().energy_j == pytest.approx(saved)
    assert (pcm[3].resources().cells, pcm[3].resources().cores) == (6 * 8 + 3 * 54, 4)
    light = {g: built("photonic-feldmann-2021").fabricate(grouped(g), start(grouped(g), 1), x, 0) for g in (1, 3)}
    reads = {g: chip.layers[0].reads(np.float32) for g, chip in light.items()}
    rows, columns = light[3].layers[0].grid
    assert reads[1].tolist() == np.ones((-(-6 // columns), -(-24 // rows))).tolist()
    lights = [len({unit // 2 for unit in range(first, min(first + columns, 6))}) for first in range(0, 6, columns)]
    assert reads[3].tolist() == [[each] * -(-8 // rows) for each in lights]


def test_what_an_fpga_refuses_beside_its_cells() -> None:
    model, _, _, _ = made(IMAGE)
    found = {(number, what) for number, what, _ in LUT.problems(model)}
    assert {
        (0, "an FPGA LUT array cannot do 'scale' between its layers, in whole numbers"),
        (2, "an FPGA LUT array cannot do 'layer-norm' between its layers, in whole numbers"),
        (5, "an FPGA LUT array cannot do 'leaky-relu' between its layers, in whole numbers"),
        (9, "an FPGA LUT array cannot do 'gelu-tanh' between its layers, in whole numbers"),
    } <= found
    assert not {number for number, _ in found} & {12, 13}  # numbers again
    assert "hwsim.nn.convert" in LUT.problems(model)[0][2]
    inner = made(SEQUENCE)[0]
    tail = Model("t", inner.layers[:2], (*inner.nodes[:6], Node("add", (4, 2), (4, 2), summand=1)))
    assert "signals from within cannot be added" in str(LUT.problems(tail))


def test_a_foreign_chip_of_other_signals_is_not_reckoned_with() -> None:
    """A device of one's own that knows nothing of electronics gets a reason, not numbers of another domain."""

    class Foreign:
        noisy, together = False, 0

        def encode(self, x: Any) -> Any:
            return np.rint(x)

    model = Model("m", (Layer(1, 2),), (Node("layer-norm", (2,), (2,)), Node("dense", (2,), (1,), 0)))
    with pytest.raises(FabricationError, match=r"^node 0 is of kind 'layer-norm', which takes electronics that reckon"):
        infer(model, Foreign(), np.ones((1, 2), np.float32), [], None)  # type: ignore[arg-type]
    assert not issubclass(Foreign, NumberChip)


def test_relabelling_knows_what_has_places() -> None:
    rows = describe_model(made(IMAGE)[0]).rows
    assert [row.relabelled for row in rows if row.weights] == [
        "a grouped convolution keeps its groups apart",
        "a grouped convolution keeps its groups apart",
        "a grouped convolution keeps its groups apart",
        "the network's outputs",
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("groups = 2", "groups = 4", "4 channels and 6 units do not make 4 equal groups"),
        ("dilation = [2, 1]", "dilation = [9, 1]", "a window of 19 x 2 does not fit into an image of 9 x 7"),
        ("dilation = [2, 1]", "dilation = [0, 1]", "'dilation' must be at least 1"),
        ("padding = [1, 1, 1, 1]", "padding = [1, 3, 1, 1]", "some windows of 3 x 3 would lie outside the image"),
        ('takes = "first"', 'takes = "frist"', "no earlier layer is called 'frist'"),
        ("shifts = [0.25]", "shifts = [0.25, 1.0]", "2 shifts for signals of 4 x 9 x 7"),
        ("shifts = [0.25]", "shifts = [inf]", "must be a finite number, found inf"),
        ("slope = 0.125", "kernel = 2", "a layer of kind 'activation' has no 'kernel'"),
        ('kind = "flatten"', 'kind = "flatten"\ngroups = 2', "a layer of kind 'flatten' has no 'groups'"),
    ],
)
def test_faults_of_model_files(old: str, new: str, what: str) -> None:
    with pytest.raises(DiagnosticError, match=what):
        read_model(parse_document(IMAGE.replace(old, new), "m.toml"))
