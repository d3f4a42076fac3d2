"""What every export is given: the configuration of all banks at one event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric


@dataclass(frozen=True)
class ConfiguredLayer:
    """One layer's banks: permutations (banks, ports), switch states (banks, states), toggles since the event before."""

    layer: int
    fabric: Fabric
    permutations: NDArray[np.int64]
    states: NDArray[np.integer]
    toggles: NDArray[np.int64]


@dataclass(frozen=True)
class Configured:
    """All reconnectable layers after one event, and the registers of every layer.

    ``registers`` holds, per layer, what the chip's registers contain (codes of an FPGA, numbers of a photonic core).
    """

    identity: str
    event: int
    technology: str
    layers: tuple[ConfiguredLayer, ...]
    registers: tuple[NDArray[np.generic], ...]


@dataclass(frozen=True)
class ExportPlugin:
    """A catalogue entry: a format as files, name to text."""

    name: str
    summary: str
    export: Callable[[Configured], dict[str, str]]
