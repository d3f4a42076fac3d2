"""A model's graph in torch, for what trains with gradients.

Steps and tables have no useful slope: where a sum lies within -1..1 (``step``) or within the table's range
(``look-up``) the gradient passes as if the function were the identity (a straight-through estimate, Bengio et al.,
arXiv 1308.3432).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from hwsim.controller.statistics import Statistics
    from hwsim.model import Layer, Model, Node, Window
    from hwsim.model.layer import Activation


_SEQUENCE, _IMAGE = 2, 3


def forward(
    model: Model,
    x: torch.Tensor,
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    gains: Sequence[torch.Tensor],
    training: torch.Generator | None = None,
    products: torch.Tensor | None = None,
    statistics: Sequence[Statistics | None] | None = None,
) -> torch.Tensor:
    """Return the network's outputs (samples, outputs).

    Args:
        model: the network.
        x: (samples, features).
        weights: per layer (units, inputs).
        biases: per layer (units,).
        gains: per layer a number, or (units,) where each unit has its own.
        training: source of what is random while training, None otherwise. With it, ``dropout`` drops, and layers with
            statistics are normalised by those of the batch, which also move the running ones.
        products: what the first layer's weights make of x, (samples, units), where it is ``dense`` and this is known.
        statistics: running mean and variance of each layer's accumulators, None for a layer without; left out where
            gains and biases are what registers hold, into which they are folded.

    A model of sequences takes any number of steps.
    """
    shape = model.nodes[0].taken
    kept = {-1: x.reshape(len(x), *((-1, shape[1]) if len(shape) == _SEQUENCE else shape))}
    wanted = {node.summand for node in model.nodes} | {node.source for node in model.nodes}
    x = kept[-1]
    for number, node in enumerate(model.nodes):
        x = x if node.source is None else kept[node.source]
        if node.layer is not None:
            place = node.layer
            registers = _Registers(
                model.layers[place], biases[place], gains[place], statistics[place] if statistics else None, training
            )
            known = products if number == 0 else None
            x = _weighted(node, x, weights[place], registers) if known is None else registers.activate(known)
        elif node.kind == "dropout":
            x = _dropped(x, node.drop, training)
        else:
            x = _between(node, x, kept)
        if number in wanted:
            kept[number] = x
    return x.reshape(len(x), -1)


def _between(  # noqa: PLR0911 - one case a kind
    node: Node, x: torch.Tensor, kept: dict[int, torch.Tensor]
) -> torch.Tensor:
    from torch.nn import functional

    if node.kind in {"flatten", "reshape"}:
        return x.reshape(len(x), *node.given)
    if node.kind == "max-pool" and node.window:
        return functional.max_pool2d(_padded(node.window, x, -math.inf), node.window.kernel, node.window.stride)
    if node.kind == "average-pool" and node.window:
        return functional.avg_pool2d(_padded(node.window, x), node.window.kernel, node.window.stride)
    if node.kind == "activation":
        units = 1 if len(node.taken) == _IMAGE else -1
        return _apply(node.activation, node.parameters, x.movedim(units, -1)).movedim(-1, units)
    if node.kind == "layer-norm":
        together = node.taken if len(node.taken) == _IMAGE else node.taken[-1:]
        return functional.layer_norm(x, together, eps=node.epsilon) * _spread(node, x, node.factors) + _spread(
            node, x, node.shifts
        )
    if node.kind == "scale":
        return x * _spread(node, x, node.factors) + _spread(node, x, node.shifts)
    if node.kind == "add" and node.summand is not None:
        x = x + kept[node.summand]
        return x.relu() if node.rectify else x
    return x


def _padded(window: Window, x: torch.Tensor, value: float = 0.0) -> torch.Tensor:
    """Pad an image with a value on all sides, as far as a window reaches."""
    from torch.nn import functional

    sides = (window.before[1], window.after[1], window.before[0], window.after[0])
    return functional.pad(x, sides, value=value) if any(sides) else x


def _spread(node: Node, x: torch.Tensor, values: Sequence[float]) -> torch.Tensor:
    """Return factors or shifts of a node, in the shape in which they meet its signals."""
    image = len(node.taken) == _IMAGE
    found, features = x.new_tensor(values), node.taken[0 if image else -1]
    if len(values) == features:
        return found.reshape(-1, 1, 1) if image else found
    return found if len(values) == 1 else found.reshape(node.taken)


def _dropped(x: torch.Tensor, drop: float, training: torch.Generator | None) -> torch.Tensor:
    """Set a share of signals to zero and scale up the rest, as training says."""
    if training is None:
        return x
    import torch

    kept = torch.empty_like(x).bernoulli_(1 - drop, generator=training)
    return x * kept.div_(1 - drop)


@dataclass(frozen=True)
class _Registers:
    """The registers, statistics and activation that turn one layer's accumulators into outputs."""

    layer: Layer
    bias: torch.Tensor
    gain: torch.Tensor
    statistics: Statistics | None
    training: torch.Generator | None

    def activate(self, accumulators: torch.Tensor) -> torch.Tensor:
        """Apply gain, bias and activation to accumulators (rows, units)."""
        if self.statistics is not None:
            accumulators = self.statistics.normalise(
                accumulators, self.gain, self.bias, training=self.training is not None
            )
        else:
            accumulators = self.gain * accumulators + self.bias if self.layer.gains else accumulators + self.bias
        return _apply(self.layer.activation, self.layer.parameters, accumulators)


