"""Layers one after the other that one chip computes, as in ``hwsim.emulate``: found in Sequentials.

What stands between two layers decides how a chip hands signals on: shifts of an FPGA, activations and pools in its own
numbers, the stream of noise. Layers of one Sequential on the same hardware, with nothing between them but what can be
emulated, are therefore made one chip, which does bit for bit what ``hwsim.emulate`` does. Everything else has a chip
for each layer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from hwsim.model.imports import read_module
from hwsim.nn.leaves import bias_of, detached, flat, hooked, is_plain, weight_of
from hwsim.nn.signals import KNOWN_ACTIVATIONS, KNOWN_NODES
from hwsim.pipeline.probing import check_import

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsim.device import Device
    from hwsim.model.imports import Imported

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid)
SILENT = (nn.Identity, nn.Dropout)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Flatten)
WEIGHING = (nn.Linear, nn.Conv2d)
ROWWISE = {nn.Linear, *ACTIVATIONS, *SILENT}
"""Members that do the same with every row, whatever stands before the last axis."""


@dataclass(frozen=True)
class Members:
    """Members of a Sequential, from one to before another, that may go on one chip.

    Args:
        sequence: name of the Sequential.
        names: of the members.
        modules: the members.
        first: place of the first among all members.
    """

    sequence: str
    names: tuple[str, ...]
    modules: tuple[nn.Module, ...]
    first: int

    @property
    def layers(self) -> list[str]:
        """List the names of the members with weights."""
        return [name for name, module in zip(self.names, self.modules, strict=True) if isinstance(module, WEIGHING)]

    @property
    def rowwise(self) -> bool:
        """Tell whether members do the same with every row."""
        return all(type(module) in ROWWISE for module in self.modules)

    def until(self, end: int) -> Members:
        """Return the first members."""
        return replace(self, names=self.names[:end], modules=self.modules[:end])

    def read(self, shape: tuple[int, ...] | None, device: Device) -> Imported | None:
        """Read the members as one network, as :func:`hwsim.emulate` does; None if the device cannot do it.

        Args:
            shape: of one sample; None where the first layer is to tell it.
            device: what is to do it.
        """
        copy = nn.Sequential(*(_bare(module) for module in self.modules)).eval()
        try:
            found = read_module(copy, shape)
        except ValueError:
            return None
        known = all(node.kind in KNOWN_NODES for node in found.model.nodes)
        activations = {layer.activation for layer in found.model.layers} | {n.activation for n in found.model.nodes}
        known &= activations <= KNOWN_ACTIVATIONS
        check_import(found)
        fits = known and len(found.model.layers) == len(self.layers) and found.model.nodes[-1].layer is not None
        return found if fits and not device.problems(found.model) else None


def find_members(network: nn.Module, hardware: Callable[[str, nn.Module], str | None]) -> list[Members]:
    """Find all members of Sequentials that may go on one chip together.

    Args:
        network: the network.
        hardware: tells the hardware of a member that weighs, "" for any where it does not, None where it must not go.
    """
    found, inside = [], set[int]()
    for name, module in network.named_modules():
        if not is_plain(module) or id(module) in inside:
            continue
        inside |= {id(child) for child in module.modules() if is_plain(child) and not hooked(child)}
        members = [(f"{name}.{path}" if name else path, child) for path, child in flat(module)]
        found += _cut(name, members, hardware)
    return found


def _cut(
    sequence: str, members: list[tuple[str, nn.Module]], hardware: Callable[[str, nn.Module], str | None]
) -> list[Members]:
    """Cut members where one cannot go on a chip, or another chip begins."""
    times = Counter(id(module) for _, module in members)
    found: list[Members] = []
    first, current, kinds = 0, "", list[str | None]()
    for name, module in members:
        weighs, rest = type(module) in WEIGHING, (*NORMS, *ACTIVATIONS, *SILENT, *POOLS)
        good = weighs or type(module) in rest
        good &= not hooked(module) and not (times[id(module)] > 1 and (weighs or isinstance(module, NORMS)))
        kinds.append(hardware(name, module) if good else None)
    for at, kind in enumerate([*kinds, None]):
        if kind is None or (kind and current and kind != current):
            found += _whole(sequence, members, first, at)
            first, current = at + (kind is None), kind or ""
        current = kind or current
    return found


def _whole(sequence: str, members: list[tuple[str, nn.Module]], first: int, end: int) -> list[Members]:
    """Return members up to the last with weights, its normalisation and activation; none if one layer is all."""
    weighing = [at for at in range(first, end) if isinstance(members[at][1], WEIGHING)]
    if not weighing:
        return []
    last = weighing[-1] + 1
    while last < end and isinstance(members[last][1], (*NORMS, *SILENT)):
        last += 1
    if last < end and isinstance(members[last][1], ACTIVATIONS):
        last += 1
    chosen = members[first:last]
    if len(chosen) == 1:
        return []
    return [Members(sequence, tuple(n for n, _ in chosen), tuple(m for _, m in chosen), first)]


def _bare(module: nn.Module) -> nn.Module:
    """Copy a module without hooks and parametrisations, in float32 if its numbers are shorter."""
    if not isinstance(module, WEIGHING):
        copy: nn.Module = detached(module)
        return copy.float() if any(p.element_size() < 4 for p in copy.parameters()) else copy  # noqa: PLR2004 - bytes
    weight, bias = weight_of(module), bias_of(module)
    kind: Any = torch.promote_types(weight.dtype, torch.float32)
    if isinstance(module, nn.Linear):
        twin: Any = nn.Linear(module.in_features, module.out_features, bias is not None, dtype=kind)
    else:
        twin = nn.Conv2d(
            module.in_channels,
            module.out_channels,
            module.kernel_size,  # type: ignore[arg-type]
            module.stride,  # type: ignore[arg-type]
            module.padding,  # type: ignore[arg-type]
            module.dilation,  # type: ignore[arg-type]
            module.groups,
            bias=bias is not None,
            dtype=kind,
        )
    with torch.no_grad():
        twin.weight.copy_(weight)
        if bias is not None:
            twin.bias.copy_(bias)
    return twin  # type: ignore[no-any-return]
