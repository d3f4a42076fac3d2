"""What controllers hand out is held against what they promise, so that a faulty one is named in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import Reconnection
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.model import Layer, Model
    from hwsim.schedule import Bank, Layout


def find_fault(change: Any, model: Model, layout: Layout) -> str:
    """Describe the first fault of a reconnection; return "" if there is none.

    Whether rows of permutations are permutations is the router's to say.

    Example:
        >>> from hwsim.model import Layer, Model, Registers
        >>> from hwsim.schedule import layout
        >>> model = Model("m", (Layer(2, 3),))
        >>> find_fault(Reconnection(0, (None,), (Registers(np.zeros(3), 1.0),)), model, layout(model, "output"))
        'the biases of layer 0 have the shape (3,), not (2,)'
    """
    if not isinstance(change, Reconnection):
        return f"advance gives {type(change).__name__}, not a Reconnection"
    layers = len(model.layers)
    for name in ("permutations", "registers"):
        found = getattr(change, name)
        if not isinstance(found, tuple) or len(found) != layers:
            size = f"{len(found)} {name}" if isinstance(found, tuple) else f"{type(found).__name__} of {name}"
            return f"a reconnection holds {size}, not a tuple of {layers}, one per layer"
    return _permutations(change.permutations, layout.layers) or _registers(change.registers, model.layers)


def _permutations(given: Sequence[Any], banks: Sequence[Bank]) -> str:
    for number, (rows, bank) in enumerate(zip(given, banks, strict=True)):
        if rows is None:
            continue
        wanted = (bank.banks, bank.ports)
        if not isinstance(rows, np.ndarray) or rows.shape != wanted or rows.dtype.kind not in "iu":
            found = f"{rows.dtype} {rows.shape}" if isinstance(rows, np.ndarray) else type(rows).__name__
            return f"the permutations of layer {number} are {found}, not whole numbers {wanted}"
        if rows.size and (rows.min() < 0 or rows.max() >= bank.ports):
            return f"the permutations of layer {number} name cells from {rows.min()} to {rows.max()} of {bank.ports}"
    return ""


def _registers(given: Sequence[Any], layers: Sequence[Layer]) -> str:
    for number, (registers, layer) in enumerate(zip(given, layers, strict=True)):
        if not isinstance(registers, Registers):
            return f"the registers of layer {number} are {type(registers).__name__}, not Registers"
        gains = (layer.units,) if layer.unit_gains else np.shape(registers.gain)
        for name, values, shape in (("biases", registers.bias, (layer.units,)), ("gains", registers.gain, gains)):
            if np.shape(values) != shape:
                return f"the {name} of layer {number} have the shape {np.shape(values)}, not {shape}"
            if np.asarray(values).dtype.kind not in "biuf":
                return f"the {name} of layer {number} are of the dtype {np.asarray(values).dtype}, not numbers"
            if not np.isfinite(values).all():
                found = np.ravel(values)[~np.isfinite(np.ravel(values))][0]
                hint = "if training diverged, lower the learning rate or the initial values"
                return f"the {name} of layer {number} hold {found}, not a finite number; {hint}"
    return ""
