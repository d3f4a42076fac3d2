"""Chips for the layers of a network: which layers have one together, and their fabrication."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from hwsim.device.ideal import Ideal
from hwsim.errors import HwsimError
from hwsim.nn.chip import ModelChip
from hwsim.nn.choice import key
from hwsim.nn.leaves import bias_of, weight_of
from hwsim.nn.shape import one_layer, repeated
from hwsim.pipeline.emulation import Emulation
from hwsim.pipeline.hardware import drawn_samples
from hwsim.stream import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.model.imports import Imported
    from hwsim.nn.calibration import Listener
    from hwsim.nn.leaves import Leaf
    from hwsim.nn.runs import Members
    from hwsim.pipeline.hardware import Hardware, Prepared

IMAGE = 3


@dataclass
class Wanted:
    """One chip to be made.

    Args:
        leaves: the layers on it, in order; of tied weights all that share the chip's only layer.
        hardware: what it is made on.
        members: the members of a Sequential that it computes, None for a chip of one layer.
    """

    leaves: list[Leaf]
    hardware: Hardware
    members: Members | None = None
    alone: bool = False
    """Whether it is all of the network that computes."""
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the name of the first layer."""
        return self.leaves[0].name

    @property
    def entrance(self) -> str:
        """Return what is listened to for the inputs of the chip."""
        return self.members.names[0] if self.members else self.name


def group(
    leaves: list[Leaf], hardware: dict[str, Hardware], members: list[Members], network: nn.Module
) -> list[Wanted]:
    """Tell which layers share a chip; the others have their own, tied ones one for all.

    Args:
        leaves: layers that go on chips.
        hardware: of every one, by name.
        members: members of Sequentials that go on one chip, each with two layers or more, or something between.
        network: the network.
    """
    by_name = {leaf.name: leaf for leaf in leaves}
    found = [Wanted([by_name[n] for n in one.layers], hardware[one.layers[0]], one) for one in members]
    taken = {leaf.name for wanted in found for leaf in wanted.leaves}
    shared: dict[tuple[object, ...], Wanted] = {}
    for leaf in leaves:
        if leaf.name in taken:
            continue
        weight = leaf.module._parameters.get("weight")  # noqa: SLF001 - that of a parametrised layer is no parameter
        tie = (id(weight) if weight is not None else id(leaf), type(leaf.module), key(hardware[leaf.name]))
        if tie in shared:
            shared[tie].leaves.append(leaf)
        else:
            shared[tie] = Wanted([leaf], hardware[leaf.name])
    order = {name: number for number, (name, _) in enumerate(network.named_modules())}
    found = sorted([*found, *shared.values()], key=lambda wanted: order[wanted.name])
    if len(found) == 1:
        found[0].alone = True
    return found


