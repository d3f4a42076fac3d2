"""Omega network: log2 N equal stages with a perfect shuffle before each; blocking.

In place its strides are N/2 ... 1: after s + 1 shuffles the wire w lies at w rotated to the left by s + 1 bits.
It realises 2^((N/2) log2 N) of the N! permutations.

Source: D. Lawrie, Access and alignment of data in an array processor, IEEE Transactions on Computers 24 (1975).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar.topology import Topology
from hwsim.crossbar.topology.banyan import Banyan, check_power_of_two

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class Omega(Banyan):
    """An omega network, drawn with its shuffles and its ports in natural order.

    Example:
        >>> Omega(8).strides, Omega(8).crossings
        ((4, 2, 1), (18, 7))
    """

    def __init__(self, ports: int) -> None:
        length = check_power_of_two("omega", ports)
        super().__init__("omega", int(ports), range(length)[::-1])

    def draw(self) -> Iterator[NDArray[np.int32]]:
        """Draw a perfect shuffle before each stage, nothing after the last."""
        wires = np.arange(self.ports, dtype=np.int32)
        yield wires
        for stage in range(self.depth):
            turns = self.depth - 1 - stage
            yield ((wires >> (stage + 1)) | (wires << turns)) & (self.ports - 1)  # the wire at each place
        yield wires


PLUGIN = Topology(
    "omega",
    "omega network: log2 N stages and perfect shuffles, routes itself, blocking",
    Omega,
)
