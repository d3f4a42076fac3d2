"""FPGA arrays: the same integers as Python's, bit for bit, and their area by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.device import infer
from hwsim.device.fpga.chip import FpgaChip
from hwsim.device.fpga.fabric import crossbar_luts, csd_digits, layer_luts, switch_luts, table_luts
from hwsim.device.fpga.family import FAMILIES
from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.fpga.multiplier import build_multiplier, multiplier_luts
from hwsim.device.fpga.numbers import LAST, RELU, Burnt
from hwsim.device.fpga.serial import parts
from hwsim.device.fpga.wired import FpgaWired
from hwsim.model import Layer, Model, Registers, start

DEVICE = FpgaLut(weight_bits=6, activation_bits=8, bias_bits=24, headroom_bits=2, clock=1e8, lut_energy=2e-13)


def model(*sizes: int) -> Model:
    last = len(sizes) - 2
    layers = (
        Layer(u, i, "identity" if n == last else "relu", "he-uniform", 1.0, True, "uniform", 1.0, False, True)
        for n, (i, u) in enumerate(pairwise(sizes))
    )
    return Model("t", tuple(layers))


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def half_even(value: float) -> int:
    return round(Fraction(value))


def big(chip: FpgaChip, x: Any, connections: Any, registers: Any) -> list[list[float]]:
    """The arithmetic of the module's docstring in Python integers and fractions."""
    device = chip.device
    top = 2**device.activation_bits - 1
    signed_top = 2 ** (device.activation_bits - 1) - 1
    low, high = (-signed_top, signed_top) if chip.signed else (0, top)
    found = []
    for sample in x:
        signals = [min(max(half_even(float(v) / chip.input_scale), low), high) for v in sample]
        for layer, p, register in zip(chip.layers, connections, registers, strict=True):
            cells = [int(c) for c in layer.codes.reshape(-1)]
            limit = 2 ** (device.bias_bits - 1) - 1
            sums = []
            for u in range(len(layer.codes)):
                bias = min(max(half_even(float(register.bias[u]) / layer.unit), -limit), limit)
                sums.append(bias + sum(cells[p[u][i]] * signal for i, signal in enumerate(signals)))
            if layer.kind == RELU:
                signals = [min(max(half_up(Fraction(s, 2**layer.shift)), 0), top) for s in sums]
        found.append([s * layer.unit for s in sums])
    return found


@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=4),
    weight_bits=st.integers(2, 8),
    activation_bits=st.integers(2, 16),
    headroom=st.integers(0, 6),
    low=st.sampled_from([0.0, -1.0]),
    large=st.sampled_from([0.01, 1.0, 1e9]),
    seed=st.integers(0, 2**32),
)
def test_inference(
    sizes: list[int], weight_bits: int, activation_bits: int, headroom: int, low: float, large: float, seed: int
) -> None:
    """Over all widths, connections of whole layers, inputs beyond the calibration and biases beyond the register."""
    rng = np.random.default_rng(seed)
    device = FpgaLut(weight_bits, activation_bits, 24, headroom, 1e8, 2e-13)
    net = model(*sizes)
    chip = device.fabricate(net, start(net, seed), rng.uniform(low, 1, (20, sizes[0])).astype(np.float32), seed)
    x = rng.uniform(1.5 * low - 0.2, 1.5, (6, sizes[0])).astype(np.float32)
    connections = [rng.permutation(n.units * n.inputs).reshape(n.units, n.inputs) for n in net.layers]
    registers = [Registers(rng.normal(0, large, n.units), 1.0) for n in net.layers]
    for number, cells in enumerate(connections):
        chip.connect(number, np.arange(cells.size), cells.reshape(-1))
    assert infer(net, chip, x, registers, None).tolist() == big(chip, x, connections, registers)


