"""A network as a list of layers, read from a model file, and the values it starts from.

One layer computes ``activation(gain * (W x) + bias)``. The weights W are what the chip is fabricated with; gain and
bias live in registers beside the chip and are the only values that can be rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from hwsim.scenario import Section, validate
from hwsim.stream import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.scenario import Document

Activation = Literal["relu", "identity"]
WeightStart = Literal["he-uniform", "uniform", "linspace-shuffled", "pairwise", "signs"]
BiasStart = Literal["zero", "uniform", "uniform-twice", "linspace-twice"]


class LayerFile(Section):
    """One ``[[layer]]`` of a model file."""

    kind: Literal["dense"]
    """Layer type; every output unit meets every input."""
    units: int = Field(ge=1, le=1_000_000)
    """Output units."""
    activation: Activation
    """Function applied to each unit's sum."""
    weights: WeightStart = "he-uniform"
    """How the fixed weights are drawn: ``he-uniform`` U(-a, a) with a = sqrt(6 / inputs); ``uniform`` U(-a, a) with
    a = ``weight_bound``; ``linspace-shuffled`` equidistant in -a..a, shuffled; ``pairwise`` n values U(-a, a), then
    their negatives (Cai et al.); ``signs`` +1 for the first half of the units, -1 for the rest (Cai et al.)."""
    weight_bound: float = Field(default=1.0, gt=0, le=1e30, allow_inf_nan=False)
    """The bound a of the weight starts that have one."""
    connections: Literal["learned", "fixed"] = "learned"
    """Whether a permutation circuit stands before this layer's weights."""
    bias: BiasStart = "zero"
    """How the bias registers start: ``zero``; ``uniform`` U(-b, b); ``uniform-twice`` and ``linspace-twice``: one drawn
    or equidistant set in -b..b for each half of the units (Cai et al.)."""
    bias_bound: float = Field(default=1.0, gt=0, le=1e30, allow_inf_nan=False)
    """The bound b of the bias starts that have one."""
    gain: bool = False
    """Whether the layer has a gain register, starting at 1 (the scale of Cai et al.)."""
    registers: Literal["learned", "fixed"] = "learned"
    """Whether bias and gain may be rewritten after fabrication."""


class ModelFile(Section):
    """A model file: ``models/<task>-<architecture>.toml``."""

    title: str
    """What the network is, in one line."""
    inputs: int = Field(ge=1, le=100_000_000)
    """Numbers the first layer takes."""
    layer: list[LayerFile] = Field(min_length=1)
    """The layers in order."""


@dataclass(frozen=True)
class Layer:
    """One dense layer with its shape: ``units`` outputs from ``inputs`` inputs."""

    units: int
    inputs: int
    activation: Activation
    weights: WeightStart
    weight_bound: float
    learned_connections: bool
    bias: BiasStart
    bias_bound: float
    gain: bool
    learned_registers: bool


@dataclass(frozen=True)
class Model:
    """A network: its layers in order."""

    title: str
    layers: tuple[Layer, ...]

    @property
    def inputs(self) -> int:
        """Numbers the first layer takes."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """Numbers the last layer gives."""
        return self.layers[-1].units


@dataclass(frozen=True)
class Start:
    """Initial values of one layer: weights float64 (units, inputs), bias float64 (units,), gain."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    gain: float


def read_model(document: Document) -> Model:
    """Turn a model file into a model.

    Raises:
        FaultError: every fault of the file at once, with line and column.
    """
    file = validate(document, ModelFile)
    layers: list[Layer] = []
    inputs = file.inputs
    for entry in file.layer:
        layers.append(
            Layer(
                units=entry.units,
                inputs=inputs,
                activation=entry.activation,
                weights=entry.weights,
                weight_bound=entry.weight_bound,
                learned_connections=entry.connections == "learned",
                bias=entry.bias,
                bias_bound=entry.bias_bound,
                gain=entry.gain,
                learned_registers=entry.registers == "learned",
            )
        )
        inputs = entry.units
    return Model(title=file.title, layers=tuple(layers))


def _weights(layer: Layer, rng: np.random.Generator) -> NDArray[np.float64]:
    shape = (layer.units, layer.inputs)
    size = layer.units * layer.inputs
    bound = layer.weight_bound
    match layer.weights:
        case "he-uniform":
            limit = np.sqrt(6 / layer.inputs)
            return rng.uniform(-limit, limit, shape)
        case "uniform":
            return rng.uniform(-bound, bound, shape)
        case "linspace-shuffled":
            return rng.permutation(np.linspace(-bound, bound, size)).reshape(shape)
        case "pairwise":
            half = rng.uniform(-bound, bound, (size + 1) // 2)
            return np.concatenate([half, -half])[:size].reshape(shape)
        case "signs":
            sign = np.where(np.arange(layer.units) < (layer.units + 1) // 2, 1.0, -1.0)
            return np.repeat(sign[:, None], layer.inputs, axis=1)


def _bias(layer: Layer, rng: np.random.Generator) -> NDArray[np.float64]:
    bound, half = layer.bias_bound, (layer.units + 1) // 2
    match layer.bias:
        case "zero":
            return np.zeros(layer.units)
        case "uniform":
            return rng.uniform(-bound, bound, layer.units)
        case "uniform-twice":
            return np.tile(rng.uniform(-bound, bound, half), 2)[: layer.units]
        case "linspace-twice":
            return np.tile(np.linspace(-bound, bound, half), 2)[: layer.units]


def start(model: Model, seed: int) -> list[Start]:
    """Draw the initial values of every layer.

    Args:
        model: the network.
        seed: seed of the run; each layer has its own streams ``start/<layer>/weights`` and ``.../bias``.

    Example:
        >>> layer = Layer(2, 4, "relu", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> start(Model("tiny", (layer,)), seed=0)[0].weights.shape
        (2, 4)
    """
    return [
        Start(
            weights=_weights(layer, stream(seed, f"start/{number}/weights")),
            bias=_bias(layer, stream(seed, f"start/{number}/bias")),
            gain=1.0,
        )
        for number, layer in enumerate(model.layers)
    ]