def _weighted(node: Node, x: torch.Tensor, weight: torch.Tensor, registers: _Registers) -> torch.Tensor:
    if node.kind == "dense":
        rows = x.reshape(-1, x.shape[-1])  # of a sequence step by step
        return registers.activate(rows @ weight.T).reshape(*x.shape[:-1], -1)
    if node.kind == "conv2d" and node.window:
        from torch.nn import functional

        window, units, groups = node.window, len(weight), registers.layer.groups
        filters = weight.reshape(units, node.taken[0] // groups, *window.kernel)
        accumulators = functional.conv2d(
            _padded(window, x), filters, stride=window.stride, dilation=window.dilation, groups=groups
        )
        rows = accumulators.permute(0, 2, 3, 1).reshape(-1, units)
        return registers.activate(rows).reshape(len(x), *accumulators.shape[2:], units).permute(0, 3, 1, 2)
    return _recurrent(node, x, weight, registers)


def _recurrent(node: Node, x: torch.Tensor, weight: torch.Tensor, registers: _Registers) -> torch.Tensor:
    """Run an Elman network over (samples, steps, features); products with all inputs are computed at once."""
    import torch

    forth, back = weight[:, : x.shape[2]].T, weight[:, x.shape[2] :].T
    met = (x @ forth).unbind(1)
    state = x.new_zeros((len(x), len(weight)))
    states = []
    for inputs in met:
        found = registers.activate(torch.addmm(inputs, state, back))
        state = found if node.plain else node.retain * state + node.renew * found
        states.append(state)
    return torch.stack(states, 1) if node.sequence else state


def _apply(  # noqa: C901, PLR0911, PLR0912 - one case an activation
    activation: Activation, parameters: Sequence[float], x: torch.Tensor
) -> torch.Tensor:
    """Apply the activation function to sums (..., units)."""
    import torch
    from torch.nn import functional

    match activation:
        case "identity":
            return x
        case "relu":
            return x.relu()
        case "leaky-relu":
            return functional.leaky_relu(x, parameters[0])
        case "tanh":
            return x.tanh()
        case "sigmoid":
            return x.sigmoid()
        case "gelu":
            return functional.gelu(x)
        case "gelu-tanh":
            return functional.gelu(x, approximate="tanh")
        case "step":
            through = x.clamp(-1, 1)
            return through + ((x > 0).to(x.dtype) - through).detach()
        case "look-up":
            low, high, entries = parameters[0], parameters[1], int(parameters[2])
            tables = x.new_tensor(parameters[3:]).reshape(-1, entries)
            at = ((x.detach() - low) / (high - low) * entries).floor().clamp(0, entries - 1).long()
            many = x.shape[-1] if len(tables) > 1 else 1
            own = torch.arange(many, device=x.device).expand(x.shape[-1])
            through = x.clamp(low, high)
            return through + (tables[own, at] - through).detach()
    before, now, found = torch.zeros_like(x), torch.ones_like(x), torch.zeros_like(x)
    for k, coefficient in enumerate(parameters):
        found = found + coefficient * now
        match activation:
            case "legendre":
                after = ((2 * k + 1) * x * now - k * before) / (k + 1)
            case "laguerre":
                after = ((2 * k + 1 - x) * now - k * before) / (k + 1)
            case _:
                after = 2 * x * now - 2 * k * before
        before, now = now, after
    return found
