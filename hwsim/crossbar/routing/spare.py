"""Dead ports: a permutation of what lives, put on a larger circuit around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar.fabric import check_permutation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class PortPlacement:
    """A permutation on a larger circuit; see :func:`avoid`."""

    permutation: NDArray[np.int64]
    """Of all ports, int64 (ports,): what to route."""
    inputs: NDArray[np.int64]
    """The input port of each cell, int64 (n,)."""
    outputs: NDArray[np.int64]
    """The output port of each position, int64 (n,)."""


def avoid(p: ArrayLike, ports: int, dead_inputs: Iterable[int] = (), dead_outputs: Iterable[int] = ()) -> PortPlacement:
    """Put a permutation of n cells on a circuit of more ports, some of which are dead.

    Cells take the first live inputs in order, positions the first live outputs. What is left over is joined straight
    where both ends are left over, else in order.

    Args:
        p: permutation of n; position i is fed by cell p[i].
        ports: of the circuit.
        dead_inputs: inputs that take no signal.
        dead_outputs: outputs that give none.

    Raises:
        PermutationError: no permutation.
        ValueError: a dead port that the circuit has not, or too few live ones.

    Example:
        >>> placed = avoid([2, 0, 1], ports=5, dead_inputs=[0], dead_outputs=[1])
        >>> placed.permutation.tolist(), placed.inputs.tolist(), placed.outputs.tolist()
        ([3, 0, 1, 2, 4], [1, 2, 3], [0, 2, 3])
        >>> avoid([2, 0, 1], ports=4, dead_inputs=[0, 1])
        Traceback (most recent call last):
        ...
        ValueError: 3 signals need 3 live inputs; the circuit has 2 of 4; use a circuit of 5 ports or more
    """
    wanted = check_permutation(p, len(np.atleast_1d(np.asarray(p))))
    n = len(wanted)
    inputs, outputs = (_live(side, dead, ports, n) for side, dead in (("input", dead_inputs), ("output", dead_outputs)))
    found = np.full(ports, -1, np.int64)
    found[outputs] = inputs[wanted]
    spare_out = np.flatnonzero(found < 0)
    spare_in = np.setdiff1d(np.arange(ports), inputs)
    both = np.intersect1d(spare_in, spare_out)
    found[both] = both
    found[np.setdiff1d(spare_out, both)] = np.setdiff1d(spare_in, both)
    return PortPlacement(found, inputs, outputs)


def _live(side: str, dead: Iterable[int], ports: int, n: int) -> NDArray[np.int64]:
    """Return the first n live ports of one side."""
    gone = np.unique(np.fromiter(dead, np.int64))
    for port in gone[(gone < 0) | (gone >= ports)]:
        raise ValueError(f"dead {side} {port} is none of the circuit's; use 0 to {ports - 1}")
    live = np.setdiff1d(np.arange(ports), gone)
    if len(live) < n:
        raise ValueError(
            f"{n} signals need {n} live {side}s; the circuit has {len(live)} of {ports}; "
            f"use a circuit of {n + len(gone)} ports or more"
        )
    return live[:n]
