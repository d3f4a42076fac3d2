"""A whole network by SWIM: hidden layers one after the other on what the ones before give, then the read-out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from hwsim.model import Start, activate
from hwsim.model.sampling.pairs import STEEPNESS, place_units, sample_pairs, solve_output
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model
    from hwsim.model.sampling.pairs import Hidden

    Array = NDArray[np.float64]

THROUGH = {"dense", "flatten", "dropout", "batch-norm"}


def find_misfits(model: Model) -> list[tuple[int, str, str]]:
    """Say why a model's values cannot be sampled: the number of a ``[[layer]]``, what was found, what would work.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> layer = Layer(2, 4, "sigmoid", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> find_misfits(Model("m", (layer, layer)))[0][1]
        "sampled values know no units of activation 'sigmoid'"
    """
    found = []
    last = len(model.layers) - 1
    for number, node in enumerate(model.nodes):
        if model.source(number) != number - 1:
            found.append(
                (number, "sampled values know no branches", "use 'dense' layers in a row, or values = 'drawn'")
            )
        elif node.kind not in THROUGH or (node.layer is not None and len(node.taken) > 1):
            what = f"sampled values know no layer of kind {node.kind!r} here"
            found.append((number, what, "use 'dense' layers in a row, or values = 'drawn'"))
        elif node.layer is not None:
            activation = model.layers[node.layer].activation
            if node.layer < last and activation not in STEEPNESS:
                what = f"sampled values know no units of activation {activation!r}"
                found.append((number, what, "use 'relu' or 'tanh', or values = 'drawn'"))
            if node.layer == last and activation != "identity":
                what = f"the read-out of sampled values is linear, not {activation!r}"
                found.append((number, what, "set activation = 'identity'"))
    return found


def sample_values(
    model: Model, x: NDArray[np.floating], y: NDArray[np.generic], seed: int, rcond: float = 1e-8
) -> list[Start]:
    """Sample weights, biases and gains of every layer from the data.

    Hidden layers are sampled from pairs of training points, taken where the layer's inputs are and weighted by the
    labels; the last layer is solved by least squares, on one-hot labels for class numbers. Turned, scaled or shifted
    data give a network with the same outputs.

    Args:
        model: dense layers in a row (:func:`find_misfits`).
        x: (points, inputs), training points.
        y: class numbers (points,), or values (points, outputs).
        seed: of the run; each layer draws from its own stream ``sample/<layer>``.
        rcond: of the read-out.

    Raises:
        ValueError: the points are too few or all alike.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> hidden = Layer(40, 1, "tanh", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> output = Layer(1, 40, "identity", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> x = np.linspace(-1, 1, 200)[:, None]
        >>> first, last = sample_values(Model("1-40-1", (hidden, output)), x, np.sin(3 * x), seed=0)
        >>> found = np.tanh(x @ first.weights.T + first.bias) @ last.weights.T + last.bias
        >>> bool(np.abs(found - np.sin(3 * x)).max() < 1e-3)
        True
    """
    z = np.asarray(x, np.float64)
    found = []
    for number, layer in enumerate(model.layers[:-1]):
        first, second = sample_pairs(z, y, layer.units, stream(seed, f"sample/{number}"))
        weights, bias = place_units(z, first, second, cast("Hidden", layer.activation))
        found.append(Start(weights, bias, np.ones(layer.units) if layer.unit_gains else 1.0))
        z = activate(layer.activation, layer.parameters, z @ weights.T + bias)
    last = model.layers[-1]
    wanted = np.asarray(y, np.float64) if y.ndim > 1 else np.eye(last.units)[y.astype(np.int64)]
    weights, bias = solve_output(z, wanted, rcond)
    return [*found, Start(weights, bias, np.ones(last.units) if last.unit_gains else 1.0)]


def respond(model: Model, values: Sequence[Start], x: NDArray[np.floating]) -> Array:
    """Compute the outputs (points, outputs) of such a network, written down plainly.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> layer = Layer(1, 1, "relu", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> respond(Model("1-1", (layer,)), [Start(np.array([[2.0]]), np.array([1.0]), 1.0)], np.array([[3.0]])).item()
        7.0
    """
    z = np.asarray(x, np.float64)
    for layer, start in zip(model.layers, values, strict=True):
        z = activate(layer.activation, layer.parameters, start.gain * (z @ start.weights.T) + start.bias)
    return z
