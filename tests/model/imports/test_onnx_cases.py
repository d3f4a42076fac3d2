"""Small files whose right outputs can be reckoned by hand: aliases, axes, pads, computed constants; and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import hwsim
from hwsim.errors import HwsimWarning
from hwsim.model.imports import RefusedError, read_onnx
from hwsim.pipeline.probing import read_network

onnx = pytest.importorskip("onnx")
TensorProto, helper, numpy_helper = onnx.TensorProto, onnx.helper, onnx.numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

Operator = tuple[Any, ...]
FLOAT = TensorProto.FLOAT
EYE = np.eye(2, dtype=np.float32)
ONE = np.ones((1, 1, 2, 2), np.float32)


def build(
    path: Path,
    nodes: list[tuple[Any, ...]],
    constants: dict[str, Any],
    shape: list[Any],
    *,
    opset: int = 17,
    output: str = "y",
    kind: int = FLOAT,
    inputs: tuple[str, ...] = ("x",),
    outputs: tuple[str, ...] = (),
    rank: int = 2,
) -> Path:
    """A file of nodes (operator, inputs, output or outputs, attributes, and a domain)."""
    made = [
        helper.make_node(
            op, ins, [to] if isinstance(to, str) else to, **law, **({"domain": domain[0]} if domain else {})
        )
        for op, ins, to, law, *domain in nodes
    ]
    given = [helper.make_tensor_value_info(name, kind, shape) for name in inputs]
    ends = [helper.make_tensor_value_info(n, kind, [f"d{d}" for d in range(rank)]) for n in (outputs or (output,))]
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(made, "g", given, ends, held)
    domains = {"", *(one[4] for one in nodes if len(one) > 4)}
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(d, 1 if d else opset) for d in sorted(domains)])
    model.ir_version = 9
    onnx.save(model, str(path))
    return path


MINUS: Operator = ("MatMul", ["x", "minus"], "c", {})
W1 = {"minus": -np.ones((1, 1), np.float32)}
LINES = np.zeros((1, 2, 2, 2), np.float32)
PASS = np.eye(2, dtype=np.float32).reshape(2, 2, 1, 1)
CONV: Operator = ("Conv", ["x", "pass"], "c", {})
FLAT: Operator = ("Flatten", ["a"], "y", {})
TENS = np.array([10, 20], np.float32)
RIGHT: dict[str, tuple[list[Any], dict[str, Any], Any, Any, dict[str, Any]]] = {
    "an alias before the ReLU": (
        [MINUS, ("Identity", ["c"], "i", {}), ("Relu", ["c"], "r", {}), ("Add", ["r", "i"], "y", {})],
        W1,
        [[2.0], [-3.0]],
        [[-2.0], [6.0]],
        {},
    ),
    "the ReLU reads the alias": (
        [MINUS, ("Identity", ["c"], "i", {}), ("Relu", ["i"], "r", {}), ("Add", ["r", "c"], "y", {})],
        W1,
        [[2.0], [-3.0]],
        [[-2.0], [6.0]],
        {},
    ),
    "the ReLU reads a view": (
        [
            MINUS,
            ("Reshape", ["c", "same"], "v", {}),
            ("Relu", ["v"], "r", {}),
            ("Sub", ["c", "r"], "y", {}),
        ],
        W1 | {"same": np.array([-1, 1])},
        [[2.0], [-3.0]],
        [[-2.0], [0.0]],
        {},
    ),
    "an alias is the output, and a ReLU feeds nothing": (
        [MINUS, ("Relu", ["c"], "r", {}), ("Dropout", ["c"], "y", {})],
        W1,
        [[2.0], [-3.0]],
        [[-2.0], [3.0]],
        {},
    ),
    "one layer twice": (
        [("Gemm", ["x", "w", "b"], "h", {}), ("Gemm", ["h", "w", "b"], "y", {})],
        {"w": np.full((1, 1), 2, np.float32), "b": np.ones(1, np.float32)},
        [[1.0]],
        [[7.0]],
        {},
    ),
    "a constant along the columns": (
        [CONV, ("Add", ["c", "tens"], "a", {}), FLAT],
        {"pass": PASS, "tens": TENS},
        LINES,
        [[10.0, 20.0] * 4],
        {},
    ),
    "a constant along the rows": (
        [CONV, ("Add", ["tens", "c"], "a", {}), FLAT],
        {"pass": PASS, "tens": TENS.reshape(2, 1)},
        LINES,
        [[10.0, 10.0, 20.0, 20.0] * 2],
        {},
    ),
    "a constant along the channels": (
        [CONV, ("Sub", ["tens", "c"], "a", {}), FLAT],
        {"pass": PASS, "tens": TENS.reshape(1, 2, 1, 1)},
        LINES,
        [[10.0] * 4 + [20.0] * 4],
        {},
    ),
    "operator set 6 along axis 1": (
        [CONV, ("Add", ["c", "tens"], "a", {"broadcast": 1, "axis": 1}), FLAT],
        {"pass": PASS, "tens": TENS},
        LINES,
        [[10.0] * 4 + [20.0] * 4],
        {"opset": 6},
    ),
    "operator set 6 along axis 2": (
        [CONV, ("Add", ["c", "tens"], "a", {"broadcast": 1, "axis": 2}), FLAT],
        {"pass": PASS, "tens": TENS},
        LINES,
        [[10.0, 10.0, 20.0, 20.0] * 2],
        {"opset": 6},
    ),
    "operator set 6 along the last axis": (
        [CONV, ("Mul", ["c", "tens"], "a", {"broadcast": 1}), FLAT],
        {"pass": PASS, "tens": TENS},
        LINES + 1,
        [[10.0, 20.0] * 4],
        {"opset": 6},
    ),
    "operator set 9 normalises by running statistics": (
        [MINUS, ("BatchNormalization", ["c", "s", "t", "m", "v"], "y", {"epsilon": 1.0})],
        W1 | {key: np.full(1, n, np.float32) for key, n in (("s", 6), ("t", 1), ("m", 4), ("v", 3))},
        [[-4.0], [0.0]],
        [[1.0], [-11.0]],
        {"opset": 9},
    ),
    "weights behind a Reshape": (
        [("Reshape", ["w", "shape"], "p", {}), ("MatMul", ["x", "p"], "y", {})],
        {"w": np.arange(12, dtype=np.float32).reshape(2, 2, 1, 3), "shape": np.array([4, 3])},
        np.eye(4, dtype=np.float32)[[0, 3]],
        [[0, 1, 2], [9, 10, 11]],
        {},
    ),
    "weights behind a Transpose": (
        [("Transpose", ["w"], "p", {}), ("MatMul", ["x", "p"], "y", {})],
        {"w": np.arange(12, dtype=np.float32).reshape(3, 4)},
        np.eye(4, dtype=np.float32)[[0, 3]],
        [[0, 4, 8], [3, 7, 11]],
        {},
    ),
    "weights of eight bits behind a DequantizeLinear": (
        [("DequantizeLinear", ["w", "step", "zero"], "p", {}), ("MatMul", ["x", "p"], "y", {})],
        {"w": np.array([[3], [1]], np.int8), "step": np.float32(0.5), "zero": np.int8(1)},
        [[1.0, 0.0], [0.0, 1.0]],
        [[1.0], [0.0]],
        {"opset": 20},
    ),
    "a sum of constants": (
        [
            ("Add", ["three", "four"], "s", {}),
            ("Mul", ["x", "two"], "t", {}),
            ("MatMul", ["t", "one"], "m", {}),
            ("Add", ["m", "s"], "y", {}),
        ],
        {"three": np.float32(3), "four": np.float32(4), "two": np.float32(2), "one": np.ones((1, 1), np.float32)},
        [[1.0]],
        [[9.0]],
        {},
    ),
    "a flattening by computed shape": (
        [
            CONV,
            ("Shape", ["c"], "s", {}),
            ("Gather", ["s", "zero"], "n", {}),
            ("Unsqueeze", ["n", "zeros"], "u", {}),
            ("Concat", ["u", "rest"], "target", {"axis": 0}),
            ("Reshape", ["c", "target"], "y", {}),
        ],
        {"pass": PASS, "zero": np.array(0), "zeros": np.array([0]), "rest": np.array([-1])},
        np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2),
        [list(range(8))],
        {},
    ),
    "features as an image": (
        [("Reshape", ["x", "image"], "i", {}), ("Conv", ["i", "k"], "c", {}), ("Flatten", ["c"], "y", {})],
        {"image": np.array([0, 1, 2, 2]), "k": ONE},
        [[1.0, 2.0, 3.0, 4.0]],
        [[10.0]],
        {},
    ),
    "a ReLU behind a pool": (
        [
            ("Conv", ["x", "one"], "c", {}),
            ("MaxPool", ["c"], "p", {"kernel_shape": [2, 2]}),
            ("Relu", ["p"], "r", {}),
            ("Flatten", ["r"], "y", {}),
        ],
        {"one": np.ones((1, 1, 1, 1), np.float32)},
        [[[[1.0, 2.0], [3.0, 4.0]]], [[[-1.0, -2.0], [-3.0, -4.0]]]],
        [[4.0], [0.0]],
        {},
    ),
    "a projected shortcut": (
        [
            ("Gemm", ["x", "eye"], "a", {}),
            ("Relu", ["a"], "r", {}),
            ("Gemm", ["x", "eye"], "b", {"alpha": 3.0}),
            ("Sub", ["r", "b"], "y", {}),
        ],
        {"eye": EYE},
        [[1.0, -1.0]],
        [[-2.0, 3.0]],
        {},
    ),
    "a global average as a mean": (
        [CONV, ("ReduceMean", ["c"], "m", {"axes": [-1, -2], "keepdims": 0}), ("MatMul", ["m", "eye"], "y", {})],
        {"pass": PASS, "eye": EYE},
        np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2),
        [[1.5, 5.5]],
        {},
    ),
    "pads apart, and pixels scaled before": (
        [
            ("Div", ["x", "full"], "d", {}),
            ("Pad", ["d", "sides"], "p", {}),
            ("Conv", ["p", "k"], "c", {}),
            ("Flatten", ["c"], "y", {}),
        ],
        {"full": np.float32(2), "sides": np.array([0, 0, 1, 0, 0, 0, 0, 1]), "k": ONE},
        [[[[2.0, 4.0], [6.0, 8.0]]]],
        [[3.0, 2.0, 10.0, 6.0]],
        {},
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str, tmp_path: Path) -> None:
    nodes, constants, x, wanted, words = RIGHT[name]
    given = np.asarray(x, np.float32)
    path = build(tmp_path / "net.onnx", nodes, constants, ["n", *given.shape[1:]], **words)
    assert hwsim.emulate(path)(given) == pytest.approx(np.asarray(wanted, np.float32), abs=1e-5)


@pytest.mark.parametrize("auto", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("op", ["Conv", "MaxPool"])
@pytest.mark.parametrize(("strides", "dilations"), [((2, 1), (1, 1)), ((3, 2), (1, 1)), ((1, 1), (2, 3))])
def test_automatic_pads(
    tmp_path: Path, auto: str, op: str, strides: tuple[int, int], dilations: tuple[int, int]
) -> None:
    """As the standard has it: ceil(size / stride) places, an odd zero at the end or at the beginning."""
    if op == "MaxPool":
        dilations = (1, 1)
    x, kernel = np.random.default_rng(0).normal(size=(2, 1, 7, 8)).astype(np.float32), (2, 3)
    weights = np.random.default_rng(1).normal(size=(2, 1, *kernel)).astype(np.float32)
    sides = []
    for size, length, step, gap in zip((7, 8), kernel, strides, dilations, strict=True):
        need = 0 if auto == "VALID" else max((-(-size // step) - 1) * step + gap * (length - 1) + 1 - size, 0)
        early = need // 2 if auto != "SAME_LOWER" else need - need // 2
        sides.append((early, need - early))
    law: dict[str, Any] = {"auto_pad": auto, "strides": strides, "kernel_shape": kernel}
    flat: Operator = ("Flatten", ["p"], "y", {})
    one: Operator = ("Conv", ["x", "one"], "c", {})
    nodes: list[Operator] = [("Conv", ["x", "w"], "p", law | {"dilations": dilations}), flat]
    if op == "MaxPool":
        nodes = [one, ("MaxPool", ["c"], "p", law), flat]
    path = build(tmp_path / "net.onnx", nodes, {"w": weights, "one": np.ones((1, 1, 1, 1), np.float32)}, ["n", 1, 7, 8])
    around = functional.pad(torch.from_numpy(x), (*sides[1], *sides[0]), value=-1e9 if op == "MaxPool" else 0.0)
    if op == "MaxPool":
        wanted = functional.max_pool2d(around, kernel, strides)
    else:
        wanted = functional.conv2d(around, torch.from_numpy(weights), stride=strides, dilation=dilations)
    assert hwsim.emulate(path)(x) == pytest.approx(wanted.flatten(1).numpy(), abs=1e-5)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE])
def test_kinds_of_numbers(tmp_path: Path, kind: int) -> None:
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    constants = {"w": np.array([[1.5], [-0.25]], dtype), "b": np.array([2.0], dtype)}
    path = build(tmp_path / "net.onnx", [("Gemm", ["x", "w", "b"], "y", {})], constants, ["n", 2], kind=kind)
    assert hwsim.emulate(path)([[2.0, 4.0]]).tolist() == [[4.0]]


def test_gelu_written_with_erf(tmp_path: Path) -> None:
    law = {"root": np.float32(np.sqrt(2)), "one": np.float32(1), "half": np.float32(0.5), "eye": EYE}
    nodes: list[Operator] = [
        ("MatMul", ["x", "eye"], "c", {}),
        ("Div", ["c", "root"], "d", {}),
        ("Erf", ["d"], "e", {}),
        ("Add", ["e", "one"], "p", {}),
        ("Mul", ["c", "p"], "m", {}),
        ("Mul", ["m", "half"], "y", {}),
    ]
    x = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)
    found = read_network(build(tmp_path / "net.onnx", nodes, law, ["n", 2]), None)
    assert [found.model.layers[0].activation, len(found.model.nodes)] == ["gelu", 1]
    assert hwsim.emulate(found)(x) == pytest.approx(functional.gelu(torch.from_numpy(x)).numpy(), abs=1e-6)
    law["half"] = np.float32(0.75)
    with pytest.raises(RefusedError, match=r"node e \(Erf\) cannot be emulated"):
        read_onnx(build(tmp_path / "net.onnx", nodes, law, ["n", 2]))


def test_a_relu_behind_a_pool_of_maxima_is_the_layers_own(tmp_path: Path) -> None:
    """So that devices without electronics between their layers take it, and an average between is not passed."""
    nodes: list[Operator] = [
        ("Conv", ["x", "k"], "c", {}),
        ("MaxPool", ["c"], "p", {"kernel_shape": [2, 2]}),
        ("Relu", ["p"], "r", {}),
        ("Flatten", ["r"], "f", {}),
        ("MatMul", ["f", "w"], "y", {}),
    ]
    constants = {"k": ONE, "w": np.ones((9, 2), np.float32)}
    path = build(tmp_path / "net.onnx", nodes, constants, ["n", 1, 5, 5])
    x = np.random.default_rng(0).normal(size=(4, 1, 5, 5)).astype(np.float32)
    found = read_network(path, None)
    assert [node.kind for node in found.model.nodes] == ["conv2d", "max-pool", "flatten", "dense"]
    pooled = functional.max_pool2d(functional.conv2d(torch.from_numpy(x), torch.from_numpy(ONE)), 2, 1).relu()
    assert hwsim.emulate(found)(x)[:, 0] == pytest.approx(pooled.sum(dim=(1, 2, 3)).numpy(), abs=1e-5)
    codes = hwsim.emulate(found, "fpga-lut-bthowen-2022", calibration=x)(x)
    assert codes[:, 0] == pytest.approx(pooled.sum(dim=(1, 2, 3)).numpy(), rel=0.2)
    nodes[1] = ("AveragePool", ["c"], "p", {"kernel_shape": [2, 2]})
    found = read_network(build(path, nodes, constants, ["n", 1, 5, 5]), None)
    assert [node.kind for node in found.model.nodes] == ["conv2d", "average-pool", "activation", "flatten", "dense"]


def test_circuits_before_a_grouped_convolution(tmp_path: Path) -> None:
    """Each filter has a bank of the cells of its own group: a reconnection permutes them, and the channels stay."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4, 2, 2, 2)).astype(np.float32)
    nodes: list[Operator] = [("Conv", ["x", "k"], "c", {"group": 2}), ("Flatten", ["c"], "y", {})]
    path = build(tmp_path / "net.onnx", nodes, {"k": weights}, ["n", 4, 3, 3])
    chip = hwsim.emulate(path, crossbar="benes")
    wanted = np.array([rng.permutation(8) for _ in range(4)])
    assert chip.reconnect(0, wanted).moves > 0
    moved = np.take_along_axis(weights.reshape(4, 8), wanted, axis=1).reshape(weights.shape)
    x = rng.normal(size=(3, 4, 3, 3)).astype(np.float32)
    by_torch = functional.conv2d(torch.from_numpy(x), torch.from_numpy(moved), groups=2).flatten(1).numpy()
    assert chip(x) == pytest.approx(by_torch, abs=1e-5)


