"""A network of whole numbers as an ONNX graph that gives the same whole numbers on every processor.

Signals are uint8: the code less the least code there can be, which is the signal's zero point. Weights are uint8 with
zero point 128. Products of two unsigned bytes are exact in all kernels; of a signed and an unsigned one some processors
saturate the sums of pairs. What follows a product is int32, or int64 where sums may need it: bias, slope, rounding half
up, saturation. Sums are clipped before they are divided, so that nothing negative is: operators that truncate and those
that round down then give the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hwsim.export.met import met
from hwsim.export.netlist import LEAKY, STEP, TABLE
from hwsim.export.onnx_graph import Graph, walked
from hwsim.files import Refusal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.logic import WholeNumbers
    from hwsim.export.snapshot import Snapshot
    from hwsim.model import Node

MIDDLE = 128
"""The zero point of weights."""
WIDEST = 255
"""The largest difference of two codes of a signal, or of a weight's code from its zero point and 0."""
WORD = 2**31 - 1
"""The largest int32."""
IMAGE = 3
INSTEAD = "export the format json"
"""What works where such a graph does not."""


@dataclass(frozen=True)
class Codes:
    """Signals in the graph: the name of a uint8 tensor, the least and largest code, the shape without samples."""

    name: str
    low: int
    high: int
    shape: tuple[int, ...]


