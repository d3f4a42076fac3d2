"""What a file tells of a configuration, before it is believed: every reader of a format gives this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Changes:
    """Words of a layer that differ from those of the event before."""

    words: Mapping[int, int]
    """By address: bank times words per bank, plus the number in the bank."""
    width: int
    """Bits of a word."""
    before: str
    """CRC-32 of all words before (:func:`hwsim.export.delta.crc_of`)."""
    after: str


@dataclass(frozen=True)
class ToldLayer:
    """One layer's circuits: states, words or changes, and what else a file holds, by which they are checked."""

    layer: int
    topology: str
    ports: int
    cells: int
    """Of one bank; other ports are spare."""
    bank: int = 0
    """The first that is told, where a file holds one of several."""
    words: Sequence[Sequence[int]] | None = None
    """Per bank, as :meth:`hwsim.crossbar.Fabric.words`."""
    states: ArrayLike | None = None
    """(banks, states)."""
    changes: Changes | None = None
    permutations: ArrayLike | None = None
    """(banks, ports)."""
    wiring: Mapping[str, Any] | None = None
    """As :meth:`hwsim.crossbar.Fabric.describe`."""


@dataclass(frozen=True)
class Told:
    """All that a file tells; names as they stand in it."""

    run: str
    event: int
    technology: str
    layers: tuple[ToldLayer, ...]