@pytest.mark.parametrize(
    ("total", "code"),
    [
        (-100, 0),
        (-3, 0),
        (-2, 0),
        (-1, 0),
        (1, 0),
        (2, 1),
        (3, 1),
        (5, 1),
        (6, 2),
        (1017, 254),
        (1018, 255),
        (9999, 255),
    ],
)
def test_rounding(total: int, code: int) -> None:
    """A shift of 2 divides by 4 and rounds halves up: -2/4 = -0.5 gives 0, 2/4 = 0.5 gives 1; then 0..255."""
    one = np.ones((1, 1), np.int64)
    chip = FpgaChip(DEVICE, (Burnt(one, 1.0, 1.0, RELU, 2), Burnt(one, 1.0, 1.0, LAST)), 1.0, signed=False)
    registers = [Registers(np.array([float(total)]), 1.0), Registers(np.zeros(1), 1.0)]
    zero = np.zeros((1, 1), np.float32)
    assert infer(model(1, 1, 1), chip, zero, registers, None).tolist() == [[code]]


def test_a_bias_register_saturates() -> None:
    one = np.ones((2, 1), np.int64)
    chip = FpgaChip(DEVICE, (Burnt(one, 0.5, 1.0),), 1.0, signed=False)
    codes = chip.register_codes(0, Registers(np.array([1e30, -1e30]), 1.0))
    assert codes.tolist() == [2**23 - 1, -(2**23 - 1)]
    assert chip.register_codes(0, Registers(np.array([0.75, 1.25]), 1.0)).tolist() == [2, 2]  # 1.5 and 2.5: to even


def test_calibration_keeps_the_headroom() -> None:
    """Inputs of 255 through a weight of 31: 7905; with 2 bits kept free, 31620 >> 7 = 247 <= 255 < 494."""
    net = model(1, 1, 1)
    values = start(net, 0)
    values = [type(v)(np.abs(v.weights), np.zeros(1), 1.0) for v in values]
    chip = DEVICE.fabricate(net, values, np.array([[0.0], [1.0]], np.float32), 0)
    assert [layer.shift for layer in chip.layers] == [7, 0]
    assert chip.layers[0].codes.tolist() == [[31]]


def csd(c: int) -> int:
    """Non-zero digits of the form in which no two neighbours are non-zero, by recoding from the right."""
    count = 0
    c = abs(c)
    while c:
        if c % 2:
            c -= 2 - c % 4
            count += 1
        c //= 2
    return count


def fewest(c: int, digits: int = 9) -> int:
    """Fewest signed powers of two with this sum, by search."""
    reached, count = {0}, 0
    while c not in reached:
        reached |= {r + s * 2**k for r in reached for k in range(digits) for s in (1, -1)}
        count += 1
    return count


def test_csd_digits() -> None:
    constants = np.arange(-(2**12), 2**12)
    assert csd_digits(constants).tolist() == [csd(int(c)) for c in constants]
    few = np.arange(-128, 128)
    assert csd_digits(few).tolist() == [fewest(int(c)) for c in few]


CASES = [
    ([[0, 0]], 8, 0),  # nothing to add
    ([[4]], 8, 0),  # a shift is wiring
    ([[3]], 8, 10),  # 4x - x: one adder, 3 * 255 = 765 needs 10 bits
    ([[1, 0]], 8, 0),  # one term meets nobody
    ([[1, 1, 1]], 8, 9 + 10),  # (a + b) in 9 bits, then c on top
    ([[1, 1], [2, -2]], 4, 5 + 5),  # units side by side; -30..30 has 6 bits, of which the last is always 0
    ([[5, 1]], 4, 5 + 7),  # 5 x 15 = 75 in 7 bits, 2 of them pass through below 4x; then 75 + 15 = 90 in 7 bits
]


@pytest.mark.parametrize(("codes", "bits", "luts"), CASES)
def test_luts(codes: list[list[int]], bits: int, luts: int) -> None:
    assert layer_luts(np.array(codes), bits) == luts


@given(st.lists(st.integers(-127, 127), min_size=1, max_size=20), st.integers(1, 16))
def test_luts_of_a_unit(codes: list[int], bits: int) -> None:
    """One adder less than terms and one less than digits of each, no wider than the sum."""
    live = [c for c in codes if c]
    adders = max(len(live) - 1, 0) + sum(csd(c) - 1 for c in live)
    found = layer_luts(np.array([codes]), bits)
    widest = bits + 7 + max(len(live) - 1, 0).bit_length()
    assert adders <= found <= adders * (widest + 1)
    assert layer_luts(np.array([codes, codes]), bits) == 2 * found
    assert layer_luts(-np.array([codes]), bits) == found


