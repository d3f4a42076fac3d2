"""The inference engine: a model's graph of nodes over the matrix products of a chip.

Devices know cells, reads and registers; networks are known here and nowhere else in this room. Images stand as
(samples, rows, columns, channels) inside, whatever their order outside, since products come out that way.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from hwsim.device.electronics import BESIDE, reckon
from hwsim.device.number import NumberChip
from hwsim.device.technology import FabricationError
from hwsim.device.wall import Wall, is_foreign
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
        PluginError: the chip gives arrays of another shape or no numbers; one of a third party, not finite ones.
    """
    if x.ndim != 2 or x.shape[1] != model.inputs:  # noqa: PLR2004
        raise ValueError(f"the network takes (samples, {model.inputs}) inputs, found {x.shape}")
    if not np.isfinite(np.vdot(x, x)) and not np.isfinite(x).all():  # the quick look is wrong only about huge numbers
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(f"input {column} of sample {row} is {x[row, column]}, not a finite number; clean the data")
    quiet = watch is None and (rng is None or not chip.noisy)
    slices = blocks(model, len(x), chip.together) if quiet and chip.together else parts(model, len(x))
    wall, found = Wall(chip, model, finite=is_foreign(chip)), None
    for part in slices:
        one = _pass(model, wall, x[part], registers, rng, watch)
        if len(slices) == 1:
            return one
        found = np.empty((len(x), model.outputs), one.dtype) if found is None else found
        found[part] = one
    return np.asarray(found)


def _pass(
    model: Model,
    chip: Wall,
    x: NDArray[np.float32],
    registers: Sequence[Registers],
    rng: np.random.Generator | None,
    watch: Watch | None,
) -> NDArray[Any]:
    """Run all nodes in order; keep signals that a later node takes as well until it has run.

    Signals of the last layer with cells are numbers on every chip, and what stands behind it is electronics.
    """
    last = model.last
    asked = {
        n: [model.source(n), *([] if node.summand is None else [node.summand])] for n, node in enumerate(model.nodes)
    }
    until = {source: number for number, sources in asked.items() for source in sources}
    kept = {-1: _stand(chip.encode(x), model.nodes[0].taken)}
    for number, node in enumerate(model.nodes):
        given = [kept[source] for source in asked[number]]
        if node.layer is not None:
            found = _weighted(model, chip, node, given[0], registers[node.layer], rng)
            if watch is not None:
                watch(node.layer, found)
        else:
            found = _between(_Numbers() if number > last else chip, number, node, given)
        for source in asked[number]:
            if until[source] == number:
                kept.pop(source, None)
        kept[number] = found
    return _flat(kept[len(model.nodes) - 1])


class _Numbers(NumberChip):
    """The electronics that add and average behind the last layer."""


def _between(  # noqa: PLR0911 - one case a kind
    chip: Wall | NumberChip, number: int, node: Node, given: list[NDArray[Any]]
) -> NDArray[Any]:
    """Compute a node without cells.

    Raises:
        FabricationError: electronics would have to reckon with signals that are not numbers.
    """
    signals = given[0]
    match node.kind:
        case "flatten" | "reshape":
            return _stand(_flat(signals), node.given)
        case "max-pool":
            return _pool(node, signals, largest=True)
        case "average-pool" if node.window:
            return chip.average(number, _pool(node, signals, largest=False), prod(node.window.kernel))
        case "add":
            found = chip.add(number, signals, given[1])
            return np.maximum(found, 0) if node.rectify else found
        case "activation" if node.activation == "relu":
            return np.asarray(np.maximum(signals, 0))
        case "activation" | "layer-norm" | "scale":
            if not isinstance(chip.chip if isinstance(chip, Wall) else chip, NumberChip):
                what = f"node {number} is of kind {node.kind!r}, which takes electronics that reckon with numbers"
                raise FabricationError(f"{what}; {BESIDE}")
            return reckon(node, signals)
        case _:
            return signals