def test_a_last_softmax_is_left_out_with_a_word(tmp_path: Path) -> None:
    nodes: list[Operator] = [
        ("MatMul", ["x", "eye"], "c", {}),
        ("LogSoftmax", ["c"], "s", {}),
        ("Identity", ["s"], "y", {}),
    ]
    path = build(tmp_path / "net.onnx", nodes, {"eye": EYE}, ["n", 2])
    with pytest.warns(HwsimWarning, match=r"^node s \(LogSoftmax\) is left out: .* the same largest output$"):
        chip = hwsim.emulate(path)
    assert chip([[1.0, -2.0]]).tolist() == [[1.0, -2.0]]


def test_weights_beside_the_file(tmp_path: Path) -> None:
    path = build(tmp_path / "net.onnx", [("MatMul", ["x", "eye"], "y", {})], {"eye": EYE}, ["n", 2])
    model = onnx.load(str(path))
    onnx.save_model(
        model,
        str(path),
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
        all_tensors_to_one_file=True,
    )
    assert (tmp_path / "weights.bin").stat().st_size == EYE.nbytes
    assert hwsim.emulate(path)([[1.0, -2.0]]).tolist() == [[1.0, -2.0]]
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ValueError, match=r"net\.onnx: not a sound ONNX file \(.*weights\.bin"):
        hwsim.emulate(path)