def test_the_bill_by_hand() -> None:
    """Layers 64-12 and 12-10; cycles 2 + ceil(log2 65) = 9 and 2 + ceil(log2 13) = 6.

    Behind the trees: an adder of 25 bits, which hold any sum with a bias of 24, and 16 LUTs that round and clip the 8
    bits of a hidden unit. Bias registers have shadows.
    """
    net = model(64, 12, 10)
    chip = DEVICE.fabricate(net, start(net, 0), np.array([[0.0] * 64, [1.0] * 64], np.float32), 0)
    bill = chip.inference_bill()
    assert bill.time_s == pytest.approx(15e-8)
    behind = [12 * (25 + 16), 10 * 25]
    trees = [layer_luts(layer.codes, 8) for layer in chip.layers]
    assert bill.energy_j == pytest.approx(2e-13 * (sum(trees) + sum(behind)))
    assert [each.luts for each in chip.areas] == [trees[0] + behind[0], trees[1] + behind[1]]
    assert [each.flip_flops - each.luts for each in chip.areas] == [12 * 48, 10 * 48]


def test_bit_serial_units_take_no_turns() -> None:
    serial = replace(DEVICE, architecture="serial")
    assert serial.problems(model(1, 1)) == []
    ((node, what, hint),) = replace(serial, folding=4).problems(model(1, 1))
    assert (node, what) == (0, "bit-serial units take all inputs at once, and folding is 4")
    assert hint == 'use folding = 1, or architecture = "parallel"'


def test_bit_serial_areas_by_hand() -> None:
    """One unit of 3 and 5: 3a + 5b has bits a^b, a&!b | ..: of 0, 3, 5, 8 four, the third and first of which differ.

    Bits of 0, 3, 5, 8: 0110, 0100, 0010, 0001, so four tables. The sum has 5 bits with its sign, of 8 bits at most
    2040, 12 bits; the result 24 + 1. Horner's adder leaves out the lowest bit. The course has a token of 8 bits, and
    stepping, complete, valid, two bits that count sums under way, and a commit.
    """
    chip = FpgaChip(replace(DEVICE, architecture="serial"), (Burnt(np.array([[3, 5]]), 1.0, 1.0),), 1.0, signed=False)
    (use,) = chip.uses
    made = parts(chip.device.widths, chip.layers[0], use)
    assert made == (4, 0, 11 + 25, 0, 0, 12 + 25)
    assert chip.areas[0].flip_flops == 2 * 24 + 12 + 25 + 2 * 8 + 8 + 6
    assert chip.resources().cycles == 10
    assert chip.inference_bill().time_s == pytest.approx(1e-7)
    assert chip.inference_bill().energy_j == pytest.approx(chip.areas[0].luts * 9 * 2e-13)


@pytest.mark.parametrize("family", ["ice40", "ecp5"])
def test_products_of_families(family: str) -> None:
    """A power of two is wiring, minus it is not; half the bits of x take half the tables; 7 series are as they were."""
    told = FAMILIES[family]
    assert [told.product(c, 0, 255) for c in (0, 1, 64)] == [0, 0, 0]
    assert told.product(-4, 0, 255) == told.product(-64, 0, 255) > 8
    assert told.product(11, -8, 7) == pytest.approx(told.product(11, -128, 127) / 2)
    assert told.product(11, 0, 255) == told.product(44, 0, 255) > 1.3 * FAMILIES["7-series"].product(11, 0, 255)
    assert told.layer(np.array([[11, 0]]), 8, signed=False) == round(told.product(11, 0, 255))


