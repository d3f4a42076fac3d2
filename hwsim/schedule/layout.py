"""What a schedule speaks of: the layers of banks of a chip, one entry per reconnection, and what stands after it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.model import Model
    from hwsim.schedule.fault import Fault

    T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Bank:
    """The equal banks of one layer: ``banks`` permutation circuits of ``ports`` ports, and its registers."""

    layer: int
    banks: int
    ports: int
    registers: int
    learned: bool

    def rows(self, matrix: NDArray[T]) -> NDArray[T]:
        """Arrange a layer's matrix (units, inputs) bank by bank: (banks, ports).

        Example:
            >>> import numpy as np
            >>> Bank(0, 1, 4, 2, True).rows(np.array([[1, 2], [3, 4]])).tolist()
            [[1, 2, 3, 4]]
        """
        return matrix.reshape(self.banks, self.ports)

    def matrix(self, rows: NDArray[T], units: int) -> NDArray[T]:
        """Arrange rows of banks as a matrix (units, inputs), the inverse of :meth:`rows`.

        Example:
            >>> import numpy as np
            >>> Bank(0, 1, 4, 2, True).matrix(np.array([[1, 2, 3, 4]]), units=2).tolist()
            [[1, 2], [3, 4]]
        """
        return rows.reshape(units, -1)


@dataclass(frozen=True)
class Layout:
    """All layers of a chip in order."""

    layers: tuple[Bank, ...]

    def to_json(self) -> str:
        """Write the layout as canonical JSON.

        Example:
            >>> layout = Layout((Bank(0, 2, 4, 2, True),))
            >>> Layout.from_json(layout.to_json()) == layout
            True
        """
        return json.dumps([asdict(bank) for bank in self.layers], sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Layout:
        """Read a layout from JSON.

        Raises:
            ValueError: it describes none.
        """
        found = json.loads(text)
        if not isinstance(found, list):
            raise ValueError("a layout is a list of layers")  # noqa: TRY004 - told like other diagnostics of the file
        for number, entry in enumerate(found):
            sound = isinstance(entry, dict) and set(entry) == {field.name for field in fields(Bank)}
            counts = [entry[key] for key in ("layer", "banks", "ports", "registers")] if sound else []
            sound = sound and all(type(count) is int and count >= 0 for count in counts)
            if not sound or entry["layer"] != number or type(entry["learned"]) is not bool:
                raise ValueError(f"layer {number} of the layout is not {[field.name for field in fields(Bank)]}")
        return Layout(tuple(Bank(**entry) for entry in found))


@dataclass(frozen=True)
class Entry:
    """One reconnection in a schedule.

    Args:
        event: number, 0 for the state after power-up.
        batch: optimiser steps before it.
        permutations: per layer int64 (banks, ports), or None where the layer keeps its connections.
        registers: per layer float64 (registers,): biases, then the gain where there is one.
        faults: what breaks at this event, before anything else.
        found: what the host gets to know of at this event; connections of these layers are issued anew.
    """

    event: int
    batch: int
    permutations: tuple[NDArray[np.int64] | None, ...]
    registers: tuple[NDArray[np.float64], ...]
    faults: tuple[Fault, ...] = ()
    found: tuple[Fault, ...] = ()


class Follower:
    """The connections and registers after every entry of a schedule, without circuits or a chip.

    Example:
        >>> follower = Follower(Layout((Bank(0, 1, 2, 1, True),)))
        >>> follower.execute(Entry(1, 0, (np.array([[1, 0]]),), (np.array([0.5]),)))
        >>> follower.execute(Entry(2, 0, (None,), (np.array([0.7]),)))
        >>> [rows.tolist() for rows in follower.permutations], [values.tolist() for values in follower.registers]
        ([[[1, 0]]], [[0.7]])
    """

    def __init__(self, layout: Layout) -> None:
        self.permutations = [np.tile(np.arange(bank.ports), (bank.banks, 1)) for bank in layout.layers]
        """Per layer, which cell feeds each position, int64 (banks, ports)."""
        self.registers: tuple[NDArray[np.float64], ...] = ()
        """Per layer, biases and then gains; empty before the first entry."""

    def execute(self, entry: Entry) -> None:
        """Follow one entry."""
        pairs = zip(entry.permutations, self.permutations, strict=True)
        self.permutations = [old if new is None else new for new, old in pairs]
        self.registers = entry.registers


def layout(model: Model, scope: str) -> Layout:
    """Lay out the banks of a model: one per output unit (``output``) or one per layer (``layer``).

    Example:
        >>> from hwsim.model import Layer, Model
        >>> tiny = Model("t", (Layer(3, 4, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
        >>> layout(tiny, "output").layers[0].banks, layout(tiny, "layer").layers[0].ports
        (3, 12)
    """
    banks = []
    for number, layer in enumerate(model.layers):
        whole = scope == "layer"
        banks.append(
            Bank(
                layer=number,
                banks=1 if whole else layer.units,
                ports=layer.units * layer.inputs if whole else layer.inputs,
                registers=layer.units + layer.gains,
                learned=layer.learned_connections,
            )
        )
    return Layout(tuple(banks))
