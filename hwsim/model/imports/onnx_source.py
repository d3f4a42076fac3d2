"""An ONNX file run by onnx's own reference evaluator: what the import of a file is compared with."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hwsim.model.imports.onnx_constants import BROADCASTS, NUMPY_RULES, align_early
from hwsim.model.imports.refusal import RefusedError, RefusedLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx
    from numpy.typing import NDArray

    from hwsim.model import Window

BFLOAT16, FLOAT = 16, 1
RUNNING = range(7, 14)
"""Operator sets whose BatchNormalization onnx's evaluator takes for training, where one output says it is not."""


class FileSource:
    """The part of a file that its output depends on, as something that can be run.

    A :class:`hwsim.model.imports.source.Source`.

    Args:
        model: the file.
        needed: numbers of the nodes that the output depends on.
        windows: of pools, by what they give, whose pads are written out.
        batch: the number of samples that the file takes at once; None for any.
        called: the file's name.
    """

    def __init__(
        self, model: onnx.ModelProto, needed: set[int], windows: Mapping[str, Window], batch: int | None, called: str
    ) -> None:
        import onnx

        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        self.batch, self.called = batch, called
        graph = self.model.graph
        kept = [node for number, node in enumerate(model.graph.node) if number in needed]
        del graph.node[:]
        graph.node.extend(kept)
        constants = {one.name for one in graph.initializer}
        (self._given,) = (one for one in graph.input if one.name not in constants)
        for node in graph.node:
            _plain(node, windows)
        kinds = {one.data_type for one in graph.initializer} | {self._given.type.tensor_type.elem_type}
        casts = {a.i for node in graph.node if node.op_type == "Cast" for a in node.attribute if a.name == "to"}
        self._kinds = {kind for kind in kinds | casts if kind in ROUNDING} or {FLOAT}
        if BFLOAT16 in self._kinds:
            _widen(graph)

    @property
    def output(self) -> str:
        """Return the name of the output."""
        return str(self.model.graph.output[0].name)

    @property
    def rounding(self) -> float:
        """Return the rounding of the coarsest numbers in the file."""
        return max(ROUNDING[kind][0] for kind in self._kinds)

    @property
    def least(self) -> float:
        """Return the least number above 0 of the coarsest numbers in the file."""
        return max(ROUNDING[kind][1] for kind in self._kinds)

    @cached_property
    def _evaluator(self) -> Any:
        from onnx.reference import ReferenceEvaluator

        opset = next((int(one.version) for one in self.model.opset_import if one.domain in {"", "ai.onnx"}), 1)
        return ReferenceEvaluator(self.model, new_ops=_operators(opset))

    def run(self, x: NDArray[Any]) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """Run samples, as many at once as the file takes, and keep what has a line for each."""
        from onnx import helper

        kind = helper.tensor_dtype_to_np_dtype(self._given.type.tensor_type.elem_type)
        size = self.batch or len(x)
        padded = np.concatenate([x, np.zeros((-len(x) % size, *x.shape[1:]), x.dtype)])
        parts = [self._run(padded[first : first + size].astype(kind)) for first in range(0, len(padded), size)]
        values = {
            name: np.concatenate([np.asarray(part[name], np.float64) for part in parts])[: len(x)]
            for name, value in parts[0].items()
            if name and np.shape(value)[:1] == (size,) and np.asarray(value).dtype.kind not in "cOSU"
        }
        if self.output not in values:
            what = f"gives an array of shape {np.shape(parts[0][self.output])} for {size} samples"
            raise RefusedError([RefusedLayer(self.called, what, "keep the first axis for the samples")])
        return values[self.output], values

    def _run(self, x: NDArray[Any]) -> dict[str, Any]:
        try:
            return dict(self._evaluator.run(None, {self._given.name: x}, intermediate=True))
        except Exception as error:
            why = (str(error).strip().splitlines() or [type(error).__name__])[0]
            what = f"cannot be run on {len(x)} samples by onnx's reference evaluator ({why})"
            hint = "export it again, with an open number of samples"
            raise RefusedError([RefusedLayer(self.called, what, hint)]) from None


