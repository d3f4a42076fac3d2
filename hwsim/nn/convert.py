"""A network of torch's whose linear layers and convolutions compute on emulated chips."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn

from hwsim.errors import HwsimWarning, check_type
from hwsim.nn import calibration
from hwsim.nn.board import Board
from hwsim.nn.choice import ConversionError, choose, key, matches, prepare
from hwsim.nn.exchange import exchange
from hwsim.nn.leaves import bias_of, detached, find_leaves, flat, is_plain, kind_of, weight_of
from hwsim.nn.making import Wanted, chip_seed, fabricate, group, needs_ranges
from hwsim.nn.runs import Members, find_members
from hwsim.pipeline.hardware import Hardware, check_seed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsim.model.imports import Imported
    from hwsim.nn.chip import ModelChip
    from hwsim.nn.leaves import Leaf
    from hwsim.pipeline.hardware import Prepared

M = TypeVar("M", bound=nn.Module)


class StaysInTorchWarning(HwsimWarning):
    """Layers with weights that are not on a chip though nobody asked for that; the message says why."""


def convert(
    module: M,
    device: str = "ideal",
    crossbar: str | None = None,
    calibrate: Any = None,
    layers: Mapping[str, Any] | None = None,
    skip: Sequence[str] = (),
    seed: int = 0,
    *,
    technology: str = "fpga-register-ug474-2016",
    effort: str = "greedy",
    settings: Mapping[str, Any] | None = None,
    calibrated: bool = True,
    chains: bool = True,
    inplace: bool = False,
) -> M:
    """Put every ``nn.Linear``, ``nn.Conv1d`` and ``nn.Conv2d`` of a network on an emulated chip.

    The network that comes back is called, trained and saved as before. Forward, these layers compute on their chips,
    with noise; backward, gradients go straight through the chips' design values. Weights are cells and fixed; biases
    stay parameters, and are written to the chip's registers when they change. Everything else (attention, norms,
    embeddings, skips, functions) stays in torch. Layers of a Sequential with nothing between them but what
    :func:`hwsim.emulate` takes share a chip, batch normalisation folded in, and give its very bits.

    Args:
        module: the trained network.
        device: datasheet of the chips, as ``hwsim list devices`` prints them.
        crossbar: topology of one permutation circuit per output unit; None for fixed connections.
        calibrate: samples that set ranges of converters and shifts: a tensor or array that is passed to the network, or
            a loader, of which the first 1,024 samples are taken (tuples begin with the input). It may be left out for
            ideal cells, and where all is one chip: then it is uniform in 0..1, as in :func:`hwsim.emulate`.
        layers: patterns of names (``"blocks.*.fc"``; a module means all within it) to another device, or to a table
            of other arguments of this function and settings of the device; the last pattern that fits decides.
        skip: patterns of what stays in torch; of normalisation, what is not folded.
        seed: of static variation and read noise. The first chip has it as it is, the others one from it and their name.
        technology: datasheet of the switches.
        effort: how hard the router tries to toggle little.
        settings: numbers of the datasheet to override, written as in a scenario's ``[device]``.
        calibrated: as in :func:`hwsim.emulate`.
        chains: whether layers of a Sequential share a chip.
        inplace: whether the module itself is changed in place of a copy.

    Returns:
        The network, with the methods ``reconnect(name, permutations)`` and ``schedule()`` (:mod:`hwsim.nn.converted`).

    Raises:
        ConversionError: everything that is wrong, a line each.

    Example:
        >>> import hwsim
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 2))
        >>> chip = hwsim.nn.convert(net, "fpga-lut-bthowen-2022", calibrate=torch.rand(64, 4))
        >>> y = chip(torch.rand(3, 4))
        >>> y.sum().backward()
        >>> sorted(name for name, _ in chip.named_parameters())
        ['0.bias', '2.bias', '2.weight', '3.bias']
    """
    _check(module, layers, skip, seed, settings)
    default = Hardware(device, crossbar, dict(settings or {}), technology, effort, calibrated)
    faults: list[str] = []
    leaves = find_leaves(module)
    wishes = choose(leaves, dict(module.named_modules()), default, layers or {}, skip, faults)
    prepared = prepare([default, *wishes], faults)
    going = [leaf for leaf, wish in zip(leaves, wishes, strict=True) if wish and not leaf.why]
    faults += _not_finite(going)
    if faults:
        raise ConversionError(faults)
    hardware = {leaf.name: wish for leaf, wish in zip(leaves, wishes, strict=True) if wish}
    members = _members(module, going, hardware, skip) if chains else []
    heard, total, members = _listen(module, going, members, calibrate)
    for leaf in going if heard else []:
        leaf.why = calibration.why_not(leaf.module, heard[leaf.name])  # type: ignore[index]
    passed = [leaf for leaf in going if leaf.why]
    for leaf in passed:
        asked = [pattern for pattern in layers or {} if pattern in leaf.names]
        faults += [f"layers: {p!r} asks for {leaf.words}, which cannot go on a chip: {leaf.why}" for p in asked]
    going = [leaf for leaf in going if not leaf.why]
    if not going and not faults:
        faults.append(_nothing(leaves, wishes))
    if faults:
        raise ConversionError(faults)
    members = [one for one in members if set(one.layers) <= {leaf.name for leaf in going}]
    made = _make(module, group(going, hardware, members, module), prepared, heard, total, seed, faults)
    if faults:
        raise ConversionError(faults)
    staying = [(leaf.name, kind_of(leaf.module), leaf.why) for leaf in leaves if leaf not in going]
    if told := [leaf.words + ": " + leaf.why for leaf, w in zip(leaves, wishes, strict=True) if leaf.why and w]:
        what = "stays in torch, beside the chips: " if len(told) == 1 else "stay in torch, beside the chips: "
        hint = "name what is meant to in skip=[...], and this is not said again"
        warnings.warn(f"{what}{'; '.join(told)}; {hint}", StaysInTorchWarning, stacklevel=2)
    board = Board([chip for chip, *_ in made], {}, staying, seed)
    return exchange(module if inplace else detached(module), board, made)


def _check(module: Any, layers: Any, skip: Any, seed: Any, settings: Any) -> None:
    """Refuse arguments of a wrong type."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, found {type(module).__name__}")
    check_type("layers", layers, "a table", none=True)
    check_type("skip", skip, "a list of texts")
    check_type("settings", settings, "a table", none=True)
    check_seed(seed)


