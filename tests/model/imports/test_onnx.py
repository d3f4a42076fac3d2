"""ONNX files: what onnx's own reference evaluator says of them, an ideal chip says too; all else is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwsim
from hwsim.files.library import names
from hwsim.model.imports import read_onnx
from tests.conftest import Command, answer, run_here

onnx = pytest.importorskip("onnx")
helper = onnx.helper
FLOAT = onnx.TensorProto.FLOAT
RNG = np.random.default_rng(0)


def drawn(*shape: int) -> np.ndarray:
    return RNG.normal(0, 0.5, shape).astype(np.float32)


def save(path: Path, nodes: list[Any], constants: dict[str, Any], shape: list[Any], out: str = "y") -> Path:
    """A file of nodes (op, inputs, output, attributes) with an input x."""
    made = [helper.make_node(op, ins, [to], name=f"/{to}", **law) for op, ins, to, law in nodes]
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info(out, FLOAT, ["n", "units"])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, str(path))
    return path


def reference(path: Path, x: Any) -> np.ndarray:
    from onnx.reference import ReferenceEvaluator

    (found,) = ReferenceEvaluator(str(path)).run(None, {"x": x})
    return np.asarray(found)


def convolutional(path: Path) -> Path:
    nodes = [
        ("Conv", ["x", "w1", "b1"], "c1", {"pads": [1, 0, 0, 2], "strides": [2, 1]}),
        ("BatchNormalization", ["c1", "s", "t", "m", "v"], "n1", {"epsilon": 1e-3}),
        ("LeakyRelu", ["n1"], "r1", {"alpha": 0.2}),
        ("Identity", ["r1"], "i1", {}),
        ("Conv", ["i1", "w2"], "c2", {"auto_pad": "SAME_LOWER", "kernel_shape": [2, 2]}),
        ("Add", ["c2", "b2"], "a2", {}),
        ("Tanh", ["a2"], "r2", {}),
        ("Add", ["i1", "r2"], "j2", {}),
        ("Relu", ["j2"], "r3", {}),
        ("MaxPool", ["r3"], "p3", {"kernel_shape": [2, 2], "strides": [2, 1]}),
        ("AveragePool", ["p3"], "p4", {"kernel_shape": [1, 2], "strides": [1, 2]}),
        ("Constant", [], "flat", {"value": onnx.numpy_helper.from_array(np.array([0, -1]))}),
        ("Reshape", ["p4", "flat"], "f", {}),
        ("MatMul", ["f", "w5"], "m5", {}),
        ("Add", ["b5", "m5"], "a5", {}),
        ("Sigmoid", ["a5"], "r5", {}),
        ("Gemm", ["r5", "w6", "b6"], "y", {"alpha": 0.5, "beta": 2.0, "transB": 1}),
    ]
    constants = {
        "w1": drawn(4, 2, 3, 3),
        "b1": drawn(4),
        "s": drawn(4),
        "t": drawn(4),
        "m": drawn(4),
        "v": drawn(4) ** 2 + 1,
        "w2": drawn(4, 4, 2, 2),
        "b2": drawn(4, 1, 1),
        "w5": drawn(24, 6),
        "b5": drawn(6),
        "w6": drawn(3, 6),
        "b6": drawn(1, 3),
    }
    return save(path, nodes, constants, ["batch", 2, 9, 8])


def test_an_ideal_chip_is_the_file(tmp_path: Path) -> None:
    path = convolutional(tmp_path / "net.onnx")
    x = RNG.random((5, 2, 9, 8)).astype(np.float32)
    chip = hwsim.emulate(str(path))
    wanted = reference(path, x)
    assert np.ptp(wanted) > 0.1
    assert chip(x) == pytest.approx(wanted, abs=1e-5)


def test_the_written_model_is_the_file(tmp_path: Path, hwsim_command: Command) -> None:
    """Through the command: model file and values, read again, give the network of the file."""
    from hwsim.device.ideal import Ideal
    from hwsim.device.inference import infer
    from hwsim.files import read_document
    from hwsim.model import Registers, read_model
    from hwsim.model.values import read_values

    path = convolutional(tmp_path / "net.onnx")
    words = ("import", path, "--device", "ideal", "--device", "fpga-lut-bthowen-2022")
    found = answer(hwsim_command(*words, "--json"))
    assert [layer["cells"] for layer in found["layers"]] == [72, 64, 0, 0, 0, 0, 144, 18]
    assert found["devices"]["ideal"]["inference_energy_j"] == 0.0
    assert found["devices"]["fpga-lut-bthowen-2022"]["problem"].startswith(
        "node /c1 (Conv) with node /r1 (LeakyRelu): "
    )
    model = read_model(read_document(tmp_path / "models" / "net.toml"))
    values = read_values(tmp_path / "models" / "net.npz", model)
    assert model.nodes == read_onnx(path).model.nodes
    x = RNG.random((5, 2, 9, 8)).astype(np.float32)
    chip = Ideal().fabricate(model, values, x.reshape(5, -1), 0)
    registers = [Registers(v.bias, v.gain) for v in values]
    assert infer(model, chip, x.reshape(5, -1), registers, None) == pytest.approx(reference(path, x), abs=1e-5)
    again = hwsim_command(*words)
    assert again.returncode == 2
    assert "is there already, and so is 1 more, give another --name or folder, or remove it" in again.stderr
    printed = hwsim_command(*words, "--no-write")
    assert printed.returncode == 0, printed.stderr
    assert "in all                           298" in printed.stdout
    assert "fpga-lut-bthowen-2022: node /c1 (Conv)" in printed.stdout
    assert "assumed" not in printed.stdout  # what was not priced rests on nothing, and the ideal device costs nothing
    priced = hwsim_command("import", path, "--no-write", "--device", "photonic-feldmann-2021")
    says = "these numbers rest on assumed costs: photonic-feldmann-2021: wall_plug_efficiency"
    assert (says in priced.stdout) == ("an inference" in priced.stdout)


def test_a_run_starts_from_imported_values(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    """A trained network on an FPGA, nothing learned: nearly the accuracy that its file has; and the run runs again."""
    from sklearn.linear_model import LogisticRegression

    task = hwsim.load(tiny).plan().task.load(hwsim.load(tiny).plan().task_parameters)
    fit = LogisticRegression(max_iter=300).fit(task.train_x, task.train_y)
    share = float((fit.predict(task.test_x) == task.test_y).mean())
    save(
        tmp_path / "fit.onnx",
        [("Gemm", ["x", "w", "b"], "y", {})],
        {"w": fit.coef_.T.astype(np.float32), "b": fit.intercept_.astype(np.float32)},
        [1, 64],
    )
    answer(hwsim_command("import", tmp_path / "fit.onnx", "--json"))
    settings = [
        'model.name="fit"',
        'controller.name="none"',
        'fabrication.values="imported"',
        "execution.reference=false",
    ]
    text = tiny.read_text()
    tiny.write_text(text[: text.index("epochs = 6")])
    first = run_here(tiny, tmp_path / "run", *settings)
    assert first["final"]["accuracy"] > share - 0.02 > 0.9
    again = run_here(tmp_path / "run" / "scenario.toml", tmp_path / "again")
    assert again["identity"] == first["identity"]
    (tmp_path / "models" / "fit.npz").write_bytes(b"other")
    with pytest.raises(
        hwsim.files.DiagnosticError, match=r"fit\.toml:5:1: .*fit\.npz has changed since the model file"
    ):
        hwsim.load(tiny, settings).plan()
    with pytest.raises(hwsim.files.DiagnosticError, match=r"the model file names no values, import the network"):
        hwsim.load(tiny, ('fabrication.values="imported"',)).plan()


W = {"w": drawn(3, 2), "v": drawn(2, 2), "f": drawn(2, 1, 2, 2), "n": np.full((3, 2), np.nan, np.float32)}
GEMM: tuple[str, list[str], str, dict[str, Any]] = ("Gemm", ["x", "w"], "h", {})
REFUSED: list[tuple[list[Any], list[Any], str]] = [
    (
        [GEMM, ("Softmax", ["h"], "s", {}), ("Relu", ["s"], "y", {})],
        [1, 3],
        r"node /s \(Softmax\) cannot be emulated but at the end, over the outputs; replace it before the export",
    ),
    ([GEMM, ("Elu", ["h"], "y", {})], [1, 3], r"node /y \(Elu\) cannot be emulated; replace it"),
    (
        [("Gemm", ["x", "x"], "y", {})],
        [1, 3],
        r"node /y \(Gemm\) takes the signal 'x' where cells need a constant; att",
    ),
    (
        [("MatMul", ["w", "x"], "y", {})],
        [1, 3],
        r"node /y \(MatMul\) takes the constant 'w' where a signal of the netw",
    ),
    ([("Gemm", ["x", "w"], "y", {})], [1, 4], r"node /y \(Gemm\) takes 3 features, but \(4,\) stand before it"),
    ([("Gemm", ["x", "n"], "y", {})], [1, 3], r"node /y \(Gemm\) has weights or biases that are not finite numbers"),
    (
        [GEMM, ("Add", ["h", "x"], "y", {})],
        [1, 3],
        r"node /y \(Add\) takes signals of shapes \(2,\) and \(3,\); equal ones can be added",
    ),
    (
        [("Conv", ["x", "f"], "y", {})],
        [1, 1, 1, 4],
        r"node /y \(Conv\) has windows of \(2, 2\), which do not fit into an image of \(1, 4\)",
    ),
    (
        [("Flatten", ["x"], "h", {"axis": 2}), ("Gemm", ["h", "w"], "y", {})],
        [1, 3, 1, 1],
        r"node /h \(Flatten\) gives an array of shape \(3, 1\) for 1 samples, in which samples do not stand one by one",
    ),
    (
        [GEMM, ("Flatten", ["h"], "f1", {}), ("Relu", ["f1"], "y", {})],
        [1, None],
        r"the file leaves the shape of x",
    ),
    ([("Relu", ["x"], "y", {})], [1, 3], r"the network has no Gemm, MatMul or Conv layer, and so no cells"),
]


@pytest.mark.parametrize(("nodes", "shape", "says"), REFUSED)
def test_refusals(tmp_path: Path, nodes: list[Any], shape: list[Any], says: str) -> None:
    path = save(tmp_path / "net.onnx", nodes, W, shape)
    with pytest.raises(ValueError, match=rf"^{path}: {says}"):
        read_onnx(path)


def test_files_that_are_none(tmp_path: Path, hwsim_command: Command) -> None:
    with pytest.raises(ValueError, match=r"none\.onnx: no such file; give an ONNX file$"):
        hwsim.emulate(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("hello")
    result = hwsim_command("import", "text.onnx")
    assert result.returncode == 2
    assert result.stderr.startswith("text.onnx:1:1: not a sound ONNX file (")
    assert "digits-mlp" in names("models")


def test_shapes(tmp_path: Path) -> None:
    path = save(tmp_path / "net.onnx", [("Gemm", ["x", "w"], "y", {})], W, ["n", "features"])
    assert hwsim.emulate(path, shape=(3,))(np.ones((4, 3))) == pytest.approx(np.tile(W["w"].sum(axis=0), (4, 1)))
    with pytest.raises(ValueError, match=r"samples of shape \(3, 1\) do not fit x, which has \(0,\) in the file$"):
        hwsim.emulate(path, shape=(3, 1))
