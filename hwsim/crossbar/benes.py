"""Beneš network of any size, in the in-place layout.

Switches: B(n) = 2 floor(n/2) + B(floor(n/2)) + B(ceil(n/2)), B(2) = 1; depth 2 ceil(log2 n) - 1. For n = 2^L stages
have strides n/2 ... 1 ... n/2 and switch index block/2 + k in a stage.

Source: V. Beneš (1965); C. Chang, R. Melhem, Arbitrary size Benes networks, Parallel Processing Letters 7 (1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.effort import check_cost, check_effort
from hwsim.crossbar.fabric import check_banks, check_ports
from hwsim.crossbar.stages import SwitchNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _arrange(ports: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Stage and wires of every switch, and the table of blocks for the router."""
    middle = max((ports - 1).bit_length() - 1, 0)
    blocks: list[tuple[int, int, int]] = [(0, ports, 0)]
    columns: list[list[tuple[int, int, int]]] = [[] for _ in range(2 * middle + 1)]
    live: list[tuple[int, int, int]] = []
    for b, m, level in blocks:
        if m < 2:  # noqa: PLR2004 - a single wire needs no switch
            continue
        live.append((b, m, level))
        if m == 2:  # noqa: PLR2004 - two wires are one switch
            columns[min(middle, level)].append((b, 1, 1))
            continue
        h = m // 2
        for column in (level, 2 * middle - level):
            columns[column].append((b, h, h))
        blocks += [(b, h, level + 1), (b + h, m - h, level + 1)]
    first: dict[tuple[int, int], int] = {}
    stages, uppers, lowers = [], [], []
    total = 0
    for column, members in enumerate(columns):
        for b, count, stride in sorted(members):
            first[column, b] = total
            stages.append(np.full(count, column, np.int64))
            uppers.append(np.arange(b, b + count))
            lowers.append(np.arange(b + stride, b + stride + count))
            total += count
    table = [(b, m, first[level, b], first[2 * middle - level, b] if m > 2 else 0) for b, m, level in live]  # noqa: PLR2004
    empty = [np.zeros(0, np.int64)]
    return (
        np.concatenate(empty + stages),
        np.concatenate(empty + uppers),
        np.concatenate(empty + lowers),
        np.array(table, np.int64).reshape(-1, 4),
    )


class Benes(SwitchNetwork):
    """A Beneš network; see :class:`hwsim.crossbar.Fabric`.

    Example:
        >>> Benes(8).switches, Benes(5).switches, Benes(8).depth
        (20, 8, 5)
    """

    def __init__(self, ports: int) -> None:
        check_ports("benes", ports)
        stage, wire_a, wire_b, blocks = _arrange(int(ports))
        self._blocks = blocks.astype(np.uint64).reshape(-1)
        super().__init__("benes", int(ports), stage, wire_a, wire_b)

    def route_many(
        self,
        permutations: NDArray[np.int64],
        previous: NDArray[Any] | None = None,
        effort: str = "greedy",
        cost: NDArray[np.float64] | None = None,
    ) -> NDArray[np.uint8]:
        """Looping, block by block from the outside in; ``greedy`` turns each loop to its cheaper side."""
        from hwsim.kernels import benes as kernels
        from hwsim.kernels.compile import threading

        p = check_banks(permutations, self.ports)
        check_effort(effort)
        table = check_cost(cost, len(p), self.switches)
        if table is not None and table.ndim > 2:  # noqa: PLR2004 - one table a bank
            return np.concatenate(
                [self.power_up(0)] + [self.route_many(p[[b]], None, effort, table[b]) for b in range(len(p))]
            )
        states = self.power_up(len(p))
        before = self.power_up(len(p)) if previous is None else self.check_states("previous states", previous, len(p))
        law = kernels.ANY if effort == "any" else kernels.TOGGLES if table is None else kernels.COST
        lanes = max(min(len(p), 4 * threading()["threads"]), 1)
        kernels.route_many(
            self.ports,
            p.reshape(-1),
            self._blocks,
            law,
            before.reshape(-1),
            np.zeros(0) if table is None else table.reshape(-1),
            np.empty(lanes * kernels.SCRATCH * self.ports, np.uint32),
            self.switches,
            states.reshape(-1),
        )
        return states


class _Topology:
    """The catalogue entry."""

    name = "benes"
    summary = "Beneš network of any size: fewest stages of 2x2 switches but for Waksman, rearrangeable"

    def build(self, ports: int) -> Benes:
        """The circuit for so many ports."""
        return Benes(ports)


PLUGIN = _Topology()
