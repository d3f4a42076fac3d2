"""The values a network starts from, drawn layer by layer.

One layer computes ``activation(gain * (W x) + bias)``. The weights W are what the chip is fabricated with; gain and
bias live in registers beside the chip and are the only values that can be rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from hwsim.model.mask import draw_mask
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.model.layer import Layer, Model


@dataclass(frozen=True)
class Start:
    """Initial values of one layer: weights float64 (units, inputs), bias float64 (units,), gain of all or each unit."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    gain: float | NDArray[np.float64]


def _weights(layer: Layer, rng: np.random.Generator) -> NDArray[np.float64]:
    found = _drawn(layer, rng)
    if layer.input_bound:
        features = layer.inputs - layer.units
        found[:, :features] = rng.uniform(-layer.input_bound, layer.input_bound, (layer.units, features))
    return found


def _drawn(  # noqa: C901, PLR0911 - one case a start
    layer: Layer, rng: np.random.Generator
) -> NDArray[np.float64]:
    shape = (layer.units, layer.inputs)
    size = layer.units * layer.inputs
    bound = layer.weight_bound
    match layer.weights:
        case "he-uniform":
            limit = np.sqrt(6 / layer.inputs)
            return rng.uniform(-limit, limit, shape) * layer.weight_gain
        case "he-normal":
            return rng.normal(0, layer.weight_gain * np.sqrt(2 / layer.inputs), shape)
        case "xavier-uniform":
            limit = layer.weight_gain * np.sqrt(6 / (layer.inputs + layer.units * layer.places))
            return rng.uniform(-limit, limit, shape)
        case "uniform":
            values = rng.uniform(-bound, bound, -(-size // layer.weight_repeats))
            return np.tile(values, layer.weight_repeats)[:size].reshape(shape)
        case "normal":
            return rng.normal(0, layer.weight_deviation, shape)
        case "constant":
            return np.full(shape, layer.weight_value)
        case "linspace":
            return np.linspace(-bound, bound, size).reshape(shape)
        case "linspace-shuffled":
            return rng.permutation(np.linspace(-bound, bound, size)).reshape(shape)
        case "pairwise":
            half = rng.uniform(-bound, bound, (size + 1) // 2)
            return np.concatenate([half, -half])[:size].reshape(shape)
        case "signs":
            sign = np.where(np.arange(layer.units) < (layer.units + 1) // 2, 1.0, -1.0)
            return np.repeat(sign[:, None], layer.inputs, axis=1)
        case "directions":
            every = np.array(list(directions(layer.inputs)), np.float64)
            each = -(-layer.units // len(every))
            return bound * np.repeat(every, each, axis=0)[: layer.units]


def directions(inputs: int) -> Iterator[tuple[int, ...]]:
    """Yield all vectors of -1, 0 and 1 but that of zeros, each before its opposite.

    Example:
        >>> list(directions(2))
        [(1, 1), (-1, -1), (1, 0), (-1, 0), (1, -1), (-1, 1), (0, 1), (0, -1)]
    """
    for vector in product((1, 0, -1), repeat=inputs):
        if next((number for number in vector if number), 0) > 0:
            yield vector
            yield tuple(-number for number in vector)


def _bias(layer: Layer, rng: np.random.Generator) -> NDArray[np.float64]:
    repeats = 2 if layer.bias.endswith("-twice") else layer.bias_repeats
    values = _bias_set(layer, -(-layer.units // repeats), rng)
    return np.tile(values, repeats)[: layer.units]


def _bias_set(layer: Layer, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw one set of bias values, which stand once or several times."""
    bound = layer.bias_bound
    match layer.bias:
        case "zero":
            return np.zeros(size)
        case "he-uniform":
            limit = np.sqrt(6 / size)
            return rng.uniform(-limit, limit, size)
        case "he-normal":
            return rng.normal(0, np.sqrt(2 / size), size)
        case "xavier-uniform":
            limit = np.sqrt(12 / (size + 1))
            return rng.uniform(-limit, limit, size)
        case "uniform" | "uniform-twice":
            return rng.uniform(-bound, bound, size)
        case "linspace" | "linspace-twice":
            return np.linspace(-bound, bound, size)


def _kept(layer: Layer, weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Replace some weights by zeros: by chance, as many in every unit, or so that no two units are alike."""
    if layer.keep >= 1:
        return weights
    if layer.keeps_distinct:
        return np.where(draw_mask(layer.units, layer.inputs, layer.keep, rng), weights, 0.0)
    chance = rng.random(weights.shape)
    if layer.keeps_count:
        rank = np.argsort(np.argsort(chance, axis=1), axis=1)
        return np.where(rank < round(layer.keep * layer.inputs), weights, 0.0)
    return np.where(chance < layer.keep, weights, 0.0)


def start(model: Model, seed: int) -> list[Start]:
    """Draw the initial values of every layer.

    Args:
        model: the network.
        seed: seed of the run; each layer has its own streams ``start/<layer>/weights``, ``.../keep`` and ``.../bias``.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> layer = Layer(2, 4, "relu", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> start(Model("tiny", (layer,)), seed=0)[0].weights.shape
        (2, 4)
    """
    return [
        Start(
            weights=_kept(
                layer, _weights(layer, stream(seed, f"start/{number}/weights")), stream(seed, f"start/{number}/keep")
            ),
            bias=_bias(layer, stream(seed, f"start/{number}/bias")),
            gain=np.ones(layer.units) if layer.unit_gains else 1.0,
        )
        for number, layer in enumerate(model.layers)
    ]