def _stand(features: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Arrange flat features as images (samples, rows, columns, channels) or sequences (samples, steps, features)."""
    found = features.reshape(len(features), *shape)
    return np.ascontiguousarray(found.transpose(0, 2, 3, 1)) if len(shape) == 3 else found  # noqa: PLR2004


def _flat(activations: NDArray[Any]) -> NDArray[Any]:
    """Arrange activations as features (samples, features), images in the order channel, row, column."""
    if activations.ndim == 4:  # noqa: PLR2004
        activations = np.ascontiguousarray(activations.transpose(0, 3, 1, 2))
    return activations.reshape(len(activations), -1)


def _weighted(
    model: Model,
    chip: Wall,
    node: Node,
    activations: NDArray[Any],
    registers: Registers,
    rng: np.random.Generator | None,
) -> NDArray[Any]:
    """Run one layer that has cells."""
    layer = node.layer or 0
    if node.kind == "dense":
        rows = activations.reshape(-1, activations.shape[-1])  # of a sequence step by step
        return chip.activate(layer, chip.matmul(layer, rows, rng), registers).reshape(*activations.shape[:-1], -1)
    if node.kind == "conv2d":
        found = chip.activate(layer, _convolve(model, chip, node, activations, rng), registers)
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


def _convolve(
    model: Model, chip: Wall, node: Node, activations: NDArray[Any], rng: np.random.Generator | None
) -> NDArray[Any]:
    """Compute accumulators (samples * places, units) of a convolution: each group of units has its own channels."""
    number, channels = node.layer or 0, node.taken[0]
    layer = model.layers[number]
    if layer.groups == 1:
        return chip.matmul(number, _windows(node, activations, layer.inputs), rng)
    units, share, found = layer.units // layer.groups, channels // layer.groups, []
    for group in range(layer.groups):
        rows = _windows(node, activations[..., group * share : (group + 1) * share], layer.inputs)
        found.append(chip.matmul(number, rows, rng)[:, group * units : (group + 1) * units])
    return np.concatenate(found, axis=1)


def windows(node: Node) -> Windows:
    """Describe the windows of a node as kernels take them."""
    window, places = node.window, node.given[1:]
    if window is None:
        raise AssertionError("a node without a window")
    return Windows(*window.kernel, *window.stride, *window.before, *places)


def _windows(node: Node, activations: NDArray[Any], fan_in: int) -> NDArray[Any]:
    """Arrange windows as rows (samples * places, fan-in)."""
    from hwsim.kernels.reading.layers import gather_windows

    window, (down, right) = windows(node), node.window.dilation if node.window else (1, 1)
    if (down, right) != (1, 1):  # every d-th row and column
        wide = sliding_window_view(_padded(node, activations, 0), node.window.reach if node.window else (), axis=(1, 2))
        seen = wide[:, :: window.down, :: window.right, :, ::down, ::right]
        return np.ascontiguousarray(seen[:, : window.lines, : window.places]).reshape(-1, fan_in)
    rows = np.empty((len(activations) * prod(node.given[1:]), fan_in), activations.dtype)
    gather_windows(np.ascontiguousarray(activations), window, rows)
    return rows


def _padded(node: Node, activations: NDArray[Any], value: float) -> NDArray[Any]:
    """Pad an image with a value on all sides, as far as its windows reach."""
    window = node.window
    if window is None or (*window.before, *window.after) == (0, 0, 0, 0):
        return activations
    sides = ((0, 0), *zip(window.before, window.after, strict=True), (0, 0))
    return np.pad(activations, sides, constant_values=value)


def _pool(node: Node, activations: NDArray[Any], *, largest: bool) -> NDArray[Any]:
    """Compute the largest value, or sum, of every window; around the image lies the least value, or zeros."""
    from hwsim.kernels.reading.layers import pool_largest, pool_sum

    kind = activations.dtype
    least = -np.inf if np.issubdtype(kind, np.floating) else np.iinfo(kind).min
    image = _padded(node, activations, least if largest else 0)
    found = np.empty((len(activations), *node.given[1:], node.given[0]), kind)
    (pool_largest if largest else pool_sum)(np.ascontiguousarray(image), windows(node), found)
    return found
