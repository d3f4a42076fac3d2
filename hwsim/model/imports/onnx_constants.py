"""Constants of an ONNX graph: what stands in the file, and what is computed from that and from shapes alone.

Shapes depend on the number of samples. Where that is open, everything is computed for two numbers of samples: what
comes out the same is a constant, and what differs shows where the samples stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model.imports.operation import UntakenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

    Versions = tuple[NDArray[Any], ...]

FOLDED = frozenset(
    (
        "Abs",
        "Add",
        "And",
        "Cast",
        "CastLike",
        "Ceil",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "DequantizeLinear",
        "Div",
        "Equal",
        "Exp",
        "Expand",
        "Flatten",
        "Floor",
        "Gather",
        "Identity",
        "MatMul",
        "Max",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "Pow",
        "Range",
        "Reciprocal",
        "ReduceProd",
        "ReduceSum",
        "Reshape",
        "Shape",
        "Size",
        "Slice",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
    )
)
"""Operators that are computed where all that they take is constant."""
BROADCASTS = {"Add", "Sub", "Mul", "Div"}
"""Operators that up to operator set 6 say in attributes along which axes a smaller array is repeated."""
NUMPY_RULES = 7
"""The operator set from which on arrays meet as in NumPy."""


class Constants:
    """Constants by name, each once for every number of samples.

    Args:
        graph: the graph, whose initializers are constants.
        opset: its operator set.
        batches: the numbers of samples that shapes are computed for.
    """

    def __init__(self, graph: onnx.GraphProto, opset: int, batches: Sequence[int]) -> None:
        from onnx import numpy_helper

        self.opset, self.batches = opset, tuple(batches)
        self.found: dict[str, Versions] = {}
        for one in graph.initializer:
            self._keep(one.name, [numpy_helper.to_array(one)] * len(batches))

    def __contains__(self, name: str) -> bool:
        return name in self.found

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a constant that does not depend on the number of samples."""
        first, *others = self.found[name]
        if any(first.shape != other.shape or not np.array_equal(first, other) for other in others):
            raise UntakenError(f"takes {name!r}, which depends on the number of samples", "export it with fixed shapes")
        return first

    def versions(self, name: str) -> Versions:
        """Return a constant for each number of samples."""
        return self.found[name]

    def fold(self, node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> bool:
        """Compute a node that takes constants alone, or the shape of a signal.

        Args:
            node: the node.
            shapes: of one sample of each signal known so far.

        Returns:
            Whether it was computed.

        Raises:
            UntakenError: it cannot be.
        """
        if node.op_type in {"Shape", "Size"} and node.input[0] in shapes:
            whole = [(batch, *shapes[node.input[0]]) for batch in self.batches]
            self._compute(node, [[np.broadcast_to(np.float32(0), shape)] for shape in whole])
            return True
        taken = [name for name in node.input if name]
        if node.op_type not in FOLDED or any(name not in self.found for name in taken):
            return False
        self._compute(node, [[self.found[name][n] for name in taken] for n in range(len(self.batches))])
        return True

    def _compute(self, node: onnx.NodeProto, given: list[list[NDArray[Any]]]) -> None:
        found: list[Sequence[NDArray[Any]]] = []
        for number, arrays in enumerate(given):
            before = given[number - 1] if number else []
            if number and all(one is other for one, other in zip(arrays, before, strict=True)):
                found.append(found[-1])
            else:
                found.append(self._run(node, arrays))
        for place, name in enumerate(node.output):
            if name:
                self._keep(name, [np.asarray(version[place]) for version in found])

    def _run(self, node: onnx.NodeProto, given: list[NDArray[Any]]) -> Sequence[NDArray[Any]]:
        """Compute a node with onnx's own evaluator."""
        from onnx import helper
        from onnx.reference import ReferenceEvaluator

        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if self.opset < NUMPY_RULES and node.op_type in BROADCASTS:
            return [_early(node.op_type, given, attributes)]
        names = [name for name in node.input if name]
        function = helper.make_function(
            "", "constant", list(dict.fromkeys(names)), list(node.output), [node], [helper.make_opsetid("", self.opset)]
        )
        try:
            found = ReferenceEvaluator(function).run(None, dict(zip(names, given, strict=True)), attributes={})
        except Exception as error:
            why = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise UntakenError(f"cannot be computed ({why})", "export the network again") from None
        return list(found)

    def _keep(self, name: str, versions: Sequence[NDArray[Any]]) -> None:
        self.found[name] = tuple(versions)


def _early(name: str, given: list[NDArray[Any]], attributes: dict[str, Any]) -> NDArray[Any]:
    """Compute arithmetic of two constants by the rules before operator set 7."""
    one, other = given
    other = align_early(other, one.ndim, attributes) if other.shape != one.shape else other
    made = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}[name](one, other)
    return np.asarray(made, one.dtype)


def align_early(part: NDArray[Any], rank: int, attributes: dict[str, Any]) -> NDArray[Any]:
    """Align the second array of an operator before operator set 7 with the first, as NumPy broadcasts.

    Example:
        >>> align_early(np.zeros(3), 4, {"broadcast": 1, "axis": 1}).shape
        (3, 1, 1)
        >>> align_early(np.zeros((3, 1)), 4, {"broadcast": 1}).shape
        (3, 1)
    """
    if not attributes.get("broadcast"):
        raise UntakenError(
            "takes arrays of two shapes without broadcast=1", "set it, or export for a newer operator set"
        )
    axis = attributes.get("axis", rank - part.ndim)
    axis += rank if axis < 0 else 0
    if not 0 <= axis <= rank - part.ndim:
        raise UntakenError(f"has axis={attributes.get('axis')}, which does not fit", "export for a newer operator set")
    return part.reshape(*part.shape, *(1,) * (rank - axis - part.ndim))
