"""A network of numbers as an ONNX graph in float32: weights as the chip's cells really make them, gains folded in.

What it leaves out is what no weight is: noise, converters' steps and saturation, light that leaks between vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.export.met import effective
from hwsim.export.onnx_activation import activated
from hwsim.export.onnx_graph import Graph, walked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.export.snapshot import Snapshot
    from hwsim.model import Node

IMAGE = 3


class FloatNetwork:
    """The graph of one network, node by node."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.model = snapshot, snapshot.model
        self.graph = Graph()
        self.signals = {-1: self.taken()}
        for number, node in enumerate(self.model.nodes):
            self.signals[number] = self.node(number, node)

    def taken(self) -> str:
        """Return the name of what the first node takes, of the input ``x``."""
        return "x"

    def values(self, layer: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return weights (units, inputs) and biases (units,) of a layer."""
        return effective(self.snapshot, layer)

    def held(self, name: str, values: NDArray[Any], layer: int) -> str:
        """Return the name of weights or biases of a layer as numbers."""
        del layer
        return self.graph.constant(name, values, np.float32)

    def finished(self, node: Node, sums: str) -> str:
        """Return what becomes of a layer's sums."""
        made = self.model.layers[node.layer or 0]
        return activated(self.graph, f"layer{node.layer}", sums, made.activation, made.parameters, node.given)

    @property
    def output(self) -> str:
        """Return the name of what the last node gives."""
        return self.signals[len(self.model.nodes) - 1]

    def node(self, number: int, node: Node) -> str:  # noqa: PLR0911 - one case a kind
        """Append a node, and return the name of what it gives."""
        to, at, given = self.graph, f"node{number}", self.signals[self.model.source(number)]
        match node.kind:
            case "dense" | "conv2d":
                return self._weighted(node, given)
            case "rnn":
                return self._recurrent(node, given)
            case "flatten" | "reshape":
                return to.add("Reshape", given, to.constant(f"{at}_shape", [0, *node.given], np.int64), gives=at)
            case "max-pool":
                return to.add("MaxPool", given, gives=at, **walked(node))
            case "average-pool":
                return to.add("AveragePool", given, gives=at, count_include_pad=1, **walked(node))
            case "add":
                other = self.signals[-1 if node.summand is None else node.summand]
                total = to.add("Add", given, other, gives=f"{at}_total" if node.rectify else at)
                return to.add("Relu", total, gives=at) if node.rectify else total
            case "activation":
                return activated(to, at, given, node.activation, node.parameters, node.given)
            case "layer-norm" | "scale":
                return self._scaled(at, node, given)
            case _:
                return given

    def _scaled(self, at: str, node: Node, given: str) -> str:
        """Normalise, if the node does, and multiply and shift signals."""
        to, shape = self.graph, node.taken
        if node.kind == "layer-norm":
            together = shape if len(shape) == IMAGE else shape[-1:]
            ones, axis = to.constant(f"{at}_ones", np.ones(together), np.float32), -len(together)
            given = to.add("LayerNormalization", given, ones, gives=f"{at}_normal", axis=axis, epsilon=node.epsilon)
        factors = to.constant(f"{at}_factors", _spread(shape, node.factors), np.float32)
        shifts = to.constant(f"{at}_shifts", _spread(shape, node.shifts), np.float32)
        return to.add("Add", to.add("Mul", given, factors, gives=f"{at}_scaled"), shifts, gives=at)

    # layers with cells

    def _weighted(self, node: Node, given: str) -> str:
        number, at = node.layer or 0, f"layer{node.layer}"
        made, to = self.model.layers[number], self.graph
        weights, bias = self.values(number)
        added = self.held(f"{at}_bias", bias, number)
        if node.kind == "conv2d" and node.window:
            shape = (made.units, node.taken[0] // made.groups, *node.window.kernel)
            kernel = self.held(f"{at}_weights", weights.reshape(shape), number)
            more: dict[str, Any] = {"dilations": list(node.window.dilation), "group": made.groups, **walked(node)}
            sums = to.add("Conv", given, kernel, added, gives=f"{at}_sums", **more)
        elif len(node.taken) > 1:  # a sequence
            product = to.add("MatMul", given, self.held(f"{at}_weights", weights.T, number), gives=f"{at}_product")
            sums = to.add("Add", product, added, gives=f"{at}_sums")
        else:
            held = self.held(f"{at}_weights", weights, number)
            sums = to.add("Gemm", given, held, added, gives=f"{at}_sums", transB=1)
        return self.finished(node, sums)

    def _recurrent(self, node: Node, given: str) -> str:
        """Write a recurrent layer step by step; its state is 0 before the first."""
        number, to, steps = node.layer or 0, self.graph, node.taken[0]
        made, state, states = self.model.layers[number], "", []
        weights, bias = effective(self.snapshot, number)
        held = to.constant(f"layer{number}_bias", bias, np.float32)
        features = node.taken[1]
        for step in range(steps):
            at = f"layer{number}_step{step}"
            met = to.add("Gather", given, to.constant(f"at{step}", step, np.int64), gives=f"{at}_met", axis=1)
            name = to.add(
                "Gemm", met, to.constant(f"layer{number}_in", weights[:, :features], np.float32), held,
                gives=f"{at}_seen", transB=1,
            )  # fmt: skip
            if state:
                kept = to.constant(f"layer{number}_state", weights[:, features:], np.float32)
                name = to.add("Gemm", state, kept, name, gives=f"{at}_sums", transB=1)
            found = activated(to, f"{at}_found", name, made.activation, made.parameters, (made.units,))
            if not node.plain:
                renew = to.constant(f"layer{number}_renew", node.renew, np.float32)
                found = to.add("Mul", found, renew, gives=f"{at}_new")
                if state:
                    retain = to.constant(f"layer{number}_retain", node.retain, np.float32)
                    old = to.add("Mul", state, retain, gives=f"{at}_old")
                    found = to.add("Add", old, found, gives=f"{at}_now")
            state = found
            if node.sequence:
                axis = to.constant("axis1", [1], np.int64)
                states.append(to.add("Unsqueeze", state, axis, gives=f"{at}_row"))
        return to.add("Concat", *states, gives=f"layer{number}", axis=1) if node.sequence else state


def _spread(shape: tuple[int, ...], values: Sequence[float]) -> NDArray[np.float64]:
    """Arrange factors as they meet signals: one, one a channel or feature, or one for each signal taken together."""
    found = np.array(values, np.float64)
    if len(shape) == IMAGE and found.size == shape[0]:
        return found.reshape(-1, 1, 1)
    return found.reshape(shape) if found.size == np.prod(shape) else found
