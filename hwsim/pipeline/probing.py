"""The wall behind every import: on probe inputs an imported network gives what the network gives that it was made from.

Each node of the model is run alone, on an ideal chip, with the values that stand before it in the source, and must give
the source's value behind it up to rounding; then the whole is compared. So an error names the first layer that was
misread, and no difference hides behind what later layers do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.ideal import Ideal
from hwsim.device.inference import infer
from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.model import Model, Registers, Start
from hwsim.model.imports import Imported, read_module, read_onnx

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from hwsim.model import Node
    from hwsim.model.imports.source import Source

    Array = NDArray[np.float64]

SINGLE = 2.0**-24
"""How far a float32 may be rounded, relative to itself."""
ROOM = 8.0
"""Times the expected error of rounding that is still taken for rounding."""
NUDGE = 2.0**-20
"""Relative change of a node's inputs by which its sensitivity is measured."""
MOST_GIVEN = 8
"""Samples of the user's that are probed with, besides those drawn."""
MOST_PRODUCTS = 1_000_000_000
"""Multiplications of one run of all probes from which on fewer are taken."""
FEWEST = 3
"""Probes of the largest network."""
SLICES = (slice(0, 1), slice(1, 8))
"""Other numbers of samples that the source is called with: what it gives for a sample must not depend on them."""


REPORT = "this is a fault of hwsim, please report it"


class MisreadError(HwsimError, ValueError):
    """An imported network is not the one it was made from; the message names the first layer where they part."""

    exit_code = BAD_INPUT