def test_one_sample_at_a_time(tmp_path: Path) -> None:
    """A file that takes one sample, and flattens to (1, features), is one for any number of them."""
    nodes: list[Operator] = [
        ("Conv", ["x", "k"], "c", {}),
        ("Reshape", ["c", "flat"], "f", {}),
        ("MatMul", ["f", "w"], "y", {}),
    ]
    constants = {"k": ONE, "flat": np.array([1, 4]), "w": np.arange(4, dtype=np.float32).reshape(4, 1)}
    path = build(tmp_path / "net.onnx", nodes, constants, [1, 1, 3, 3])
    x = np.zeros((2, 1, 3, 3), np.float32)
    x[1, 0, 2, 2] = 1
    assert hwsim.emulate(path)(x).tolist() == [[0.0], [3.0]]
    build(path, nodes, constants, ["n", 1, 3, 3])
    with pytest.raises(RefusedError, match=r"node f \(Reshape\) makes \[1, 4\] of an array of shape \(5, 2, 2\)|makes"):
        read_onnx(path)


BN: dict[str, Any] = {"s": np.ones(1, np.float32), "t": np.zeros(1, np.float32), "m": np.zeros(1, np.float32)}
BN |= {"v": np.ones(1, np.float32), "k": np.ones((1, 1, 3, 3), np.float32), **W1}
IMAGE = ["n", 1, 5, 5]
REFUSED: dict[str, tuple[list[Any], list[Any], dict[str, Any], str]] = {
    "stride 0": ([("Conv", ["x", "k"], "y", {"strides": [0, 0]})], IMAGE, {}, r"node y \(Conv\) has strides=\[0, 0\]"),
    "dilation 0": (
        [("Conv", ["x", "k"], "y", {"dilations": [1, 0]})],
        IMAGE,
        {},
        r"node y \(Conv\) has dilations=\[1, 0",
    ),
    "three pads": (
        [("Conv", ["x", "k"], "y", {"pads": [1, 1, 1]})],
        IMAGE,
        {},
        r"node y \(Conv\) has pads=\[1, 1, 1\]",
    ),
    "negative pads": (
        [("Conv", ["x", "k"], "y", {"pads": [-1, 0, 0, 0]})],
        IMAGE,
        {},
        r"node y \(Conv\) has pads=\[-1",
    ),
    "a foreign kernel": (
        [("Conv", ["x", "k"], "y", {"kernel_shape": [5, 5]})],
        IMAGE,
        {},
        r"node y \(Conv\) has kernel_shape=\[5, 5\], but weights of \[3, 3\]",
    ),
    "VALID with pads": (
        [("Conv", ["x", "k"], "y", {"auto_pad": "VALID", "pads": [1, 1, 1, 1]})],
        IMAGE,
        {},
        r"node y \(Conv\) has auto_pad='VALID' and pads=\[1, 1, 1, 1\], of which only one",
    ),
    "an unknown auto_pad": (
        [("Conv", ["x", "k"], "y", {"auto_pad": "SAME"})],
        IMAGE,
        {},
        r"node y \(Conv\) has auto_pad='SAME', which is none of NOTSET, SAME_LOWER",
    ),
    "groups that do not fit": (
        [("Conv", ["x", "k"], "y", {"group": 2})],
        IMAGE,
        {},
        r"node y \(Conv\) has group=2 and weights of shape \(1, 1, 3, 3\) on an image of 1 channels",
    ),
    "pool with stride 0": (
        [("MaxPool", ["x"], "y", {"kernel_shape": [2, 2], "strides": [0, 1]})],
        IMAGE,
        {},
        r"node y \(MaxPool\) has strides=\[0, 1\]",
    ),
    "pool without kernel": (
        [("MaxPool", ["x"], "y", {})],
        IMAGE,
        {},
        r"not a sound ONNX file \(.*kernel_shape.*MaxPool",
    ),
    "pool of nothing but pads": (
        [("AveragePool", ["x"], "y", {"kernel_shape": [2, 2], "pads": [2, 0, 0, 0], "count_include_pad": 1})],
        IMAGE,
        {},
        r"node y \(AveragePool\) has pads as long as its kernel_shape=\[2, 2\]",
    ),
    "averages of unequal windows": (
        [("AveragePool", ["x"], "y", {"kernel_shape": [2, 2], "pads": [1, 0, 0, 0]})],
        IMAGE,
        {},
        r"node y \(AveragePool\) averages over windows of unequal size .*; set count_include_pad=1",
    ),
    "windows that are not whole": (
        [("MaxPool", ["x"], "y", {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1})],
        IMAGE,
        {},
        r"node y \(MaxPool\) has ceil_mode=1 and windows that reach over the border",
    ),
    "no axis for samples": (
        [("MatMul", ["x", "minus"], "y", {})],
        [1],
        {"rank": 1},
        r"the graph takes x of shape \(1,\), which has no axis for the samples",
    ),
    "training": (
        [MINUS, ("BatchNormalization", ["c", "s", "t", "m", "v"], ["y", "a", "b"], {"training_mode": 1})],
        ["n", 1],
        {},
        r"node y \(BatchNormalization\) is in training mode \(training_mode=1\).*; export the network for inference",
    ),
    "training in operator set 6": (
        [MINUS, ("BatchNormalization", ["c", "s", "t", "m", "v"], "y", {})],
        ["n", 1],
        {"opset": 6},
        r"node y \(BatchNormalization\) is in training mode \(is_test=0\)",
    ),
    "training in operator set 9": (
        [MINUS, ("BatchNormalization", ["c", "s", "t", "m", "v"], ["y", "a", "b", "d", "e"], {})],
        ["n", 1],
        {"opset": 9},
        r"node y \(BatchNormalization\) is in training mode \(outputs of statistics\)",
    ),
    "dropout in training": (
        [MINUS, ("Dropout", ["c", "", "true"], "y", {})],
        ["n", 1],
        {},
        r"node y \(Dropout\) is in training mode \(training_mode is true\)",
    ),
    "dropout in training in operator set 6": (
        [MINUS, ("Dropout", ["c"], "y", {})],
        ["n", 1],
        {"opset": 6},
        r"node y \(Dropout\) is in training mode \(is_test=0\)",
    ),
    "a foreign domain": (
        [("FusedGemm", ["x", "minus"], "y", {}, "com.microsoft")],
        ["n", 1],
        {},
        r"node y \(FusedGemm\) is of the domain 'com.microsoft'",
    ),
    "a circle": (
        [("Add", ["x", "b"], "a", {}), ("Relu", ["a"], "b", {}), ("MatMul", ["b", "minus"], "y", {})],
        ["n", 1],
        {},
        r"node a \(Add\) takes 'b', which node b \(Relu\) gives, not before it: nodes in a circle or out of order",
    ),
    "a name twice": (
        [MINUS, ("Relu", ["c"], "c", {}), ("Relu", ["c"], "y", {})],
        ["n", 1],
        {},
        r"node c \(Relu\) gives 'c', a name that node c \(MatMul\) has already",
    ),
    "nothing gives it": (
        [("MatMul", ["z", "minus"], "y", {})],
        ["n", 1],
        {},
        r"node y \(MatMul\) takes 'z', which nothing",
    ),
    "two inputs": (
        [("Add", ["x", "z"], "a", {}), ("MatMul", ["a", "minus"], "y", {})],
        ["n", 1],
        {"inputs": ("x", "z")},
        r"the graph has 2 inputs \(x, z\), where one can be emulated; cut it",
    ),
    "two outputs": (
        [MINUS, ("Relu", ["c"], "y", {})],
        ["n", 1],
        {"outputs": ("y", "c")},
        r"the graph has 2 outputs \(y, c",
    ),
    "transposed signals": ([("Gemm", ["x", "minus"], "y", {"transA": 1})], [1, 1], {}, r"node y \(Gemm\) has transA=1"),
    "gates": (
        [MINUS, ("Sigmoid", ["c"], "g", {}), ("Mul", ["c", "g"], "y", {})],
        ["n", 1],
        {},
        r"node y \(Mul\) multiplies signals with each other; replace it .* hwsim\.nn\.convert",
    ),
    "one constant for each sample": (
        [MINUS, ("Add", ["c", "several"], "y", {})],
        [2, 1],
        {},
        r"node y \(Add\) takes a constant that is another one for each sample of a batch",
    ),
    "a constant that spreads": (
        [MINUS, ("Add", ["c", "wide"], "y", {})],
        ["n", 1],
        {},
        r"node y \(Add\) takes a constant of shape \(3,\) to signals of shape \(1,\), which it would spread",
    ),
    "complex weights": ([("MatMul", ["x", "complex"], "y", {})], ["n", 1], {}, r"complex|not a sound ONNX file"),
    "random constants": (
        [("RandomNormal", [], "r", {"shape": [1, 1]}), ("MatMul", ["x", "r"], "y", {})],
        ["n", 1],
        {},
        r"node r \(RandomNormal\) gives a constant that hwsim does not compute",
    ),
    "an old operator set": (
        [MINUS, ("Relu", ["c"], "y", {})],
        ["n", 1],
        {"opset": 5},
        r"the file is of operator set 5",
    ),
}
MORE = BN | {"several": np.array([[1.0], [2.0]], np.float32), "wide": np.ones(3, np.float32), "true": np.array(True)}
MORE |= {"complex": np.array([[1 + 2j]], np.complex64)}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    nodes, shape, words, says = REFUSED[name]
    taken = {one for _, ins, *_ in nodes for one in ins}
    constants = {key: value for key, value in MORE.items() if key in taken}
    path = build(tmp_path / "net.onnx", nodes, constants, shape, **words)
    with pytest.raises(ValueError, match=says) as error:
        hwsim.emulate(path)
    assert len(str(error.value).splitlines()) == 1


def test_all_refusals_at_once(tmp_path: Path) -> None:
    kept = {"k": MORE["k"]}
    nodes: list[Operator] = [
        ("Elu", ["x"], "a", {}),
        ("Conv", ["a", "k"], "c", {"strides": [0, 1]}),
        ("Selu", ["c"], "s", {}),
        ("Flatten", ["s"], "y", {}),
    ]
    path = build(tmp_path / "net.onnx", [*nodes[:1], ("Conv", ["a", "k"], "c", {}), *nodes[2:]], kept, IMAGE)
    with pytest.raises(RefusedError) as error:
        read_onnx(path)
    assert [one.origin for one in error.value.refused] == ["node a (Elu)", "node s (Selu)"]
    with pytest.raises(RefusedError) as error:
        read_onnx(build(path, nodes, kept, IMAGE))
    assert [one.origin for one in error.value.refused] == ["node a (Elu)", "node c (Conv)"]
