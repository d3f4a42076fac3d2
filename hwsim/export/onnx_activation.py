"""Activations as ONNX operators in float32 (:mod:`hwsim.model.activation` says what they are)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.export.onnx_graph import Graph
    from hwsim.model.layer import Activation

PLAIN: dict[Activation, str] = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
IMAGE = 3


def activated(  # noqa: PLR0911 - one case an activation
    to: Graph, at: str, given: str, name: Activation, parameters: Sequence[float], shape: tuple[int, ...]
) -> str:
    """Append an activation, and return the name of what it gives.

    Args:
        to: the graph.
        at: how the result is called; what is on the way to it has the same beginning.
        given: name of the sums.
        name: the activation.
        parameters: of it.
        shape: of the sums, without the samples.
    """
    match name:
        case "identity":
            return given
        case "relu" | "tanh" | "sigmoid":
            return to.add(PLAIN[name], given, gives=at)
        case "leaky-relu":
            return to.add("LeakyRelu", given, gives=at, alpha=float(parameters[0]))
        case "step":
            return to.cast(to.add("Greater", given, _number(to, 0.0), gives=f"{at}_above"), np.float32, gives=at)
        case "gelu":
            inner = to.add("Mul", given, _number(to, np.sqrt(0.5)), gives=f"{at}_share")
            return _half(to, at, given, to.add("Erf", inner, gives=f"{at}_erf"))
        case "gelu-tanh":
            cube = to.add("Mul", to.add("Mul", given, given, gives=f"{at}_square"), given, gives=f"{at}_cube")
            cube = to.add("Mul", cube, _number(to, 0.044715), gives=f"{at}_bent")
            inner = to.add("Add", given, cube, gives=f"{at}_sum")
            inner = to.add("Mul", inner, _number(to, np.sqrt(2 / np.pi)), gives=f"{at}_share")
            return _half(to, at, given, to.add("Tanh", inner, gives=f"{at}_tanh"))
        case "look-up":
            return _looked_up(to, at, given, parameters, shape)
        case _:
            return _polynomial(to, at, given, name, parameters)


def _number(to: Graph, value: float) -> str:
    return to.constant(f"number_{float(value):.9g}", value, np.float32)


def _half(to: Graph, at: str, given: str, bent: str) -> str:
    """Compute ``0.5 x (1 + bent)``."""
    more = to.add("Add", bent, _number(to, 1.0), gives=f"{at}_more")
    half = to.add("Mul", given, _number(to, 0.5), gives=f"{at}_half")
    return to.add("Mul", half, more, gives=at)


def _looked_up(to: Graph, at: str, given: str, parameters: Sequence[float], shape: tuple[int, ...]) -> str:
    """Look a table up, or one for each unit, which is the first axis of an image and the last one of all else."""
    low, high, entries = parameters[0], parameters[1], int(parameters[2])
    tables = np.array(parameters[3:])
    name = to.add("Sub", given, _number(to, low), gives=f"{at}_from")
    name = to.add("Mul", name, _number(to, entries / (high - low)), gives=f"{at}_steps")
    name = to.add("Floor", name, gives=f"{at}_whole")
    name = to.add("Clip", name, _number(to, 0.0), _number(to, entries - 1.0), gives=f"{at}_held")
    name = to.cast(name, np.int64, gives=f"{at}_address")
    if tables.size > entries:
        units = tables.size // entries
        first = np.arange(units).reshape((-1, 1, 1) if len(shape) == IMAGE else (-1,)) * entries
        name = to.add("Add", name, to.constant(f"{at}_first", first, np.int64), gives=f"{at}_place")
    return to.add("Gather", to.constant(f"{at}_table", tables, np.float32), name, gives=at, axis=0)


def _polynomial(to: Graph, at: str, given: str, name: Activation, parameters: Sequence[float]) -> str:
    """Evaluate a polynomial of Legendre, Laguerre or Hermite as one in powers of x, the highest first."""
    from numpy.polynomial import hermite, laguerre, legendre

    powers = {"legendre": legendre.leg2poly, "laguerre": laguerre.lag2poly, "hermite": hermite.herm2poly}[name]
    found = [float(value) for value in powers(list(parameters))]
    result = to.add("Mul", given, _number(to, 0.0), gives=f"{at}_none")
    for power, value in reversed(list(enumerate(found))):
        product = to.add("Mul", result, given, gives=f"{at}_times{power}")
        result = to.add("Add", product, _number(to, value), gives=f"{at}_plus{power}" if power else at)
    return result