class IntegerNetwork:
    """The graph of one network, node by node.

    Args:
        snapshot: a run on a chip of whole numbers.
        coded: whether the graph takes codes, instead of the numbers that they stand for.

    Raises:
        Refusal: cells, codes or nodes that such a graph has no operators for.
    """

    def __init__(self, snapshot: Snapshot, *, coded: bool) -> None:
        self.snapshot, self.model = snapshot, snapshot.model
        self.chip = cast("WholeNumbers", snapshot.chip)
        self.graph = Graph()
        self.accumulators: tuple[str, np.dtype[Any], tuple[int, ...]] = "", np.dtype(np.int32), ()
        """Name, type and shape of those of the last layer."""
        bits = self.chip.device.activation_bits
        low, high = (1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1) if self.chip.signed else (0, 2**bits - 1)
        hold_bytes("the inputs", low, high)
        self.taken = self.model.nodes[0].taken
        self.input = ("codes", np.dtype(np.int32)) if coded else ("x", np.dtype(np.float32))
        self.signals = {-1: self._encoded(low, high, coded=coded)}
        for number, node in enumerate(self.model.nodes):
            self.signals[number] = self._node(number, node)

    def _encoded(self, low: int, high: int, *, coded: bool) -> Codes:
        """Turn inputs into codes as the chip does: in float64, rounding half to even, saturated."""
        to, name = self.graph, self.input[0]
        if coded:
            least, most = (to.constant(f"codes_{one}", end, np.int32) for one, end in (("least", low), ("most", high)))
            name = to.add("Max", name, least, gives="codes_from")
            name = to.add("Min", name, most, gives="codes_held")
            name = to.add("Sub", name, least, gives="codes_counted")
            return Codes(to.cast(name, np.uint8, gives="codes_bytes"), low, high, self.taken)
        least, most = (to.constant(f"x_{one}", end, np.float64) for one, end in (("least", low), ("most", high)))
        step = to.constant("x_step", self.chip.input_scale, np.float64)
        name = to.add("Div", to.cast(name, np.float64, gives="x_wide"), step, gives="x_steps")
        name = to.add("Clip", to.add("Round", name, gives="x_whole"), least, most, gives="x_held")
        name = to.add("Sub", name, least, gives="x_counted")
        return Codes(to.cast(name, np.uint8, gives="x_codes"), low, high, self.taken)

    # nodes

    def _node(self, number: int, node: Node) -> Codes:  # noqa: PLR0911 - one case a kind
        given, at = self.signals[self.model.source(number)], f"node{number}"
        if node.layer is not None:
            return self._weighted(node, given)
        match node.kind:
            case "flatten" | "reshape":
                shape = self.graph.constant(f"{at}_shape", [0, *node.given], np.int64)
                name = self.graph.add("Reshape", given.name, shape, gives=at)
                return Codes(name, given.low, given.high, node.given)
            case "dropout" | "batch-norm":
                return given
            case _ if number > self.model.last:
                raise Refusal(
                    f"node {number} ({node.kind}) stands behind the last layer, where a chip of whole numbers has none",
                    "take the outputs of the graph, and compute it there",
                )
            case "max-pool":
                return self._largest(at, node, given)
            case "average-pool":
                return self._averaged(at, node, given)
            case "add":
                return self._added(number, node, given)
            case "activation" if node.activation == "relu":
                zero = self.graph.constant(f"{at}_zero", -min(given.low, 0), np.int32)
                wide = self.graph.cast(given.name, np.int32, gives=f"{at}_wide")
                name = self.graph.add("Max", wide, zero, gives=f"{at}_risen")
                return Codes(self.graph.cast(name, np.uint8, gives=at), given.low, given.high, node.given)
            case "activation" if node.activation == "identity":
                return given
            case _:
                raise Refusal(f"node {number} ({node.kind}) has no form in whole numbers", INSTEAD)

    def _added(self, number: int, node: Node, given: Codes) -> Codes:
        """Add two nodes' codes: each shifted to the finer scale, then requantised."""
        join = self.chip.joins[number]
        to, at, both = self.graph, f"node{number}", []
        sources = given, self.signals[-1 if node.summand is None else node.summand]
        for side, (codes, lift) in enumerate(zip(sources, (join.one, join.other), strict=True)):
            wide = to.cast(codes.name, np.int32, gives=f"{at}_wide{side}")
            zero = to.constant(f"{at}_zero{side}", -codes.low, np.int32)
            code = to.add("Sub", wide, zero, gives=f"{at}_code{side}")
            factor = to.constant(f"{at}_lift{side}", 1 << lift, np.int32)
            both.append(to.add("Mul", code, factor, gives=f"{at}_{side}"))
        bound = sum(max(-c.low, c.high) << n for c, n in zip(sources, (join.one, join.other), strict=True))
        if bound + (join.largest << join.shift) > WORD:
            raise Refusal(f"the sums of node {number} need more than 32 bits", INSTEAD)
        total = to.add("Add", *both, gives=f"{at}_total")
        least = max(join.least, 0) if node.rectify else join.least
        return self._shifted(at, total, np.dtype(np.int32), join.shift, least, join.largest, node.given)

    def _largest(self, at: str, node: Node, given: Codes) -> Codes:
        """Find the largest code of every window; what is put around is 0, the least code, as a node of its own."""
        to, window, name = self.graph, walked(node), given.name
        top, left, bottom, right = window["pads"]
        if any(window["pads"]):
            sides = to.constant(f"{at}_sides", [0, 0, top, left, 0, 0, bottom, right], np.int64)
            name = to.add("Pad", name, sides, to.constant("zero_point0", 0, np.uint8), gives=f"{at}_padded")
        name = to.add("MaxPool", name, gives=at, **{**window, "pads": [0, 0, 0, 0]})
        return Codes(name, given.low, given.high, node.given)

    def _averaged(self, at: str, node: Node, given: Codes) -> Codes:
        """Sum every window, zeros around the image, and divide by a power of two, rounding half up."""
        to, channels, kernel = self.graph, node.taken[0], node.window.kernel if node.window else (1, 1)
        ones = to.constant(f"{at}_ones", np.ones((channels, 1, *kernel)), np.uint8)
        zeros = (to.constant(f"zero_point{-given.low}", -given.low, np.uint8), to.constant("zero_point0", 0, np.uint8))
        total = to.add("ConvInteger", given.name, ones, *zeros, gives=f"{at}_total", group=channels, **walked(node))
        shift = prod(kernel).bit_length() - 1
        return self._shifted(at, total, np.dtype(np.int32), shift, given.low, given.high, node.given)

    # layers with cells

    def _weighted(self, node: Node, given: Codes) -> Codes:
        number = node.layer or 0
        weights = whole_weights(self.snapshot, number)
        law, at = self.chip.layers[number], f"layer{number}"
        bias = np.asarray(self.snapshot.registers[number][: self.model.layers[number].units], np.int64)
        reach = int(np.abs(weights).sum(axis=1).max()) * max(-given.low, given.high)
        if reach > WORD:
            raise Refusal(f"the sums of layer {number} need more than the 32 bits of ONNX's products", INSTEAD)
        name = self._product(at, node, given, weights)
        bound = reach + int(np.abs(bias).max()) + (max(abs(law.least), abs(law.largest)) + 2 << law.shift)
        kind = np.dtype(np.int32 if bound <= WORD else np.int64)
        if kind == np.int64:
            name = self.graph.cast(name, kind, gives=f"{at}_wide")
        shape = (-1, 1, 1) if len(node.given) == IMAGE else (-1,)
        held = self.graph.constant(f"{at}_bias", bias.reshape(shape), kind)
        name = self.graph.add("Add", name, held, gives=f"{at}_accumulators")
        if number == len(self.model.layers) - 1:
            self.accumulators = name, kind, node.given
            return Codes(name, 0, 0, node.given)
        return self._settled(at, name, kind, law, node)

    def _product(self, at: str, node: Node, given: Codes, weights: NDArray[np.int64]) -> str:
        to, zero = self.graph, to_zero(self.graph, given)
        middle = to.constant(f"zero_point{MIDDLE}", MIDDLE, np.uint8)
        bytes_ = (weights + MIDDLE).astype(np.uint8)
        if node.kind == "dense":
            held = to.constant(f"{at}_weights", bytes_.T, np.uint8)
            return to.add("MatMulInteger", given.name, held, zero, middle, gives=f"{at}_product")
        if node.kind != "conv2d" or node.window is None:
            raise Refusal(f"{at} is of kind {node.kind!r}, which has no form in whole numbers", INSTEAD)
        groups = self.model.layers[node.layer or 0].groups
        shape = (len(weights), node.taken[0] // groups, *node.window.kernel)
        held = to.constant(f"{at}_weights", bytes_.reshape(shape), np.uint8)
        more = {"dilations": list(node.window.dilation), "group": groups, **walked(node)}
        return to.add("ConvInteger", given.name, held, zero, middle, gives=f"{at}_product", **more)

    def _settled(self, at: str, name: str, kind: np.dtype[Any], law: Any, node: Node) -> Codes:
        """Turn accumulators into codes."""
        to = self.graph
        if law.kind == STEP:
            above = to.add("Greater", name, to.constant(f"{at}_zero", 0, kind), gives=f"{at}_above")
            return Codes(to.cast(above, np.uint8, gives=at), 0, 1, node.given)
        if law.kind == LEAKY:
            name = self._leaky(at, name, kind, law.slope)
        if law.kind != TABLE:
            hold_bytes(f"signals of {at}", law.least, law.largest)
            return self._shifted(at, name, kind, law.shift, law.least, law.largest, node.given)
        low, high = held_by(law.tables)
        hold_bytes(f"signals of {at}", low, high)
        address = self._rounded(at, name, kind, law.shift, law.least, law.largest)
        units, entries = law.tables.shape
        if units > 1:
            first = np.arange(units).reshape((-1, 1, 1) if len(node.given) == IMAGE else (-1,)) * entries
            address = to.add("Add", address, to.constant(f"{at}_first", first, kind), gives=f"{at}_place")
        table = to.constant(f"{at}_table", (law.tables - low).reshape(-1), np.uint8)
        return Codes(to.add("Gather", table, address, gives=at, axis=0), low, high, node.given)

    def _leaky(self, at: str, name: str, kind: np.dtype[Any], slope: int) -> str:
        """Shift what is negative by the slope, rounding down."""
        to, zero = self.graph, self.graph.constant(f"{at}_zero", 0, kind)
        least, step = ((1 << slope) - 1), 1 << slope
        below = to.add("Max", to.add("Neg", name, gives=f"{at}_turned"), zero, gives=f"{at}_below")
        below = to.add("Add", below, to.constant(f"{at}_slope_rest", least, kind), gives=f"{at}_below_up")
        below = to.add("Div", below, to.constant(f"{at}_slope", step, kind), gives=f"{at}_below_less")
        above = to.add("Max", name, zero, gives=f"{at}_above")
        return to.add("Sub", above, below, gives=f"{at}_leaky")

    def _rounded(self, at: str, name: str, kind: np.dtype[Any], shift: int, least: int, largest: int) -> str:
        """Compute ``clip((s + half) >> shift, least, largest) - least``, with clipping first."""
        to, half = self.graph, (1 << shift) >> 1
        span = (largest - least) << shift
        name = to.add("Add", name, to.constant(f"{at}_half", half - (least << shift), kind), gives=f"{at}_halved")
        name = to.add("Max", name, to.constant(f"{at}_zero", 0, kind), gives=f"{at}_from")
        name = to.add("Min", name, to.constant(f"{at}_most", span, kind), gives=f"{at}_held")
        return to.add("Div", name, to.constant(f"{at}_step", 1 << shift, kind), gives=f"{at}_counted")

    def _shifted(
        self, at: str, name: str, kind: np.dtype[Any], shift: int, least: int, largest: int, shape: tuple[int, ...]
    ) -> Codes:
        """Round, saturate and count from the least code."""
        name = self._rounded(at, name, kind, shift, least, largest)
        return Codes(self.graph.cast(name, np.uint8, gives=at), least, largest, shape)


def to_zero(to: Graph, given: Codes) -> str:
    """Return the zero point of a signal as a constant."""
    return to.constant(f"zero_point{-given.low}", -given.low, np.uint8)


def held_by(tables: NDArray[np.int32]) -> tuple[int, int]:
    """Return the least and largest code of tables; 0 is within, since it is the zero point and stands around images.

    Example:
        >>> held_by(np.array([[3, 9]], np.int32))
        (0, 9)
    """
    return min(int(tables.min()), 0), max(int(tables.max()), 0)


def hold_bytes(what: str, low: int, high: int) -> None:
    """Refuse codes that no byte holds."""
    if high - low > WIDEST:
        found = f"{what} have codes from {low} to {high}, and ONNX's integer products take 8 bits"
        raise Refusal(found, f"set activation_bits = '8 bit', or {INSTEAD}")


def whole_weights(snapshot: Snapshot, layer: int) -> NDArray[np.int64]:
    """Return what the positions of a layer meet, whole numbers of at most 8 bits.

    Raises:
        Refusal: they are not.
    """
    weights = met(snapshot, layer)
    if not np.array_equal(weights, np.rint(weights)):
        what = f"layer {layer} holds analogue levels (device.variation), which no whole number stands for"
        raise Refusal(what, "set device.variation = 0")
    if np.abs(weights).max() >= MIDDLE:
        what = f"layer {layer} has weights to {np.abs(weights).max():g}, and ONNX's integer products take 8 bits"
        raise Refusal(what, f"set weight_bits = '8 bit', or {INSTEAD}")
    return np.asarray(weights, np.int64)
