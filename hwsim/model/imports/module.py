"""A trained ``torch.nn.Sequential`` as a model and the values that it starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model import Window
from hwsim.model.imports.graph import Imported, NetworkGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from numpy.typing import NDArray

    from hwsim.model.layer import Activation

KNOWN = "Linear, Conv2d, BatchNorm1d, BatchNorm2d, MaxPool2d, AvgPool2d, Flatten, ReLU, LeakyReLU, Tanh, Sigmoid"


def read_module(module: torch.nn.Module, shape: tuple[int, ...] | None) -> Imported:
    """Read a module layer by layer.

    Args:
        module: a ``torch.nn.Sequential``, others within it allowed.
        shape: of one sample; needed where an image comes first.

    Raises:
        ValueError: a layer that cannot be emulated; the message has its number and class.
    """
    import torch

    if not isinstance(module, torch.nn.Sequential):
        raise ValueError(f"{type(module).__name__} is no torch.nn.Sequential; wrap its layers into one")  # noqa: TRY004 - one kind of error for all that cannot be emulated
    leaves = [(f"layer {name} ({type(leaf).__name__})", leaf) for name, leaf in _leaves(module, "")]
    if shape is None:
        first = next((leaf for _, leaf in leaves if isinstance(leaf, (torch.nn.Linear, torch.nn.Conv2d))), None)
        if not isinstance(first, torch.nn.Linear):
            raise ValueError("give shape=(channels, rows, columns), which cannot be told from the module")
        shape = (first.in_features,)
    graph = NetworkGraph(tuple(shape), "Linear or Conv2d")
    for origin, leaf in leaves:
        _take(graph, origin, leaf)
    return graph.finish("imported from torch")


def _leaves(module: torch.nn.Module, path: str) -> Iterator[tuple[str, torch.nn.Module]]:
    import torch

    for name, child in module.named_children():
        if isinstance(child, torch.nn.Sequential):
            yield from _leaves(child, f"{path}{name}.")
        else:
            yield f"{path}{name}", child


def _take(graph: NetworkGraph, origin: str, leaf: torch.nn.Module) -> None:
    """Add one layer of the module."""
    from torch import nn

    if isinstance(leaf, (nn.Identity, nn.Dropout)):
        return
    activations: dict[type[nn.Module], Activation] = {
        nn.ReLU: "relu",
        nn.LeakyReLU: "leaky-relu",
        nn.Tanh: "tanh",
        nn.Sigmoid: "sigmoid",
    }
    if type(leaf) in activations:
        name = activations[type(leaf)]
        parameters = (float(leaf.negative_slope),) if name == "leaky-relu" else ()  # type: ignore[arg-type]
        graph.activate(origin, name, parameters)
    elif isinstance(leaf, nn.Linear):
        graph.dense(origin, _numbers(leaf.weight), _bias(leaf))
    elif isinstance(leaf, nn.Conv2d):
        if leaf.groups != 1 or leaf.dilation != (1, 1) or leaf.padding_mode != "zeros":
            raise ValueError(f"{origin}: groups, dilation and padding other than with zeros cannot be emulated")
        window = Window(_pair(leaf.kernel_size), _pair(leaf.stride), *_padding(leaf))
        graph.convolve(origin, _numbers(leaf.weight), _bias(leaf), window)
    elif isinstance(leaf, (nn.BatchNorm1d, nn.BatchNorm2d)):
        _normalise(graph, origin, leaf)
    elif isinstance(leaf, (nn.MaxPool2d, nn.AvgPool2d)):
        _pool(graph, origin, leaf)
    elif isinstance(leaf, nn.Flatten):
        if (leaf.start_dim, leaf.end_dim) != (1, -1):
            raise ValueError(f"{origin}: only flattening of all but the batch can be emulated")
        graph.flatten(origin)
    else:
        raise ValueError(f"{origin} cannot be emulated; supported: {KNOWN}, Dropout, Identity")


def _numbers(tensor: Any) -> NDArray[np.float64]:
    return np.asarray(tensor.detach().cpu().numpy(), np.float64)


def _bias(leaf: torch.nn.Linear | torch.nn.Conv2d) -> NDArray[np.float64]:
    return np.zeros(len(leaf.weight)) if leaf.bias is None else _numbers(leaf.bias)


def _pool(graph: NetworkGraph, origin: str, leaf: torch.nn.MaxPool2d | torch.nn.AvgPool2d) -> None:
    from torch import nn

    plain = _pair(leaf.padding) == (0, 0) and not leaf.ceil_mode and _pair(getattr(leaf, "dilation", 1)) == (1, 1)
    if not plain or getattr(leaf, "divisor_override", None) or getattr(leaf, "return_indices", False):
        raise ValueError(f"{origin}: pools with padding, dilation, ceil_mode or a divisor cannot be emulated")
    kind = "max-pool" if isinstance(leaf, nn.MaxPool2d) else "average-pool"
    graph.pool(origin, kind, Window(_pair(leaf.kernel_size), _pair(leaf.stride)))  # type: ignore[arg-type]


def _normalise(graph: NetworkGraph, origin: str, leaf: torch.nn.BatchNorm1d | torch.nn.BatchNorm2d) -> None:
    if leaf.running_mean is None or leaf.running_var is None:
        raise ValueError(f"{origin} must have running statistics")
    gain = 1 / np.sqrt(_numbers(leaf.running_var) + leaf.eps)
    shift = np.zeros_like(gain)
    if leaf.affine:
        gain *= _numbers(leaf.weight)
        shift = _numbers(leaf.bias)
    graph.scale(origin, gain, shift - _numbers(leaf.running_mean) * gain)


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _padding(leaf: torch.nn.Conv2d) -> tuple[tuple[int, int], tuple[int, int]]:
    """Zeros above and left, and below and right, as torch puts them."""
    if leaf.padding == "valid":
        return (0, 0), (0, 0)
    if leaf.padding == "same":
        need = [k - 1 for k in leaf.kernel_size]
        return (need[0] // 2, need[1] // 2), (need[0] - need[0] // 2, need[1] - need[1] // 2)
    given = _pair(leaf.padding)
    return given, given
