"""Permutation circuits between inputs and fixed weights: topologies, routing, the routing graph."""

from __future__ import annotations

import sys
from types import ModuleType

from hwsim.crossbar.fabric import BlockedError, Configuration, Fabric, PermutationError, check_permutation
from hwsim.crossbar.path import Losses, Paths
from hwsim.crossbar.routing.effort import EFFORTS
from hwsim.crossbar.routing.spare import PortPlacement, avoid
from hwsim.crossbar.shapes import extend
from hwsim.crossbar.topology import Topology
from hwsim.errors import check_type
from hwsim.files.registry import Registry, unknown

CROSSBARS: Registry[Topology] = Registry("crossbar")


def crossbar(name: str, ports: int) -> Fabric:
    """Return the permutation circuit of one topology and size.

    Args:
        name: topology; ``hwsim list crossbars``.
        ports: inputs and outputs.

    Raises:
        ValueError: an unknown topology, or a size that it cannot have.

    Example:
        >>> fabric = crossbar("benes", ports=4)
        >>> configuration = fabric.route([2, 0, 3, 1])
        >>> configuration.apply(["a", "b", "c", "d"]).tolist()
        ['c', 'a', 'd', 'b']
    """
    check_type("name", name, "a text")
    if name not in CROSSBARS:
        raise ValueError(unknown("topology", name, CROSSBARS))
    return CROSSBARS[name].build(ports)


__all__ = [
    "CROSSBARS",
    "EFFORTS",
    "BlockedError",
    "Configuration",
    "Fabric",
    "Losses",
    "Paths",
    "PermutationError",
    "PortPlacement",
    "Topology",
    "avoid",
    "check_permutation",
    "crossbar",
    "extend",
]


class _Room(ModuleType):
    """This package, callable: ``hwsim.crossbar("benes", ports=4)`` works whether or not it was imported before."""

    def __call__(self, name: str, ports: int) -> Fabric:
        return crossbar(name, ports)


sys.modules[__name__].__class__ = _Room