def test_what_cannot_be_built() -> None:
    bad = Model("t", (Layer(2, 2, "identity", "uniform", 1.0, True, "zero", 1.0, True, True),) * 2)
    assert DEVICE.problems(bad) == [
        (0, "an FPGA LUT array has no gain register", "leave gain out or use a photonic device"),
        (
            0,
            "a hidden layer of an FPGA LUT array cannot be 'identity'",
            "use 'relu', 'leaky-relu', 'step' or 'look-up'",
        ),
        (1, "an FPGA LUT array has no gain register", "leave gain out or use a photonic device"),
    ]


def test_ten_thousand_layers() -> None:
    """Random layers of every kind and width in integers of any length; every fourth has signals at both ends alone."""
    rng = np.random.default_rng(0)
    carriers = set()
    for number in range(10_000):
        units, inputs, samples = (int(n) for n in rng.integers(1, 7, 3))
        weight_bits, bits, kind = (int(n) for n in (rng.integers(2, 17), rng.integers(2, 17), rng.integers(0, 4)))
        top, heavy = 2**bits - 1, 2 ** (weight_bits - 1) - 1
        signed = bool(rng.integers(2))
        low, high = (-(top // 2), top // 2) if signed else (0, top)
        codes = rng.integers(-heavy, heavy + 1, (units, inputs))
        x = rng.integers(low, high + 1, (samples, inputs))
        if number % 4 == 0:
            x = np.where(x * 2 < low + high, low, high)
            codes = np.where(codes < 0, -heavy, heavy)
        shift, slope = (int(n) for n in rng.integers(0, 13, 2))
        least, largest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if kind == 3 else (low, high)
        tables = rng.integers(-99, 99, (rng.choice([1, units]), 2**bits if kind == 3 else 1)).astype(np.int32)
        burnt = Burnt(codes, 1.0, 1.0, kind, shift, least, largest, slope, high, signed, tables)
        bias = rng.integers(-(2 ** int(rng.integers(1, 31))), 2**30, units)
        found = burnt.activate(burnt.matmul(x.astype(np.float32)), bias)
        carriers.add(burnt.met.dtype.name)
        for row, sample in zip(found.tolist(), x.tolist(), strict=True):
            for u, code in enumerate(row):
                s = int(bias[u]) + sum(int(c) * v for c, v in zip(codes[u].tolist(), sample, strict=True))
                if kind == 2:
                    assert code == (s > 0)
                    continue
                s = s // 2**slope if kind == 1 and s < 0 else s
                s = min(max(half_up(Fraction(s, 2**shift)), least), largest)
                assert code == (tables[u % len(tables), s - least] if kind == 3 else s)
    assert carriers == {"float32", "float64"}


def test_sums_that_no_float_holds() -> None:
    """Codes of 31 bits: 100 products of 2^46 need 54 bits, and the sum is exact to the last."""
    codes = np.full((1, 100), 2**31 - 1)
    codes[0, 0] = 2
    burnt = Burnt(codes, 1.0, 1.0, reach=2**16 - 1)
    x = np.full((1, 100), 2**16 - 1, np.float32)
    assert burnt.met.dtype == np.int64
    assert burnt.matmul(x).tolist() == [[(99 * (2**31 - 1) + 2) * (2**16 - 1)]]


def test_no_connection_exceeds_the_bound() -> None:
    """Within a layer as one bank, the largest codes may all meet at one unit."""
    burnt = Burnt(np.array([[1, -2, 3], [4, 0, -5]]), 1.0, 1.0, reach=10)
    assert burnt.bound == (3 + 4 + 5) * 10
    assert burnt.accumulator_bits == 8  # -128..127 holds -120..120


def test_the_published_counts_of_a_fabric() -> None:
    """Switches and crossbars of 8-bit words, from the synthesis tables; all of these are exact."""
    for switches, lut4, lut6 in [(6, 96, 48), (20, 320, 160), (56, 896, 448), (144, 2304, 1152), (352, 5632, 2816)]:
        assert switch_luts(switches, 8, "lut4") == switch_luts(switches, 8, "lut3") == lut4
        assert switch_luts(switches, 8) == lut6
    assert [crossbar_luts(n, 8) for n in (4, 8, 16, 32, 64)] == [32, 128, 512, 2304, 8704]
    assert [table_luts(n, 8) for n in (4, 5, 6, 7, 8, 12)] == [4, 4, 8, 16, 32, 512]
    with pytest.raises(ValueError, match="65 inputs"):
        crossbar_luts(65, 8)


@pytest.mark.parametrize(
    ("inputs", "constants", "published"),
    [(8, 4, 6.6), (8, 6, 12.1), (8, 8, 19.1), (4, 4, 3.4), (4, 6, 6.8), (4, 8, 10.9)],
)
def test_the_published_mean_of_multipliers(inputs: int, constants: int, published: float) -> None:
    """LUT cells of multipliers by canonic digits, over all signed constants: Yosys 0.23 on 7-series parts."""
    every = range(-(2 ** (constants - 1)), 2 ** (constants - 1))
    low, high = -(2 ** (inputs - 1)), 2 ** (inputs - 1) - 1
    assert np.mean([multiplier_luts(c, low, high) for c in every]) == pytest.approx(published, rel=0.06)


def test_the_published_multipliers_of_few_digits() -> None:
    """One digit: nothing with a plus sign, 8 with a minus sign; two digits, plus signs first: 9.1. 8-bit inputs."""
    for place in range(7):
        assert (multiplier_luts(1 << place, -128, 127), multiplier_luts(-1 << place, -128, 127)) == (0, 8)
    two = [multiplier_luts(c, -128, 127) for c in range(1, 128) if csd(c) == 2]
    assert round(float(np.mean(two)), 1) == 9.1


@given(constant=st.integers(-(2**15), 2**15), low=st.integers(-300, 0), high=st.integers(0, 300), at=st.floats(0, 1))
def test_netlists_multiply(constant: int, low: int, high: int, at: float) -> None:
    """What is counted is a multiplier: signal by signal it gives the product."""
    x = round(low + at * (high - low))
    assert build_multiplier(constant, low, high).evaluate(x) == constant * x


def test_folding_trades_luts_for_time() -> None:
    net = model(64, 12, 10)
    x = np.array([[0.0] * 64, [1.0] * 64], np.float32)
    flat, folded = (replace(DEVICE, folding=n).fabricate(net, start(net, 0), x, 0) for n in (1, 64))
    assert sum(r.luts for r in folded.areas) < sum(r.luts for r in flat.areas) / 2
    assert folded.inference_bill().time_s > 3 * flat.inference_bill().time_s
    registers = [Registers(v.bias, 1.0) for v in start(net, 0)]
    assert np.array_equal(infer(net, flat, x, registers, None), infer(net, folded, x, registers, None))


def test_wired_logic() -> None:
    """Signs, one magnitude, and any activation from a table of 2^n entries at m 2^(n-6) LUT6 a unit."""
    layers = (
        Layer(5, 8, "tanh", "he-uniform", 1.0, True, "uniform", 1.0, False, True),
        Layer(3, 5, "identity", "he-uniform", 1.0, True, "uniform", 1.0, False, True),
    )
    net = Model("t", layers)
    device = FpgaWired(2, 8, 24, 0, 1e7, 2e-13, table_bits=10)
    assert device.problems(net) == []
    rng = np.random.default_rng(0)
    values, x = start(net, 0), rng.normal(size=(50, 8)).astype(np.float32)
    chip = device.fabricate(net, values, x, 0)
    for number, value in enumerate(values):
        assert np.array_equal(chip.cells(number), np.where(value.weights < 0, -1, 1))
        assert np.abs(chip.nominal(number)) == pytest.approx(np.abs(value.weights).mean())
    registers = [Registers(v.bias, 1.0) for v in values]
    hidden = np.tanh(x @ chip.nominal(0).T + values[0].bias)
    wanted = hidden @ chip.nominal(1).T + values[1].bias
    assert infer(net, chip, x, registers, None) == pytest.approx(wanted, abs=0.05)
    first = chip.layers[0]
    trees = layer_luts(first.codes, 8, signed=True)
    assert chip.areas[0].luts == trees + 5 * (25 + 8 * 2**4)
    assert chip.areas[0].flip_flops == 5 * (8 + 48)
    assert chip.inference_bill().time_s == pytest.approx(2e-7)
