"""Scales that calibration of an FPGA array chooses: nothing but zeros, narrow registers, additions, head-room."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from hwsim.device import infer
from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.fpga.wired import FpgaWired
from hwsim.device.technology import FabricationError
from hwsim.files import parse_document
from hwsim.model import Layer, Model, Registers, Start, read_model, start

LUT = FpgaLut(weight_bits=6, activation_bits=8, bias_bits=24, headroom_bits=2, clock=1e8, lut_energy=2e-13)
WIRED = FpgaWired(2, 8, 24, 0, 1e7, 2e-13, table_bits=8)


def net(*layers: tuple[int, int, Any], slope: float = 0.25) -> Model:
    found = [
        Layer(u, i, a, "uniform", 1.0, True, "zero", 1.0, False, True, parameters=(slope,) if a == "leaky-relu" else ())
        for u, i, a in layers
    ]
    return Model("t", tuple(found))


def run(device: FpgaLut, model: Model, values: list[Start], calibration: Any, x: Any) -> Any:
    chip = device.fabricate(model, values, np.array(calibration, np.float32), 0)
    return infer(model, chip, np.array(x, np.float32), [Registers(v.bias, 1.0) for v in values], None)


def floats(values: list[Start], x: Any) -> Any:
    """The network of rectified units in float64."""
    signals = np.array(x, np.float64)
    for number, one in enumerate(values):
        signals = signals @ one.weights.T + one.bias
        signals = signals if number == len(values) - 1 else np.maximum(signals, 0)
    return signals


@pytest.mark.parametrize("size", [1e-12, 1e-3, 1.0, 1e9])
@pytest.mark.parametrize("dead", [(0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_layers_without_weights_keep_their_biases(dead: tuple[int, ...], size: float) -> None:
    """Biases of any size, of layers whose weights are all zero, come out to a part in a hundred of the largest."""
    rng = np.random.default_rng(1)
    model = net((4, 3, "relu"), (4, 4, "relu"), (2, 4, "identity"))
    shapes = [(4, 3), (4, 4), (2, 4)]
    values = [
        Start(np.zeros(s) if n in dead else rng.uniform(0.2, 1, s), size * rng.uniform(0.3, 1, s[0]), 1.0)
        for n, s in enumerate(shapes)
    ]
    inputs = size * rng.random((9, 3))
    found, wanted = run(LUT, model, values, inputs, inputs), floats(values, inputs.astype(np.float32))
    assert np.abs(found - wanted).max() <= 0.03 * np.abs(wanted).max()


def test_zero_weights_and_zero_biases_can_still_learn() -> None:
    """A step is then that of weights up to 1 on inputs up to 1: 1/31/255."""
    model, values = net((1, 2, "identity")), [Start(np.zeros((1, 2)), np.zeros(1), 1.0)]
    chip = LUT.fabricate(model, values, np.ones((1, 2), np.float32), 0)
    learned = infer(model, chip, np.ones((1, 2), np.float32), [Registers(np.array([0.5]), 1.0)], None)
    assert learned == pytest.approx(0.5, abs=1 / 31 / 255)


def test_layers_of_zeros_do_not_wear_the_scale_down() -> None:
    """Four layers of zeros before a bias of 0.5."""
    model = net(*[(2, 2, "relu")] * 4, (1, 2, "identity"))
    values = [*[Start(np.zeros((2, 2)), np.zeros(2), 1.0)] * 4, Start(np.ones((1, 2)), np.array([0.5]), 1.0)]
    assert run(LUT, model, values, np.ones((1, 2)), np.ones((1, 2))) == pytest.approx(0.5, abs=1e-3)


def test_the_least_weights_that_float32_holds() -> None:
    """No weight is too small to be one."""
    values = [Start(np.array([[1e-38, -0.5e-38]]), np.zeros(1), 1.0)]
    chip = LUT.fabricate(net((1, 2, "identity")), values, np.ones((1, 2), np.float32), 0)
    assert chip.cells(0).tolist() == [[31, -16]]


@pytest.mark.parametrize("zeros", ["inputs", "hidden signals"])
def test_calibration_that_sees_zeros_alone(zeros: str) -> None:
    """The layer that saw nothing carries signals of the usual size, once there are any."""
    model = net((3, 2, "relu"), (3, 3, "relu"), (1, 3, "identity"))
    down = -0.5 if zeros == "hidden signals" else 0.0
    rng = np.random.default_rng(2)
    values = [Start(rng.uniform(0.5, 1, (u, i)) * 0.2, np.full(u, 0.1), 1.0) for u, i in ((3, 2), (3, 3), (1, 3))]
    values[0] = replace(values[0], bias=np.full(3, down))
    calibration = np.zeros((4, 2)) if zeros == "inputs" else rng.random((4, 2))
    x = rng.random((20, 2)).astype(np.float32)
    assert run(LUT, model, values, calibration, x) == pytest.approx(floats(values, x), abs=0.02)
    chip = LUT.fabricate(model, values, calibration.astype(np.float32), 0)
    awake = [replace(values[0], bias=np.full(3, 0.2)), *values[1:]]
    found = infer(model, chip, x, [Registers(v.bias, 1.0) for v in awake], None)
    assert found == pytest.approx(floats(awake, x), abs=0.03)


def test_tables_of_zeros_leave_the_next_layer_its_biases() -> None:
    layer = Layer(2, 1, "look-up", "uniform", 1.0, True, "zero", 1.0, False, True, parameters=(-1.0, 1.0, 2, 0.0, 0.0))
    model = Model("t", (layer, net((1, 2, "identity")).layers[0]))
    values = [Start(np.ones((2, 1)), np.zeros(2), 1.0), Start(np.ones((1, 2)), np.array([0.75]), 1.0)]
    assert run(LUT, model, values, [[0.0], [1.0]], [[0.5]]) == pytest.approx(0.75, abs=1e-3)


def test_a_register_too_narrow_is_refused() -> None:
    """A step is 1/31/255; 8 bits hold 127 of them, and 3000 of them need 12 bits and a sign."""
    model, step = net((1, 1, "relu"), (2, 1, "identity")), Fraction(1, 31 * 255)
    first = Start(np.ones((1, 1)), np.zeros(1), 1.0)
    narrow = replace(LUT, bias_bits=8)
    chip = narrow.fabricate(model, [first, Start(np.ones((2, 1)), np.zeros(2), 1.0)], np.ones((1, 1), np.float32), 0)
    second = Fraction(chip.layers[1].unit)

    def with_biases(one: float, two: list[float]) -> None:
        values = [Start(first.weights, np.array([one]), 1.0), Start(np.ones((2, 1)), np.array(two), 1.0)]
        run(narrow, model, values, [[1.0]], [[1.0]])

    with_biases(float(127 * step), [0.0, 0.0])
    with pytest.raises(FabricationError, match=r"layer 0: .* of unit 0 needs a register of 9 bits, and this one has 8"):
        with_biases(float(128 * step), [0.0, 0.0])
    with pytest.raises(FabricationError, match=r'layer 1: .* of unit 1 needs a register of 13 bits.*"13 bit"'):
        with_biases(0.0, [0.0, float(-3000 * second)])
    with pytest.raises(FabricationError, match=r"layer 0: .* needs a register of 114 bits"):
        with_biases(1e30, [0.0, 0.0])  # 7905e30 is a little less than 2^113: 113 bits and a sign
    assert chip.saturated(0, Registers(np.array([float(128 * step)]), 1.0)) == 1
    assert chip.saturated(0, Registers(np.array([float(-127 * step)]), 1.0)) == 0


ADDED = """title = "t"
inputs = 5
[[layer]]
kind = "dense"
name = "a"
units = 5
activation = "{0}"
[[layer]]
kind = "dense"
units = 5
activation = "{0}"
[[layer]]
kind = "add"
summand = "a"
[[layer]]
kind = "dense"
units = 3
activation = "identity"
"""


def test_wired_logic_has_no_cells_of_zero() -> None:
    """Whatever the network, cells add or subtract; the magnitude is the mean of all, which no addition changes."""
    for seed in range(20):
        model = read_model(parse_document(ADDED.format(["relu", "tanh", "sigmoid"][seed % 3]), "m.toml"))
        values = start(model, seed)
        x = np.random.default_rng(seed).uniform(seed % 2 - 1, 1, (30, 5)).astype(np.float32)
        chip = WIRED.fabricate(model, values, x, 0)
        for number, value in enumerate(values):
            assert np.array_equal(chip.cells(number), np.where(value.weights < 0, -1, 1))
            assert np.abs(chip.nominal(number)) == pytest.approx(np.abs(value.weights).mean())


def test_wired_logic_computes_an_addition() -> None:
    """Beside float64 with the same signs and magnitudes."""
    model = read_model(parse_document(ADDED.format("relu"), "m.toml"))
    values, x = start(model, 3), np.random.default_rng(3).random((30, 5)).astype(np.float32)
    chip = replace(WIRED, table_bits=12, activation_bits=12).fabricate(model, values, x, 0)
    a, b, c = (chip.nominal(n) for n in range(3))
    one = np.maximum(x @ a.T + values[0].bias, 0)
    wanted = (np.maximum(one @ b.T + values[1].bias, 0) + one) @ c.T + values[2].bias
    registers = [Registers(v.bias, 1.0) for v in values]
    assert infer(model, chip, x, registers, None) == pytest.approx(wanted, abs=0.02)


def test_wired_logic_refuses_a_layer_without_weights() -> None:
    values = [Start(np.zeros((1, 1)), np.ones(1), 1.0)]
    with pytest.raises(FabricationError, match="layer 0: all weights are 0"):
        WIRED.fabricate(net((1, 1, "identity")), values, np.ones((1, 1), np.float32), 0)


def test_weights_before_an_addition_are_at_most_one_bit_coarser() -> None:
    """They are the nearest multiples of a power of two (times that of the inputs), also where all are large."""
    model = read_model(parse_document(ADDED.format("relu"), "m.toml"))
    rng = np.random.default_rng(4)
    for low in (-1.0, 0.8):
        for _ in range(10):
            largest = rng.uniform(0.1, 3)
            values = [Start(largest * rng.uniform(low, 1, v.weights.shape), v.bias, 1.0) for v in start(model, 0)]
            chip = LUT.fabricate(model, values, rng.random((30, 5)).astype(np.float32), 0)
            for number, value in enumerate(values):
                step, finest = chip.layers[number].weight_scale, np.abs(value.weights).max() / 31
                assert np.abs(chip.nominal(number) - value.weights).max() <= step / 2 * (1 + 1e-9)
                if number < 2:
                    assert np.frexp(step)[0] == 0.5
                    assert finest <= step < 2 * finest
                else:
                    assert step == pytest.approx(finest)


def test_leaky_units_below_zero_set_the_shift() -> None:
    """-7905 >> 2 = -1977; with 2 bits kept free, 7908 >> 6 = 123 <= 127 < 247, and four times the sum still fits."""
    model = net((1, 1, "leaky-relu"), (1, 1, "identity"))
    values = [Start(-np.ones((1, 1)), np.zeros(1), 1.0), Start(np.ones((1, 1)), np.zeros(1), 1.0)]
    chip = LUT.fabricate(model, values, np.array([[0.0], [1.0]], np.float32), 0)
    assert chip.layers[0].shift == 6
    registers = [Registers(np.array([-3.0]), 1.0), Registers(np.zeros(1), 1.0)]
    assert infer(model, chip, np.ones((1, 1), np.float32), registers, None) == pytest.approx(-1.0, abs=0.02)


@pytest.mark.parametrize(("headroom", "shift"), [(0, 5), (1, 6), (3, 8)])
def test_tables_keep_their_headroom(headroom: int, shift: int) -> None:
    """Sums of 10 inputs at 255 are 2550; an address has 8 bits: -128..127, and 2550 >> 5 = 79 <= 128 < 159."""
    model = net((1, 10, "relu"), (1, 1, "identity"))
    values = [Start(np.ones((1, 10)), np.zeros(1), 1.0), Start(np.ones((1, 1)), np.zeros(1), 1.0)]
    device = replace(WIRED, headroom_bits=headroom)
    chip = device.fabricate(model, values, np.ones((1, 10), np.float32), 0)
    assert chip.layers[0].shift == shift
    grown = 10.0 * 2**headroom  # what sums may become in training
    registers = [Registers(np.array([grown - 10]), 1.0), Registers(np.zeros(1), 1.0)]
    assert infer(model, chip, np.ones((1, 10), np.float32), registers, None) == pytest.approx(grown, rel=0.02)
