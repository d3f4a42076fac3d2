"""An ONNX file as a model and the values that it starts from.

A chain of layers with residual sums; weights must stand in the file. Source: the operators of the ONNX standard
(https://onnx.ai/onnx/operators), domain ``ai.onnx``.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model import Window
from hwsim.model.imports.graph import IMAGE, Imported, NetworkGraph
from hwsim.model.imports.refusal import RefusedError
from hwsim.model.layer import pad_same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from hwsim.model.layer import Activation

MATRIX, FILTERS = 2, 4
ACTIVATIONS: dict[str, Activation] = {
    "Relu": "relu",
    "LeakyRelu": "leaky-relu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
}


def read_onnx(path: Path, shape: tuple[int, ...] | None = None) -> Imported:
    """Read a network from an ONNX file, operator by operator.

    Args:
        path: the file.
        shape: of one sample; needed where the file leaves it open.

    Raises:
        ValueError: no such file or no ONNX in it, or an operator that cannot be emulated; the message names it. Or the
            package onnx is not installed; the message says how to get it.
    """
    try:
        import onnx
    except ImportError:
        raise ValueError(f"{path}: reading ONNX files takes the package onnx; pip install 'hwsim[onnx]'") from None
    if not path.is_file():
        raise ValueError(f"{path}: no such file; give an ONNX file")
    try:
        file = onnx.load(str(path))
        onnx.checker.check_model(file)
    except Exception as error:
        why = str(error).strip().splitlines()
        raise ValueError(f"{path}: not a sound ONNX file ({why[0] if why else type(error).__name__})") from error
    try:
        return _Reader(file.graph, shape).read(f"imported from {path.name}")
    except RefusedError as error:
        raise RefusedError(error.refused, str(path)) from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


class _Reader:
    """What is known of the tensors of a file so far."""

    def __init__(self, graph: onnx.GraphProto, shape: tuple[int, ...] | None) -> None:
        from onnx import numpy_helper

        self.file = graph
        self.constants: dict[str, NDArray[Any]] = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        inputs = [given for given in graph.input if given.name not in self.constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise ValueError(
                f"{len(inputs)} inputs and {len(graph.output)} outputs; a network of one each can be emulated"
            )
        self.graph = NetworkGraph(_shape(inputs[0], shape), "Gemm, MatMul or Conv")
        self.at: dict[str, int | None] = {inputs[0].name: -1}
        """Number of the node whose signals a tensor is; None for one that was taken up into what follows it."""
        self.verbs: dict[str, Callable[[str, onnx.NodeProto, dict[str, Any]], None]] = {
            **dict.fromkeys(ACTIVATIONS, self._activate),
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "Conv": self._conv,
            "MaxPool": self._pool,
            "AveragePool": self._pool,
            "GlobalAveragePool": self._pool,
            "BatchNormalization": self._normalise,
            "Flatten": self._flatten,
            "Reshape": self._reshape,
            "Add": self._sum,
            "Identity": self._pass,
            "Dropout": self._pass,
            "Constant": self._constant,
        }

    def read(self, title: str) -> Imported:
        """All operators in their order."""
        from onnx import helper

        for node in self.file.node:
            origin = f"node {node.name or node.output[0]} ({node.op_type})"
            if node.domain not in {"", "ai.onnx"} or node.op_type not in self.verbs:
                raise ValueError(f"{origin} cannot be emulated; supported: {', '.join(self.verbs)}")
            self.verbs[node.op_type](origin, node, {a.name: helper.get_attribute_value(a) for a in node.attribute})
        if self.at.get(self.file.output[0].name) != len(self.graph.nodes) - 1:
            raise ValueError(f"the output {self.file.output[0].name} is not what the last node gives")
        return self.graph.finish(title)

    def _follow(self, origin: str, name: str, *, fold: bool = False) -> None:
        """Check that a node goes on from the last signals, which it takes up where it is folded into their layer."""
        if name not in self.at:
            raise ValueError(
                f"{origin} takes {name}, which is no signal; weights must be constants, signals come first"
            )
        if self.at[name] != len(self.graph.nodes) - 1:
            raise ValueError(f"{origin} goes back to {name}; branches can be emulated as the summand of an Add alone")
        if fold:
            self.at[name] = None

    def _give(self, node: onnx.NodeProto) -> None:
        if any(node.output[1:]):
            raise ValueError(f"node {node.name or node.output[0]} ({node.op_type}): a second output cannot be emulated")
        self.at[node.output[0]] = len(self.graph.nodes) - 1

    def _weights(self, origin: str, node: onnx.NodeProto, number: int, dimensions: int = 0) -> NDArray[np.float64]:
        """A constant input; of so many dimensions where that is given."""
        name = node.input[number] if number < len(node.input) else ""
        if name not in self.constants:
            raise ValueError(f"{origin}: its input {name or number} is no constant; weights must stand in the file")
        found = self.constants[name]
        if dimensions and found.ndim != dimensions:
            raise ValueError(f"{origin}: weights of shape {found.shape} where {dimensions} dimensions can be emulated")
        return np.asarray(found, np.float64)

    def _bias(self, origin: str, node: onnx.NodeProto, units: int) -> NDArray[np.float64]:
        if len(node.input) <= MATRIX or not node.input[MATRIX]:
            return np.zeros(units)
        found = self._weights(origin, node, MATRIX)
        if found.size not in {1, units} or (found.ndim and found.shape[-1] != found.size):
            raise ValueError(f"{origin}: a bias of shape {found.shape} for {units} units")
        return np.broadcast_to(found.reshape(-1), units).copy()

    def _gemm(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        self._follow(origin, node.input[0])
        if law.get("transA"):
            raise ValueError(f"{origin}: transposed signals cannot be emulated")
        weights = self._weights(origin, node, 1, MATRIX) * law.get("alpha", 1.0)
        weights = weights if law.get("transB") else weights.T
        self.graph.dense(origin, weights, self._bias(origin, node, len(weights)) * law.get("beta", 1.0))
        self._give(node)

    def _matmul(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        del law
        self._follow(origin, node.input[0])
        weights = self._weights(origin, node, 1, MATRIX).T
        self.graph.dense(origin, weights, np.zeros(len(weights)))
        self._give(node)

    def _conv(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        self._follow(origin, node.input[0])
        weights = self._weights(origin, node, 1, FILTERS)
        window = self._window(origin, law, weights.shape[2:])
        self.graph.convolve(origin, weights, self._bias(origin, node, len(weights)), window)
        self._give(node)

    def _window(self, origin: str, law: dict[str, Any], kernel: tuple[int, ...]) -> Window:
        if law.get("group", 1) != 1 or set(law.get("dilations", [1])) != {1} or law.get("ceil_mode", 0):
            raise ValueError(f"{origin}: groups, dilations and ceil_mode cannot be emulated")
        if len(kernel) != MATRIX or len(self.graph.shape) != IMAGE:
            raise ValueError(f"{origin}: windows on images alone can be emulated, {self.graph.shape} stand before it")
        rows, columns = (int(size) for size in kernel)
        down, right = law.get("strides", [1, 1])
        auto = law.get("auto_pad", b"NOTSET").decode()
        top, left, bottom, end = law.get("pads", [0, 0, 0, 0])
        if auto in {"SAME_UPPER", "SAME_LOWER"}:
            same = pad_same((self.graph.shape[1], self.graph.shape[2]), (rows, columns), (down, right))
            sides = (same.before, same.after) if auto == "SAME_UPPER" else (same.after, same.before)
            (top, left), (bottom, end) = sides
        return Window((rows, columns), (down, right), (top, left), (bottom, end))

    def _pool(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        self._follow(origin, node.input[0])
        if node.op_type == "GlobalAveragePool":
            law = {"kernel_shape": self.graph.shape[1:]}
        window = self._window(origin, law, tuple(law["kernel_shape"]))
        if (window.before, window.after) != ((0, 0), (0, 0)):
            raise ValueError(f"{origin}: pools with padding cannot be emulated")
        self.graph.pool(origin, "max-pool" if node.op_type == "MaxPool" else "average-pool", window)
        self._give(node)

    def _normalise(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        self._follow(origin, node.input[0], fold=True)
        if law.get("training_mode"):
            raise ValueError(f"{origin} is in training mode; export the network for inference")
        scale, shift, mean, variance = (self._weights(origin, node, number) for number in range(1, 5))
        gain = scale / np.sqrt(variance + law.get("epsilon", 1e-5))
        self.graph.scale(origin, gain, shift - mean * gain)
        self._give(node)

    def _activate(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        self._follow(origin, node.input[0], fold=True)
        slope = (float(law.get("alpha", 0.01)),) if node.op_type == "LeakyRelu" else ()
        self.graph.activate(origin, ACTIVATIONS[node.op_type], slope)
        self._give(node)

    def _flatten(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        self._follow(origin, node.input[0])
        if law.get("axis", 1) not in {1, -len(self.graph.shape)}:
            raise ValueError(f"{origin}: only flattening of all but the batch can be emulated")
        self.graph.flatten(origin)
        self._give(node)

    def _reshape(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        del law
        self._follow(origin, node.input[0])
        wanted = self._weights(origin, node, 1).astype(np.int64).tolist()
        features = prod(self.graph.shape)
        if len(wanted) != MATRIX or wanted[1] not in {-1, features}:
            raise ValueError(f"{origin}: only flattening of all but the batch can be emulated, found {wanted}")
        self.graph.flatten(origin)
        self._give(node)

    def _sum(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        """A residual sum, or a bias."""
        del law
        signals = [name for name in node.input if name not in self.constants]
        last = len(self.graph.nodes) - 1
        if len(signals) == 1:
            self._follow(origin, signals[0], fold=True)
            bias = self.constants[next(name for name in node.input if name in self.constants)]
            wide = len(self.graph.shape) == IMAGE
            if bias.size > 1 and bias.shape[-IMAGE if wide else -1 :][0] != bias.size:
                raise ValueError(f"{origin}: a bias of shape {bias.shape} on {self.graph.shape} cannot be emulated")
            self.graph.scale(origin, np.ones(1), np.asarray(bias, np.float64))
        else:
            one, other = sorted(signals, key=lambda name: self.at.get(name) == last)
            self._follow(origin, other)
            summand = self.at.get(one)
            if summand is None:
                raise ValueError(f"{origin} adds {one}, which stands at no node any more; add what its layer gives")
            self.graph.join(origin, summand)
        self._give(node)

    def _pass(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        del law
        if node.input[0] in self.constants:
            self.constants[node.output[0]] = self.constants[node.input[0]]
            return
        if node.input[0] not in self.at:
            raise ValueError(f"{origin} takes {node.input[0]}, which is no signal")
        self.at[node.output[0]] = self.at[node.input[0]]

    def _constant(self, origin: str, node: onnx.NodeProto, law: dict[str, Any]) -> None:
        from onnx import numpy_helper

        name, value = next(iter(law.items()))
        if name == "sparse_value" or "string" in name:
            raise ValueError(f"{origin}: constants of kind {name} cannot be read")
        self.constants[node.output[0]] = numpy_helper.to_array(value) if name == "value" else np.asarray(value)


def _shape(given: onnx.ValueInfoProto, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """Shape of one sample as the file says, or as it is given where the file leaves it open."""
    known = [d.dim_value for d in given.type.tensor_type.shape.dim][1:]
    if shape is None:
        if not known or min(known) < 1:
            raise ValueError(f"the file leaves the shape of {given.name} open; give that of one sample")
        return tuple(known)
    if len(shape) != len(known) or any(n not in {0, s} for n, s in zip(known, shape, strict=True)):
        raise ValueError(
            f"samples of shape {tuple(shape)} do not fit {given.name}, which has {tuple(known)} in the file"
        )
    return tuple(shape)
