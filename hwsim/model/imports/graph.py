"""A model under construction, layer by layer, from arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple

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
RISING = {"relu", "leaky-relu", "tanh", "sigmoid"}
"""Activations that never fall; a leaky ReLU where its slope is not negative."""
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Imported:
    """A network as a model: ``shape`` of one sample, and for every node what it comes from.

    ``names`` has for every node the value of ``source`` that it should give, which is what the import is checked by.
    ``sizes`` has the sizes of what was added up to biases of a node, one for all units or one for each, where that is
    more than the biases are: what sums may be off by rounding goes with it.
    """

    model: Model
    start: list[Start]
    shape: tuple[int, ...]
    origins: list[str]
    names: list[str] = field(default_factory=list)
    source: Source | None = field(default=None, compare=False, repr=False)
    sizes: dict[int, Array] = field(default_factory=dict, compare=False, repr=False)


class _Scale(NamedTuple):
    """A scale before a layer: its name, factors and shifts, and the size of what these were added up from."""

    origin: str
    factors: Array
    shifts: Array
    size: Array


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
        >>> graph.finish("net")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        hwsim.model.imports.refusal.RefusedError: layer 0 (Linear) has weights or biases that are not finite ...
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
        self.sizes: dict[int, Array] = {}
        self.end = -1
        """The node that the next one is added behind, -1 for the network's input."""
        self._unfinished: set[int] = set()
        self._pooled: dict[int, int] = {}
        """Pools of maxima by number, with the layer without an activation whose signals they alone take."""
        self.refused: list[RefusedLayer] = []
        self._lost: set[int] = set()

    @property
    def shape(self) -> tuple[int, ...]:
        """Return what stands at the end now."""
        return self.nodes[self.end].given if self.end >= 0 else self.first

    @property
    def open(self) -> bool:
        """Tell whether the node at the end has cells and no activation yet."""
        return self.end in self._unfinished

    @property
    def lost(self) -> bool:
        """Tell whether the node at the end stands for a layer that is refused."""
        return self.end in self._lost

    def go(self, number: int) -> None:
        """Go on behind an earlier node, -1 for the network's input.

        Example:
            >>> graph = NetworkGraph((2,), "Linear")
            >>> graph.dense("a", np.eye(2), np.zeros(2))
            >>> graph.go(-1)
            >>> graph.dense("b", np.eye(2), np.zeros(2))
            >>> graph.join("c", 0)
            >>> [node.source for node in graph.finish("net").model.nodes]
            [None, -1, None]
        """
        self.end = number

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
        self._lost.add(self.end)

    def stop(self) -> NoReturn:
        """Raise what was noted so far."""
        raise RefusedError(self.refused)

    def call(self, name: str) -> None:
        """Say which value of the source stands at the end now."""
        if self.end >= 0:
            self.names[self.end] = name

    def finish(self, title: str, source: Source | None = None) -> Imported:
        """Return the whole network; the node added last gives its outputs.

        Args:
            title: of the model.
            source: what it was made from, to be compared with.

        Raises:
            RefusedError: something was refused; all of it is in the message.
        """
        if not self.layers and not self.refused:
            self.refused.append(RefusedLayer("the network", f"has no {self.weighing} layer, and so no cells"))
        if self.refused:
            self.stop()
        model = Model(title, tuple(self.layers), tuple(self.nodes))
        return Imported(model, self.start, tuple(self.first), self.origins, self.names, source, self.sizes)

    def dense(
        self, origin: str, weights: Array, bias: Array, size: Array | None = None, *, alone: bool = False
    ) -> None:
        """Add weights (units, inputs) and biases (units,).

        Args:
            origin: what it is called where it comes from.
            weights: of the layer.
            bias: of the layer.
            size: of what the biases were added up from, where that is more.
            alone: whether nothing else takes the signals before it, so that a scale there can become part of it.
        """
        given = (*self.shape[:-1], len(weights))
        if len(self.shape) >= IMAGE or self.shape[-1] != weights.shape[1]:
            what = f"takes {weights.shape[1]} features, but {self.shape} stand before it"
            self.refuse(origin, what, gives=given)
            return
        size = np.abs(bias if size is None else size)
        if alone and (scale := self._taken_back({1, weights.shape[1]})) is not None:
            size = size + (np.abs(weights) * scale.size).sum(axis=1)
            origin = f"{scale.origin} with {origin}"
            bias, weights = bias + (weights * scale.shifts).sum(axis=1), weights * scale.factors
        layer = self._weigh(origin, weights, bias)
        self._add(origin, Node("dense", self.shape, given, layer), cells=True)
        self.sizes[self.end] = size

    def convolve(
        self, origin: str, weights: Array, bias: Array, window: Window, groups: int = 1, *, alone: bool = False
    ) -> None:
        """Add filters (units, channels of a group, rows, columns) and biases (units,).

        Args:
            origin: what it is called where it comes from.
            weights: of the layer.
            bias: of the layer.
            window: of the layer.
            groups: of units, each of which takes channels of its own.
            alone: whether nothing else takes the signals before it, so that a scale there can become part of it.
        """
        channels = weights.shape[1] * groups
        if len(self.shape) != IMAGE or self.shape[0] != channels:
            self.refuse(origin, f"takes an image of {channels} channels, but {self.shape} stand before it")
            return
        if len(weights) % groups:
            self.refuse(origin, f"has {len(weights)} filters, which do not make {groups} equal groups")
            return
        places = self._places(origin, window)
        size = np.abs(bias)
        padded = (*window.before, *window.after) != (0, 0, 0, 0)
        if alone and (scale := self._taken_back({1, channels}, shifted=not padded)) is not None:
            origin = f"{scale.origin} with {origin}"
            own = [np.broadcast_to(part, channels).reshape(groups, -1) for part in (scale.factors, scale.shifts)]
            factors, shifts = (np.repeat(part, len(weights) // groups, axis=0)[:, :, None, None] for part in own)
            size = size + (np.abs(weights) * scale.size).sum(axis=(1, 2, 3))
            bias, weights = bias + (weights * shifts).sum(axis=(1, 2, 3)), weights * factors
        layer = self._weigh(origin, weights.reshape(len(weights), -1), bias, groups)
        self._add(origin, Node("conv2d", self.shape, (len(weights), *places), layer, window), cells=True)
        self.sizes[self.end] = size

    def pool(
        self, origin: str, kind: Literal["max-pool", "average-pool"], window: Window, *, alone: bool = False
    ) -> None:
        """Add a pool, around whose image stand zeros, or what is never the largest.

        Args:
            origin: what it is called where it comes from.
            kind: of pool.
            window: of the pool.
            alone: whether nothing else takes the signals before it, so that an activation behind a maximum, which never
                falls, can become part of the layer before it.
        """
        if len(self.shape) != IMAGE:
            self.refuse(origin, f"takes an image, but {self.shape} stand before it")
            return
        if window.lost:
            self.refuse(origin, f"pads by as much as its window of {window.kernel} is long, or more")
            return
        before = self.end if alone and self.open and kind == "max-pool" else None
        self._add(origin, Node(kind, self.shape, (self.shape[0], *self._places(origin, window)), window=window))
        if before is not None:
            self._pooled[self.end] = before

    def flatten(self, origin: str) -> None:
        """Make features of an image, in the order channel, row, column; features stay as they are."""
        if len(self.shape) > 1:
            self._add(origin, Node("flatten", self.shape, (prod(self.shape),)))

    def reshape(self, origin: str, shape: tuple[int, ...]) -> None:
        """Let signals stand in another shape, in the order channel, row, column on both sides."""
        if len(shape) > IMAGE:
            self.refuse(
                origin, f"takes signals of shape {shape}; those of up to {IMAGE} axes can be emulated", gives=shape
            )
            return
        self._add(origin, Node("flatten" if len(shape) == 1 else "reshape", self.shape, shape))

    def join(self, origin: str, summand: int) -> None:
        """Add the signals of an earlier node, -1 for the network's input."""
        other = self.first if summand < 0 else self.nodes[summand].given
        if other != self.shape:
            what = f"adds {other} to {self.shape}; only signals of equal shape can be added"
            self.refuse(origin, what, gives=self.shape)
            return
        self._add(origin, Node("add", self.shape, self.shape, summand=summand))

    def scale(self, origin: str, gain: Array, shift: Array, *, alone: bool = True, size: Array | None = None) -> None:
        """Multiply by a gain and add a shift: in cells and biases of the layer just added, or in electronics behind.

        Args:
            origin: what it is called where it comes from.
            gain: one number, one for each unit (channel, or feature), or one for each signal, in that order.
            shift: likewise.
            alone: whether nothing else takes the signals before it, so that it can become part of their layer.
            size: of what the shift was added up from.
        """
        if self.lost:
            return
        size = np.abs(shift if size is None else size).reshape(-1)
        units = self.shape[0 if len(self.shape) == IMAGE else -1]
        if {gain.size, shift.size} - {1, units, prod(self.shape)}:
            what = f"is for another number of units than the {units} before it"
            self.refuse(origin, what, gives=self.shape)
            return
        gain, shift = np.asarray(gain, np.float64).reshape(-1), np.asarray(shift, np.float64).reshape(-1)
        number = self.nodes[self.end].layer if self.open and alone else None
        if number is None or not {gain.size, shift.size} <= {1, units}:
            if not max(np.abs(gain).max(), np.abs(shift).max()) <= LARGEST:
                what = "has factors or shifts that are not finite numbers, or too large for a float32"
                self.refuse(origin, what, gives=self.shape)
                return
            law = tuple(gain.tolist()), tuple(shift.tolist())
            self._add(origin, Node("scale", self.shape, self.shape, factors=law[0], shifts=law[1]))
            self.sizes[self.end] = size.max(keepdims=True)
            return
        values = self.start[number]
        found = Start(values.weights * gain.reshape(-1, 1), values.bias * gain + shift, 1.0)
        self._check(origin, found)
        self.start[number] = found
        self.sizes[self.end] = self.sizes[self.end] * np.abs(gain) + size

    def normalise(self, origin: str, factors: Array, shifts: Array, epsilon: float) -> None:
        """Add a layer normalisation over features, over those of each step, or over an image; then factors and shifts.

        Args:
            origin: what it is called where it comes from.
            factors: one number, one for each unit (channel, or feature), or one for each signal of an image.
            shifts: likewise.
            epsilon: what is added to the variance.
        """
        image = len(self.shape) == IMAGE
        units = self.shape[0 if image else -1]
        if {factors.size, shifts.size} - {1, units, prod(self.shape) if image else 1}:
            self.refuse(origin, f"has factors for another number than the {units} before it", gives=self.shape)
            return
        if not np.isfinite(factors).all() or not np.isfinite(shifts).all() or not 0 < epsilon <= 1:
            self.refuse(origin, "has factors, shifts or an epsilon that are out of range", gives=self.shape)
            return
        one, other = (tuple(part.reshape(-1).tolist()) for part in (factors, shifts))
        self._add(origin, Node("layer-norm", self.shape, self.shape, factors=one, shifts=other, epsilon=epsilon))

    def activate(
        self, origin: str, name: Activation, parameters: tuple[float, ...] = (), *, alone: bool = True
    ) -> None:
        """Apply an activation: in the layer just added, ReLU also in a sum, or in electronics behind.

        Args:
            origin: what it is called where it comes from.
            name: the activation.
            parameters: of it.
            alone: whether nothing else takes the signals before it, so that it can become part of their layer.
        """
        last = self.nodes[self.end] if self.end >= 0 else None
        if self.lost:
            return
        if alone and last is not None and last.kind == "add" and not last.rectify and name == "relu":
            self.nodes[self.end] = replace(last, rectify=True)
        elif alone and self.open and last is not None and last.layer is not None:
            law = self.layers[last.layer]
            self.layers[last.layer] = replace(law, activation=name, parameters=parameters)
        elif alone and self.end in self._pooled and name in RISING and min(parameters, default=0.0) >= 0:
            before = self._pooled.pop(self.end)  # the largest before the activation is the largest behind it
            number = self.nodes[before].layer or 0
            self.layers[number] = replace(self.layers[number], activation=name, parameters=parameters)
            self.names[before] = ""
            self._unfinished.discard(before)
        else:
            self._add(origin, Node("activation", self.shape, self.shape, activation=name, parameters=parameters))
            return
        self.origins[self.end] = f"{self.origins[self.end]} with {origin}"
        self._unfinished.discard(self.end)

    def _taken_back(self, sizes: set[int], *, shifted: bool = True) -> _Scale | None:
        """Take a scale away that was added last, for the layer behind it; None where there is none that it can do."""
        node = self.nodes[-1] if self.end == len(self.nodes) - 1 >= 0 else None
        if node is None or node.kind != "scale" or self.end in self._lost:
            return None
        if not {len(node.factors), len(node.shifts)} <= sizes or (not shifted and any(node.shifts)):
            return None
        size = self.sizes.pop(self.end)
        self.nodes.pop()
        self.names.pop()
        self.end = len(self.nodes) - 1 if node.source is None else node.source
        return _Scale(self.origins.pop(), np.array(node.factors), np.array(node.shifts), size)

    def _add(self, origin: str, node: Node, *, cells: bool = False) -> None:
        here = len(self.nodes)
        self.nodes.append(node if self.end == here - 1 else replace(node, source=self.end))
        self.origins.append(origin)
        self.names.append("")
        self.end = here
        if cells:
            self._unfinished.add(here)

    def _weigh(self, origin: str, weights: Array, bias: Array, groups: int = 1) -> int:
        values = Start(np.asarray(weights, np.float64), np.asarray(bias, np.float64), 1.0)
        self._check(origin, values)
        self.layers.append(Layer(weights.shape[0], weights.shape[1], learned_registers=False, groups=groups))
        self.start.append(values)
        return len(self.layers) - 1

    def _check(self, origin: str, values: Start) -> None:
        if not values.weights.size:
            self.refused.append(RefusedLayer(origin, f"has no weights: their shape is {values.weights.shape}"))
        elif not max(np.abs(values.weights).max(), np.abs(values.bias).max()) <= LARGEST:
            what = "has weights or biases that are not finite numbers, or too large for a float32"
            self.refused.append(RefusedLayer(origin, what))

    def _places(self, origin: str, window: Window) -> tuple[int, int]:
        places = window.places((self.shape[1], self.shape[2]))
        if min(places) < 1:
            self.refuse(origin, f"has a window that does not fit into an image of {self.shape[1:]}")
        return places
