"""The changes by one reconnection to permutation circuits, and what is sent to each bank for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Load(NamedTuple):
    """The configuration that one bank needs at one reconnection.

    Args:
        bits: bits that the port sends (:mod:`hwsim.execution.writes`).
        sets: switches that go from bar to cross (crosspoints that close).
        resets: switches that go back.
        held: switches in cross after the change.
        layer: number of the layer.
        bank: number of the bank in its layer.
    """

    bits: int
    sets: int
    resets: int
    held: int
    layer: int = 0
    bank: int = 0


class Sent(NamedTuple):
    """The loads of all banks at one reconnection: the numbers of their :class:`Load`, int64 (loads,) each."""

    bits: NDArray[np.int64]
    sets: NDArray[np.int64]
    resets: NDArray[np.int64]
    held: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LayerChange:
    """The changes by one reconnection to the circuits of one layer.

    ``old`` and ``new`` are their states, one row per bank; ``before`` and ``after`` the permutations that these
    realise, int64 (banks, ports of the circuit). ``toggles``, ``sets``, ``held`` and ``bits`` are int64 (banks,):
    switches that change, those of them that go from bar to cross, switches that are in cross at a time afterwards, and
    bits that the port sends, 0 to a bank whose configuration memory stays as it is. ``loaded`` are the states that
    were computed and that this memory holds afterwards, which differ from ``new`` where a switch is stuck; they realise
    ``asked``.
    """

    layer: int
    old: NDArray[Any]
    new: NDArray[Any]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    toggles: NDArray[np.int64]
    sets: NDArray[np.int64]
    held: NDArray[np.int64]
    bits: NDArray[np.int64]
    banks: NDArray[np.int64]
    """Banks whose configuration memory changes, in their order: those that are sent something.

    Of circuits multiplexed in time some change the order of items alone, and toggle no switch.
    """
    loaded: NDArray[Any]
    asked: NDArray[np.int64]
    impossible: NDArray[np.int64]
    """Banks whose known stuck switches leave no way to do what was asked, int64 (n,): they do it but for those."""

    @property
    def sent(self) -> Sent:
        """Return the loads of the banks whose configuration changes, in their order."""
        banks = self.banks
        toggles, sets = self.toggles[banks], self.sets[banks]
        return Sent(self.bits[banks], sets, toggles - sets, self.held[banks])

    @property
    def loads(self) -> list[Load]:
        """Return what is sent: one load per bank whose configuration changes."""
        banks = self.banks.tolist()
        rows = zip(*(column.tolist() for column in self.sent), banks, strict=True)
        return [Load(bits, sets, resets, held, self.layer, bank) for bits, sets, resets, held, bank in rows]


@dataclass(frozen=True, eq=False)
class Change:
    """The changes by one reconnection to all circuits: one entry per layer, None if a layer stays as it is.

    ``moves`` counts the positions that are fed by another cell than before.
    """

    layers: tuple[LayerChange | None, ...]
    moves: int

    @property
    def toggles(self) -> int:
        """Count switches that change state."""
        return sum(int(layer.toggles.sum()) for layer in self.layers if layer is not None)

    @property
    def sent(self) -> Sent:
        """Return the numbers of :attr:`loads`."""
        parts = [layer.sent for layer in self.layers if layer is not None]
        if len(parts) == 1:
            return parts[0]
        return Sent(*map(np.concatenate, zip(*parts, strict=True))) if parts else Sent(*[np.zeros(0, np.int64)] * 4)

    @property
    def impossible(self) -> list[tuple[int, int]]:
        """Return layer and bank of all that could not do what was asked, for known stuck switches."""
        found = (layer for layer in self.layers if layer is not None)
        return [(layer.layer, bank) for layer in found for bank in layer.impossible.tolist()]

    @property
    def loads(self) -> list[Load]:
        """Return what is sent to the banks, in the order in which the port takes it."""
        return [load for layer in self.layers if layer is not None for load in layer.loads]
