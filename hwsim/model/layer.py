"""What a network is made of: layers that own cells, and the graph of nodes that joins them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

Activation = Literal[
    "relu",
    "identity",
    "leaky-relu",
    "step",
    "tanh",
    "sigmoid",
    "gelu",
    "gelu-tanh",
    "look-up",
    "legendre",
    "laguerre",
    "hermite",
]
WeightStart = Literal[
    "he-uniform",
    "he-normal",
    "xavier-uniform",
    "uniform",
    "normal",
    "constant",
    "linspace",
    "linspace-shuffled",
    "pairwise",
    "signs",
    "directions",
]
BiasStart = Literal[
    "zero", "he-uniform", "he-normal", "xavier-uniform", "uniform", "linspace", "uniform-twice", "linspace-twice"
]
Kind = Literal[
    "dense",
    "conv2d",
    "rnn",
    "max-pool",
    "average-pool",
    "batch-norm",
    "dropout",
    "flatten",
    "reshape",
    "add",
    "activation",
    "layer-norm",
    "scale",
]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Norm:
    """The rule of batch statistics: the share of a new batch in the running ones, and what is added to a variance."""

    momentum: float = 0.1
    epsilon: float = 1e-5


@dataclass(frozen=True)
class Layer:
    """The weights of one dense, convolution or recurrent layer: ``units`` banks of ``inputs`` cells.

    A convolution has one bank a filter, with cells in the order channel, row, column of its kernel; of a grouped one
    those channels are the filter's own group's. A recurrent layer
    has one bank a unit, with the cells that meet its inputs first and those that meet the state after them.
    ``parameters`` are those of the activation (:mod:`hwsim.model.activation`); with ``unit_gains`` every unit has a
    gain register of its own, which is what batch normalisation folds into.
    """

    units: int
    inputs: int
    activation: Activation = "identity"
    weights: WeightStart = "he-uniform"
    weight_bound: float = 1.0
    learned_connections: bool = True
    bias: BiasStart = "zero"
    bias_bound: float = 1.0
    gain: bool = False
    learned_registers: bool = True
    parameters: tuple[float, ...] = ()
    unit_gains: bool = False
    electronic: bool = False
    """Computed beside the device, exactly, instead of in its cells."""
    weight_gain: float = 1.0
    """Factor on the values of the starts that look at the layer's size."""
    weight_deviation: float = 1.0
    """Standard deviation of the weight start ``normal``."""
    weight_value: float = 1.0
    """Every weight of the start ``constant``."""
    keep: float = 1.0
    """Probability that a weight starts as drawn instead of at zero."""
    keeps_count: bool = False
    """Every unit keeps the same number of weights, ``keep`` of its inputs rounded, in place of a number by chance."""
    keeps_distinct: bool = False
    """No two units keep the weights of the same inputs."""
    weight_repeats: int = 1
    """How often each value of the weight start ``uniform`` is used: one set of values, again and again."""
    bias_repeats: int = 1
    """How often each value of a bias start is used: one set of values, again and again."""
    places: int = 1
    """Rows times columns of a convolution's kernel."""
    l2: float = 0.0
    """In training the loss grows by this times the sum of the squared weights."""
    permuted_registers: bool = False
    """The bias is rewritten with permutations of its starting values only, by a method that knows how (LaPerm)."""
    input_bound: float = 0.0
    """Of a recurrent layer: bound of its weights that meet inputs; 0 where they start as those that meet the state."""
    norm: Norm | None = None
    """Batch statistics that training takes and that reconnections fold into the registers."""
    groups: int = 1
    """Of a convolution: equal groups of units, each of which takes an equal part of the channels, both in order."""

    @property
    def gains(self) -> int:
        """Count the gain registers: none, one, or one per unit."""
        return self.units if self.unit_gains else int(self.gain)


@dataclass(frozen=True)
class Window:
    """A window that walks over an image: kernel, stride, and what is put (top, left) and (bottom, right) of it.

    Put around are zeros, and before a maximum what is never the largest. With ``dilation`` d a window takes every d-th
    row and column.
    """

    kernel: Pair
    stride: Pair
    before: Pair = (0, 0)
    after: Pair = (0, 0)
    dilation: Pair = (1, 1)

    @property
    def reach(self) -> Pair:
        """Count rows and columns from the first to the last that the window takes, both included.

        Example:
            >>> Window((3, 3), (1, 1), dilation=(2, 1)).reach
            (5, 3)
        """
        rows, columns = (self.dilation[axis] * (self.kernel[axis] - 1) + 1 for axis in (0, 1))
        return rows, columns

    @property
    def lost(self) -> bool:
        """Tell whether some window may take nothing but what was put around."""
        return any(max(self.before[axis], self.after[axis]) >= self.reach[axis] for axis in (0, 1))

    def places(self, size: Pair) -> Pair:
        """Count rows and columns of places of the window on an image of this size; below 1 if it fits nowhere.

        Example:
            >>> Window((2, 2), (1, 1)).places((28, 28)), Window((2, 2), (2, 2)).places((5, 4))
            ((27, 27), (2, 2))
        """
        rows, columns = (
            (size[axis] + self.before[axis] + self.after[axis] - self.reach[axis]) // self.stride[axis] + 1
            for axis in (0, 1)
        )
        return rows, columns


