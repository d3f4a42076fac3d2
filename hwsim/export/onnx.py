"""The network that a run ended with, cells in the places where they are now, as ONNX: what chip and circuits compute.

On a chip of whole numbers, such as an FPGA array, the graph is one of whole numbers and gives the chip's, whatever
runs it (:mod:`hwsim.export.onnx_integer`). Of other devices it is one of the noise-free means, in float32; converters
that round are not in it, and the file says how far the test inputs' outputs are from those of a quiet read.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.logic import WholeNumbers
from hwsim.export.met import met
from hwsim.export.onnx_float import FloatNetwork
from hwsim.export.onnx_integer import IntegerNetwork
from hwsim.export.onnx_trial import largest_difference
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE

if TYPE_CHECKING:
    from hwsim.export.snapshot import Snapshot


def about(snapshot: Snapshot) -> dict[str, str]:
    """Return what a file says of the run: identity, event, and a digest of weights and registers."""
    total = hashlib.sha256()
    for number in range(len(snapshot.model.layers)):
        for values in (met(snapshot, number), snapshot.registers[number]):
            total.update(np.ascontiguousarray(values, np.float64).tobytes())
    return {
        "hwsim.run": snapshot.identity,
        "hwsim.event": str(snapshot.event),
        "hwsim.weights_sha256": total.hexdigest(),
        "hwsim.weights_digest_of": "layer by layer float64 weights (units, inputs), then registers",
    }


def _integer(snapshot: Snapshot, *, coded: bool) -> bytes:
    made = IntegerNetwork(snapshot, coded=coded)
    to, (sums, kind, shape) = made.graph, made.accumulators
    unit = to.constant("output_step", made.chip.layers[-1].unit, np.float64)
    end = made.signals[len(made.model.nodes) - 1]
    wide = to.cast(end.name, np.float64, gives="accumulators_wide")
    to.add("Mul", wide, unit, gives="outputs")
    to.add("Identity", sums, gives="accumulators")
    given = {"accumulators": (kind, shape), "outputs": (np.float64, end.shape)}
    name, taken = made.input
    return to.file("onnx", {name: (taken, made.taken)}, given, about(snapshot))


def export(snapshot: Snapshot) -> dict[str, bytes]:
    """Write the network that takes numbers, and one that takes codes where the chip has codes.

    Raises:
        Refusal: parts of it that the graph has no operators for.
    """
    if isinstance(snapshot.chip, WholeNumbers):
        return {
            "network.onnx": _integer(snapshot, coded=False),
            "network-codes.onnx": _integer(snapshot, coded=True),
        }
    made = FloatNetwork(snapshot)
    made.graph.add("Identity", made.output, gives="outputs")
    nodes = snapshot.model.nodes
    taken, given = {"x": (np.float32, nodes[0].taken)}, {"outputs": (np.float32, nodes[-1].given)}
    told = about(snapshot)
    off = largest_difference(snapshot, made.graph.file("onnx", taken, given, told))
    return {"network.onnx": made.graph.file("onnx", taken, given, {**told, "hwsim.largest_difference": off})}


PLUGIN = ExportPlugin(
    name="onnx",
    summary="the network as it is connected now, for ONNX tools; of an FPGA in exact whole numbers",
    export=export,
    needs="network",
    named="network.onnx, network-codes.onnx",
    checksum=f"{RULE}; CRC-32 of each constant, in the metadata",
)
