"""One-layer networks for chips of their own, and networks for images of another size."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from hwsim.model import Window
from hwsim.model.imports.graph import Imported, NetworkGraph
from hwsim.nn.leaves import bias_of, kind_of, weight_of

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from hwsim.model import Model, Node


def numbers(tensor: torch.Tensor) -> NDArray[np.float64]:
    """Return a tensor of any floating dtype as float64."""
    return np.asarray(tensor.detach().cpu().double().numpy())


def window_of(module: nn.Conv1d | nn.Conv2d) -> Window:
    """Return the window of a convolution; one over a line is that of images of one row."""
    kernel, stride, dilation = _pair(module.kernel_size), _pair(module.stride), _pair(module.dilation)
    if isinstance(module.padding, str):
        need = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)] if module.padding == "same" else [0, 0]
        before = (need[0] // 2, need[1] // 2)
        return Window(kernel, stride, before, (need[0] - before[0], need[1] - before[1]), dilation)
    given = _pair(module.padding, 0)
    return Window(kernel, stride, given, given, dilation)


def _pair(size: tuple[int, ...], line: int = 1) -> tuple[int, int]:
    return (size[0], size[1]) if len(size) > 1 else (line, size[0])


def one_layer(module: nn.Module, shape: tuple[int, ...], rows: int) -> Imported:
    """Make a linear layer or a convolution a network of its own, without activation.

    Args:
        module: the layer.
        shape: of one sample: (features,), or an image's (channels, rows, columns).
        rows: products of a linear layer in one inference.
    """
    weight, bias, origin = numbers(weight_of(module)), bias_of(module), kind_of(module)
    register = np.zeros(len(weight)) if bias is None else numbers(bias)
    graph = NetworkGraph(shape, "Linear or convolution")
    if isinstance(module, (nn.Conv1d, nn.Conv2d)):
        image = weight if weight.ndim == 4 else weight[:, :, None, :]  # noqa: PLR2004 - units, channels, rows, columns
        graph.convolve(origin, image, register, window_of(module), module.groups)
        return graph.finish(f"one {origin}")
    graph.dense(origin, weight, register)
    return repeated(graph.finish(f"one {origin}"), rows)


def repeated(network: Imported, rows: int) -> Imported:
    """Repeat a network of dense layers for so many rows in one inference, one after the other, as a sequence."""
    if rows == 1:
        return network
    nodes = tuple(replace(n, taken=(rows, *n.taken), given=(rows, *n.given)) for n in network.model.nodes)
    model = replace(network.model, nodes=nodes)
    return Imported(model, network.start, (rows, *network.shape), network.origins)


def by_rows(model: Model) -> Model:
    """Return the same layers for one row at a time: what :func:`repeated` did to a network is undone."""
    nodes = tuple(replace(n, taken=n.taken[-1:], given=n.given[-1:]) for n in model.nodes)
    return replace(model, nodes=nodes)


def at_size(model: Model, shape: tuple[int, ...]) -> Model:
    """Return the same layers for images of another size.

    Raises:
        ValueError: a window does not fit, or a dense layer takes another number of features.
    """
    nodes, now = [], shape
    for node in model.nodes:
        given = _given(node, now)
        if node.kind == "dense" and now != node.taken:
            raise ValueError(f"a layer takes {node.taken[0]} features, and {now} stand before it")
        if min(given) < 1:
            raise ValueError(
                f"a window of {node.window and node.window.kernel} does not fit into an image of {now[1:]}"
            )
        nodes.append(replace(node, taken=now, given=given))
        now = given
    return replace(model, nodes=tuple(nodes))


def _given(node: Node, shape: tuple[int, ...]) -> tuple[int, ...]:
    if node.kind == "flatten":
        return (prod(shape),)
    if node.window is None:
        return node.given
    return (node.given[0], *node.window.places((shape[1], shape[2])))
