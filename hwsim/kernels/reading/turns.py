"""Which columns of a photonic tile are read together: those that want the same light on the tile's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.kernels.compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.reads import Ways


@kernel
def same_light(ways: Ways, one: int, other: int, begin: int, end: int) -> bool:
    """Whether two units want the same inputs on rows begin to end of a tile, weakened and lost by as much.

    Args:
        ways: a line for each unit; ``turn`` is not looked at.
        one: number of a unit.
        other: of the other.
        begin: first row.
        end: the row after the last.
    """
    if ways.least.size > 0 and ways.least[one] != ways.least[other]:
        return False
    for r in range(begin, end):
        i = ways.input_on[one, r]
        if i != ways.input_on[other, r]:
            return False
        if ways.share.size > 0 and ways.share[one, i] != ways.share[other, i]:
            return False
    return True


@kernel
def take_turns(ways: Ways, columns: int, rows: int, stale: NDArray[np.bool_], out: NDArray[Any]) -> None:
    """Number the reads of every tile: a unit is read with the first unit of its group that wants the same light.

    Most units differ from another in their first rows, or not at all, so that the work is about one look per row.

    Args:
        ways: a line for each unit; ``turn`` is not looked at.
        columns: units of a group.
        rows: inputs of a tile.
        stale: groups to number anew (groups,).
        out: number of the read of each unit's column in each tile (units, tiles), from 0; overwritten for such groups.
    """
    units, inputs = ways.input_on.shape
    firsts = np.zeros(columns, np.int64)  # the first unit of each read
    for group in range(stale.size):
        if not stale[group]:
            continue
        for tile in range(out.shape[1]):
            begin, end, reads = tile * rows, min((tile + 1) * rows, inputs), 0
            for u in range(group * columns, min((group + 1) * columns, units)):
                turn = 0
                while turn < reads and not same_light(ways, firsts[turn], u, begin, end):
                    turn += 1
                if turn == reads:
                    firsts[reads] = u
                    reads += 1
                out[u, tile] = turn