def draw_probes(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Draw inputs that tell networks apart: zeros, constants, whole, sparse, negative, large and small numbers.

    Example:
        >>> x = draw_probes((3,))
        >>> x.shape, int((x == 0).all(axis=1).sum()) > 0, float(abs(x).max()) > 20
        ((18, 3), True, True)
    """
    rng = np.random.default_rng(0)
    parts = [
        rng.normal(size=(4, *shape)),
        np.zeros((1, *shape)),
        rng.random((3, *shape)),
        -3 * rng.random((2, *shape)),
        rng.integers(-3, 4, (2, *shape)),
        rng.normal(size=(2, *shape)) * (rng.random((2, *shape)) < 0.3),  # noqa: PLR2004 - a few of the signals
        16 * rng.normal(size=(2, *shape)),
        rng.normal(size=(1, *shape)) / 1024,
        np.full((1, *shape), 1 / 3),
    ]
    return np.concatenate(parts).astype(np.float32)


def count_probes(model: Model, drawn: int) -> int:
    """Count the drawn probes a network is compared on: all of them, unless that takes minutes, and at least 3.

    Example:
        >>> from hwsim.model import Layer
        >>> count_probes(Model("t", (Layer(10, 784),)), 18), count_probes(Model("t", (Layer(10**5, 10**4),)), 18)
        (18, 3)
    """
    products = sum(
        node.matmuls * model.layers[node.layer].units * model.layers[node.layer].inputs
        for node in model.nodes
        if node.layer is not None
    )
    return max(min(drawn, MOST_PRODUCTS // max(products, 1)), FEWEST)


def read_network(
    module: torch.nn.Module | str | Path, shape: tuple[int, ...] | None, given: NDArray[np.float32] | None = None
) -> Imported:
    """Import a torch module or an ONNX file, and compare it with what it was made from.

    Args:
        module: the module, or the path of the file.
        shape: of one sample, where it cannot be told from it.
        given: samples of the user's, of which a few are compared too.

    Raises:
        RefusedError: parts of it cannot be emulated.
        MisreadError: it was misread.
        ValueError: no such file, or samples of another shape.
    """
    found = read_onnx(Path(module), shape) if isinstance(module, str | Path) else read_module(module, shape)
    if given is not None and given.shape[1:] != found.shape:
        raise ValueError(f"calibration samples have shape {given.shape[1:]}, but the module takes {found.shape}")
    check_import(found, given)
    return found


def check_import(found: Imported, given: NDArray[np.float32] | None = None) -> None:
    """Compare an imported network with its source.

    Args:
        found: the network; one without a source is not compared.
        given: samples of the user's, of which a few are probed with too.

    Raises:
        MisreadError: they differ by more than rounding.
    """
    source = found.source
    if source is None:
        return
    x = draw_probes(found.shape)
    x = x[np.linspace(0, len(x) - 1, count_probes(found.model, len(x))).astype(int)]
    if given is not None:
        x = np.concatenate([x, given[: min(MOST_GIVEN, len(x))]])
    with np.errstate(over="ignore", invalid="ignore"):
        outputs, values = source.run(x)
        tolerances = _compare_nodes(found, source, x, values)
        room = _spread(found, x, values, tolerances)
        _compare_calls(source, outputs, values[source.output], room)
        for part in SLICES:
            _compare_calls(source, source.run(x[part])[0], values[source.output][part], room[part])
        _compare_whole(found, x, _flat(values[found.names[-1]]), room)


@dataclass(frozen=True)
class _Alone:
    """One node as a network of its own."""

    node: Node
    model: Model
    start: tuple[Start, ...]

    def run(self, given: list[Array]) -> Array:
        """Compute a node's output for (samples, signals) of every node that it takes, in the same shape."""
        if self.node.kind == "add":
            total = given[0] + given[1]
            return np.maximum(total, 0) if self.node.rectify else total
        return _infer(self.model, self.start, given[0])


def _alone(found: Imported, number: int, *, magnitude: bool = False) -> _Alone:
    """Build a network of one node; ``magnitude``: with the sizes of its weights and biases, and no activation."""
    node = found.model.nodes[number]
    if node.layer is None:
        return _Alone(node, Model("probe", (), (replace(node, summand=None, source=None),)), ())
    layer, start = found.model.layers[node.layer], found.start[node.layer]
    if magnitude:
        layer = replace(layer, activation="identity", parameters=())
        start = Start(np.abs(start.weights), found.sizes.get(number, np.abs(start.bias)), np.abs(start.gain))
    return _Alone(node, Model("probe", (layer,), (replace(node, layer=0, source=None),)), (start,))


def _infer(model: Model, start: tuple[Start, ...], x: Array) -> Array:
    """Run samples (samples, signals) on an ideal chip."""
    inputs = x.astype(np.float32)
    chip = Ideal().fabricate(model, start, inputs, 0)
    registers = [Registers(values.bias, values.gain) for values in start]
    return np.asarray(infer(model, chip, inputs, registers, None), np.float64)


def _compare_nodes(found: Imported, source: Source, x: NDArray[np.float32], values: Mapping[str, Array]) -> list[Array]:
    """Compare node by node; returns how far each may be off."""
    tolerances = []
    known: dict[int, Array] = {-1: _flat(np.asarray(x, np.float64))}
    for number, name in enumerate(found.names):
        given, alone = [known[one] for one in _taken(found, number)], _alone(found, number)
        got = alone.run(given)
        known[number] = wanted = _flat(values[name]) if name else got
        tolerances.append(_tolerance(found, alone, number, given, got, source))
        blurred = [one for one in _taken(found, number) if one >= 0 and not found.names[one]]
        if blurred:  # values that the source has no name for are off themselves
            worse = [known[one] + (tolerances[one] if one in blurred else 0) for one in _taken(found, number)]
            tolerances[-1] += 2 * np.abs(alone.run(worse) - got).max(axis=1, keepdims=True)
        off = ~(np.abs(got - wanted) <= tolerances[-1]) & np.isfinite(wanted) if got.shape == wanted.shape else None
        if off is None:
            _part(found, source, number, f"gives {got.shape[1]} values where {source.called} has {wanted.shape[1]}")
        elif off.any():
            sample, signal = np.argwhere(off)[0]
            what = f"gives {got[sample, signal]:.7g} where {source.called} has {wanted[sample, signal]:.7g}"
            _part(found, source, number, f"{what} (value {signal} of probe {sample})")
    return tolerances


def _part(found: Imported, source: Source, number: int, what: str) -> None:
    raise MisreadError(f"{found.origins[number]} was misread: as imported it {what}; {REPORT} with {source.called}")


def _taken(found: Imported, number: int) -> list[int]:
    """List the nodes whose signals a node takes, -1 for the network's input."""
    node = found.model.nodes[number]
    return [found.model.source(number), *([] if node.summand is None else [node.summand])]


def _tolerance(found: Imported, alone: _Alone, number: int, given: list[Array], got: Array, source: Source) -> Array:
    """Bound how far rounding may put a node off, in what it computes with and in what the source does.

    A sum of n products is off by about sqrt(n) roundings of the sum of their sizes; what else there is, by as much as
    it changes when its inputs are nudged.
    """
    node = alone.node
    rounding = max(source.rounding, SINGLE)
    if node.layer is not None:
        layer = found.model.layers[node.layer]
        sizes = _alone(found, number, magnitude=True).run([np.abs(given[0])])
        slope = max(1.0, *map(abs, layer.parameters)) if layer.activation == "leaky-relu" else 1.0
        sums = (np.sqrt(layer.inputs) * SINGLE + rounding) * sizes * slope
    elif node.kind == "scale":
        span = tuple(np.maximum(found.sizes.get(number, np.zeros(1)), np.abs(node.shifts)).tolist())
        plain = replace(node, factors=tuple(np.abs(node.factors).tolist()), shifts=span, source=None)
        sums = rounding * _Alone(plain, Model("probe", (), (plain,)), ()).run([np.abs(given[0])])
    elif node.kind == "average-pool" and node.window is not None:
        sums = rounding * np.sqrt(prod(node.window.kernel)) * alone.run([np.abs(given[0])])
    elif node.kind == "layer-norm":
        sums = rounding * _lost_in_differences(node, given[0])
    elif node.kind == "add":
        sums = rounding * (np.abs(given[0]) + np.abs(given[1]))
    else:
        rng = np.random.default_rng(number)
        nudges = [1 + NUDGE * rng.choice([-1, 1], given[0].shape) for _ in range(3)]
        spread = [np.abs(alone.run([given[0] * nudge]) - got).max(axis=1, keepdims=True) for nudge in nudges]
        sums = np.max(spread, axis=0) * (rounding / NUDGE)
        if node.kind == "activation":
            sums = sums + rounding * np.abs(given[0])
        sums = sums + rounding * found.sizes.get(number, np.zeros(1))
    return np.asarray(ROOM * (sums + rounding * np.abs(got) + source.least))


def _lost_in_differences(node: Node, x: Array) -> Array:
    """Bound how much more than itself a layer-norm may be off by: it may subtract far more than it leaves."""
    rows = x.reshape(len(x), node.taken[0] if len(node.taken) == 2 else 1, -1)  # noqa: PLR2004 - steps, features
    spread = np.sqrt(rows.var(axis=2, keepdims=True) + node.epsilon)
    far = np.abs(rows - rows.mean(axis=2, keepdims=True)).max(axis=2, keepdims=True) / spread
    most = np.abs(rows).max(axis=2, keepdims=True) / spread * (1 + far) * max(map(abs, node.factors))
    return np.asarray(np.broadcast_to(most + max(map(abs, node.shifts)), rows.shape).reshape(x.shape))


def _spread(
    found: Imported, x: NDArray[np.float32], values: Mapping[str, Array], tolerances: list[Array]
) -> NDArray[np.float64]:
    """Bound how far the outputs of each sample may be off, (samples, 1), if every node is off by its bound."""
    rng = np.random.default_rng(0)
    wrong: dict[int, Array] = {-1: _flat(np.asarray(x, np.float64))}
    for number in range(len(found.model.nodes)):
        got = _alone(found, number).run([wrong[one] for one in _taken(found, number)])
        wrong[number] = got + tolerances[number] * rng.choice([-1.0, 1.0], got.shape)
    last = len(found.names) - 1
    off = np.abs(wrong[last] - _flat(values[found.names[last]])).max(axis=1, keepdims=True)
    return np.asarray(4 * off + tolerances[last].max(axis=1, keepdims=True))


def _compare_calls(source: Source, got: Array, wanted: Array, room: Array) -> None:
    """Compare what the source gives when it is called with what its values inside say."""
    got, wanted = _flat(got), _flat(wanted)
    if got.shape == wanted.shape:
        off = ~(np.abs(got - wanted) <= room + ROOM * source.rounding * np.abs(wanted)) & np.isfinite(wanted)
        if not off.any():
            return
        sample, signal = np.argwhere(off)[0]
        what = f"gives {got[sample, signal]:.7g} where it should give {wanted[sample, signal]:.7g}"
    else:
        what = f"gives an array of shape {got.shape} where it should give {wanted.shape}"
    raise MisreadError(
        f"{source.called}, called with {len(got)} samples, {what}: what it gives depends on the number of samples, or "
        "changes from call to call; make it a function of each sample alone"
    )


def _compare_whole(found: Imported, x: NDArray[np.float32], wanted: Array, room: Array) -> None:
    got = _infer(found.model, tuple(found.start), _flat(x))
    off = ~(np.abs(got - wanted) <= room) & np.isfinite(wanted)
    if off.any():
        sample, signal = np.argwhere(off)[0]
        raise MisreadError(
            f"as a whole the imported network gives {got[sample, signal]:.7g} where {found.origins[-1]} gives "
            f"{wanted[sample, signal]:.7g} (value {signal} of probe {sample}); {REPORT}"
        )


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values.reshape(len(values), -1))
