"""What every architecture of the logic tells: sources, ports, clocks, and what its configuration port takes.

Benches, boards and synthesis know an architecture by this alone. The top module is always ``network``: a configuration
port that writes a shadow, a stream of images in, a stream of accumulators out, and a tap for every layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.export.netlist import Configuration

TOP = "network"
"""The name of the top module."""


@dataclass(frozen=True)
class Beats:
    """A stream: ``values`` of ``bits`` each side by side in a beat, the first lowest, and ``beats`` an image."""

    values: int
    beats: int
    bits: int

    @property
    def width(self) -> int:
        """Return the width of the port."""
        return self.values * self.bits


@dataclass(frozen=True)
class Architecture:
    """The logic of one netlist.

    Configuration is written word by word into a shadow. An image whose first beat says ``in_commit``, and every one
    after it, runs on what the shadow held then.
    """

    name: str
    sources: Mapping[str, str]
    """Verilog files by name."""
    memories: Mapping[str, str]
    """Contents of initialised memories for ``$readmemh``, by file name."""
    takes: Beats
    """Codes of an image."""
    gives: Beats
    """Signed accumulators of the last layer."""
    taps: tuple[Beats, ...]
    """Signed accumulators of each layer, place by place and there unit by unit."""
    address_bits: int
    word_bits: int
    clocks: int
    """From the start of one image to the start of the next, when nothing waits."""
    latency: int
    """From the clock edge that takes the last beat of an image to the one that gives the last of its results."""
    words: Callable[[Configuration], NDArray[np.uint64]]
    """The whole configuration; a word's index is its address."""
    swaps: bool
    """Whether a commit swaps shadow and active memories, so that the shadow holds the configuration before last; where
    it does not, active registers are copied and the shadow keeps what was loaded last."""
    settles: int = 4
    """Images one after another, after a pause, from which on ``clocks`` holds."""
