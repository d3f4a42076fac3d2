"""A model's graph in torch, for what trains with gradients.

Steps and tables have no useful slope: where a sum lies within -1..1 (``step``) or within the table's range
(``look-up``) the gradient passes as if the function were the identity (a straight-through estimate, Bengio et al.,
arXiv 1308.3432).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from hwsim.model import Layer, Model, Node


def forward(
    model: Model,
    x: torch.Tensor,
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor],
    gains: Sequence[torch.Tensor],
    training: torch.Generator | None = None,
) -> torch.Tensor:
    """The network's outputs (samples, outputs).

    Args:
        model: the network.
        x: (samples, features).
        weights: per layer (units, inputs).
        biases: per layer (units,).
        gains: per layer a number, or (units,) where each unit has its own.
        training: source of what is random while training (dropout), None otherwise.
    """
    del training  # no layer asks for it yet
    shape = model.nodes[0].taken
    kept = {-1: x if len(shape) == 1 else x.reshape(len(x), *shape)}
    wanted = {node.summand for node in model.nodes}
    x = kept[-1]
    for number, node in enumerate(model.nodes):
        if node.layer is not None:
            x = _weighted(node, model.layers[node.layer], x, weights[node.layer], biases[node.layer], gains[node.layer])
        else:
            x = _between(node, x, kept)
        if number in wanted:
            kept[number] = x
    return x.reshape(len(x), -1)


def _between(node: Node, x: torch.Tensor, kept: dict[int, torch.Tensor]) -> torch.Tensor:
    from torch.nn import functional

    if node.kind == "flatten":
        return x.reshape(len(x), -1)
    if node.kind == "max-pool" and node.window:
        return functional.max_pool2d(x, node.window.kernel, node.window.stride)
    if node.kind == "average-pool" and node.window:
        return functional.avg_pool2d(x, node.window.kernel, node.window.stride)
    if node.kind == "add" and node.summand is not None:
        x = x + kept[node.summand]
        return x.relu() if node.rectify else x
    return x


def _weighted(
    node: Node, layer: Layer, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, gain: torch.Tensor
) -> torch.Tensor:
    import torch

    if node.kind == "dense":
        rows = x.reshape(-1, x.shape[-1])  # of a sequence step by step
        return _activated(layer, _settled(layer, rows @ weight.T, bias, gain)).reshape(*x.shape[:-1], -1)
    if node.kind == "conv2d" and node.window:
        from torch.nn import functional

        window = node.window
        sides = (window.before[1], window.after[1], window.before[0], window.after[0])
        filters = weight.reshape(layer.units, node.taken[0], *window.kernel)
        sums = functional.conv2d(functional.pad(x, sides), filters, stride=window.stride)
        rows = sums.permute(0, 2, 3, 1).reshape(-1, layer.units)
        found = _activated(layer, _settled(layer, rows, bias, gain))
        return found.reshape(len(x), *sums.shape[2:], layer.units).permute(0, 3, 1, 2)
    state = x.new_zeros((len(x), layer.units))
    states = []
    for step in range(node.taken[0]):
        state = _activated(layer, _settled(layer, torch.cat([x[:, step], state], 1) @ weight.T, bias, gain))
        states.append(state)
    return torch.stack(states, 1) if node.sequence else state


def _settled(layer: Layer, sums: torch.Tensor, bias: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    return gain * sums + bias if layer.gains else sums + bias


def _activated(layer: Layer, x: torch.Tensor) -> torch.Tensor:  # noqa: C901, PLR0911 - one case an activation
    """The activation, over sums (rows, units)."""
    import torch
    from torch.nn import functional

    match layer.activation:
        case "identity":
            return x
        case "relu":
            return x.relu()
        case "leaky-relu":
            return functional.leaky_relu(x, layer.parameters[0])
        case "tanh":
            return x.tanh()
        case "sigmoid":
            return x.sigmoid()
        case "step":
            through = x.clamp(-1, 1)
            return through + ((x > 0).to(x.dtype) - through).detach()
        case "look-up":
            low, high, entries = layer.parameters[0], layer.parameters[1], int(layer.parameters[2])
            tables = x.new_tensor(layer.parameters[3:]).reshape(-1, entries)
            at = ((x.detach() - low) / (high - low) * entries).floor().clamp(0, entries - 1).long()
            many = x.shape[1] if len(tables) > 1 else 1
            own = torch.arange(many, device=x.device).expand(x.shape[1])
            through = x.clamp(low, high)
            return through + (tables[own, at] - through).detach()
    before, now, found = torch.zeros_like(x), torch.ones_like(x), torch.zeros_like(x)
    for k, coefficient in enumerate(layer.parameters):
        found = found + coefficient * now
        match layer.activation:
            case "legendre":
                after = ((2 * k + 1) * x * now - k * before) / (k + 1)
            case "laguerre":
                after = ((2 * k + 1 - x) * now - k * before) / (k + 1)
            case _:
                after = 2 * x * now - 2 * k * before
        before, now = now, after
    return found
