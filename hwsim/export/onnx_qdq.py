"""The network of an FPGA array as ONNX with QuantizeLinear and DequantizeLinear, and how many outputs are others by it.

The count is taken when the file is written: the test inputs run through onnxruntime with its default optimisations, and
each output, in steps of the last layer's accumulator, is compared with the emulated chip's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.export.logic import WholeNumbers
from hwsim.export.onnx import about
from hwsim.export.onnx_quantised import QuantisedNetwork
from hwsim.export.snapshot import ExportPlugin
from hwsim.files import Refusal

if TYPE_CHECKING:
    from hwsim.export.snapshot import Snapshot

AT_ONCE = 512
"""Samples that run together."""


def export(snapshot: Snapshot) -> dict[str, bytes | str]:
    """Write the graph, and a text that says how many outputs it gives otherwise than the chip.

    Raises:
        Refusal: a device whose signals are no codes, or a part that the graph has no operators for.
    """
    if not isinstance(snapshot.chip, WholeNumbers):
        what = "codes stand between the layers of an FPGA array only, and this run's device has none"
        raise Refusal(what, "use --format onnx")
    made = QuantisedNetwork(snapshot)
    made.graph.add("Identity", made.output, gives="outputs")
    nodes = snapshot.model.nodes
    taken, given = {"x": (np.float32, nodes[0].taken)}, {"outputs": (np.float32, nodes[-1].given)}
    told = about(snapshot)
    differ = differing(snapshot, made.graph.file("network", taken, given, told))
    content = made.graph.file("network", taken, given, {**told, "hwsim.outputs_that_differ": differ})
    return {"network-qdq.onnx": content, "network-qdq.txt": f"outputs that differ from the chip's: {differ}\n"}


def differing(snapshot: Snapshot, content: bytes) -> str:
    """Say how many outputs of the test inputs a file gives otherwise than the chip, and by which runtime.

    Args:
        snapshot: the run, with its test inputs where they are at hand.
        content: the file.
    """
    if snapshot.quiet is None:
        return "unknown, no test inputs were at hand"
    try:
        import onnxruntime
    except ImportError:
        return "unknown, onnxruntime was not installed"
    x, wanted = snapshot.quiet()
    chip: Any = snapshot.chip
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    images = x.reshape(len(x), *snapshot.model.nodes[0].taken)
    parts = [session.run(None, {"x": images[n : n + AT_ONCE]})[0] for n in range(0, len(x), AT_ONCE)]
    steps = np.rint(np.concatenate(parts).astype(np.float64) / chip.layers[-1].unit).reshape(wanted.shape)
    wrong = int((steps != np.rint(wanted / chip.layers[-1].unit)).sum())
    runtime = f"onnxruntime {onnxruntime.__version__} with its default optimisations"
    return f"{wrong} of {wanted.size} of the {len(x)} test inputs, by {runtime}"


PLUGIN = ExportPlugin(
    name="onnx-qdq",
    summary="an FPGA's network for tools that take QuantizeLinear/DequantizeLinear; says how many outputs differ",
    export=export,
    needs="network",
)
