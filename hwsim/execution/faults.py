"""Stuck switches of circuits: which there are in fact, and which of them the host knows of.

A configuration is loaded as the host computes it. A switch that is stuck stays as it is, whatever is loaded; signals
behind it then come out at other ports. The host finds out by a test (:mod:`hwsim.execution.finding`) and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import BlockedError
from hwsim.crossbar.stuck import never_stuck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.schedule import Fault, Layout

FREE = -1
"""Stands for the state of a switch that is not stuck."""

NEVER = 2.0**32
"""Cost of a state that a switch is stuck out of, where there is no way around it: more than all others together."""


class Stuck:
    """The stuck switches of the circuits of one layer, none at first.

    Args:
        banks: circuits.
        switches: of each.

    Example:
        >>> stuck = Stuck(banks=1, switches=3)
        >>> stuck.real[0, 1] = 1
        >>> stuck.forced(np.zeros((1, 3), np.uint8)).tolist(), stuck.banks.tolist()
        ([[0, 1, 0]], [])
        >>> stuck.known[0, 1] = 1
        >>> stuck.banks.tolist(), stuck.barred(stuck.banks).tolist()
        ([0], [[[0.0, 0.0], [inf, 0.0], [0.0, 0.0]]])
    """

    def __init__(self, banks: int, switches: int) -> None:
        self.real = np.full((banks, switches), FREE, np.int8)
        """What each switch is stuck in, :data:`FREE` where it is not, int8 (banks, switches)."""
        self.known = self.real.copy()
        """The same as the host knows it."""

    @property
    def banks(self) -> NDArray[np.int64]:
        """Return the banks of which a stuck switch is known."""
        return np.flatnonzero((self.known != FREE).any(axis=1))

    def forced(self, states: NDArray[Any], *, known: bool = False, rows: int | slice = slice(None)) -> NDArray[Any]:
        """Return how switches stand when states are loaded; the same array where nothing is stuck in another state.

        Args:
            states: of all banks, or of those in ``rows``.
            known: whether that is asked of the host, which knows of some alone.
            rows: banks.
        """
        stuck = (self.known if known else self.real)[rows]
        wrong = (stuck != FREE) & (stuck != states)
        return np.where(wrong, stuck, states).astype(states.dtype) if wrong.any() else states

    def barred(self, banks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ``inf`` for states that switches are known not to take, else 0, float64 (banks, switches, 2)."""
        known = self.known[banks][..., None]
        return np.where((known != FREE) & (known != np.arange(2)), np.inf, 0.0)


def find_problem(fault: Fault, layout: Layout, fabrics: Sequence[Fabric | None]) -> str | None:
    """Tell why hardware cannot have a fault, None where it can.

    Args:
        fault: the fault.
        layout: the banks of every layer.
        fabrics: per layer, the circuit of each of them, None where connections are fixed.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> from hwsim.schedule import Bank, Fault, Layout
        >>> layout = Layout((Bank(0, 2, 4, 0, True),))
        >>> find_problem(Fault(0, 0, switch=6, state=0), layout, [crossbar("benes", 4)])
        'there is no switch 6 of circuit 0 to be stuck; there are 2 circuits of 6 switches'
        >>> find_problem(Fault(0, 0, cell=4, value=0.0), layout, [None])
        'there is no cell 4 of bank 0; there are 2 banks of 4 cells'
        >>> find_problem(Fault(1, 0, cell=4, value=0.0), layout, [None])
        'there is no layer 1; layers are 0 to 0'
    """
    if fault.layer >= len(layout.layers):
        return f"there is no layer {fault.layer}; layers are 0 to {len(layout.layers) - 1}"
    bank, fabric = layout.layers[fault.layer], fabrics[fault.layer]
    if fault.switch is None:
        if fault.bank < bank.banks and fault.cell is not None and fault.cell < bank.ports:
            return None
        return f"there is no cell {fault.cell} of bank {fault.bank}; there are {bank.banks} banks of {bank.ports} cells"
    unfit = "no circuit; only 2x2 switches can be stuck" if fabric is None else never_stuck(fabric, bank.ports)
    if unfit or fabric is None or (fault.bank < bank.banks and fault.switch < fabric.switches):
        return unfit
    what = f"there is no switch {fault.switch} of circuit {fault.bank} to be stuck"
    return f"{what}; there are {bank.banks} circuits of {fabric.switches} switches"


def avoid(
    fabric: Fabric,
    stuck: Stuck,
    wanted: NDArray[np.int64],
    states: tuple[NDArray[Any], NDArray[Any]],
    cost: NDArray[np.float64] | None,
    effort: str,
) -> tuple[NDArray[Any], dict[int, str]]:
    """Route banks with known stuck switches around them; others stay as they were routed.

    Args:
        fabric: the circuit of every bank.
        stuck: what is stuck in which.
        wanted: permutations of all ports, int64 (banks, ports).
        states: what the configuration memory holds, and what was routed as if nothing were stuck.
        cost: what is minimised, float64 (banks, switches, 2); toggles when None.
        effort: how hard the router tries.

    Returns:
        States, and by bank why it has no way around. Such a bank has states that would do it if nothing were stuck, of
        which as few as can be found are others than what switches are stuck in: each exchanges two positions.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric, stuck, straight = crossbar("benes", 2), Stuck(1, 1), np.zeros((1, 1), np.uint8)
        >>> stuck.known[0, 0] = 0
        >>> avoid(fabric, stuck, np.array([[1, 0]]), (straight, straight), None, "greedy")
        (array([[1]], dtype=uint8), {0: 'bank 0: no configuration realises the permutation with switch 0 stuck in \
state 0'})
    """
    banks, found, blocked = stuck.banks, states[1].copy(), dict[int, str]()
    rows, before, barred = wanted[banks], states[0][banks], stuck.barred(banks)
    own = np.stack([before != 0, before != 1], axis=2).astype(np.float64) if cost is None else cost[banks]
    try:
        found[banks] = fabric.route_many(rows, before, effort, own + barred)
    except BlockedError:
        for one, bank in enumerate(banks.tolist()):
            only = slice(one, one + 1)
            try:
                found[bank] = fabric.route_many(rows[only], before[only], effort, (own + barred)[only])[0]
            except BlockedError as error:
                blocked[bank] = f"bank {bank}: {error}"
                nearest = np.where(np.isinf(barred), NEVER, own)[only]
                found[bank] = fabric.route_many(rows[only], before[only], effort, nearest)[0]
    return found, blocked