ROUNDING = {
    FLOAT: (2.0**-24, 2.0**-149),
    10: (2.0**-11, 2.0**-24),
    11: (2.0**-53, 2.0**-1074),
    BFLOAT16: (2.0**-8, 2.0**-133),
}
"""Of types of real numbers: how far a number may be rounded relative to itself, and the least one above 0."""


def _plain(node: onnx.NodeProto, windows: Mapping[str, Window]) -> None:
    """Write a node in the one way that the evaluator takes as the standard means it."""
    from onnx import helper

    if node.op_type == "Dropout":  # in inference, or it would have been refused
        node.CopyFrom(helper.make_node("Identity", [node.input[0]], [node.output[0]], name=node.name))
    window = windows.get(node.output[0])
    if window is not None and not node.op_type.startswith("Global"):
        kept = [a for a in node.attribute if a.name not in {"auto_pad", "pads", "ceil_mode"}]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute("pads", [*window.before, *window.after])])


def _operators(opset: int) -> list[Any]:
    """List operators to run as the standard has them: pools of other pads, and operators of later sets."""
    from onnx import helper
    from onnx.reference.op_run import OpRun

    class BatchNormalization(OpRun):
        op_domain = ""

        def _run(self, *given: Any, **law: Any) -> tuple[Any]:
            x, *rest = given
            scale, shift, mean, variance = (p.reshape(-1, *(1,) * (x.ndim - 2)) for p in rest)
            return ((scale * (x - mean) / np.sqrt(variance + law["epsilon"]) + shift).astype(x.dtype),)

    def early(name: str, law: Any) -> Any:
        class Early(OpRun):
            op_domain = ""

            def _run(self, one: Any, other: Any, **_: Any) -> tuple[Any]:
                said = {a.name: helper.get_attribute_value(a) for a in self.onnx_node.attribute}
                met = other if one.shape == other.shape else align_early(other, one.ndim, said)
                return (law(one, met).astype(one.dtype),)

        Early.__name__ = name
        return Early

    class MaxPool(OpRun):
        op_domain = ""

        def _run(self, x: Any, **law: Any) -> tuple[Any]:
            return (_windows(x, law, -np.inf).max(axis=(-2, -1)),)

    class AveragePool(OpRun):
        op_domain = ""

        def _run(self, x: Any, **law: Any) -> tuple[Any]:
            return (_windows(x, law, 0).mean(axis=(-2, -1), dtype=x.dtype),)

    found: list[Any] = [MaxPool, AveragePool, *([BatchNormalization] if opset in RUNNING else [])]
    if opset < NUMPY_RULES:
        laws = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}
        found += [early(name, laws[name]) for name in sorted(BROADCASTS)]
    return found


def _windows(x: NDArray[Any], law: Mapping[str, Any], around: float) -> NDArray[Any]:
    """Return every window of a pool (samples, channels, down, right, rows, columns).

    Not by the evaluator, which takes pads in another order where windows step by 1.
    """
    top, left, bottom, right = law["pads"]
    image = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=around)
    down, beside = law.get("strides") or (1, 1)
    return sliding_window_view(image, tuple(law["kernel_shape"]), axis=(2, 3))[:, :, ::down, ::beside]


def _widen(graph: onnx.GraphProto) -> None:
    """Turn bfloat16, which the evaluator's operators do not all know, into float32, which holds each of its numbers."""
    from onnx import numpy_helper

    tensors = [*graph.initializer, *(a.t for node in graph.node for a in node.attribute if a.HasField("t"))]
    for one in tensors:
        if one.data_type == BFLOAT16:
            one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).astype(np.float32), one.name))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in {"to", "dtype"} and attribute.i == BFLOAT16:
                attribute.i = FLOAT
    for end in (*graph.input, *graph.output, *graph.value_info):
        if end.type.tensor_type.elem_type == BFLOAT16:
            end.type.tensor_type.elem_type = FLOAT
