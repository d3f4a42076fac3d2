"""What an exported ONNX file computes, run by two runtimes that are not hwsim's, is what the emulated chip computes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

import hwsim
from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.variation import Variation
from hwsim.export import EXPORTS, Snapshot
from hwsim.files import Refusal, parse_document
from hwsim.model import Model, Registers, Start, read_model
from hwsim.model.imports import read_onnx
from hwsim.pipeline.replay import configured
from tests.conftest import run_here
from tests.export.connected import (
    BRANCHED,
    RESIDUAL,
    SEQUENCE,
    SMALL,
    Array,
    array,
    connected,
    fabricated,
    models,
    runtime,
)


@pytest.mark.parametrize("optimised", [True, False])
def test_every_output_of_the_digits(digits: Snapshot, optimised: bool) -> None:
    """The 359 test images, with the runtime's optimisations and without, from numbers and from codes."""
    assert digits.quiet is not None
    x, wanted = digits.quiet()
    chip: Any = digits.chip
    files = EXPORTS["onnx"].files(digits)
    for name, taken in (("network.onnx", x), ("network-codes.onnx", chip.encode(x).astype(np.int32))):
        sums, found = runtime(files[name], taken, optimised=optimised)
        assert found.size == 3590
        assert (found == wanted).all()
        assert (sums * chip.layers[-1].unit == wanted).all()


def test_a_file_says_what_it_is_of(digits: Snapshot) -> None:
    file = onnx.load_from_string(EXPORTS["onnx"].files(digits)["network.onnx"])
    told = {one.key: one.value for one in file.metadata_props}
    assert (told["hwsim.run"], told["hwsim.event"]) == (digits.identity, "1")
    constants: dict[str, Array] = {one.name: numpy_helper.to_array(one) for one in file.graph.initializer}
    total = hashlib.sha256()
    for number in range(2):
        codes = constants[f"layer{number}_weights"].T.astype(np.float64) - 128
        for values in (codes, constants[f"layer{number}_bias"].astype(np.float64)):
            total.update(np.ascontiguousarray(values).tobytes())
    assert told["hwsim.weights_sha256"] == total.hexdigest()


def test_a_flipped_byte(tmp_path: Path) -> None:
    """Any byte: the file is named, and so is the constant where it is in one."""
    model = read_model(parse_document(SMALL, "m.toml"))
    snapshot, _, _ = fabricated(array(6, 8, wired=False), model, np.random.default_rng(0), signed=False)
    content = EXPORTS["onnx"].files(snapshot)["network.onnx"]
    path = tmp_path / "network.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"network\.onnx: the graph has 2 outputs"):  # sound, and no network of numbers
        read_onnx(path)
    rng, told = np.random.default_rng(1), set()
    for place in rng.permutation(len(content))[:300]:
        spoilt = bytearray(content)
        spoilt[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(spoilt)
        with pytest.raises(ValueError, match=r"network\.onnx: (not a sound ONNX file|.* was changed since)") as found:
            read_onnx(path)
        told.add(str(found.value).split(": ", 1)[1])
    assert any("the constant 'layer0_weights' was changed" in one for one in told)
    assert any("the graph or what the file says of itself was changed" in one for one in told)


@given(
    models(), st.integers(2, 8), st.integers(2, 8), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 1 << 30)
)
@settings(max_examples=40)
def test_random_networks_in_whole_numbers(
    model: Model, bits: int, signals: int, signed: bool, wired: bool, optimised: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    snapshot, x, wanted = fabricated(array(bits, signals, wired=wired), model, rng, signed=signed)
    files = EXPORTS["onnx"].files(snapshot)
    chip: Any = snapshot.chip
    codes = chip.encode(x).astype(np.int32)
    for name, taken in (("network.onnx", x), ("network-codes.onnx", codes)):
        sums, found = runtime(files[name], taken, optimised=optimised)
        assert sums.dtype.kind == "i"
        np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)
        np.testing.assert_array_equal(np.rint(wanted / chip.layers[-1].unit), sums.reshape(wanted.shape))
    if optimised:
        evaluator: Any = ReferenceEvaluator(onnx.load_from_string(files["network.onnx"]))
        with np.errstate(invalid="ignore"):  # it pads bytes with NaN, and by nothing
            found = evaluator.run(None, {"x": x.reshape(len(x), *model.nodes[0].taken)})[1]
        np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("text", [RESIDUAL, BRANCHED, SEQUENCE])
@pytest.mark.parametrize("signed", [True, False])
def test_graphs_of_every_shape(text: str, signed: bool) -> None:
    model = read_model(parse_document(text, "m.toml"))
    snapshot, x, wanted = fabricated(array(8, 8, wired=False), model, np.random.default_rng(7), signed=signed)
    sums, found = runtime(EXPORTS["onnx"].files(snapshot)["network.onnx"], x, optimised=True)
    assert found.shape[1:] == model.nodes[-1].given
    assert np.abs(sums).max() > 100
    np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)


