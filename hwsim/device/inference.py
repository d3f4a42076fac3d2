"""The inference engine: a model's graph of nodes over the matrix products of a chip.

Devices know cells, reads and registers; networks are known here and nowhere else in this room. Images stand as
(samples, rows, columns, channels) inside, whatever their order outside, since products come out that way.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

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
        watch: told the number and the signals of every layer with cells, in the chip's domain, part by part of the
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
    """All nodes in order; signals that a later node adds are kept until then."""
    wanted = {node.summand for node in model.nodes if node.summand is not None}
    signals = _stand(chip.encode(x), model.nodes[0].taken)
    kept = {-1: signals} if -1 in wanted else {}
    for number, node in enumerate(model.nodes):
        if node.layer is not None:
            signals = _weighted(model, chip, node, signals, registers[node.layer], rng)
            if watch is not None:
                watch(node.layer, signals)
        elif node.kind == "flatten":
            signals = _flat(signals)
        elif node.kind == "max-pool":
            signals = _pool(node, signals, largest=True)
        elif node.kind == "average-pool" and node.window:
            signals = chip.average(number, _pool(node, signals, largest=False), prod(node.window.kernel))
        elif node.kind == "add" and node.summand is not None:
            signals = chip.add(number, signals, kept[node.summand])
            signals = np.maximum(signals, 0) if node.rectify else signals
        if number in wanted:
            kept[number] = signals
    return _flat(signals)


def _stand(features: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Flat features as images (samples, rows, columns, channels) or sequences (samples, steps, features)."""
    found = features.reshape(len(features), *shape)
    return np.ascontiguousarray(found.transpose(0, 2, 3, 1)) if len(shape) == 3 else found  # noqa: PLR2004


def _flat(signals: NDArray[Any]) -> NDArray[Any]:
    """Signals as features (samples, features), images in the order channel, row, column."""
    if signals.ndim == 4:  # noqa: PLR2004
        signals = np.ascontiguousarray(signals.transpose(0, 3, 1, 2))
    return signals.reshape(len(signals), -1)


def _weighted(
    model: Model,
    chip: Chip,
    node: Node,
    signals: NDArray[Any],
    registers: Registers,
    rng: np.random.Generator | None,
) -> NDArray[Any]:
    """One layer with cells."""
    layer = node.layer or 0
    if node.kind == "dense":
        rows = signals.reshape(-1, signals.shape[-1])  # of a sequence step by step
        return chip.activate(layer, chip.matmul(layer, rows, rng), registers).reshape(*signals.shape[:-1], -1)
    if node.kind == "conv2d":
        rows = _windows(node, signals, model.layers[layer].inputs)
        found = chip.activate(layer, chip.matmul(layer, rows, rng), registers)
        return found.reshape(len(signals), *node.given[1:], node.given[0])
    state = np.zeros((len(signals), model.layers[layer].units), signals.dtype)
    states = []
    for step in range(node.taken[0]):
        met = np.concatenate([signals[:, step], state], axis=1)
        found = chip.activate(layer, chip.matmul(layer, met, rng), registers)
        state = (found if node.plain else node.retain * state + node.renew * found).astype(signals.dtype, copy=False)
        states.append(state)
    return np.stack(states, axis=1) if node.sequence else state


def geometry(node: Node) -> NDArray[np.int64]:
    """The window of a node as kernels take it."""
    window, places = node.window, node.given[1:]
    if window is None:
        raise AssertionError("a node without a window")
    return np.array([*window.kernel, *window.stride, *window.before, *places], np.int64)


def _windows(node: Node, signals: NDArray[Any], fan_in: int) -> NDArray[Any]:
    from hwsim.kernels.reading.layers import gather_windows

    rows = np.empty((len(signals) * prod(node.given[1:]), fan_in), signals.dtype)
    gather_windows(np.ascontiguousarray(signals), geometry(node), rows)
    return rows


def _pool(node: Node, signals: NDArray[Any], *, largest: bool) -> NDArray[Any]:
    from hwsim.kernels.reading.layers import pool_largest, pool_sum

    found = np.empty((len(signals), *node.given[1:], node.given[0]), signals.dtype)
    (pool_largest if largest else pool_sum)(np.ascontiguousarray(signals), geometry(node), found)
    return found
