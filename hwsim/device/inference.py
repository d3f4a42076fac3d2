"""The inference engine: a model's graph of nodes over the matrix products of a chip.

Devices know cells, reads and registers; networks are known here and nowhere else in this room. Images stand as
(samples, rows, columns, channels) inside, whatever their order outside, since products come out that way.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.kernels.reading.reads import Windows
from hwsim.model.batches import blocks, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hwsim.device.technology import Chip
    from hwsim.model import Model, Node, Registers

    Watch = Callable[[int, NDArray[Any]], None]


def infer(
    model: Model,
    chip: Chip,
    x: NDArray[np.float32],
    registers: Sequence[Registers],
    rng: np.random.Generator | None,
    watch: Watch | None = None,
) -> NDArray[Any]:
    """Run samples through a chip as it is connected now.

    Where nothing is drawn, memory does not grow with samples times units: samples are run in blocks, which changes no
    bit (:func:`hwsim.model.batches.block`).

    Args:
        model: the network that the chip was fabricated for.
        chip: the chip.
        x: float32 (samples, features); an image's features in the order channel, row, column.
        registers: contents of the registers of each layer.
        rng: source of event noise; None for a quiet read.
        watch: told the number and the activations of every layer with cells, in the chip's domain, part by part of the
            samples where they do not all run at once.

    Returns:
        (samples, outputs), float64, or float32 where the chip's numbers are.

    Raises:
        ValueError: inputs of another shape, or that are not finite numbers.
    """
    if x.ndim != 2 or x.shape[1] != model.inputs:  # noqa: PLR2004
        raise ValueError(f"the network takes (samples, {model.inputs}) inputs, found {x.shape}")
    if not np.isfinite(np.vdot(x, x)) and not np.isfinite(x).all():  # the quick look is wrong only about huge numbers
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(f"input {column} of sample {row} is {x[row, column]}, not a finite number; clean the data")
    quiet = watch is None and (rng is None or not chip.noisy)
    slices = blocks(model, len(x), chip.together) if quiet and chip.together else parts(model, len(x))
    if len(slices) == 1:
        return _pass(model, chip, x, registers, rng, watch)
    found = None
    for part in slices:
        one = _pass(model, chip, x[part], registers, rng, watch)
        found = np.empty((len(x), model.outputs), one.dtype) if found is None else found
        found[part] = one
    return np.asarray(found)


def _pass(
    model: Model,
    chip: Chip,
    x: NDArray[np.float32],
    registers: Sequence[Registers],
    rng: np.random.Generator | None,
    watch: Watch | None,
) -> NDArray[Any]:
    """Runs all nodes in order; activations that a later node adds are kept until then."""
    wanted = {node.summand for node in model.nodes if node.summand is not None}
    activations = _stand(chip.encode(x), model.nodes[0].taken)
    kept = {-1: activations} if -1 in wanted else {}
    for number, node in enumerate(model.nodes):
        if node.layer is not None:
            activations = _weighted(model, chip, node, activations, registers[node.layer], rng)
            if watch is not None:
                watch(node.layer, activations)
        elif node.kind == "flatten":
            activations = _flat(activations)
        elif node.kind == "max-pool":
            activations = _pool(node, activations, largest=True)
        elif node.kind == "average-pool" and node.window:
            activations = chip.average(number, _pool(node, activations, largest=False), prod(node.window.kernel))
        elif node.kind == "add" and node.summand is not None:
            activations = chip.add(number, activations, kept[node.summand])
            activations = np.maximum(activations, 0) if node.rectify else activations
        if number in wanted:
            kept[number] = activations
    return _flat(activations)


def _stand(features: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Flat features as images (samples, rows, columns, channels) or sequences (samples, steps, features)."""
    found = features.reshape(len(features), *shape)
    return np.ascontiguousarray(found.transpose(0, 2, 3, 1)) if len(shape) == 3 else found  # noqa: PLR2004


def _flat(activations: NDArray[Any]) -> NDArray[Any]:
    """Activations as features (samples, features), images in the order channel, row, column."""
    if activations.ndim == 4:  # noqa: PLR2004
        activations = np.ascontiguousarray(activations.transpose(0, 3, 1, 2))
    return activations.reshape(len(activations), -1)


def _weighted(
    model: Model,
    chip: Chip,
    node: Node,
    activations: NDArray[Any],
    registers: Registers,
    rng: np.random.Generator | None,
) -> NDArray[Any]:
    """Runs one layer that has cells."""
    layer = node.layer or 0
    if node.kind == "dense":
        rows = activations.reshape(-1, activations.shape[-1])  # of a sequence step by step
        return chip.activate(layer, chip.matmul(layer, rows, rng), registers).reshape(*activations.shape[:-1], -1)
    if node.kind == "conv2d":
        rows = _windows(node, activations, model.layers[layer].inputs)
        found = chip.activate(layer, chip.matmul(layer, rows, rng), registers)
        return found.reshape(len(activations), *node.given[1:], node.given[0])
    state = np.zeros((len(activations), model.layers[layer].units), activations.dtype)
    states = []
    for step in range(node.taken[0]):
        met = np.concatenate([activations[:, step], state], axis=1)
        found = chip.activate(layer, chip.matmul(layer, met, rng), registers)
        state = (found if node.plain else node.retain * state + node.renew * found).astype(
            activations.dtype, copy=False
        )
        states.append(state)
    return np.stack(states, axis=1) if node.sequence else state


def windows(node: Node) -> Windows:
    """Describes the windows of a node as kernels take them."""
    window, places = node.window, node.given[1:]
    if window is None:
        raise AssertionError("a node without a window")
    return Windows(*window.kernel, *window.stride, *window.before, *places)


def _windows(node: Node, activations: NDArray[Any], fan_in: int) -> NDArray[Any]:
    from hwsim.kernels.reading.layers import gather_windows

    rows = np.empty((len(activations) * prod(node.given[1:]), fan_in), activations.dtype)
    gather_windows(np.ascontiguousarray(activations), windows(node), rows)
    return rows


def _pool(node: Node, activations: NDArray[Any], *, largest: bool) -> NDArray[Any]:
    from hwsim.kernels.reading.layers import pool_largest, pool_sum

    found = np.empty((len(activations), *node.given[1:], node.given[0]), activations.dtype)
    (pool_largest if largest else pool_sum)(np.ascontiguousarray(activations), windows(node), found)
    return found
