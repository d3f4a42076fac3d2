"""How many relabellings of hidden units leave the function of a network as it is: (w!)^d for d layers of width w.

Source: Glukhov, Permutative redundancy (arXiv 2411.07008). Layers whose signals are added share their relabelling, as
in S. Ainsworth, J. Hayase, S. Srinivasa, Git Re-Basin (ICLR 2023). Inputs and outputs keep their places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import factorial, lgamma, log, prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model, Node

EXACT_DIGITS = 1000
"""Counts are given as integers up to so many digits."""
LOOK_UP_KEYS = 3


@dataclass(frozen=True)
class Group:
    """Units that are relabelled together: the layers that own them, how many, and why not where they are ``fixed``."""

    layers: tuple[int, ...]
    units: int
    fixed: str = ""


@dataclass(frozen=True)
class SymmetryCount:
    """``log10`` of the number of relabellings, the number itself where it is short, and the groups it is made of."""

    log10: float
    exact: int | None
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class _Signals:
    """The owner of a signal's units, and how many neighbouring features belong to one unit (0: they are spread)."""

    key: int
    block: int


@dataclass
class SymmetryGraph:
    """Which units each layer takes and gives, after the nodes of a model were walked through.

    ``taken`` and ``given`` are keys of groups by layer, -1 for the network's inputs; ``block`` the neighbouring columns
    of a layer's weights that belong to one unit of what it takes.
    """

    taken: list[int] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    block: list[int] = field(default_factory=list)
    groups: dict[int, Group] = field(default_factory=dict)


class _Owners:
    """Layers whose units share a relabelling, and why some have none (a union-find)."""

    def __init__(self, layers: int) -> None:
        self.parent = list(range(layers))
        self.fixed: dict[int, str] = {}

    def find(self, layer: int) -> int:
        while layer >= 0 and self.parent[layer] != layer:
            layer = self.parent[layer]
        return layer

    def join(self, one: _Signals, other: _Signals) -> None:
        """Join layers whose signals are added: relabelled together, or not at all with the network's inputs."""
        a, b = self.find(one.key), self.find(other.key)
        if a < 0 or b < 0:
            self.fixed[max(a, b)] = "the network's inputs are added to it"
        elif one.block != other.block:
            self.fixed[a] = self.fixed[b] = "signals of another form are added to it"
        else:
            self.parent[b] = a


def walk(model: Model) -> SymmetryGraph:
    """Find out which units every layer takes and gives."""
    graph, owners = SymmetryGraph(), _Owners(len(model.layers))
    now = _Signals(-1, 1)
    signals = {-1: now}
    for number, node in enumerate(model.nodes):
        now = signals[model.source(number)]
        if node.layer is not None:
            graph.taken.append(now.key)
            graph.block.append(_columns(node, model.layers[node.layer].inputs, now, model))
            if model.layers[node.layer].groups > 1:
                owners.fixed[now.key] = owners.fixed[node.layer] = "a grouped convolution keeps its groups apart"
            now = _Signals(node.layer, 1)
            if _has_own_tables(model, node.layer):
                owners.fixed[node.layer] = "each unit has a look-up table of its own"
        else:
            now = _between(node, now, signals, owners)
        signals[number] = now
    owners.fixed[now.key] = "the network's outputs"
    for taken, block in zip(graph.taken, graph.block, strict=True):
        if block == 0 and taken >= 0:
            owners.fixed[taken] = "its units are spread over the features of a later layer"
    reasons = {owners.find(layer): why for layer, why in owners.fixed.items() if layer >= 0}
    for layer, one in enumerate(model.layers):
        root = owners.find(layer)
        before = graph.groups.get(root, Group((), one.units, reasons.get(root, "")))
        graph.groups[root] = Group((*before.layers, layer), one.units, before.fixed)
        graph.given.append(root)
    graph.taken = [owners.find(layer) for layer in graph.taken]
    return graph


def _between(node: Node, now: _Signals, signals: Mapping[int, _Signals], owners: _Owners) -> _Signals:
    """Tell what becomes of signals in a node without cells."""
    if node.kind == "flatten":
        return _Signals(now.key, now.block * prod(node.taken[1:]) if _channels_first(node) else 0)
    if node.kind == "reshape":
        return _Signals(now.key, 0)
    if node.kind == "add" and node.summand is not None:
        owners.join(now, signals[node.summand])
    elif len(set(node.factors)) > 1 or len(set(node.shifts)) > 1:
        owners.fixed[now.key] = "each signal behind it has a factor or a shift of its own"
    elif node.activation == "look-up" and len(node.parameters) - LOOK_UP_KEYS > int(node.parameters[2]):
        owners.fixed[now.key] = "each unit has a look-up table of its own"
    return now


def _channels_first(node: Node) -> bool:
    """Tell whether the first axis of what is flattened holds the units: not so in a sequence of steps and features."""
    return len(node.taken) != 2  # noqa: PLR2004 - steps, features


def _columns(node: Node, inputs: int, signals: _Signals, model: Model) -> int:
    """Count neighbouring columns of a layer's weights per unit of what it takes; 0 if they are not neighbours."""
    if node.kind == "conv2d":
        return inputs * model.layers[node.layer or 0].groups // node.taken[0]
    if node.kind == "rnn" or signals.key < 0:
        return signals.block
    units = model.layers[signals.key].units
    return inputs // units if signals.block and inputs == units * signals.block else 0


def _has_own_tables(model: Model, number: int) -> bool:
    layer = model.layers[number]
    if layer.activation != "look-up" or layer.units == 1:
        return False
    return len(layer.parameters) - LOOK_UP_KEYS > int(layer.parameters[2])


def find_groups(model: Model) -> tuple[Group, ...]:
    """Find units that can be relabelled together, group by group, and those that cannot be, with the reason.

    Example:
        >>> from hwsim.files.library import names
        >>> from hwsim.model import read_model
        >>> from hwsim.files import read_document
        >>> for group in find_groups(read_model(read_document(names("models")["digits-mlp"]))):
        ...     print(group.layers, group.units, group.fixed or "free")
        (0,) 128 free
        (1,) 10 the network's outputs
    """
    return tuple(walk(model).groups.values())


def symmetry_count(model: Model) -> SymmetryCount:
    """Count the relabellings of hidden units that leave a network's function as it is.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> wide = Layer(4, 4, "relu", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> count = symmetry_count(Model("4-4-4-4", (wide, wide, wide)))
        >>> count.exact, round(count.log10, 4)
        (576, 2.7604)
    """
    groups = find_groups(model)
    free = [group.units for group in groups if not group.fixed]
    size = sum(lgamma(units + 1) for units in free) / log(10)
    exact = prod(factorial(units) for units in free) if size < EXACT_DIGITS else None
    return SymmetryCount(size, exact, groups)


def value_freedom(banks: Sequence[NDArray[np.generic]] | NDArray[np.generic]) -> float:
    """Compute ``log10`` of the permutations that show the same values: the product of (times a value occurs)!.

    What a router may choose among without the network noticing (``equivalence = "values"`` of a scenario's crossbar).

    Args:
        banks: the values of each bank.

    Example:
        >>> round(10 ** value_freedom(np.array([[1, 1, 1, 2], [1, 2, 3, 4]])), 9)
        6.0
    """
    total = 0.0
    for bank in banks:
        _, counts = np.unique(bank, return_counts=True)
        total += sum(lgamma(int(count) + 1) for count in counts)
    return total / log(10)
