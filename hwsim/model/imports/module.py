"""A trained torch module as a model and the values that it starts from, taken from what it computes."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from hwsim.model.imports.operation import UntakenError, name_arguments, name_operation, sample_shape
from hwsim.model.imports.refusal import CONVERT
from hwsim.model.imports.trace import BATCH, trace
from hwsim.model.imports.translation import Signal, Translation
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
            continue
        origin = to.origin(one)
        try:
            to.values[one] = _take(to, origin, one)
        except UntakenError as error:
            to.values[one] = to.refuse(origin, error, sample_shape(one))
        signal = to.values[one]
        if signal.plain and signal.at == len(to.graph.nodes) - 1 >= 0 and one is not to.dropped:
            to.graph.call(one.name)
    _check_end(to)
    return to.graph.finish("imported from torch", found)


def _take(to: Translation, origin: str, one: Operation) -> Signal:
    """Add one operation to the graph."""
    name = name_operation(one)
    if name == "getitem":  # of what is refused
        before = to.values[to.input(one)]
        to.graph.stand_in(origin, sample_shape(one))
        return replace(before, at=len(to.graph.nodes) - 1, shape=sample_shape(one))
    given = one.meta.get("val")
    if given is None or not hasattr(given, "shape") or not given.dtype.is_floating_point or given.shape[:1] != (BATCH,):
        raise UntakenError(f"cannot be emulated: {name} gives something else than real numbers for each sample")
    if name not in VERBS:
        raise UntakenError("cannot be emulated" if name in origin.lower() else f"cannot be emulated ({name})")
    return VERBS[name](to, origin, one, name_arguments(one))


def _check_end(to: Translation) -> None:
    """Refuse what is left to do to the outputs of the last node."""
    last, graph = to.values[to.trace.given], to.graph
    if graph.refused:
        return
    if not last.plain:
        what = "scales, shifts or pads what the last layer gives behind its activation"
        hint = f"leave it out and do it to the outputs; or {CONVERT}"
        graph.refuse(to.origin(to.trace.given), what, hint, gives=last.shape)
    elif last.shape != graph.shape and prod(last.shape) == prod(graph.shape):
        what = f"gives outputs of shape {last.shape}, but those of the last layer have {graph.shape}"
        graph.refuse(to.trace.called, what, "leave the outputs as the last layer gives them", gives=last.shape)
    elif last.at != len(graph.nodes) - 1:
        graph.refuse(to.trace.called, "gives what a layer gives that is not the last", gives=last.shape)
