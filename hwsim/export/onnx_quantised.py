"""A network of whole numbers as a float graph with QuantizeLinear and DequantizeLinear where codes stand (QDQ).

Tools for processors and accelerators take this form. It is near, not exact: QuantizeLinear rounds half to even where
the chip rounds half up, and runtimes merge operators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hwsim.export.netlist import LEAKY, STEP, TABLE
from hwsim.export.onnx_float import IMAGE, FloatNetwork
from hwsim.export.onnx_integer import held_by, hold_bytes, whole_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.logic import WholeNumbers
    from hwsim.export.snapshot import Snapshot
    from hwsim.model import Node

BYTE = 255
"""The largest uint8."""


class QuantisedNetwork(FloatNetwork):
    """The graph of one network on a chip of whole numbers.

    Raises:
        Refusal: codes of more than 8 bits, or cells that hold none.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.chip = cast("WholeNumbers", snapshot.chip)
        self.scales: dict[int, tuple[float, int, int]] = {}
        """By node, -1 for the input: what a code is worth, the least and the largest code."""
        super().__init__(snapshot)

    def taken(self) -> str:
        """Return the name of the inputs as codes stand for them."""
        bits = self.chip.device.activation_bits
        ends = (1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1) if self.chip.signed else (0, 2**bits - 1)
        self.scales[-1] = (self.chip.input_scale, *ends)
        # not by a quotient: the step in float32 would shift values between two codes all to one side
        steps = self.graph.constant("x_steps_of_1", 1 / self.chip.input_scale, np.float32)
        return self._quantised("x_near", self.graph.add("Mul", "x", steps, gives="x_steps"), -1, unit=1.0)

    def values(self, layer: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return codes of weights and biases of a layer."""
        units = self.model.layers[layer].units
        return whole_weights(self.snapshot, layer), np.asarray(self.snapshot.registers[layer][:units])

    def held(self, name: str, values: NDArray[Any], layer: int) -> str:
        """Return the name of weights, int8, or biases, int32, as the numbers that they stand for."""
        to, law, bias = self.graph, self.chip.layers[layer], name.endswith("bias")
        codes = to.constant(f"{name}_codes", values, np.int32 if bias else np.int8)
        step = to.constant(f"{name}_step", law.unit if bias else law.weight_scale, np.float32)
        return to.add("DequantizeLinear", codes, step, gives=name)

    def node(self, number: int, node: Node) -> str:
        """Append a node; what averages and additions give is turned into codes again."""
        self.scales[number] = self.scales[self.model.source(number)]
        name = super().node(number, node)
        if number > self.model.last or node.kind not in {"average-pool", "add"}:
            return name
        if node.kind == "add":
            join, other = self.chip.joins[number], self.scales[-1 if node.summand is None else node.summand]
            least = max(join.least, 0) if node.rectify else join.least
            self.scales[number] = (min(self.scales[number][0], other[0]) * 2**join.shift, least, join.largest)
        return self._quantised(f"node{number}_near", name, number)

    def finished(self, node: Node, sums: str) -> str:
        """Return what becomes of a layer's sums: near to it, since halves are rounded to even."""
        number, at = node.layer or 0, f"layer{node.layer}"
        if number == len(self.model.layers) - 1:
            return sums
        law, place, to = self.chip.layers[number], self.model.nodes.index(node), self.graph
        self.scales[place] = (law.given_scale, law.least, law.largest)
        if law.kind == STEP:
            self.scales[place] = (1.0, 0, 1)
            name = to.add("Greater", sums, to.constant("number_0", 0.0, np.float32), gives=f"{at}_above")
            name = to.cast(name, np.float32, gives=f"{at}_risen")
        elif law.kind == TABLE:
            self.scales[place] = (law.given_scale, *held_by(law.tables))
            name = self._looked_up(at, sums, law, node)
        elif law.kind == LEAKY:
            name = to.add("LeakyRelu", sums, gives=f"{at}_leaky", alpha=2.0**-law.slope)
        else:
            name = to.add("Relu", sums, gives=f"{at}_risen")
        return self._quantised(f"{at}_near", name, place)

    def _looked_up(self, at: str, sums: str, law: Any, node: Node) -> str:
        """Look sums up in the table of all units, or in the unit's own."""
        to, (units, entries) = self.graph, law.tables.shape
        step = to.constant(f"{at}_address_step", law.unit * 2**law.shift, np.float32)
        name = to.add("Round", to.add("Div", sums, step, gives=f"{at}_steps"), gives=f"{at}_whole")
        ends = (to.constant(f"number_{end}", end, np.float32) for end in (law.least, law.largest))
        name = to.cast(to.add("Clip", name, *ends, gives=f"{at}_held"), np.int64, gives=f"{at}_signed")
        first = np.arange(units).reshape((-1, 1, 1) if len(node.given) == IMAGE and units > 1 else (-1,)) * entries
        name = to.add("Add", name, to.constant(f"{at}_first", first - law.least, np.int64), gives=f"{at}_address")
        table = to.constant(f"{at}_table", (law.tables * law.given_scale).reshape(-1), np.float32)
        return to.add("Gather", table, name, gives=f"{at}_found", axis=0)

    def _quantised(self, at: str, name: str, number: int, unit: float | None = None) -> str:
        """Saturate and round to codes, and go on with the numbers that they stand for.

        Args:
            at: how the result is called.
            name: what is rounded.
            number: the node whose codes they are.
            unit: what a step of ``name`` is worth, that of the node's codes unless told.
        """
        to, (scale, least, largest) = self.graph, self.scales[number]
        step = scale if unit is None else unit
        hold_bytes("the inputs" if number < 0 else f"signals of node {number}", least, largest)
        if largest - least < BYTE:
            ends = (("least", least), ("most", largest))
            held = [to.constant(f"{at}_{end}", code * step, np.float32) for end, code in ends]
            name = to.add("Clip", name, *held, gives=f"{at}_held")
        zero = to.constant(f"{at}_zero", -least, np.uint8)
        name = to.add("QuantizeLinear", name, to.constant(f"{at}_step", step, np.float32), zero, gives=f"{at}_codes")
        return to.add("DequantizeLinear", name, to.constant(f"{at}_value", scale, np.float32), zero, gives=at)
