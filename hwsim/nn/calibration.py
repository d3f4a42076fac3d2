"""A run of the network on calibration samples, before anything is on a chip: what enters layers, and who reads weights.

The run is made with a copy in evaluation mode. What is called in it, how often and on what, sets ranges of converters,
products of an inference, and which layers can go on a chip at all: one whose weights are read without calling it, or
that gives anything but what torch's layer gives of its weights, would be passed by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from hwsim.nn.leaves import bias_of, detached, weight_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = 1024
"""Samples that are taken of a loader, in whole batches."""
CLOSE = 1e-3
"""How far the output of a layer may be from what its weights give, in units of its largest; half types 20 times."""


class Listener:
    """What happens to one module in the run."""

    def __init__(self) -> None:
        self.inputs: list[torch.Tensor] = []
        self.first: tuple[torch.Tensor, torch.Tensor] | None = None
        self.inside = self.read = False
        self.outside = 0
        """Calls while its Sequential was not being called."""


def run(
    network: nn.Module, wanted: list[str], sequences: dict[str, str], calibrate: Any
) -> tuple[dict[str, Listener], int]:
    """Run a network on samples and listen.

    Args:
        network: the network, which is not changed.
        wanted: names of modules to listen to.
        sequences: of members of a Sequential, its name.
        calibrate: a tensor or array, which is passed as it is; or a loader of such, of tuples that begin with one, or
            of tables of keyword arguments, of which the first 1,024 samples are taken.

    Returns:
        What was heard, by name, and the number of samples.

    Raises:
        ValueError: no samples, or some that are not finite numbers.
    """
    copy = detached(network).eval()
    modules = dict(copy.named_modules(remove_duplicate=False))
    heard = {name: Listener() for name in wanted}
    active = dict.fromkeys(set(sequences.values()), 0)
    for name in active:
        _count(modules[name], active, name)
    for name, listener in heard.items():
        _listen(modules[name], listener, active, sequences.get(name))
    total = 0
    with torch.no_grad(), _without_fast_path():
        for positional, named, count in _batches(calibrate, copy):
            copy(*positional, **named)
            total += count
    if not total:
        raise ValueError("calibrate has no samples; give samples like those to be inferred")
    return heard, total


def _batches(calibrate: Any, network: nn.Module) -> Iterator[tuple[tuple[Any, ...], dict[str, Any], int]]:
    """Yield the arguments of every call, and its samples."""
    kind = next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    if isinstance(calibrate, torch.Tensor | np.ndarray):
        calibrate = [calibrate]
    if not isinstance(calibrate, Iterable):
        raise ValueError(f"calibrate is a {type(calibrate).__name__}; give a tensor, an array or a loader")  # noqa: TRY004 - told like other wrong samples
    taken = 0
    for batch in calibrate:
        named = (
            {key: _tensor(value, kind, device) for key, value in batch.items()} if isinstance(batch, Mapping) else {}
        )
        first = () if named else (_tensor(batch[0] if isinstance(batch, tuple | list) else batch, kind, device),)
        given = next(value for value in (*first, *named.values()) if isinstance(value, torch.Tensor))
        if not given.ndim or not len(given):
            raise ValueError(f"calibrate must be samples, batch first, found a tensor of shape {tuple(given.shape)}")
        yield first, named, len(given)
        taken += len(given)
        if taken >= SAMPLES:
            return


def _tensor(value: Any, kind: torch.dtype, device: torch.device) -> Any:
    """Convert a tensor to the form that the network takes; anything else stays as it is."""
    found = torch.from_numpy(value) if isinstance(value, np.ndarray) else value
    if not isinstance(found, torch.Tensor):
        return found
    if found.is_floating_point():
        if not torch.isfinite(found).all():
            raise ValueError("calibration samples hold numbers that are not finite; clean the data")
        found = found.to(kind) if isinstance(value, np.ndarray) else found
    return found.to(device)


def _count(sequence: nn.Module, active: dict[str, int], name: str) -> None:
    """Keep count of how deep in calls of a Sequential the run is."""

    def begin(*_: Any) -> None:
        active[name] += 1

    def end(*_: Any) -> None:
        active[name] -= 1

    sequence.register_forward_pre_hook(begin, prepend=True)
    sequence.register_forward_hook(end)


def _listen(module: nn.Module, listener: Listener, active: dict[str, int], sequence: str | None) -> None:
    """Note inputs, the first output, calls outside the Sequential, and weights read outside of a call."""

    def before(_: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        signals = given[0] if given else next(iter(named.values()))
        listener.inputs.append(signals.detach())
        if sequence is not None and not active[sequence]:
            listener.outside += 1

    def after(_: nn.Module, given: tuple[Any, ...], named: dict[str, Any], found: Any) -> None:
        if listener.first is None and isinstance(found, torch.Tensor):
            listener.first = (given[0] if given else next(iter(named.values()))).detach(), found.detach()

    module.register_forward_pre_hook(before, with_kwargs=True)
    module.register_forward_hook(after, with_kwargs=True, prepend=True)
    module.__class__ = _watched(type(module), listener)


def _watched(cls: type[nn.Module], listener: Listener) -> type[nn.Module]:
    """Build the class that also watches who reads its weight."""

    def call(self: nn.Module, *given: Any, **named: Any) -> Any:
        before, listener.inside = listener.inside, True
        try:
            return cls.__call__(self, *given, **named)
        finally:
            listener.inside = before

    def get(self: nn.Module, name: str) -> Any:
        if name == "weight" and not listener.inside:
            listener.read = True
        return cls.__getattribute__(self, name)

    return type(cls.__name__, (cls,), {"__call__": call, "__getattribute__": get})


def why_not(module: nn.Module, listener: Listener) -> str:
    """Say why a layer would be passed by on a chip, by what was heard of it; empty where it would not."""
    if listener.read:
        return "other code reads its weights"
    if not listener.inputs:
        return "it was not called on the calibration samples"
    if listener.first is None:
        return "it gave something else than a tensor"
    given, found = listener.first
    weight, bias = weight_of(module).double(), bias_of(module)
    shift = None if bias is None else bias.double()
    axes = 2 if isinstance(module, nn.Linear) else weight.ndim
    some = slice(4) if given.ndim >= axes else slice(None)
    few = given[some].double()
    if isinstance(module, nn.Linear):
        wanted = functional.linear(few, weight, shift)
    else:
        one: Any = functional.conv1d if isinstance(module, nn.Conv1d) else functional.conv2d
        wanted = one(few, weight, shift, module.stride, module.padding, module.dilation, module.groups)
    got = found[some].double()
    room = CLOSE * (20 if found.dtype in {torch.float16, torch.bfloat16} else 1)
    if got.shape != wanted.shape or bool((got - wanted).abs().max() > room * wanted.abs().max().clamp(min=1e-30)):
        return "its output is not what torch's layer gives of its weights"
    return ""


@contextmanager
def _without_fast_path() -> Iterator[None]:
    """Switch off torch's fused encoder layers, which read weights of their parts, for a while."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
