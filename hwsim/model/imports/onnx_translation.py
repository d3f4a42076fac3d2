"""An ONNX graph on its way to a model: which node of the model gives which value of the file."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hwsim.model.imports.graph import IMAGE, NetworkGraph
from hwsim.model.imports.operation import UntakenError

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

    from hwsim.model import Window
    from hwsim.model.imports.onnx_constants import Constants
    from hwsim.model.imports.onnx_flow import Flow
    from hwsim.model.layer import Pair

    Array = NDArray[np.float64]

INSTEAD = (
    "replace it before the export, or give hwsim.nn.convert the torch module that the file was exported from, which "
    "leaves it in torch"
)
"""What works for every operator that is not taken."""


class Signal(NamedTuple):
    """A value of the file: what a node of the model gives, in the file's shape of one sample, zeros put around it."""

    at: int
    shape: tuple[int, ...]
    before: Pair = (0, 0)
    after: Pair = (0, 0)

    @property
    def padded(self) -> bool:
        """Tell whether zeros are put around it."""
        return (*self.before, *self.after) != (0, 0, 0, 0)


class Reading:
    """A graph on its way to a model.

    Args:
        flow: the graph.
        constants: its constants, kept up to date node by node.
        name: of the input.
        shape: of one sample of it.
        opset: the operator set.
    """

    def __init__(self, flow: Flow, constants: Constants, name: str, shape: tuple[int, ...], opset: int) -> None:
        self.flow, self.constants, self.opset = flow, constants, opset
        self.graph = NetworkGraph(shape, "Gemm, MatMul or Conv")
        self.signals: dict[str, Signal] = {name: Signal(-1, shape)}
        self.dropped = ""
        """The name of what a last Softmax gives, which is left out."""
        self.windows: dict[str, Window] = {}
        """The windows of pools, by what they give."""
        self.unknown: set[str] = set()
        """Constants that cannot be computed, which was said."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return shapes of one sample of all signals so far."""
        return {name: signal.shape for name, signal in self.signals.items()}

    def signal(self, node: onnx.NodeProto, place: int = 0, *, padded: bool = False) -> Signal:
        """Return the signal that a node takes at some place."""
        name = node.input[place] if place < len(node.input) else ""
        if name in self.unknown:
            raise UntakenError("")
        if name not in self.signals:
            what = f"takes the constant {name!r} where a signal of the network should come" if name else "takes nothing"
            raise UntakenError(what, "give it signals first, and weights after them")
        found = self.signals[name]
        if found.padded and not padded:
            raise UntakenError("follows a Pad, which can be emulated before a Conv or a pool alone", INSTEAD)
        return found

    def constant(self, node: onnx.NodeProto, place: int) -> Array | None:
        """Return the constant that a node takes at some place, in float64; None if it takes nothing there."""
        name = node.input[place] if place < len(node.input) else ""
        if not name:
            return None
        if name in self.unknown:
            raise UntakenError("")
        if name in self.signals:
            hint = "attention and gates multiply signals: " + INSTEAD
            raise UntakenError(f"takes the signal {name!r} where cells need a constant", hint)
        found = self.constants[name]
        if found.dtype.kind == "c":
            raise UntakenError(f"takes {name!r}, which is complex, and cells hold real numbers", "use real numbers")
        if found.dtype.kind in "OSU":
            raise UntakenError(f"takes {name!r}, which holds text", "use numbers")
        return np.asarray(found, np.float64)

    def needed(self, node: onnx.NodeProto, place: int) -> Array:
        """Return the constant that a node must take at some place."""
        found = self.constant(node, place)
        if found is None:
            raise UntakenError(f"has no input number {place}", "export the network again")
        return found

    def stand(self, origin: str, signal: Signal) -> None:
        """Go on behind a signal, in the shape that it has in the file."""
        self.graph.go(signal.at)
        if self.graph.shape != signal.shape and prod(self.graph.shape) == prod(signal.shape):
            self.graph.reshape(origin, signal.shape)

    def here(self, shape: tuple[int, ...] | None = None) -> Signal:
        """Return the signal at the end of the graph now."""
        return Signal(self.graph.end, self.graph.shape if shape is None else shape)

    def by_sample(self, part: Array, shape: tuple[int, ...]) -> Array:
        """Return a constant as it meets one sample of a signal of this shape, by NumPy's rules of broadcasting."""
        if part.ndim == len(shape) + 1 and part.shape[0] > 1:
            if (part != part[:1]).any():
                raise UntakenError("takes a constant that is another one for each sample of a batch", INSTEAD)
            part = part[:1]
        try:
            return np.asarray(np.broadcast_to(part, (1, *shape))[0])
        except ValueError:
            what = f"takes a constant of shape {part.shape} to signals of shape {shape}, which it would spread"
            raise UntakenError(what, INSTEAD) from None

    def affine(self, origin: str, name: str, gain: Any, shift: Any, size: Any = None) -> Signal:
        """Multiply a signal by a constant and add one: in the layer that gives it, or in electronics behind.

        ``size``: how large the terms are that the shift is the sum of; as large as the shift when left out.
        """
        signal = self.signals[name]
        if signal.padded:
            raise UntakenError("follows a Pad, which can be emulated before a Conv or a pool alone", INSTEAD)
        self.graph.go(signal.at)
        parts = [
            fewest(self.by_sample(np.asarray(part, np.float64), signal.shape), self.graph.shape)
            for part in (gain, shift, np.abs(shift) if size is None else size)
        ]
        self.graph.scale(origin, parts[0], parts[1], alone=self.flow.alone(name), size=parts[2])
        return self.here(signal.shape)


def fewest(part: Array, shape: tuple[int, ...]) -> Array:
    """Shorten numbers for all signals of a shape to one, or to one per unit, if that says the same."""
    whole = part.reshape(shape)
    if (whole == whole.reshape(-1)[0]).all():
        return np.asarray(whole.reshape(-1)[:1])
    image = len(shape) == IMAGE
    units = whole[:, :1, :1] if image else whole.reshape(-1, shape[-1])[:1]
    if (whole == units).all():
        return np.asarray(units.reshape(-1))
    return np.asarray(whole.reshape(-1))
