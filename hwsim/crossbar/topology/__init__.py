"""What a file of this folder puts into the catalogue: a topology's name, a line about it, and how it is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.crossbar.shapes import named
from hwsim.files.memory import refuse_more

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsim.crossbar.fabric import Fabric

BYTES_A_SWITCH = 24
"""At the least, while a circuit of 2x2 switches is put together (24 to 48 in ``tests/crossbar/test_memory.py``)."""
BYTES_A_TERMINAL = 40
"""At the least, for every output terminal of a circuit of crosspoints (measured there too)."""


def check_room(topology: str, ports: int, parts: int, bytes_each: int = BYTES_A_SWITCH) -> None:
    """Refuse a circuit that cannot fit this machine, before it is begun.

    Args:
        topology: its name.
        ports: inputs and outputs.
        parts: switches, or terminals of crosspoints, or numbers of a state.
        bytes_each: what each takes at the least.

    Raises:
        MemoryError: what the circuit takes at the least, and what there is.
    """
    refuse_more(bytes_each * parts, f"the parts of {named(topology)} crossbar of {ports:,} ports")


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
