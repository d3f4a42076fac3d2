"""A read of a chip in torch's graph: noise forward, and backward straight through the design values.

Backward goes through the network as it was designed, at the activations that the chip really had: products with the
design weights as they are connected, and activations where the chip's own outputs say they stand. Rounding, clipping
and noise of the chip are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable
from torch.nn.grad import conv2d_input

from hwsim.nn.card import read_in_torch, runs_in_torch
from hwsim.nn.signals import forth

if TYPE_CHECKING:
    from hwsim.model import Layer, Model, Node
    from hwsim.nn.chip import ModelChip


def read(chip: ModelChip, samples: torch.Tensor, biases: list[torch.Tensor | None]) -> torch.Tensor:
    """Read a chip once, in torch's graph where something wants a gradient.

    Args:
        chip: the chip.
        samples: (samples, ...) as the chip takes them.
        biases: parameters of its layers, None where a layer has none.

    Returns:
        (samples, ...), of the dtype and on the device of the samples.
    """
    chip.write(biases)
    model = chip.sized(tuple(samples.shape[1:]))
    wanting = samples.requires_grad or any(bias is not None and bias.requires_grad for bias in biases)
    if torch.is_grad_enabled() and wanting:
        found: torch.Tensor = _Reading.apply(samples, chip, model, *biases)  # type: ignore[no-untyped-call]
        return found
    return _infer(samples, chip, model, None)


def _infer(samples: torch.Tensor, chip: ModelChip, model: Model, kept: dict[int, torch.Tensor] | None) -> torch.Tensor:
    """Read on the host, or where the samples are if the chip's law is written in torch."""
    if runs_in_torch(chip, model, samples):
        return read_in_torch(chip, model, samples, kept).to(samples.dtype)
    parts: dict[int, list[Any]] | None = None if kept is None else {}
    found = chip.read(samples, model, parts).astype(np.float32, copy=False)
    if kept is not None and parts is not None:
        kept |= {layer: _standing(model, layer, torch.from_numpy(np.concatenate(of))) for layer, of in parts.items()}
    given = torch.from_numpy(found)
    if samples.dtype != given.dtype or samples.device != given.device:
        given = given.to(samples.device, samples.dtype)
    shape = model.nodes[-1].given
    return given if len(shape) == 1 else given.reshape(len(samples), *shape)


class _Reading(torch.autograd.Function):
    """The read, and its gradient."""

    @staticmethod
    def forward(ctx: Any, samples: torch.Tensor, chip: ModelChip, model: Model, *biases: torch.Tensor | None) -> Any:
        kept: dict[int, torch.Tensor] = {}
        found = _infer(samples, chip, model, kept)
        kind, device = torch.promote_types(samples.dtype, torch.float32), samples.device
        ctx.designs = [chip.design(layer, kind, device) for layer in range(len(model.layers))]
        ctx.kept, ctx.model, ctx.kinds = kept, model, [bias.dtype if bias is not None else None for bias in biases]
        ctx.save_for_backward(samples, found)
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given: torch.Tensor) -> Any:
        samples, outputs = ctx.saved_tensors
        model, kind = ctx.model, ctx.designs[0].dtype
        kept = {n: a.to(samples.device, kind) for n, a in ctx.kept.items()}
        kept[len(model.layers) - 1] = outputs.to(kind)
        taken = _taken(model, samples.to(kind), kept)
        wanted = [need for need, _ in zip(ctx.needs_input_grad[3:], model.layers, strict=True)]
        slope, found = given.to(kind), [None] * len(model.layers)
        first = min((n for n, need in enumerate(wanted) if need), default=len(model.layers))
        for number in reversed(range(len(model.nodes))):
            node = model.nodes[number]
            if node.layer is None:
                slope = _past(node, taken[number], slope)
                continue
            slope = slope * _slope(model.layers[node.layer], kept[node.layer])
            if wanted[node.layer]:
                found[node.layer] = slope.sum([0, *range(2, slope.ndim)]).to(ctx.kinds[node.layer])
            if node.layer == first and not ctx.needs_input_grad[0]:
                return None, None, None, *found
            slope = _back(node, ctx.designs[node.layer], slope, model.layers[node.layer].groups)
        return (slope.to(samples.dtype) if ctx.needs_input_grad[0] else None), None, None, *found


def _standing(model: Model, layer: int, activations: torch.Tensor) -> torch.Tensor:
    """Arrange activations of a layer as torch has them: images with their channels first."""
    node = next(node for node in model.nodes if node.layer == layer)
    return activations.permute(0, 3, 1, 2) if node.kind == "conv2d" else activations


def _taken(model: Model, samples: torch.Tensor, kept: dict[int, torch.Tensor]) -> list[torch.Tensor]:
    """Return what enters every node."""
    found, now = [], samples
    for node in model.nodes:
        found.append(now)
        now = forth(node, now) if node.layer is None else kept[node.layer]
    return found


def _past(node: Node, signals: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Compute the gradient before a node without cells."""
    if node.kind == "flatten":
        return slope.reshape(signals.shape)
    with torch.enable_grad():
        before = signals.detach().requires_grad_()
        (found,) = torch.autograd.grad(forth(node, before), before, slope)
    return found


def _slope(layer: Layer, outputs: torch.Tensor) -> torch.Tensor | float:
    """Compute slopes of an activation where it gave these outputs."""
    match layer.activation:
        case "relu":
            return (outputs > 0).to(outputs.dtype)
        case "leaky-relu":
            return torch.where(outputs > 0, 1.0, layer.parameters[0]).to(outputs.dtype)
        case "tanh":
            return 1 - outputs * outputs
        case "sigmoid":
            return outputs * (1 - outputs)
    return 1.0


def _back(node: Node, design: torch.Tensor, slope: torch.Tensor, groups: int) -> torch.Tensor:
    """Compute the gradient before the cells of a layer."""
    window = node.window
    if window is None:
        return slope @ design
    (top, left), (bottom, right) = window.before, window.after
    channels, rows, columns = node.taken
    size = (len(slope), channels, top + rows + bottom, left + columns + right)
    filters = design.reshape(len(design), channels // groups, *window.kernel)
    found: torch.Tensor = conv2d_input(  # type: ignore[no-untyped-call]
        size, filters, slope, stride=window.stride, dilation=window.dilation, groups=groups
    )
    return found[:, :, top : top + rows, left : left + columns]