def test_a_mean_with_zeros_around_negative_signals() -> None:
    """Zeros around an image may bring a mean above the largest signal."""
    text = BRANCHED[: BRANCHED.index('[[layer]]\nname = "two"')].replace(
        'activation = "leaky-relu"\nslope = 0.5', 'activation = "look-up"\ntable = [-1, -2]\ntable_range = [-1, 1]'
    )
    text += '[[layer]]\nkind = "average-pool"\nkernel = 2\npadding = [1, 1, 0, 0]\n'
    text += '[[layer]]\nkind = "flatten"\n[[layer]]\nkind = "dense"\nunits = 2\nactivation = "identity"\n'
    model = read_model(parse_document(text, "m.toml"))
    snapshot, x, wanted = fabricated(array(8, 8, wired=False), model, np.random.default_rng(7), signed=True)
    _, found = runtime(EXPORTS["onnx"].files(snapshot)["network.onnx"], x, optimised=True)
    np.testing.assert_array_equal(found, wanted)


def test_sums_that_32_bits_do_not_hold() -> None:
    text = SMALL.replace('"identity"', '"identity"\nbias = "uniform"\nbias_bound = 1e8')
    model = read_model(parse_document(text, "m.toml"))
    snapshot, x, wanted = fabricated(FpgaLut(8, 8, 48, 1, 1e8, 0), model, np.random.default_rng(7), signed=True)
    sums, found = runtime(EXPORTS["onnx"].files(snapshot)["network.onnx"], x, optimised=True)
    assert sums.dtype == np.int64
    assert np.abs(sums).max() > 2**32
    np.testing.assert_array_equal(found, wanted)


def test_weights_and_signals_at_full_drive() -> None:
    """Pairs of products of 255 and 127 would saturate the 16 bits that signed kernels of some processors have."""
    model = read_model(parse_document(SMALL.replace("inputs = 4", "inputs = 64"), "m.toml"))
    begun = [Start(np.full((layer.units, layer.inputs), -1.0), np.zeros(layer.units), 1.0) for layer in model.layers]
    x = np.ones((5, 64), np.float32)
    chip = FpgaLut(8, 8, 24, 0, 1e8, 0).fabricate(model, begun, x, 0)
    registers = [Registers(np.zeros(layer.units), 1.0) for layer in model.layers]
    snapshot = connected(model, chip, registers, np.random.default_rng(0))
    graph = onnx.load_from_string(EXPORTS["onnx"].files(snapshot)["network.onnx"]).graph
    products = [node for node in graph.node if node.op_type == "MatMulInteger"]
    kinds = {one.name: one.data_type for one in graph.initializer}
    assert {kinds[node.input[1]] for node in products} == {onnx.TensorProto.UINT8}
    weights = next(numpy_helper.to_array(one) for one in graph.initializer if one.name == "layer0_weights")
    assert set((weights.astype(int) - 128).ravel()) == {-127}


@pytest.mark.parametrize(
    ("device", "told"),
    [
        (
            FpgaLut(9, 8, 24, 1, 1e8, 0),
            "layer 0 has weights to 255, and ONNX's integer products take 8 bits, set weight",
        ),
        (
            FpgaLut(8, 9, 24, 1, 1e8, 0),
            "the inputs have codes from 0 to 511, and ONNX's integer products take 8 bits, ",
        ),
        (FpgaLut(6, 8, 24, 1, 1e8, 0, varied=Variation(0.1)), "layer 0 holds analogue levels (device.variation), "),
    ],
)
@pytest.mark.parametrize("format_", ["onnx", "onnx-qdq"])
def test_what_has_no_form_in_bytes(device: FpgaLut, told: str, format_: str) -> None:
    model = read_model(parse_document(SMALL, "m.toml"))
    snapshot, _, _ = fabricated(device, model, np.random.default_rng(7), signed=False)
    with pytest.raises(Refusal, match=re.escape(told)):
        EXPORTS[format_].files(snapshot)


@pytest.mark.parametrize("setting", ["crossbar.ports=128", "crossbar.scope=layer"])
def test_spare_ports_and_one_bank_a_layer(tiny: Path, tmp_path: Path, setting: str) -> None:
    settings_ = ["controller.epochs=2", "crossbar.topology=benes", setting]
    run_here(tiny, tmp_path / "run", *settings_)
    snapshot = configured(hwsim.load(tiny, settings_).plan(), tmp_path / "run" / "schedule.sqlite", 1)
    assert [layer.permutations.shape for layer in snapshot.layers] in (
        [(12, 128), (10, 128)],
        [(1, 768), (1, 120)],
    )
    assert any((layer.permutations != np.arange(layer.permutations.shape[1])).any() for layer in snapshot.layers)
    assert snapshot.quiet is not None
    x, wanted = snapshot.quiet()
    _, found = runtime(EXPORTS["onnx"].files(snapshot)["network.onnx"], x, optimised=True)
    np.testing.assert_array_equal(found, wanted)
