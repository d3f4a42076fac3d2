# ruff: noqa: SLF001 - what torch keeps of a module is private, and has to go
"""Modules of a network become layers on chips, in the very place where they stand.

The class of a module is exchanged, not the module: whoever holds it, under whatever name, holds the layer on the chip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from torch import nn

from hwsim.nn.converted import join
from hwsim.nn.layer import ChipLayer, ChipSequential, Folded, Run
from hwsim.nn.leaves import kind_of, reparametrising
from hwsim.nn.making import register_of
from hwsim.nn.runs import NORMS
from hwsim.nn.shape import numbers, window_of

if TYPE_CHECKING:
    from hwsim.model.imports import Imported
    from hwsim.nn.board import Board
    from hwsim.nn.chip import ModelChip
    from hwsim.nn.leaves import Leaf
    from hwsim.nn.making import Wanted

M = TypeVar("M", bound=nn.Module)

GONE = ("weight", "weight_orig", "weight_g", "weight_v", "weight_u", "weight_mask", "bias_orig", "bias_mask", "bias_g")
"""Parameters and buffers that are cells now, or that cells were worked out from."""


def exchange(network: M, board: Board, made: list[tuple[ModelChip, Imported, Wanted]]) -> M:
    """Turn layers of a network into layers on chips.

    Args:
        network: what is changed.
        board: the chips.
        made: every chip, what is burnt into it, and the layers that it was made for.
    """
    modules = dict(network.named_modules(remove_duplicate=False))
    sequences: dict[str, list[Run]] = {}
    for chip, burnt, wanted in made:
        for number, leaf in enumerate(wanted.leaves):
            layer, folded = (number, burnt.start[number].bias) if wanted.members else (0, None)
            _turn(modules[leaf.name], leaf, board, chip, layer, register_of(leaf, folded))
            board.names |= dict.fromkeys(leaf.names, (chip, layer))
        if wanted.members:
            members = tuple(modules[name] for name in wanted.members.names)
            for member in members:
                if isinstance(member, NORMS):
                    _fold(member)
            layers = tuple(member for member in members if isinstance(member, ChipLayer))
            run = Run(wanted.members.first, wanted.members.first + len(members), chip, members, layers)
            sequences.setdefault(wanted.members.sequence, []).append(run)
    for name, runs in sequences.items():
        sequence = modules[name]
        sequence.__class__ = ChipSequential
        sequence.runs = tuple(runs)
    _part_fused(network)
    network.__class__ = join(type(network))  # type: ignore[assignment]
    return network


def _turn(module: Any, leaf: Leaf, board: Board, chip: ModelChip, layer: int, bias: nn.Parameter | None) -> None:
    """Make a module a layer on a chip."""
    was, window = kind_of(leaf.module), None if isinstance(module, nn.Linear) else window_of(module)
    wants = bias is not None and (module.bias is None or module.bias.requires_grad)
    module._modules.pop("parametrizations", None)  # their class is shared with the original, and left alone
    gone = {id(hook) for hook in reparametrising(module)}
    for number in [n for n, hook in module._forward_pre_hooks.items() if id(hook) in gone]:
        del module._forward_pre_hooks[number]
    for name in (*GONE, "bias"):
        for held in (module._parameters, module._buffers, vars(module)):
            held.pop(name, None)
    module.__class__ = ChipLayer
    module.take(board, chip, layer, was)
    module.window = window
    module.register_parameter("bias", None if bias is None else nn.Parameter(bias.detach().clone(), wants))
    if bias is not None and chip.layers[layer] == leaf.name:
        chip.biases[layer] = numbers(bias)


def _fold(module: nn.Module) -> None:
    """Take away a normalisation that was folded into the layer before it."""
    module._parameters.clear()
    module._buffers.clear()
    module.__class__ = Folded


def _part_fused(network: nn.Module) -> None:
    """Keep torch's encoders from the fused path, in which they read the weights of their parts."""
    module: Any
    for module in network.modules():
        parts = isinstance(module, (nn.TransformerEncoderLayer, nn.TransformerEncoder))
        if parts and any(isinstance(part, ChipLayer) for part in module.modules()):
            if isinstance(module, nn.TransformerEncoder):
                module.use_nested_tensor = False
            else:
                module.activation_relu_or_gelu = 0