def fabricate(
    wanted: Wanted, prepared: Prepared, heard: dict[str, Listener] | None, total: int, seed: int
) -> tuple[ModelChip, Imported] | None:
    """Make one chip; None where its members cannot be done together.

    Args:
        wanted: which.
        prepared: its hardware.
        heard: what the calibration run heard, None where there was none.
        total: samples of that run.
        seed: of the chip.

    Raises:
        ValueError: it cannot be made; the message names the layer.
    """
    entering = None
    if heard is not None:
        entering = [tensor for leaf in wanted.leaves for tensor in heard[leaf.name].inputs]
        entering = heard[wanted.entrance].inputs if wanted.members else entering
    rowwise = wanted.members.rowwise if wanted.members else isinstance(wanted.leaves[0].module, nn.Linear)
    rows = 1
    if rowwise and entering is not None:
        rows = max(ceil(sum(one.numel() // one.shape[-1] for one in entering) / total), 1)
    network = _network(wanted, prepared, entering, rows, rowwise=rowwise)
    if network is None:
        return None
    samples = _samples(network, entering, seed, rowwise=rowwise)
    try:
        machine = prepared.fabricate(network, samples, seed)
    except HwsimError as error:
        raise ValueError(f"{wanted.name or 'the module'}: {error}") from None
    emulation = Emulation(machine, network.shape, seed, wanted.hardware.device, calibrated=heard is not None)
    emulation.cure = f"give hwsim.nn.convert calibrate=, samples like those inferred, for {wanted.name or 'the module'}"
    uses = 1 if rowwise or entering is None else len(entering)
    names = tuple(leaf.name for leaf in (wanted.leaves if wanted.members else wanted.leaves[:1]))
    biases = [values.bias for values in network.start]
    return ModelChip(names, emulation, wanted.hardware, biases, rowwise, uses), network


def _network(
    wanted: Wanted, prepared: Prepared, entering: list[torch.Tensor] | None, rows: int, *, rowwise: bool
) -> Imported | None:
    """Build the network that is burnt in."""
    shape = None if entering is None else tuple(entering[0].shape[1:])
    if wanted.members is None:
        return one_layer(wanted.leaves[0].module, _layer_shape(wanted.leaves[0].module, entering), rows)
    if rowwise and shape is not None:
        shape = shape[-1:]
    found = wanted.members.read(shape, prepared.device)
    if found is None and type(wanted.members.modules[-1]) not in {nn.Linear, nn.Conv2d}:
        shorter = wanted.members.until(len(wanted.members.modules) - 1)  # some devices do not activate their last layer
        found = shorter.read(shape, prepared.device)
        wanted.members = shorter if found else wanted.members
    return None if found is None else repeated(found, rows) if rowwise else found


def _layer_shape(module: nn.Module, entering: list[torch.Tensor] | None) -> tuple[int, ...]:
    """Return the shape of what a layer takes: a row, or an image, as small as its kernel if nothing is known."""
    if isinstance(module, nn.Linear):
        return (module.in_features,)
    kernel: tuple[int, ...] = module.kernel_size  # type: ignore[assignment]
    size = kernel if entering is None else tuple(entering[0].shape[-len(kernel) :])
    channels: int = module.in_channels  # type: ignore[assignment]
    return (channels, *size) if len(size) > 1 else (channels, 1, *size)


def _samples(
    network: Imported, entering: list[torch.Tensor] | None, seed: int, *, rowwise: bool
) -> NDArray[np.float32]:
    """Return the samples that set ranges: what entered in the calibration run, else uniform in 0..1."""
    width = network.model.inputs
    if entering is None:
        drawn = drawn_samples(network.shape, seed)
        return drawn.reshape(len(drawn), -1)
    parts = [one.to("cpu", torch.float32).numpy().reshape(-1, one.shape[-1] if rowwise else width) for one in entering]
    found = np.concatenate([np.ascontiguousarray(part) for part in parts])
    if rowwise and width > found.shape[1]:
        rows = width // found.shape[1]
        found = found[np.arange(ceil(len(found) / rows) * rows) % len(found)].reshape(-1, width)
    return found


def chip_seed(seed: int, name: str, number: int) -> int:
    """Return the seed of a chip: the first has the network's own, the others one of their name."""
    return seed if number == 0 else int(stream(seed, f"nn/{name}").integers(1 << 63))


def needs_ranges(prepared: Prepared) -> bool:
    """Tell whether calibration samples decide anything on a device."""
    return not isinstance(prepared.device, Ideal)


def register_of(leaf: Leaf, bias: NDArray[np.float64] | None) -> nn.Parameter | None:
    """Return the bias of a layer as a parameter; None if it has none.

    Args:
        leaf: the layer.
        bias: what it is on a chip of several members, with normalisation folded in; None where the layer's own is.
    """
    own, weight = bias_of(leaf.module), weight_of(leaf.module)
    if own is None and (bias is None or not bias.any()):
        return None
    values = own if bias is None else torch.from_numpy(bias)
    return None if values is None else nn.Parameter(values.to(weight.device, weight.dtype, copy=True))