def pad_same(size: Pair, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Window:
    """Build the window whose output has ``ceil(size / stride)`` places; an odd zero goes below and to the right.

    Example:
        >>> pad_same((28, 28), (3, 3), (1, 1)).places((28, 28))
        (28, 28)
    """
    reach = Window(kernel, stride, dilation=dilation).reach
    need = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(size, reach, stride, strict=True)]
    before = (need[0] // 2, need[1] // 2)
    return Window(kernel, stride, before, (need[0] - before[0], need[1] - before[1]), dilation)


@dataclass(frozen=True)
class Node:
    """One ``[[layer]]`` of a model file: what it takes and gives, as shapes without the samples.

    Images are (channels, rows, columns), sequences (steps, features), all else (features,). ``layer`` numbers the
    weights among ``Model.layers``; ``source`` is the node whose signals it takes, -1 for the network's input and None
    for the node before it; ``summand`` is the node whose signals are added, counted likewise;
    ``rectify`` sets what is negative to zero after adding; ``sequence`` gives every state of a recurrent layer;
    its new state is ``retain`` times the old one and ``renew`` times the activation. ``drop`` is the share of signals
    that dropout sets to zero in training.

    ``activation`` and its ``parameters`` are of a node of that kind. ``layer-norm`` takes an image, a step of a
    sequence or all features to mean 0 and variance 1, ``epsilon`` added to it; then, as ``scale`` does, it multiplies
    by ``factors`` and adds ``shifts``: one number, one for each channel or feature, or one for each signal (of
    ``layer-norm``: for each of what it takes together), in the order channel, row, column.
    """

    kind: Kind
    taken: tuple[int, ...]
    given: tuple[int, ...]
    layer: int | None = None
    window: Window | None = None
    summand: int | None = None
    rectify: bool = False
    sequence: bool = False
    retain: float = 0.0
    renew: float = 1.0
    drop: float = 0.0
    source: int | None = None
    activation: Activation = "identity"
    parameters: tuple[float, ...] = ()
    factors: tuple[float, ...] = (1.0,)
    shifts: tuple[float, ...] = (0.0,)
    epsilon: float = 1e-5

    @property
    def plain(self) -> bool:
        """Tell whether the state of a recurrent layer is what its activation gives, without the state before."""
        return self.retain == 0 and self.renew == 1

    @property
    def matmuls(self) -> int:
        """Count matrix-vector products of one inference: places of a convolution, steps of a sequence; 0 if none.

        Example:
            >>> Node("dense", (7, 4), (7, 2), 0).matmuls, Node("conv2d", (1, 5, 5), (8, 3, 3), 0).matmuls
            (7, 9)
        """
        if self.layer is None:
            return 0
        return self.taken[0] if len(self.taken) == 2 else prod(self.given[1:])  # noqa: PLR2004 - steps, features


@dataclass(frozen=True)
class Model:
    """A network: its layers with weights, in order, and the nodes that join them (a chain when left out)."""

    title: str
    layers: tuple[Layer, ...]
    nodes: tuple[Node, ...] = ()

    def __post_init__(self) -> None:
        if not self.nodes:
            chain = (Node("dense", (one.inputs,), (one.units,), n) for n, one in enumerate(self.layers))
            object.__setattr__(self, "nodes", tuple(chain))

    @property
    def chained(self) -> bool:
        """Tell whether every node takes what the one before it gives."""
        return all(self.source(number) == number - 1 for number in range(len(self.nodes)))

    def source(self, number: int) -> int:
        """Return the node whose signals node ``number`` takes, -1 for the network's input."""
        source = self.nodes[number].source
        return number - 1 if source is None else source

    @property
    def last(self) -> int:
        """Number of the last node with cells, -1 for none; behind it electronics reckon in numbers."""
        return max((number for number, node in enumerate(self.nodes) if node.layer is not None), default=-1)

    @property
    def inputs(self) -> int:
        """Count the numbers that the first node takes."""
        return prod(self.nodes[0].taken)

    @property
    def outputs(self) -> int:
        """Count the numbers that the last node gives."""
        return prod(self.nodes[-1].given)
