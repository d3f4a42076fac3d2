"""Random ONNX graphs: chains and branches, aliases, views, constants behind operators, pads, axes, kinds of numbers."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

KINDS = {TensorProto.FLOAT: np.float32, TensorProto.DOUBLE: np.float64, TensorProto.FLOAT16: np.float16}


class RandomGraph:
    """A graph that grows operator by operator; ``live`` are its signals by name, with shapes of a sample."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.numbers = np.random.default_rng(random.randrange(1 << 30))
        self.kind = random.choice([TensorProto.FLOAT] * 6 + [TensorProto.DOUBLE, TensorProto.FLOAT16])
        self.opset = random.choice([14, 17, 20])
        self.batch: Any = random.choice(["n", "n", 1, 3])
        shape = random.choice([(5,), (4,), (2, 5, 4), (1, 6, 6), (4, 4, 4), (3, 4)])
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.live: dict[str, tuple[int, ...]] = {"x": shape}
        self.shape, self.count = shape, 0
        self.last = "x"

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def constant(self, value: Any) -> str:
        """A constant, as an initializer or what is computed from one."""
        name, whole = self.name(), np.asarray(value)
        if whole.dtype.kind == "f":
            whole = whole.astype(KINDS[self.kind])
        way = self.random.randrange(7)
        if way == 0:
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(whole)))
            return name
        if way == 1 and whole.ndim > 1:
            moved = self.random.sample(range(whole.ndim), whole.ndim)
            self.initializers.append(numpy_helper.from_array(whole.transpose(np.argsort(moved)), name + "t"))
            self.nodes.append(helper.make_node("Transpose", [name + "t"], [name], perm=moved))
            return name
        if way == 2:
            self.initializers.append(numpy_helper.from_array(whole.reshape(-1), name + "f"))
            self.initializers.append(numpy_helper.from_array(np.array(whole.shape, np.int64), name + "s"))
            self.nodes.append(helper.make_node("Reshape", [name + "f", name + "s"], [name]))
            return name
        if way == 3:
            self.initializers.append(numpy_helper.from_array(whole, name + "i"))
            self.nodes.append(helper.make_node("Identity", [name + "i"], [name]))
            return name
        self.initializers.append(numpy_helper.from_array(whole, name))
        return name

    def drawn(self, *shape: int) -> Any:
        return self.numbers.normal(0, 0.5, shape)

    def add(self, op: str, inputs: list[str], shape: tuple[int, ...], **law: Any) -> None:
        name = self.name()
        self.nodes.append(helper.make_node(op, inputs, [name], name=f"n{name}", **law))
        self.live[name], self.last = shape, name

    def step(self) -> None:
        """Add an operator behind the last signal, or, sometimes, behind an earlier one."""
        name = self.last if self.random.random() < 0.85 else self.random.choice(list(self.live))
        shape = self.live[name]
        steps = [self.bend, self.bend, self.alias, self.shift, self.scale, self.view, self.join]
        if len(shape) == 3:
            steps += [self.convolve, self.convolve, self.convolve, self.pool, self.flatten, self.mean, self.normalise]
        else:
            steps += [self.dense, self.dense, self.dense]
            steps += [self.normalise] if len(shape) == 1 else []
        if self.opset >= 17:
            steps.append(self.layer_norm)
        self.random.choice(steps)(name, shape)

    def dense(self, name: str, shape: tuple[int, ...]) -> None:
        units, given = self.random.choice([1, 3, 4]), shape[-1]
        if len(shape) == 1 and self.random.random() < 0.6:
            turned = self.random.randrange(2)
            weights = self.drawn(units, given) if turned else self.drawn(given, units)
            law: dict[str, Any] = {"transB": turned} if turned else {}
            inputs = [name, self.constant(weights)]
            if self.random.random() < 0.7:
                inputs.append(self.constant(self.drawn(*self.random.choice([(units,), (1, units), (1,), ()]))))
                law |= {"beta": 0.5} if self.random.randrange(2) else {}
            law |= {"alpha": 2.0} if self.random.randrange(3) == 0 else {}
            self.add("Gemm", inputs, (units,), **law)
        else:
            self.add("MatMul", [name, self.constant(self.drawn(given, units))], (*shape[:-1], units))

    def convolve(self, name: str, shape: tuple[int, ...]) -> None:
        channels, rows, columns = shape
        groups = self.random.choice([g for g in (1, 1, 2, channels) if channels % g == 0])
        units = groups * self.random.choice([1, 2])
        kernel = [self.random.choice([1, 2, 3]), self.random.choice([1, 2, 3])]
        law: dict[str, Any] = {"group": groups} if groups > 1 else {}
        strides = [self.random.choice([1, 1, 2]), self.random.choice([1, 1, 2])]
        dilations = [self.random.choice([1, 1, 2]), self.random.choice([1, 1, 2])]
        law |= {"strides": strides} if strides != [1, 1] else {}
        law |= {"dilations": dilations} if dilations != [1, 1] else {}
        law |= {"kernel_shape": kernel} if self.random.randrange(2) else {}
        pads, auto = [0] * 4, self.random.choice(["pads", "pads", "none", "VALID", "SAME_UPPER", "SAME_LOWER"])
        if auto == "pads":
            pads = [self.random.choice([0, 1, 2]) for _ in range(4)]
            law["pads"] = pads
            if self.random.random() < 0.05:
                law["pads"] = pads = [-1, 0, 0, 0]
        elif auto != "none":
            law["auto_pad"] = auto
        sizes = [
            -(-size // strides[n])
            if auto.startswith("SAME")
            else (size + pads[n] + pads[n + 2] - dilations[n] * (kernel[n] - 1) - 1) // strides[n] + 1
            for n, size in enumerate((rows, columns))
        ]
        if min(sizes) < 1:
            return
        inputs = [name, self.constant(self.drawn(units, channels // groups, *kernel))]
        inputs += [self.constant(self.drawn(units))] if self.random.randrange(2) else []
        self.add("Conv", inputs, (units, *sizes), **law)

    def pool(self, name: str, shape: tuple[int, ...]) -> None:
        channels, rows, columns = shape
        op = self.random.choice(["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"])
        if op.startswith("Global"):
            self.add(op, [name], (channels, 1, 1))
            return
        kernel = [self.random.choice([1, 2, 3]), self.random.choice([1, 2])]
        strides = [self.random.choice([1, 2]), self.random.choice([1, 2])]
        pads = [self.random.choice([0, 0, 0, 1]) for _ in range(4)] if min(kernel) > 1 else [0] * 4
        sizes = [(s + pads[n] + pads[n + 2] - kernel[n]) // strides[n] + 1 for n, s in enumerate((rows, columns))]
        if min(sizes) < 1:
            return
        law: dict[str, Any] = {"kernel_shape": kernel, "strides": strides}
        law |= {"pads": pads} if any(pads) else {}
        law |= {"count_include_pad": 1} if op == "AveragePool" and self.random.randrange(2) else {}
        self.add(op, [name], (channels, *sizes), **law)

    def flatten(self, name: str, shape: tuple[int, ...]) -> None:
        self.add("Flatten", [name], (prod(shape),), **({"axis": 1} if self.random.randrange(2) else {}))

    def mean(self, name: str, shape: tuple[int, ...]) -> None:
        axes, keep = self.random.choice([[2, 3], [-1, -2], [2], [1, 2, 3]]), self.random.randrange(2)
        gone = {axis % 4 for axis in axes}
        given = tuple(1 if n + 1 in gone else size for n, size in enumerate(shape) if keep or n + 1 not in gone)
        if not given:
            return
        if self.opset >= 18:
            self.add("ReduceMean", [name, self.constant(np.array(axes, np.int64))], given, keepdims=keep)
        else:
            self.add("ReduceMean", [name], given, axes=axes, keepdims=keep)

    def normalise(self, name: str, shape: tuple[int, ...]) -> None:
        parts = [self.constant(self.drawn(shape[0])) for _ in range(3)]
        variance = self.constant(np.abs(self.drawn(shape[0])) + 0.5)
        self.add("BatchNormalization", [name, *parts, variance], shape, epsilon=1e-3)

    def layer_norm(self, name: str, shape: tuple[int, ...]) -> None:
        axis = self.random.choice([-1, 1])
        over = shape[-1:] if axis == -1 else shape
        inputs = [name, self.constant(self.drawn(*over))] + ([self.constant(self.drawn(*over))] if axis == 1 else [])
        self.add("LayerNormalization", inputs, shape, axis=axis, epsilon=1e-2)

    def bend(self, name: str, shape: tuple[int, ...]) -> None:
        op = self.random.choice(["Relu", "Relu", "Relu", "Tanh", "Sigmoid", "LeakyRelu", "Gelu", "erf", "Elu"])
        if op == "erf":
            self.erf(name, shape)
        elif op != "Gelu" or self.opset >= 20:
            law: dict[str, Any] = {"alpha": 0.25} if op == "LeakyRelu" else {}
            law |= {"approximate": "tanh"} if op == "Gelu" and self.random.randrange(2) else {}
            self.add(op, [name], shape, **law)

    def erf(self, name: str, shape: tuple[int, ...]) -> None:
        """Gelu as it is written out, or nearly so."""
        near = self.random.choice([1.0, 1.0, 1.0, 1.25])
        self.add("Div", [name, self.constant(np.array(np.sqrt(2) * near))], shape)
        self.add("Erf", [self.last], shape)
        self.add("Add", [self.last, self.constant(np.array(1.0))], shape)
        sides = [name, self.last]
        self.random.shuffle(sides)
        self.add("Mul", sides, shape)
        self.add("Mul", [self.last, self.constant(np.array(0.5))], shape)

    def alias(self, name: str, shape: tuple[int, ...]) -> None:
        self.add(self.random.choice(["Identity", "Dropout"]), [name], shape)

    def met(self, shape: tuple[int, ...]) -> Any:
        """A constant that meets signals of a shape by NumPy's rules, or the samples of a batch."""
        sizes = [size if self.random.randrange(2) else 1 for size in shape]
        while sizes and self.random.randrange(2):
            if sizes[0] != 1 and self.random.randrange(2):
                break
            sizes.pop(0)
        if len(sizes) == len(shape) and self.random.randrange(3) == 0:
            sizes.insert(0, self.random.choice([1, 1, self.batch if isinstance(self.batch, int) else 1]))
        return self.drawn(*sizes) + 1.5

    def shift(self, name: str, shape: tuple[int, ...]) -> None:
        sides = [name, self.constant(self.met(shape))]
        self.random.shuffle(sides)
        self.add(self.random.choice(["Add", "Add", "Sub"]), sides, shape)

    def scale(self, name: str, shape: tuple[int, ...]) -> None:
        self.add(self.random.choice(["Mul", "Div"]), [name, self.constant(self.met(shape))], shape)

    def view(self, name: str, shape: tuple[int, ...]) -> None:
        """Another shape for the same numbers, constant or computed, or axes in another order."""
        way = self.random.randrange(6)
        if way == 0:
            target = np.array([0, -1], np.int64)
            self.add("Reshape", [name, self.constant(target)], (prod(shape),))
        elif way == 1:
            sizes, one, first = self.name(), self.constant(np.array([0], np.int64)), self.name()
            self.nodes.append(helper.make_node("Shape", [name], [sizes]))
            self.nodes.append(helper.make_node("Gather", [sizes, one], [first]))
            rest, whole = self.constant(np.array([-1], np.int64)), self.name()
            self.nodes.append(helper.make_node("Concat", [first, rest], [whole], axis=0))
            self.add("Reshape", [name, whole], (prod(shape),))
        elif way == 2:
            self.add("Unsqueeze", [name, self.constant(np.array([1], np.int64))], (1, *shape))
        elif way == 3 and len(shape) == 3 and shape[0] == 1:
            self.add("Squeeze", [name, self.constant(np.array([1], np.int64))], shape[1:])
        elif way == 4 and len(shape) > 1:
            moved = self.random.sample(range(len(shape)), len(shape))
            self.add("Transpose", [name], tuple(shape[n] for n in moved), perm=[0, *(n + 1 for n in moved)])
        elif prod(shape) % 2 == 0:
            batch = self.random.choice([0, -1, self.batch if isinstance(self.batch, int) else 0])
            target = np.array([batch, 1, 2, prod(shape) // 2], np.int64)
            self.add("Reshape", [name, self.constant(target)], (1, 2, prod(shape) // 2))

    def join(self, name: str, shape: tuple[int, ...]) -> None:
        others = [one for one, other in self.live.items() if other == shape]
        self.add(self.random.choice(["Add", "Add", "Sub"]), [name, self.random.choice(others)], shape)

    def save(self, path: Path) -> Path:
        """Write the file; its output is the last signal."""
        if self.random.randrange(8) == 0 and len(self.live[self.last]) == 1:
            self.add("Softmax", [self.last], self.live[self.last], axis=-1)
        dims: list[int | str | None] = [self.batch, *self.shape]
        given = helper.make_tensor_value_info("x", self.kind, dims)
        rank = 1 + len(self.live[self.last])
        output = helper.make_tensor_value_info(self.last, self.kind, [f"size{n}" for n in range(rank)])
        graph = helper.make_graph(self.nodes, "g", [given], [output], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 9
        onnx.save(model, str(path))
        return path


def grow(random: Random) -> RandomGraph:
    """A graph of a few operators, with cells in most."""
    found = RandomGraph(random)
    for _ in range(random.randint(1, 8)):
        found.step()
    if random.random() < 0.8:
        if len(found.live[found.last]) > 2:
            found.flatten(found.last, found.live[found.last])
        found.dense(found.last, found.live[found.last])
    return found
