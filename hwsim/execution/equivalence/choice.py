"""Which settings a bank takes, where its cells of one class may be exchanged: the fewest toggles that can be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import extend
from hwsim.execution.equivalence import assign_values, route_values, values_can_be_routed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric


def route_freely(
    fabric: Fabric,
    classes: NDArray[np.int32],
    old: NDArray[np.int64],
    wanted: NDArray[np.int64],
    cells: int,
    previous: NDArray[Any],
    effort: str,
) -> NDArray[Any]:
    """Find states that show, at every output, a cell of the class that a wanted permutation puts there.

    Four ways are tried and each bank takes the cheapest: routing by values, the permutation of that routed anew, few
    moves and then routing, and the wanted permutation itself. Asked again for the permutation that came out, from the
    same states before, it gives the same states: so a schedule of permutations is all that a replay needs.

    Args:
        fabric: the circuit of every bank.
        classes: class of the cell at each port, (banks, ports), numbered from 0 on; ports past the last cell, if any,
            are of a class of their own.
        old: permutations before, (banks, ports).
        wanted: permutations asked for, (banks, ports), those of the spare ports straight.
        cells: ports that a cell stands behind, the first ones.
        previous: states before.
        effort: how hard the router tries.

    Returns:
        States, one row per bank; never more toggles than routing the wanted permutation takes.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric, classes = crossbar("benes", 4), np.array([[0, 0, 1, 1]], np.int32)
        >>> straight, turned = np.array([[0, 1, 2, 3]]), np.array([[1, 0, 3, 2]])
        >>> before = fabric.route_many(straight)
        >>> int(fabric.toggles_many(before, route_freely(fabric, classes, straight, turned, 4, before, "greedy"))[0])
        0
    """
    numbers = np.tile(np.arange(fabric.ports), (len(wanted), 1))
    literal = fabric.route_many(wanted, previous=previous, effort=effort)
    repeated = np.flatnonzero((np.diff(np.sort(classes, axis=1), axis=1) == 0).any(axis=1))
    if not repeated.size:
        return literal
    rows, before = classes[repeated], previous[repeated]
    wish = np.take_along_axis(rows, wanted[repeated], axis=1)
    near = assign_values(old[repeated], rows, wish)
    assigned = _route_cells(fabric, near, cells, before, effort)
    best = assigned
    if values_can_be_routed(fabric, int(classes.max()) + 1):
        valued = route_values(fabric, rows, wish, before, effort)
        again = _route_cells(fabric, fabric.apply_many(valued, numbers[repeated]), cells, before, effort)
        best = _cheaper(fabric, before, _cheaper(fabric, before, valued, again), assigned)
    found = literal.copy()
    found[repeated] = _cheaper(fabric, before, best, literal[repeated])
    return found


def _route_cells(
    fabric: Fabric, permutations: NDArray[np.int64], cells: int, before: NDArray[Any], effort: str
) -> NDArray[Any]:
    """Route the cells as a schedule will name them, spare ports straight."""
    ports = extend(np.ascontiguousarray(permutations[:, :cells]), fabric.ports)
    return fabric._route(ports, before, effort, None)  # noqa: SLF001 - of what was made here nothing needs a check


def _cheaper(fabric: Fabric, before: NDArray[Any], first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Choose bank by bank the states that toggle less, the first ones if both toggle as much."""
    better = fabric.toggles_many(before, second) < fabric.toggles_many(before, first)
    found = first.copy()
    found[better] = second[better]
    return found
