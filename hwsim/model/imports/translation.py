"""A traced module on its way to a model: which node of the model gives which value of the module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hwsim.model.imports.graph import NetworkGraph
from hwsim.model.imports.operation import (
    UntakenError,
    by_sample,
    by_unit,
    name_arguments,
    name_operation,
    sample_shape,
    shortest,
    unit_axis,
)
from hwsim.model.imports.trace import Trace, name_layer, stack

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch.fx import Node as Operation

    Array = NDArray[np.float64]

SAME = {"alias", "clone", "contiguous", "detach", "lift", "lift_fresh", "lift_fresh_copy", "to", "_to_copy", "type_as"}
"""Operations that give what they take."""
SHAPES = {"view", "reshape", "_unsafe_view", "flatten", "squeeze", "unsqueeze", "unflatten", "view_as", "reshape_as"}
"""Operations that give the same numbers in the same order, in another shape."""
FIRST_OF = {"_native_batch_norm_legit_no_training", "native_layer_norm", "native_group_norm"}
"""Operations that give several values, the first of which is what they are for."""
DROPS = {"dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"}


class Affine(NamedTuple):
    """What is done to a signal: times a gain, plus a shift; ``size`` is that of what the shift was added up from.

    Each has the shape of one sample.
    """

    gain: Array
    shift: Array
    size: Array

    def then(self, other: Affine) -> Affine:
        """Apply this first and the other after it, as one."""
        gain = other.gain
        return Affine(gain * self.gain, gain * self.shift + other.shift, np.abs(gain) * self.size + other.size)

    def reshape(self, shape: tuple[int, ...]) -> Affine:
        """Return the same for a signal in another shape."""
        return Affine(*(part.reshape(shape) for part in self))


@dataclass(frozen=True)
class Signal:
    """A value of the module: what a node of the graph gives, in the module's shape, and what is still to be done to it.

    ``pads`` are zeros put to the left, to the right, above and below after that; ``shared`` tells that other values are
    made from the same node.
    """

    at: int
    shape: tuple[int, ...]
    affine: Affine | None = None
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    shared: bool = False

    @property
    def plain(self) -> bool:
        """Tell whether it is what the node gives, and nothing more."""
        return self.affine is None and not any(self.pads)


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
        return Signal(self.graph.end, gives)

    def origin(self, one: Operation) -> str:
        """Return what errors call an operation: its layer, and if that does more than one, what and in which line."""
        path, kind = stack(one)
        name = name_layer(path, kind.rpartition(".")[2] or self.trace.called)
        if self.trace.paths.get(path) == 1 and kind.startswith("torch.nn.modules."):
            return name
        lines = [line for line in (one.meta.get("stack_trace") or "").splitlines() if line.strip().startswith("File ")]
        line = lines[-1].partition(", line ")[2].partition(",")[0] if lines and "/torch/" not in lines[-1] else ""
        return f"{name}, {name_operation(one)}{f' in line {line}' if line else ''}"

    def input(self, one: Operation) -> Operation:
        """Return the one value that an operation takes."""
        return next(before for before in one.all_input_nodes if before in self.roots)

    def _same(self, one: Operation) -> bool:
        """Tell whether an operation gives what it takes, number for number and in the same shape."""
        name, given = name_operation(one), one.meta.get("val")
        if given is None or not hasattr(given, "shape") or not given.dtype.is_floating_point:
            return False
        if name == "getitem":
            return bool(one.args[1] == 0) and name_operation(self.input(one)) in FIRST_OF
        if name in DROPS:
            return not name_arguments(one)["train"]
        if name in SAME | SHAPES | {"expand"}:
            return bool(given.shape == self.input(one).meta["val"].shape)
        return False

    def signal(self, value: Any, what: str = "takes") -> Signal:
        """Return the signal that an argument is."""
        if not hasattr(value, "op") or value not in self.values:
            raise UntakenError(f"{what} constants where a signal of the network should come")
        return self.values[value]

    def constant(self, value: Any) -> torch.Tensor:
        """Return the constant that an argument is."""
        import torch

        if hasattr(value, "op"):
            if value not in self.trace.constants:
                raise UntakenError("multiplies signals with each other; weights must be constants")
            value = self.trace.constants[value]
        found = torch.as_tensor(value)
        if found.is_complex():
            raise UntakenError(f"is complex ({found.dtype}), and cells hold real numbers")
        return found

    def settle(self, origin: str, value: Any) -> Signal:
        """Go on from a signal as the module has it: what is not part of a layer is scaled in electronics."""
        signal = self.signal(value)
        if any(signal.pads):
            raise UntakenError("follows a padding, which can be emulated before a convolution alone")
        return self.scaled(origin, value)

    def scaled(self, origin: str, value: Any) -> Signal:
        """Scale a signal in the graph, and keep its padding for the convolution that follows."""
        signal = self.signal(value)
        self.graph.go(signal.at)
        if signal.affine is None:
            return signal
        gain, shift = (shortest(part.reshape(self.graph.shape)) for part in signal.affine[:2])
        self.graph.scale(origin, gain, shift, alone=False, size=signal.affine.size)
        self.graph.call("" if any(signal.pads) else value.name)
        self.values[value] = replace(signal, at=self.graph.end, affine=None, shared=False)
        return self.values[value]

    def alone(self, value: Operation) -> bool:
        """Tell whether nothing else takes a value."""
        return self.uses.get(self.roots[value]) == 1 and not self.values[value].shared

    def affine(self, origin: str, one: Operation, value: Any, *parts: Any) -> Signal:
        """Multiply a signal and add to it: in the layer that gives it, or in what takes it.

        Args:
            origin: what it is called.
            one: the operation.
            value: what it is done to.
            parts: gain, shift, and the size of what the shift was added up from, if that is more.
        """
        signal, shape = self.signal(value), sample_shape(one)
        if any(signal.pads) or signal.shape != shape:
            raise UntakenError("cannot be emulated here: it spreads signals, or follows a padding")
        gain, shift = (by_sample(np.asarray(part, np.float64), shape) for part in parts[:2])
        done = Affine(gain, shift, np.abs(by_sample(np.asarray(parts[-1], np.float64), shape)))
        self.graph.go(signal.at)
        if signal.plain and self.graph.open and self.alone(value) and self.graph.shape == shape:
            units = shortest(gain), shortest(shift)
            if all(part.size in {1, shape[unit_axis(shape)]} for part in units):
                self.graph.scale(origin, *units, size=by_unit(done.size))
                return signal
        done = done if signal.affine is None else signal.affine.then(done)
        if (done.gain == 1).all() and (done.shift == 0).all():
            return replace(signal, affine=None, shared=not self.alone(value))
        return replace(signal, affine=done)
