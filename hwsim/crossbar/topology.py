"""What a file of this folder puts into the catalogue: a topology's name, a line about it, and how it is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsim.crossbar.fabric import Fabric


@dataclass(frozen=True)
class Topology:
    """A catalogue entry: an arrangement of switches that can be built for a number of ports.

    Args:
        name: the word that scenarios and commands use.
        summary: what it is, in one line.
        build: makes the circuit for so many ports; raises ValueError where this topology cannot have them.

    Example:
        >>> from hwsim.crossbar import CROSSBARS
        >>> CROSSBARS["benes"].build(8).switches
        20
    """

    name: str
    summary: str
    build: Callable[[int], Fabric]
