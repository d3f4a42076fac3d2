"""Networks by chance of every kind of node that an FPGA array computes, and of several of them one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.export.networks import ACTIVATIONS, activated, read, table

if TYPE_CHECKING:
    from hwsim.model import Model

LAST = table(kind="dense", units=3, activation="identity", bias="uniform", bias_bound=0.1)


def sides(rng: np.random.Generator, least: int, most: int) -> list[int]:
    """Draw two numbers."""
    return [int(number) for number in rng.integers(least, most + 1, 2)]


def window(rng: np.random.Generator, *, pool: bool) -> dict[str, Any]:
    """Draw how a window walks."""
    around = [int(number) for number in rng.integers(0, 2, 4)]
    padding: Any = rng.choice(["valid", "same", "zeros"])
    keys: dict[str, Any] = {"stride": sides(rng, 1, 2), "padding": around if padding == "zeros" else str(padding)}
    if pool:
        return keys
    return {**keys, "kernel": sides(rng, 1, 3), "dilation": sides(rng, 1, 2)}


def image(rng: np.random.Generator) -> Model:
    """Draw a network over an image: convolution, pool, sum with an earlier map, and dense layers."""
    channels, rows, columns = int(rng.integers(1, 4)), *sides(rng, 4, 6)
    groups = channels if rng.random() < 0.4 else 1
    units = groups * int(rng.integers(1, 3))
    layers = [table(kind="conv2d", units=units, groups=groups, **window(rng, pool=False), **drawn(rng))]
    if rng.random() < 0.7:
        kind = str(rng.choice(["max-pool", "average-pool"]))
        kernel = [2, int(rng.choice([1, 2]))] if kind == "average-pool" else sides(rng, 1, 3)
        layers.append(table(kind=kind, kernel=kernel, **window(rng, pool=True)))
    if rng.random() < 0.6:
        layers.append(table(kind="conv2d", name="a", units=units, kernel=1, **drawn(rng)))
        layers.append(table(kind="conv2d", units=units, kernel=3, padding="same", groups=groups, **drawn(rng)))
        layers.append(table(kind="add", summand="a", activation=str(rng.choice(["relu", "identity"]))))
        if rng.random() < 0.5:
            layers.append(table(kind="activation", activation="relu"))
    layers.append(table(kind="flatten"))
    if rng.random() < 0.5:
        layers.append(table(kind="dense", units=int(rng.integers(1, 6)), **drawn(rng)))
    return read("".join([*layers, LAST]), channels * rows * columns, (channels, rows, columns))


def sequence(rng: np.random.Generator) -> Model:
    """Draw a network over a sequence, whose steps a dense layer takes one by one, with a sum of the input."""
    steps, features = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    layers = [
        table(kind="dense", units=features, **drawn(rng)),
        table(kind="add", summand="input", activation="identity"),
        table(kind="activation", activation="relu"),
        table(kind="dense", units=int(rng.integers(1, 4)), **drawn(rng)),
    ]
    if rng.random() < 0.5:
        layers.append(table(kind="flatten"))
    return read("".join([*layers, LAST]), steps * features, (steps, features))


def drawn(rng: np.random.Generator) -> dict[str, Any]:
    """Draw an activation; tables may be one for every unit."""
    return activated(str(rng.choice(ACTIVATIONS)), rng)
