"""A trained ``torch.nn.Sequential`` as a model and the values that it starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model import Layer, Model, Node, Start, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from hwsim.model.layer import Activation

_IMAGE = 3
_FEATURES = 1


@dataclass(frozen=True)
class Imported:
    """A module as a model: ``shape`` of one sample, and for every node the layer of the module that it comes from."""

    model: Model
    start: list[Start]
    shape: tuple[int, ...]
    origins: list[str]


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
    reader = _Reader(tuple(shape))
    for origin, leaf in leaves:
        reader.take(origin, leaf)
    if not reader.nodes or reader.nodes[-1].layer is None:
        raise ValueError("the module must end in a Linear or Conv2d layer, with its activation where it has one")
    model = Model("imported from torch", tuple(reader.layers), tuple(reader.nodes))
    return Imported(model, reader.start, tuple(shape), reader.origins)


def _leaves(module: torch.nn.Module, path: str) -> Iterator[tuple[str, torch.nn.Module]]:
    import torch

    for name, child in module.named_children():
        if isinstance(child, torch.nn.Sequential):
            yield from _leaves(child, f"{path}{name}.")
        else:
            yield f"{path}{name}", child


class _Reader:
    """The graph so far."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.layers: list[Layer] = []
        self.start: list[Start] = []
        self.nodes: list[Node] = []
        self.origins: list[str] = []
        self.open = False
        """Whether the last node has cells and no activation yet."""

    def take(self, origin: str, leaf: torch.nn.Module) -> None:
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
            self._activate(origin, activations[type(leaf)], leaf)
        elif isinstance(leaf, nn.Linear):
            self._linear(origin, leaf)
        elif isinstance(leaf, nn.Conv2d):
            self._convolve(origin, leaf)
        elif isinstance(leaf, (nn.BatchNorm1d, nn.BatchNorm2d)):
            self._normalise(origin, leaf)
        elif isinstance(leaf, (nn.MaxPool2d, nn.AvgPool2d)):
            self._pool(origin, leaf)
        elif isinstance(leaf, nn.Flatten):
            if (leaf.start_dim, leaf.end_dim) != (1, -1):
                raise ValueError(f"{origin}: only flattening of all but the batch can be emulated")
            self._add(origin, Node("flatten", self.shape, (prod(self.shape),)))
        else:
            known = "Linear, Conv2d, BatchNorm1d, BatchNorm2d, MaxPool2d, AvgPool2d, Flatten, ReLU, LeakyReLU, Tanh, "
            raise ValueError(f"{origin} cannot be emulated; supported: {known}Sigmoid, Dropout, Identity")

    def _add(self, origin: str, node: Node, *, cells: bool = False) -> None:
        self.nodes.append(node)
        self.origins.append(origin)
        self.shape, self.open = node.given, cells

    def _weigh(self, origin: str, weight: Any, bias: Any) -> int:
        """Add weights (units, inputs) and biases; returns the layer's number."""
        weights = weight.detach().cpu().numpy().astype(np.float64).reshape(len(weight), -1)
        biases = np.zeros(len(weights)) if bias is None else bias.detach().cpu().numpy().astype(np.float64)
        if not np.isfinite(weights).all() or not np.isfinite(biases).all():
            raise ValueError(f"{origin}: its weights or biases are not finite numbers")
        units, inputs = weights.shape
        law = Layer(
            units=units,
            inputs=inputs,
            activation="identity",
            weights="uniform",
            weight_bound=1.0,
            learned_connections=True,
            bias="zero",
            bias_bound=1.0,
            gain=False,
            learned_registers=False,
        )
        self.layers.append(law)
        self.start.append(Start(weights, biases, 1.0))
        return len(self.layers) - 1

    def _linear(self, origin: str, leaf: torch.nn.Linear) -> None:
        if self.shape != (leaf.in_features,):
            raise ValueError(f"{origin} takes {leaf.in_features} features, but {self.shape} stand before it")
        layer = self._weigh(origin, leaf.weight, leaf.bias)
        self._add(origin, Node("dense", self.shape, (leaf.out_features,), layer), cells=True)

    def _convolve(self, origin: str, leaf: torch.nn.Conv2d) -> None:
        if len(self.shape) != _IMAGE or self.shape[0] != leaf.in_channels:
            raise ValueError(
                f"{origin} takes an image of {leaf.in_channels} channels, but {self.shape} stand before it"
            )
        if leaf.groups != 1 or leaf.dilation != (1, 1) or leaf.padding_mode != "zeros":
            raise ValueError(f"{origin}: groups, dilation and padding other than with zeros cannot be emulated")
        kernel = (leaf.kernel_size[0], leaf.kernel_size[1])
        before, after = _padding(leaf)
        window = Window(kernel, (leaf.stride[0], leaf.stride[1]), before, after)
        places = self._places(origin, window)
        layer = self._weigh(origin, leaf.weight, leaf.bias)
        self._add(origin, Node("conv2d", self.shape, (leaf.out_channels, *places), layer, window), cells=True)

    def _places(self, origin: str, window: Window) -> tuple[int, int]:
        places = window.places((self.shape[1], self.shape[2]))
        if min(places) < 1:
            raise ValueError(f"{origin}: its window does not fit into an image of {self.shape[1:]}")
        return places

    def _pool(self, origin: str, leaf: torch.nn.MaxPool2d | torch.nn.AvgPool2d) -> None:
        from torch import nn

        if len(self.shape) != _IMAGE:
            raise ValueError(f"{origin} takes an image, but {self.shape} stand before it")
        plain = _pair(leaf.padding) == (0, 0) and not leaf.ceil_mode and _pair(getattr(leaf, "dilation", 1)) == (1, 1)
        if not plain or getattr(leaf, "divisor_override", None) or getattr(leaf, "return_indices", False):
            raise ValueError(f"{origin}: pools with padding, dilation, ceil_mode or a divisor cannot be emulated")
        window = Window(_pair(leaf.kernel_size), _pair(leaf.stride))
        kind = "max-pool" if isinstance(leaf, nn.MaxPool2d) else "average-pool"
        places = self._places(origin, window)
        self._add(origin, Node(kind, self.shape, (self.shape[0], *places), window=window))  # type: ignore[arg-type]

    def _normalise(self, origin: str, leaf: torch.nn.BatchNorm1d | torch.nn.BatchNorm2d) -> None:
        if not self.open or leaf.running_mean is None or leaf.running_var is None:
            raise ValueError(f"{origin} must follow a Linear or Conv2d layer directly, and have running statistics")
        mean, variance = (t.detach().cpu().numpy().astype(np.float64) for t in (leaf.running_mean, leaf.running_var))
        gain = 1 / np.sqrt(variance + leaf.eps)
        shift = np.zeros_like(gain)
        if leaf.affine:
            gain *= leaf.weight.detach().cpu().numpy()
            shift = leaf.bias.detach().cpu().numpy().astype(np.float64)
        values = self.start[-1]
        self.start[-1] = Start(values.weights * gain[:, None], (values.bias - mean) * gain + shift, 1.0)

    def _activate(self, origin: str, name: Activation, leaf: torch.nn.Module) -> None:
        if not self.open:
            raise ValueError(f"{origin} must follow a Linear, Conv2d or batch-norm layer")
        parameters = (float(leaf.negative_slope),) if name == "leaky-relu" else ()  # type: ignore[arg-type]
        self.layers[-1] = replace(self.layers[-1], activation=name, parameters=parameters)
        self.origins[-1] = f"{self.origins[-1]} with {origin}"
        self.open = False


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
