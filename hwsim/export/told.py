"""What a file tells of a configuration, before it is believed: every reader of a format gives this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ToldLayer:
    """One layer's circuits. States or words are told, and what else a file holds, by which they are checked."""

    layer: int
    topology: str
    ports: int
    cells: int
    """Of one bank; other ports are spare."""
    words: Sequence[Sequence[int]] | None = None
    """Per bank, as :meth:`hwsim.crossbar.Fabric.words`."""
    states: NDArray[Any] | None = None
    """(banks, states)."""
    permutations: NDArray[np.int64] | None = None
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
    more: Mapping[str, Any] = field(default_factory=dict)
    """What only this format has."""
