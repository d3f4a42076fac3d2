"""A model under construction, layer by layer, from arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from hwsim.model import Layer, Model, Node, Start, Window
from hwsim.model.imports.refusal import RefusedError, RefusedLayer

if TYPE_CHECKING:
    from typing import Literal, NoReturn

    from numpy.typing import NDArray

    from hwsim.model.imports.source import Source
    from hwsim.model.layer import Activation

    Array = NDArray[np.float64]

IMAGE = 3


@dataclass(frozen=True)
class Imported:
    """A network as a model: ``shape`` of one sample, and for every node what it comes from.

    ``names`` has for every node the value of ``source`` that it should give, which is what the import is checked by.
    """

    model: Model
    start: list[Start]
    shape: tuple[int, ...]
    origins: list[str]
    names: list[str] = field(default_factory=list)
    source: Source | None = field(default=None, compare=False, repr=False)


class NetworkGraph:
    """The graph so far. Every method adds one thing; ``origin`` is what an error calls it.

    What cannot be emulated is noted, by these methods and by who reads the network (:meth:`refuse`), and the reader
    goes on to what follows; :meth:`finish` raises one error that lists everything.

    Args:
        shape: of one sample.
        weighing: what layers with cells are called where they come from.

    Raises:
        RefusedError: by every method, where nothing can be said of what follows; with all that was noted before.

    Example:
        >>> graph = NetworkGraph((2,), "Linear")
        >>> graph.dense("layer 0 (Linear)", np.full((3, 2), np.nan), np.zeros(3))
        >>> graph.refuse("layer 1 (Softplus)", "cannot be emulated", "use ReLU", gives=(3,))
        >>> graph.activate("layer 2 (ReLU)", "relu")  # behind a layer that is refused nothing more is said
        >>> graph.dense("layer 3 (Linear)", np.zeros((1, 4)), np.zeros(1))
        >>> graph.finish("net")
        Traceback (most recent call last):
        ...
        hwsim.model.imports.refusal.RefusedError: layer 0 (Linear) has weights or biases that are not finite numbers
        layer 1 (Softplus) cannot be emulated; use ReLU
        layer 3 (Linear) takes 4 features, but (3,) stand before it
    """

    def __init__(self, shape: tuple[int, ...], weighing: str) -> None:
        self.first, self.weighing = shape, weighing
        self.layers: list[Layer] = []
        self.start: list[Start] = []
        self.nodes: list[Node] = []
        self.origins: list[str] = []
        self.names: list[str] = []
        self.open = False
        """Whether the last node has cells and no activation yet."""
        self.refused: list[RefusedLayer] = []
        self.lost = False
        """Whether the last node stands for a layer that is refused."""

    @property
    def shape(self) -> tuple[int, ...]:
        """What stands at the end now."""
        return self.nodes[-1].given if self.nodes else self.first

    def refuse(self, origin: str, what: str, hint: str = "", *, gives: tuple[int, ...] | None = None) -> None:
        """Note that a layer is not taken, and go on behind it.

        Args:
            origin: what it is called where it comes from.
            what: what is wrong: a phrase that goes on from the origin.
            hint: what would work.
            gives: the shape of one sample that the layer gives. A node stands in for it, so that nodes go on being
                numbered; None where the shape is not known.

        Raises:
            RefusedError: ``gives`` is None: all that was noted so far.
        """
        self.refused.append(RefusedLayer(origin, what, hint))
        if gives is None:
            self.stop()
        self.stand_in(origin, gives)

    def stand_in(self, origin: str, gives: tuple[int, ...]) -> None:
        """Put a node in the place of one that is refused."""
        self._add(origin, Node("flatten", self.shape, gives))
        self.lost = True

    def stop(self) -> NoReturn:
        """Raise what was noted so far."""
        raise RefusedError(self.refused)

    def call(self, name: str) -> None:
        """Say which value of the source stands at the end now."""
        if self.names:
            self.names[-1] = name

    def finish(self, title: str, source: Source | None = None) -> Imported:
        """The whole.

        Args:
            title: of the model.
            source: what it was made from, to be compared with.

        Raises:
            RefusedError: something was refused; all of it is in the message.
        """
        if not self.lost and (not self.nodes or self.nodes[-1].layer is None):
            what = f"must end in a {self.weighing} layer, with its activation where it has one"
            self.refused.append(RefusedLayer("the network", what))
        if self.refused:
            self.stop()
        model = Model(title, tuple(self.layers), tuple(self.nodes))
        return Imported(model, self.start, tuple(self.first), self.origins, self.names, source)

    def dense(self, origin: str, weights: Array, bias: Array) -> None:
        """Add weights (units, inputs) and biases (units,)."""
        if self.shape != (weights.shape[1],):
            what = f"takes {weights.shape[1]} features, but {self.shape} stand before it"
            self.refuse(origin, what, gives=(len(weights),))
            return
        layer = self._weigh(origin, weights, bias)
        self._add(origin, Node("dense", self.shape, (len(weights),), layer), cells=True)

    def convolve(self, origin: str, weights: Array, bias: Array, window: Window) -> None:
        """Add filters (units, channels, rows, columns) and biases (units,)."""
        if len(self.shape) != IMAGE or self.shape[0] != weights.shape[1]:
            self.refuse(origin, f"takes an image of {weights.shape[1]} channels, but {self.shape} stand before it")
            return
        places = self._places(origin, window)
        layer = self._weigh(origin, weights.reshape(len(weights), -1), bias)
        self._add(origin, Node("conv2d", self.shape, (len(weights), *places), layer, window), cells=True)

    def pool(self, origin: str, kind: Literal["max-pool", "average-pool"], window: Window) -> None:
        """Add a pool."""
        if len(self.shape) != IMAGE:
            self.refuse(origin, f"takes an image, but {self.shape} stand before it")
            return
        self._add(origin, Node(kind, self.shape, (self.shape[0], *self._places(origin, window)), window=window))

    def flatten(self, origin: str) -> None:
        """Make features of an image, in the order channel, row, column; features stay as they are."""
        if len(self.shape) > 1:
            self._add(origin, Node("flatten", self.shape, (prod(self.shape),)))

    def join(self, origin: str, summand: int) -> None:
        """Add the signals of an earlier node, -1 for the network's input."""
        other = self.first if summand < 0 else self.nodes[summand].given
        if other != self.shape:
            what = f"adds {other} to {self.shape}; only signals of equal shape can be added"
            self.refuse(origin, what, gives=self.shape)
            return
        self._add(origin, Node("add", self.shape, self.shape, summand=summand))

    def scale(self, origin: str, gain: Array, shift: Array) -> None:
        """Fold a gain and a shift for every unit into the cells and biases of the layer just added."""
        if self.lost:
            return
        if not self.open:
            self.refuse(origin, f"must follow a {self.weighing} layer directly", gives=self.shape)
            return
        values = self.start[-1]
        if gain.size not in {1, len(values.bias)} or shift.size not in {1, len(values.bias)}:
            what = f"is for another number of units than the {len(values.bias)} before it"
            self.refuse(origin, what, gives=self.shape)
            return
        found = Start(values.weights * gain.reshape(-1, 1), values.bias * gain.reshape(-1) + shift.reshape(-1), 1.0)
        self._check(origin, found)
        self.start[-1] = found

    def activate(self, origin: str, name: Activation, parameters: tuple[float, ...] = ()) -> None:
        """Add an activation to the layer just added; ReLU also to a sum."""
        last = self.nodes[-1] if self.nodes else None
        if self.lost:
            return
        if last is not None and last.kind == "add" and name == "relu":
            self.nodes[-1] = replace(last, rectify=True)
        elif self.open:
            self.layers[-1] = replace(self.layers[-1], activation=name, parameters=parameters)
        else:
            self.refuse(origin, f"must follow a {self.weighing} or batch-norm layer", gives=self.shape)
            return
        self.origins[-1] = f"{self.origins[-1]} with {origin}"
        self.open = False

    def _add(self, origin: str, node: Node, *, cells: bool = False) -> None:
        self.nodes.append(node)
        self.origins.append(origin)
        self.names.append("")
        self.open, self.lost = cells, False

    def _weigh(self, origin: str, weights: Array, bias: Array) -> int:
        values = Start(np.asarray(weights, np.float64), np.asarray(bias, np.float64), 1.0)
        self._check(origin, values)
        self.layers.append(Layer(weights.shape[0], weights.shape[1], learned_registers=False))
        self.start.append(values)
        return len(self.layers) - 1

    def _check(self, origin: str, values: Start) -> None:
        if not np.isfinite(values.weights).all() or not np.isfinite(values.bias).all():
            self.refused.append(RefusedLayer(origin, "has weights or biases that are not finite numbers"))

    def _places(self, origin: str, window: Window) -> tuple[int, int]:
        places = window.places((self.shape[1], self.shape[2]))
        if min(places) < 1:
            self.refuse(origin, f"has a window that does not fit into an image of {self.shape[1:]}")
        return places
