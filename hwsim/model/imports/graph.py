"""A model under construction, layer by layer, from arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from hwsim.model import Layer, Model, Node, Start, Window

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

    from hwsim.model.layer import Activation

    Array = NDArray[np.float64]

IMAGE = 3


@dataclass(frozen=True)
class Imported:
    """A network as a model: ``shape`` of one sample, and for every node what it comes from."""

    model: Model
    start: list[Start]
    shape: tuple[int, ...]
    origins: list[str]


class NetworkGraph:
    """The graph so far. Every method adds one thing; ``origin`` is what an error calls it.

    Args:
        shape: of one sample.
        weighing: what layers with cells are called where they come from.

    Raises:
        ValueError: by every method, for what cannot be emulated.
    """

    def __init__(self, shape: tuple[int, ...], weighing: str) -> None:
        self.first, self.weighing = shape, weighing
        self.layers: list[Layer] = []
        self.start: list[Start] = []
        self.nodes: list[Node] = []
        self.origins: list[str] = []
        self.open = False
        """Whether the last node has cells and no activation yet."""

    @property
    def shape(self) -> tuple[int, ...]:
        """What stands at the end now."""
        return self.nodes[-1].given if self.nodes else self.first

    def finish(self, title: str) -> Imported:
        """The whole."""
        if not self.nodes or self.nodes[-1].layer is None:
            raise ValueError(f"the network must end in a {self.weighing} layer, with its activation where it has one")
        return Imported(
            Model(title, tuple(self.layers), tuple(self.nodes)), self.start, tuple(self.first), self.origins
        )

    def dense(self, origin: str, weights: Array, bias: Array) -> None:
        """Add weights (units, inputs) and biases (units,)."""
        if self.shape != (weights.shape[1],):
            raise ValueError(f"{origin} takes {weights.shape[1]} features, but {self.shape} stand before it")
        layer = self._weigh(origin, weights, bias)
        self._add(origin, Node("dense", self.shape, (len(weights),), layer), cells=True)

    def convolve(self, origin: str, weights: Array, bias: Array, window: Window) -> None:
        """Add filters (units, channels, rows, columns) and biases (units,)."""
        if len(self.shape) != IMAGE or self.shape[0] != weights.shape[1]:
            raise ValueError(
                f"{origin} takes an image of {weights.shape[1]} channels, but {self.shape} stand before it"
            )
        places = self._places(origin, window)
        layer = self._weigh(origin, weights.reshape(len(weights), -1), bias)
        self._add(origin, Node("conv2d", self.shape, (len(weights), *places), layer, window), cells=True)

    def pool(self, origin: str, kind: Literal["max-pool", "average-pool"], window: Window) -> None:
        """Add a pool."""
        if len(self.shape) != IMAGE:
            raise ValueError(f"{origin} takes an image, but {self.shape} stand before it")
        self._add(origin, Node(kind, self.shape, (self.shape[0], *self._places(origin, window)), window=window))

    def flatten(self, origin: str) -> None:
        """Make features of an image, in the order channel, row, column; features stay as they are."""
        if len(self.shape) > 1:
            self._add(origin, Node("flatten", self.shape, (prod(self.shape),)))

    def join(self, origin: str, summand: int) -> None:
        """Add the signals of an earlier node, -1 for the network's input."""
        other = self.first if summand < 0 else self.nodes[summand].given
        if other != self.shape:
            raise ValueError(f"{origin} adds {other} to {self.shape}; only signals of equal shape can be added")
        self._add(origin, Node("add", self.shape, self.shape, summand=summand))

    def scale(self, origin: str, gain: Array, shift: Array) -> None:
        """Fold a gain and a shift for every unit into the cells and biases of the layer just added."""
        if not self.open:
            raise ValueError(f"{origin} must follow a {self.weighing} layer directly")
        values = self.start[-1]
        if gain.size not in {1, len(values.bias)} or shift.size not in {1, len(values.bias)}:
            raise ValueError(f"{origin} is for another number of units than the {len(values.bias)} before it")
        found = Start(values.weights * gain.reshape(-1, 1), values.bias * gain.reshape(-1) + shift.reshape(-1), 1.0)
        self._check(origin, found)
        self.start[-1] = found

    def activate(self, origin: str, name: Activation, parameters: tuple[float, ...] = ()) -> None:
        """Add an activation to the layer just added; ReLU also to a sum."""
        last = self.nodes[-1] if self.nodes else None
        if last is not None and last.kind == "add" and name == "relu":
            self.nodes[-1] = replace(last, rectify=True)
        elif self.open:
            self.layers[-1] = replace(self.layers[-1], activation=name, parameters=parameters)
        else:
            raise ValueError(f"{origin} must follow a {self.weighing} or batch-norm layer")
        self.origins[-1] = f"{self.origins[-1]} with {origin}"
        self.open = False

    def _add(self, origin: str, node: Node, *, cells: bool = False) -> None:
        self.nodes.append(node)
        self.origins.append(origin)
        self.open = cells

    def _weigh(self, origin: str, weights: Array, bias: Array) -> int:
        values = Start(np.asarray(weights, np.float64), np.asarray(bias, np.float64), 1.0)
        self._check(origin, values)
        self.layers.append(Layer(weights.shape[0], weights.shape[1], learned_registers=False))
        self.start.append(values)
        return len(self.layers) - 1

    @staticmethod
    def _check(origin: str, values: Start) -> None:
        if not np.isfinite(values.weights).all() or not np.isfinite(values.bias).all():
            raise ValueError(f"{origin}: its weights or biases are not finite numbers")

    def _places(self, origin: str, window: Window) -> tuple[int, int]:
        places = window.places((self.shape[1], self.shape[2]))
        if min(places) < 1:
            raise ValueError(f"{origin}: its window does not fit into an image of {self.shape[1:]}")
        return places
