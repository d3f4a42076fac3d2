"""The network of an FPGA array as ONNX with QuantizeLinear and DequantizeLinear, and how many outputs are others by it.

The count is taken when the file is written: the test inputs run through onnxruntime with its default optimisations, and
each output, in steps of the last layer's accumulator, is compared with the emulated chip's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.logic import WholeNumbers
from hwsim.export.onnx import about
from hwsim.export.onnx_quantised import QuantisedNetwork
from hwsim.export.onnx_trial import count_differing
from hwsim.export.snapshot import ExportPlugin
from hwsim.files import Refusal
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from hwsim.export.snapshot import Snapshot
    from hwsim.files.whole import Content


def export(snapshot: Snapshot) -> dict[str, Content]:
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
    unit = made.chip.layers[-1].unit
    differ = count_differing(snapshot, made.graph.file("onnx-qdq", taken, given, told), unit)
    content = made.graph.file("onnx-qdq", taken, given, {**told, "hwsim.outputs_that_differ": differ})
    text = f"hwsim export onnx-qdq, version 1\noutputs that differ from the chip's: {differ}\n"
    return {"network-qdq.onnx": content, "network-qdq.txt": checked(text, "plain")}


PLUGIN = ExportPlugin(
    name="onnx-qdq",
    summary="an FPGA's network for tools that take QuantizeLinear/DequantizeLinear; says how many outputs differ",
    export=export,
    needs="network",
    named="network-qdq.onnx, network-qdq.txt",
    checksum=f"{RULE}; CRC-32 of each constant, in the metadata",
)