def _not_finite(leaves: list[Leaf]) -> list[str]:
    """List layers whose weights or biases are not numbers."""
    found = []
    for leaf in leaves:
        bias = bias_of(leaf.module)
        if not torch.isfinite(weight_of(leaf.module)).all() or (bias is not None and not torch.isfinite(bias).all()):
            found.append(f"{leaf.words}: its weights or biases are not finite numbers")
    return found


def _nothing(leaves: list[Leaf], wishes: list[Hardware | None]) -> str:
    """Explain why nothing can go on a chip."""
    pairs = zip(leaves, wishes, strict=True)
    reasons = [f"{leaf.words}: {leaf.why if wish else 'skipped'}" for leaf, wish in pairs]
    return "nothing can go on a chip: " + ("; ".join(reasons) or "the module has no Linear, Conv1d or Conv2d")


def _members(
    module: nn.Module, leaves: list[Leaf], hardware: dict[str, Hardware], skip: Sequence[str]
) -> list[Members]:
    """Find members of Sequentials that may share a chip: called under one name, with weights of their own."""
    by_module = {id(leaf.module): leaf for leaf in leaves}
    weights = [id(leaf.module._parameters.get("weight")) for leaf in leaves]  # noqa: SLF001 - no access to computed ones

    def tell(name: str, member: nn.Module) -> str | None:
        leaf = by_module.get(id(member))
        if leaf is None:
            weighs = isinstance(member, (nn.Linear, nn.Conv2d))
            return None if weighs or any(matches(name, pattern) for pattern in skip) else ""
        tied = weights.count(id(member._parameters.get("weight"))) > 1 and "weight" in member._parameters  # noqa: SLF001 - as above
        return None if len(leaf.names) > 1 or tied else key(hardware[leaf.name])

    return find_members(module, tell)


def _listen(
    module: nn.Module, leaves: list[Leaf], members: list[Members], calibrate: Any
) -> tuple[dict[str, calibration.Listener] | None, int, list[Members]]:
    """Make the calibration run, if there are samples; members that are called one by one have chips of their own."""
    if calibrate is None:
        return None, 0, members
    sequences = {name: one.sequence for one in members for name in one.names}
    wanted = [*dict.fromkeys([*(leaf.name for leaf in leaves), *sequences])]
    heard, total = calibration.run(module, wanted, sequences, calibrate)
    together = [one for one in members if not any(heard[name].outside for name in one.names)]
    return heard, total, together


def _make(
    module: nn.Module,
    wanted: list[Wanted],
    prepared: dict[str, Prepared],
    heard: dict[str, calibration.Listener] | None,
    total: int,
    seed: int,
    faults: list[str],
) -> list[tuple[ModelChip, Imported, Wanted]]:
    """Fabricate all chips; those that cannot be done together are done one by one."""
    made: list[tuple[ModelChip, Imported, Wanted]] = []
    queue = list(wanted)
    while queue:
        one = queue.pop(0)
        hardware = prepared[key(one.hardware)]
        if heard is None and needs_ranges(hardware) and not (one.alone and _enters(module, one)):
            what = f"{one.name}: ranges of {one.hardware.device} follow from what enters"
            faults.append(f"{what}; give calibrate=, samples like those to be inferred")
            continue
        try:
            found = fabricate(one, hardware, heard, total, chip_seed(seed, one.name, len(made)))
        except ValueError as error:
            faults += str(error).splitlines()
            continue
        if found is None:
            queue[:0] = [Wanted([leaf], one.hardware) for leaf in one.leaves]
        else:
            made.append((*found, one))
    return made


def _enters(module: nn.Module, wanted: Wanted) -> bool:
    """Tell whether what enters a network enters a chip as it is."""
    if wanted.entrance == "":
        return True
    return is_plain(module) and next((name for name, _ in flat(module)), None) == wanted.entrance
