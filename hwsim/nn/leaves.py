"""Which modules of a network can compute on a chip, torch's own linear layers and convolutions; why others cannot."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

if TYPE_CHECKING:
    from collections.abc import Iterator

LINEAR, CONVOLUTIONS = nn.Linear, (nn.Conv1d, nn.Conv2d)
WEIGHING = (nn.Linear, nn.modules.conv._ConvNd, nn.Bilinear, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)  # noqa: SLF001 - the base of all convolutions has no other name
"""Modules that multiply by weights: those that stay in torch are named, with the reason."""
REPARAMETRISING = (WeightNorm, SpectralNorm, BasePruningMethod)
"""Hooks that work the weight out before every call: what they find is burnt in, and they are done with."""


@dataclass
class Leaf:
    """A module that weighs.

    Args:
        names: where it stands in the network; the first is what it is called.
        module: the module, of the caller's own network.
        why: why it has to stay in torch; empty where it can go on a chip.
    """

    names: tuple[str, ...]
    module: nn.Module
    why: str = ""
    rows: int = 1
    """Products of one inference, as the calibration run found them."""
    uses: int = 1
    """Calls in one inference."""
    seen: list[torch.Tensor] = field(default_factory=list)
    """Inputs in the calibration run."""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.names[0]

    @property
    def words(self) -> str:
        """Name and class, for messages."""
        return f"{self.name or 'the module itself'} ({kind_of(self.module)})"


def kind_of(module: nn.Module) -> str:
    """Return the name of the class as its author wrote it, parametrised or not."""
    cls = type(module)
    return cls.__mro__[1].__name__ if parametrize.is_parametrized(module) else cls.__name__


def find_leaves(network: nn.Module) -> list[Leaf]:
    """Find all modules with weights, in the network's order, each once, with all of its names."""
    found: dict[int, Leaf] = {}
    owners = {id(child): parent for parent in network.modules() for child in parent.children()}
    for name, module in network.named_modules(remove_duplicate=False):
        if not isinstance(module, WEIGHING):
            continue
        if id(module) in found:
            found[id(module)].names += (name,)
        else:
            found[id(module)] = Leaf((name,), module, _obstacle(module, owners.get(id(module))))
    return list(found.values())


def _obstacle(module: nn.Module, owner: nn.Module | None) -> str:  # noqa: PLR0911 - one reason after the other
    """Say why a module cannot go on a chip; return "" if it can."""
    base = next((one for one in (LINEAR, *CONVOLUTIONS) if isinstance(module, one)), None)
    if base is None:
        return f"{kind_of(module)} has no emulation; Linear, Conv1d and Conv2d have one"
    if isinstance(owner, nn.MultiheadAttention):
        return "nn.MultiheadAttention reads its weights and does not call it"
    own = "forward" in vars(module) or type(module).forward is not base.forward
    if own or type(module).__call__ is not nn.Module.__call__:
        return f"{kind_of(module)} computes in a way of its own, not as {base.__name__}"
    if getattr(type(module), "_conv_forward", None) is not getattr(base, "_conv_forward", None):
        return f"{kind_of(module)} computes in a way of its own, not as {base.__name__}"
    if any(nn.parameter.is_lazy(one) for one in module.parameters()):
        return "it has no weights yet; call the module once"
    if isinstance(module, CONVOLUTIONS) and module.padding_mode != "zeros":
        return f"padding of mode {module.padding_mode!r} has no emulation"
    weight = weight_of(module)
    if weight.device.type == "meta":
        return "its weights are on the meta device: load them first"
    if not weight.dtype.is_floating_point:
        return f"weights of {weight.dtype} have no emulation"
    return ""


def reparametrising(module: nn.Module) -> list[Any]:
    """List the hooks of a module that work its weight out before every call."""
    return [hook for hook in module._forward_pre_hooks.values() if isinstance(hook, REPARAMETRISING)]  # noqa: SLF001 - torch has no other way to ask


def weight_of(module: nn.Module) -> torch.Tensor:
    """Return the weight that a call would compute with, detached, parametrised or not."""
    return _computed(module).weight.detach()  # type: ignore[operator]


def bias_of(module: nn.Module) -> torch.Tensor | None:
    """Return the bias that a call would compute with, detached; None if there is none."""
    found = _computed(module).bias
    return None if found is None else found.detach()  # type: ignore[operator]


def _computed(module: nn.Module) -> nn.Module:
    """Return the module, or a copy of it whose reparametrising hooks have been called."""
    if not reparametrising(module):
        return module
    twin: nn.Module = detached(module).eval()
    with torch.no_grad():
        for hook in reparametrising(twin):
            hook(twin, ())
    return twin


def detached(network: nn.Module) -> Any:
    """Copy a network; tensors that came out of a computation are copied by value."""
    memo: dict[int, Any] = {}
    for module in network.modules():
        for value in vars(module).values():
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return copy.deepcopy(network, memo)


def hooked(module: nn.Module) -> bool:
    """Tell whether somebody listens to a module's calls, reparametrising hooks apart."""
    if module._forward_hooks or module._backward_hooks or module._backward_pre_hooks:  # noqa: SLF001 - as above
        return True
    before = module._forward_pre_hooks  # noqa: SLF001 - as above
    return bool(before) and len(before) > len(reparametrising(module))


def flat(sequence: nn.Module, path: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield a Sequential's members in order, those of Sequentials within it in their place, repeats each time."""
    for name, child in sequence._modules.items():  # noqa: SLF001 - named_children leaves repeated ones out
        if child is not None and is_plain(child) and not hooked(child):
            yield from flat(child, f"{path}{name}.")
        elif child is not None:
            yield f"{path}{name}", child


def is_plain(module: nn.Module) -> bool:
    """Tell whether a module calls its children one after the other, as nn.Sequential does."""
    own = "forward" in vars(module) or type(module).__call__ is not nn.Module.__call__
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward and not own
