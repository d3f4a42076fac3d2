"""What a bench runs: configurations of a run one after another, each with inputs and the sums the emulator gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hwsim.export.netlist import Configuration


@dataclass(frozen=True)
class Phase:
    """One configuration with its inputs: ``before`` a reconnection, ``after`` it, and ``exercise``.

    An exercise has permutations, biases and inputs by chance, so that cells and switches that the run's own images
    never reach are met too.
    """

    name: str
    configuration: Configuration
    inputs: NDArray[np.int64]
    """Codes (images, inputs)."""
    accumulators: tuple[NDArray[np.int64], ...]
    """Per layer, with bias (images, places, units), as the emulator computes them."""
