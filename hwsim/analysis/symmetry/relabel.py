"""Units in other places: the same function from other weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.analysis.symmetry.automorphism import walk
from hwsim.model import Start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model


def relabel(model: Model, values: Sequence[Start], permutations: Mapping[int, NDArray[np.int64]]) -> list[Start]:
    """Return weights, biases and gains of the network with its hidden units relabelled.

    Args:
        model: the network.
        values: per layer.
        permutations: by the first layer of a group (:func:`hwsim.analysis.symmetry.find_groups`), int64 (units,): unit
            i of the new network is unit ``p[i]`` of the old one.

    Raises:
        ValueError: a group that cannot be relabelled, or no permutation of its units.

    Example:
        >>> from hwsim.model import Layer, Model, start
        >>> layers = [Layer(3, 2, "relu", "uniform", 1.0, True, "zero", 1.0, False, True),
        ...           Layer(1, 3, "identity", "uniform", 1.0, True, "zero", 1.0, False, True)]
        >>> model = Model("2-3-1", tuple(layers))
        >>> old = start(model, 0)
        >>> new = relabel(model, old, {0: np.array([2, 0, 1])})
        >>> bool((new[0].weights[0] == old[0].weights[2]).all()), bool(new[1].weights[0, 0] == old[1].weights[0, 2])
        (True, True)
    """
    graph = walk(model)
    known = {group.layers[0]: (root, group) for root, group in graph.groups.items()}
    chosen: dict[int, NDArray[np.int64]] = {}
    for first, p in permutations.items():
        if first not in known or known[first][1].fixed:
            why = known[first][1].fixed if first in known else "it is not the first of a group"
            raise ValueError(f"units of layer {first} cannot be relabelled: {why}")
        root, group = known[first]
        if not np.array_equal(np.sort(p), np.arange(group.units)):
            raise ValueError(f"layer {first} needs a permutation of 0..{group.units - 1}")
        chosen[root] = np.asarray(p, np.int64)
    recurrent = {node.layer for node in model.nodes if node.kind == "rnn"}
    found = []
    for number, (layer, old) in enumerate(zip(model.layers, values, strict=True)):
        rows = chosen.get(graph.given[number], np.arange(layer.units))
        state = layer.units if number in recurrent else 0
        columns = np.arange(layer.inputs)
        if graph.taken[number] in chosen:
            outer, block = chosen[graph.taken[number]], graph.block[number]
            columns[: layer.inputs - state] = (outer[:, None] * block + np.arange(block)).reshape(-1)
        if state:
            columns[layer.inputs - state :] = layer.inputs - state + rows
        gain = old.gain[rows] if isinstance(old.gain, np.ndarray) else old.gain
        found.append(Start(old.weights[np.ix_(rows, columns)], old.bias[rows], gain))
    return found
