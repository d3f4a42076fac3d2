"""A trained torch module as a model and the values that it starts from, taken from what it computes."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from hwsim.model.imports.operation import UntakenError, name_arguments, name_operation, sample_shape
from hwsim.model.imports.refusal import CONVERT
from hwsim.model.imports.trace import BATCH, trace
from hwsim.model.imports.translation import FIRST_OF, Signal, Translation
from hwsim.model.imports.verbs import VERBS

if TYPE_CHECKING:
    import torch
    from torch.fx import Node as Operation

    from hwsim.model.imports.graph import Imported


def read_module(module: torch.nn.Module, shape: tuple[int, ...] | None) -> Imported:
    """Take a module from what it computes: its layers, functions, hooks and parametrizations.

    Args:
        module: any, which is not changed.
        shape: of one sample; needed where an image comes first.

    Raises:
        RefusedError: parts of it cannot be emulated; the message has a line for each, with the layer's name.
    """
    found = trace(module, shape)
    to = Translation(found)
    for one in found.operations:
        if one in found.constants:
            continue
        if to.roots[one] is not one:
            to.values[one] = to.values[to.roots[one]]
        else:
            origin = to.origin(one)
            try:
                to.values[one] = _take(to, origin, one)
                _check_size(to, to.values[one])
            except UntakenError as error:
                to.values[one] = to.refuse(origin, error, sample_shape(one))
        signal = to.values[one]
        if signal.plain and signal.at == to.graph.end and to.roots[one] is not to.dropped:
            to.graph.call(one.name)
    _check_end(to)
    network = to.graph.finish("imported from torch", found)
    return replace(network, shape=sample_shape(found.taken))


def _take(to: Translation, origin: str, one: Operation) -> Signal:
    """Add one operation to the graph."""
    name = name_operation(one)
    if name == "getitem":  # of what is refused
        before = to.values[to.input(one)]
        to.graph.stand_in(origin, sample_shape(one))
        return replace(before, at=to.graph.end, shape=sample_shape(one))
    if name not in VERBS:
        raise UntakenError("cannot be emulated" if name in origin.lower() else f"cannot be emulated ({name})")
    given = one.meta.get("val")
    given = given[0] if name in FIRST_OF and given else given
    if given is None or not hasattr(given, "shape") or not given.dtype.is_floating_point:
        raise UntakenError(f"cannot be emulated: {name} gives something else than real numbers")
    if given.shape[:1] != (BATCH,):
        raise UntakenError(f"gives an array of shape {tuple(given.shape)}, in which samples do not stand one by one")
    return VERBS[name](to, origin, one, name_arguments(one))


def _check_size(to: Translation, signal: Signal) -> None:
    """Refuse to go on with a node that gives more or fewer signals than the module does."""
    if signal.plain and signal.at == to.graph.end and not to.graph.lost and prod(signal.shape) != prod(to.graph.shape):
        what = f"was misread: as imported it gives {to.graph.shape} where the module has {signal.shape}"
        raise UntakenError(what, "this is a fault of hwsim, please report it")


def _check_end(to: Translation) -> None:
    """Finish with what is left to do to the outputs of the last node, or refuse it."""
    end, graph = to.trace.given, to.graph
    if graph.refused:
        return
    try:
        last = to.settle(to.origin(end) if end is not to.trace.taken else to.trace.called, end)
    except UntakenError as error:
        to.refuse(to.origin(end), error, to.values[end].shape)
        return
    if last.at != len(graph.nodes) - 1:
        what = "gives what a layer gives that is not the last, as another one takes it too"
        graph.refuse(to.trace.called, what, CONVERT, gives=last.shape)
    elif last.shape != graph.shape:
        what = f"gives outputs of shape {last.shape}, but those of the last layer have {graph.shape}"
        graph.refuse(to.trace.called, what, "leave the outputs as the last layer gives them", gives=last.shape)
