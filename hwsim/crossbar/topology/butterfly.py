"""Butterfly network: log2 N stages with strides 1 ... N/2, the mirror image of the omega network; blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.crossbar.drawing import draw_outwards
from hwsim.crossbar.topology import Topology
from hwsim.crossbar.topology.banyan import Banyan, check_power_of_two

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


class Butterfly(Banyan):
    """A butterfly, drawn recursively: shuffles of ever larger blocks, outputs in bit-reversed order.

    Example:
        >>> Butterfly(8).strides, Butterfly(8).crossings
        ((1, 2, 4), (8, 4))
    """

    def __init__(self, ports: int) -> None:
        super().__init__("butterfly", int(ports), range(check_power_of_two("butterfly", ports)))

    def draw(self) -> Iterator[NDArray[np.int32]]:
        """Draw inputs in the order of their numbers."""
        return draw_outwards(self.wiring, 0)


PLUGIN = Topology(
    "butterfly",
    "butterfly network: log2 N stages with strides 1 to N/2, routes itself, blocking",
    Butterfly,
)
