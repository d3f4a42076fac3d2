"""Light through permutation circuits: the transmission of every path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.photonic.optics import switched_loss
from hwsim.stream import stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch

SAMPLES = 32
"""Permutations that the mean path is taken over."""


def path_transmissions(fabric: Fabric, switch: Switch, states: NDArray[Any]) -> NDArray[np.float64]:
    """Compute which part of the light each path lets through, float64 (banks, ports), in 0..1.

    Paths of passive optics lose the same both ways: light enters at position i and leaves for cell p[i].

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> from hwsim.crossbar.technology import Switch
        >>> light = Switch("s", "optical", 0, 0, 0, 0, 0, 0, 0, 32, 1e8, 0, bar_loss=1.0, cross_loss=0.5)
        >>> fabric = crossbar("benes", 2)
        >>> path_transmissions(fabric, light, fabric.route_many(np.array([[0, 1], [1, 0]]))).round(4).tolist()
        [[0.7943, 0.7943], [0.8913, 0.8913]]
    """
    paths = fabric.paths_many(states)
    losses = (switch.bar_loss, switch.cross_loss, switch.crossing_loss)
    return switched_loss(paths.bar, paths.cross, paths.crossings, losses)


def mean_transmission(fabric: Fabric, switch: Switch) -> float:
    """Compute the mean transmission of a path over random permutations; a fixed gain makes up for it.

    The same few permutations for every circuit of a size, each routed from power-up.
    """
    rng = stream(0, f"crossbar/{fabric.ports}/mean")
    permutations = np.array([rng.permutation(fabric.ports) for _ in range(SAMPLES)])
    return float(path_transmissions(fabric, switch, fabric.route_many(permutations, effort="any")).mean())


def straight_transmissions(fabric: Fabric, switch: Switch) -> NDArray[np.float64]:
    """Return transmissions (ports,) of a circuit that joins every position to its own cell, as at power-up.

    Where all crosspoints are open then, they stand as they are closed for it.
    """
    closed = fabric.power_up(1)
    if not fabric.joined_at_power_up():
        closed = fabric.route_many(np.arange(fabric.ports)[None, :], effort="any")
    return np.asarray(path_transmissions(fabric, switch, closed)[0], np.float64)
