"""Signals between the cells of a chip, as torch computes them: pools, shapes and activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.model import Node

KNOWN_NODES = {"dense", "conv2d", "max-pool", "average-pool", "flatten", "activation"}
"""Nodes that torch computes here, and gradients pass."""
KNOWN_ACTIVATIONS = {"identity", "relu", "leaky-relu", "tanh", "sigmoid"}
"""Activations whose slope is known from what they gave."""


def activated(activation: str, parameters: Sequence[float], signals: torch.Tensor) -> torch.Tensor:
    """Apply one of :data:`KNOWN_ACTIVATIONS`.

    Example:
        >>> activated("leaky-relu", (0.5,), torch.tensor([-2.0, 2.0])).tolist()
        [-1.0, 2.0]
    """
    if activation == "identity":
        return signals
    if "relu" in activation:
        return functional.leaky_relu(signals, parameters[0] if activation == "leaky-relu" else 0.0)
    return torch.tanh(signals) if activation == "tanh" else torch.sigmoid(signals)


def forth(node: Node, signals: torch.Tensor) -> torch.Tensor:
    """Compute a node without cells."""
    window = node.window
    if node.kind == "activation":
        return activated(node.activation, node.parameters, signals)
    if window is None:
        return signals.flatten(1)
    largest, (top, left), (bottom, right) = node.kind == "max-pool", window.before, window.after
    padded = functional.pad(signals, (left, right, top, bottom), value=-torch.inf if largest else 0.0)
    if largest:
        return functional.max_pool2d(padded, window.kernel, window.stride, dilation=window.dilation)
    return functional.avg_pool2d(padded, window.kernel, window.stride)
