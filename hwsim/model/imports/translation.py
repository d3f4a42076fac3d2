"""A traced module on its way to a model: which node of the model gives which value of the module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model.imports.graph import NetworkGraph
from hwsim.model.imports.operation import UntakenError, by_sample, by_unit, name_arguments, name_operation, sample_shape
from hwsim.model.imports.trace import BATCH, Trace, name_layer, stack

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch.fx import Node as Operation

    Array = NDArray[np.float64]

SAME = {"alias", "clone", "contiguous", "detach", "lift", "lift_fresh", "lift_fresh_copy", "to", "_to_copy", "type_as"}
"""Operations that give what they take."""
SHAPES = {"view", "reshape", "_unsafe_view", "flatten", "squeeze", "unsqueeze", "unflatten", "view_as", "reshape_as"}
"""Operations that give the same numbers in the same order, in another shape."""
DROPS = {"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"}


@dataclass(frozen=True)
class Signal:
    """A value of the module: what a node of the graph gives, in the module's shape, times a gain, plus a shift.

    ``gain`` and ``shift`` have the shape of one sample; ``pads`` are zeros to the left, to the right, above and below.
    """

    at: int
    shape: tuple[int, ...]
    gain: Array | None = None
    shift: Array | None = None
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def plain(self) -> bool:
        """Tells whether it is what the node gives, and nothing more."""
        return self.gain is None and not any(self.pads)


class Translation:
    """A traced module on its way to a model: the graph so far, and which of its nodes give which values."""

    def __init__(self, found: Trace) -> None:
        self.trace = found
        self.values: dict[Operation, Signal] = {found.taken: Signal(-1, sample_shape(found.taken))}
        self.graph = NetworkGraph(sample_shape(found.taken), "Linear or Conv2d")
        self.refused: set[str] = set()
        self.dropped: Operation | None = None
        self.roots: dict[Operation, Operation] = {found.taken: found.taken}
        """The value that a value is but another name for."""
        self.uses: dict[Operation, int] = {}
        """How many operations take a value, under any name."""
        for one in found.operations:
            if one in found.constants:
                continue
            self.roots[one] = self.roots[self.input(one)] if self._same(one) else one
            if self.roots[one] is one:
                for before in one.all_input_nodes:
                    if before in self.roots:
                        self.uses[self.roots[before]] = self.uses.get(self.roots[before], 0) + 1
        end = self.roots[found.given]
        self.uses[end] = self.uses.get(end, 0) + 1

    def refuse(self, origin: str, error: UntakenError, gives: tuple[int, ...]) -> Signal:
        """Note a refusal, one for each module within, and stand in for what is refused."""
        if origin.partition(", ")[0] in self.refused:
            self.graph.stand_in(origin, gives)
        else:
            self.refused.add(origin.partition(", ")[0])
            self.graph.refuse(origin, error.what, error.hint, gives=gives)
        return Signal(len(self.graph.nodes) - 1, gives)

    def origin(self, one: Operation) -> str:
        """What an operation is called: its layer, and where that does more than one, what and in which line."""
        path, kind = stack(one)
        whole = str(one.meta.get("nn_module_stack") or "")
        name = name_layer(path, kind or self.trace.called)
        if self.trace.paths.get(path) == 1 and "torch.nn.modules" in whole:
            return name
        lines = [line for line in (one.meta.get("stack_trace") or "").splitlines() if line.strip().startswith("File ")]
        line = lines[-1].partition(", line ")[2].partition(",")[0] if lines and "/torch/" not in lines[-1] else ""
        return f"{name}, {name_operation(one)}{f' in line {line}' if line else ''}"

    def input(self, one: Operation) -> Operation:
        """The one value that an operation takes."""
        return next(before for before in one.all_input_nodes if before in self.roots)

    def _same(self, one: Operation) -> bool:
        """Tells whether an operation gives what it takes, number for number and in the same shape."""
        name, given = name_operation(one), one.meta.get("val")
        if given is None or not hasattr(given, "shape") or not given.dtype.is_floating_point:
            return False
        if name in DROPS:
            return not name_arguments(one)["train"]
        if name in SAME | SHAPES | {"expand"}:
            return bool(given.shape == self.input(one).meta["val"].shape)
        return False

    def signal(self, value: Any, what: str = "takes") -> Signal:
        """The signal that an argument is."""
        if not hasattr(value, "op") or value not in self.values:
            raise UntakenError(f"{what} constants where a signal of the network should come")
        return self.values[value]

    def constant(self, value: Any) -> torch.Tensor:
        """The constant that an argument is."""
        import torch

        if hasattr(value, "op"):
            if value not in self.trace.constants:
                raise UntakenError("multiplies signals with each other; weights must be constants")
            value = self.trace.constants[value]
        found = torch.as_tensor(value)
        if found.is_complex():
            raise UntakenError(f"is complex ({found.dtype}), and cells hold real numbers")
        return found

    def go(self, signal: Signal) -> None:
        """Go on from a signal."""
        if signal.at != len(self.graph.nodes) - 1:
            what = "goes back to what an earlier layer gives"
            raise UntakenError(f"{what}; branches can be emulated as the summand of a sum alone")

    def foldable(self, value: Operation) -> bool:
        """Tells whether what is done to a value can become part of the layer that gives it."""
        signal = self.values[value]
        alone = self.uses.get(self.roots[value]) == 1
        return alone and signal.plain and signal.at == len(self.graph.nodes) - 1 and signal.shape == self.graph.shape

    def affine(self, origin: str, one: Operation, value: Any, gain: Any, shift: Any) -> Signal:
        """Multiply a signal and add to it: in the layer that gives it, or in the one that takes it."""
        signal, shape = self.signal(value), sample_shape(one)
        gain, shift = (by_sample(np.asarray(part, np.float64), shape) for part in (gain, shift))
        if any(signal.pads) or signal.shape != shape:
            raise UntakenError("cannot be emulated here: it spreads signals, or follows a padding")
        if self.foldable(value) and self.graph.open and not self.graph.lost:
            try:
                units = [by_unit(part[None], (BATCH, *shape)) for part in (gain, shift)]
            except UntakenError:
                pass
            else:
                self.graph.scale(origin, *units)
                return signal
        if signal.gain is not None and signal.shift is not None:
            gain, shift = gain * signal.gain, gain * signal.shift + shift
        if (gain == 1).all() and (shift == 0).all():
            return replace(signal, gain=None, shift=None)
        return replace(signal, gain=gain, shift=shift)

    def given(self, signal: Signal) -> tuple[int, ...]:
        """Shape of what the node gives that a signal comes from."""
        return self.graph.nodes[signal.at].given if signal.at >= 0 else self.graph.first
