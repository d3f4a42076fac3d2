"""An ONNX file as it grows: nodes, constants and what the file says of itself, in the subset that all tools have."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files.checksum import checked
from hwsim.files.frame import extra
from hwsim.files.onnx_check import CHECKSUM, CHECKSUMS, PRODUCER
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hwsim.model import Node

OPSET = 17
"""The operator set: MaxPool of bytes and Max of whole numbers are in it since 12 and 13."""
FORMAT = 8
"""The version of the file format that belongs to it."""
SAMPLES = "samples"
"""The name of the axis of samples, which is as long as a tool likes."""


class Graph:
    """A graph under construction; values have the names that the nodes and constants give them."""

    def __init__(self) -> None:
        self.onnx = extra("onnx", "onnx")
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def constant(self, name: str, value: Any, kind: Any = None) -> str:
        """Keep a constant; one name has one value."""
        found = np.asarray(value, kind, order="C")
        kept = self.constants.setdefault(name, found)
        if kept.dtype != found.dtype or not np.array_equal(kept, found):
            raise AssertionError(f"two constants of the name {name}")
        return name

    def add(self, operator: str, *taken: str, gives: str, **attributes: Any) -> str:
        """Append a node, and return the name of what it gives."""
        self.nodes.append(self.onnx.helper.make_node(operator, list(taken), [gives], name=gives, **attributes))
        return gives

    def cast(self, value: str, kind: Any, *, gives: str) -> str:
        """Turn numbers into another type."""
        return self.add("Cast", value, gives=gives, to=self.type(kind))

    def type(self, kind: Any) -> int:
        """Return ONNX's number of a NumPy type."""
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind)))

    def file(
        self,
        export: str,
        taken: Mapping[str, tuple[Any, tuple[int, ...]]],
        given: Mapping[str, tuple[Any, tuple[int, ...]]],
        about: Mapping[str, str],
    ) -> bytes:
        """Return the file, which ends with its checksum.

        Args:
            export: the format's name.
            taken: by name of an input, type and shape without the samples.
            given: by name of an output, likewise.
            about: what the file says of itself, as ``metadata_props``; a checksum of the file and one of every
                constant are added.
        """
        helper = self.onnx.helper
        values = [
            [
                helper.make_tensor_value_info(one, self.type(kind), [SAMPLES, *shape])
                for one, (kind, shape) in half.items()
            ]
            for half in (taken, given)
        ]
        tensors = [self.onnx.numpy_helper.from_array(value, one) for one, value in self.constants.items()]
        graph = helper.make_graph(self.nodes, "network", *values, tensors)
        opset = [helper.make_opsetid("", OPSET)]
        made = helper.make_model(graph, producer_name=PRODUCER, producer_version=VERSION, opset_imports=opset)
        made.ir_version, made.doc_string = FORMAT, f"hwsim export {export}, version 1"
        sums = " ".join(f"{zlib.crc32(one.raw_data):08x}" for one in tensors)
        line = next(reversed(list(checked(b"", "plain"))))  # as long as any
        helper.set_model_props(made, {**about, CHECKSUMS: sums, CHECKSUM: line.decode()})
        self.onnx.checker.check_model(made, full_check=True)
        content = made.SerializeToString(deterministic=True)
        if not content.endswith(line):
            raise AssertionError("the last property of a file does not end it")
        return b"".join(checked(content[: -len(line)], "plain"))


def walked(node: Node) -> dict[str, list[int]]:
    """Return kernel, strides and pads of a node with a window, as ONNX has them."""
    window = node.window
    if window is None:
        raise AssertionError("a node without a window")
    sides = [*window.before, *window.after]
    return {"kernel_shape": list(window.kernel), "strides": list(window.stride), "pads": sides}
