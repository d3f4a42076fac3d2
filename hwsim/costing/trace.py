"""Reconnections sent through one list of circuits: every step routed once, priced for several technologies."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import BlockedError, extend
from hwsim.crossbar.cost import Wear, switching_cost
from hwsim.execution import Load, simulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.costing.steps import Reconnections
    from hwsim.crossbar import Fabric, Paths
    from hwsim.crossbar.technology import Switch

MINIMISED = {
    "toggles": "switches that change, the same for every technology",
    "energy": "SET and RESET energy (their mean, where several reconnections are priced), hold power times dwell",
    "loss": "loss in decibels, summed over all switches; and toggles where it is equal",
    "wear": "toggles, those of a worn switch costing more",
}
"""What a router may be asked to spend little of."""

_TIE = 1e-6  # toggles decide between configurations of equal loss, and never outweigh a loss


def cycles(fabric: Fabric) -> int:
    """Settings that a circuit goes through in every pass: 1 but for circuits that are multiplexed in time.

    Those hold the settings of each cycle in turn, and wear with every pass, not with reconnections.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> cycles(crossbar("benes", 4))
        1
    """
    return int(getattr(fabric, "cycles", 1))


@dataclass
class Account:
    """What one switch technology has spent: joules, picoseconds, decibels over all paths."""

    switch: Switch
    energy: float = 0.0
    time: int = 0
    least: float = math.inf
    most: float = -math.inf
    total: float = 0.0
    paths: int = 0

    def pay(self, loads: Sequence[Load]) -> None:
        """One reconnection."""
        joules, picoseconds = simulate(loads, 0, self.switch)
        self.energy += joules
        self.time += picoseconds

    def lose(self, paths: Paths) -> None:
        """The paths of banks that were reconnected."""
        loss = paths.loss(self.switch)
        self.least, self.most = min(self.least, float(loss.min())), max(self.most, float(loss.max()))
        self.total += float(loss.sum())
        self.paths += loss.size

    @property
    def loss(self) -> dict[str, float] | None:
        """Least, mean and most over all paths after every reconnection; None where signals are bits."""
        if not self.paths:
            return None
        return {"min": self.least, "mean": self.total / self.paths, "max": self.most}


@dataclass
class Trace:
    """One pass of all reconnections through circuits of one topology.

    Args:
        fabrics: circuit of the banks of each group.
        accounts: one a switch technology.
        effort: how hard the router tries.
        minimised: a key of ``MINIMISED``; other than toggles it needs exactly one account.
        dwell: seconds that a configuration stands, for the energy of holding it.
    """

    fabrics: Sequence[Fabric]
    accounts: Sequence[Account]
    effort: str
    minimised: str = "toggles"
    dwell: float = 0.0
    moves: int = 0
    held: float = 0.0
    lasting: bool = False
    toggles: list[int] = field(default_factory=list)
    wear: list[Wear] = field(default_factory=list)

    def run(self, reconnections: Reconnections) -> None:
        """Route, count and pay one reconnection after another.

        Raises:
            BlockedError: one that a blocking topology cannot realise, with its number.
            ValueError: an effort that the topology does not offer.
        """
        shapes = reconnections.shapes
        self.lasting = len(reconnections) > 1
        self.wear = [Wear(len(reconnections)) for _ in self.fabrics]
        states: list[NDArray[Any]] = [f.power_up(banks) for f, (banks, _) in zip(self.fabrics, shapes, strict=True)]
        before: list[NDArray[np.int64]] = [np.tile(np.arange(ports), (banks, 1)) for banks, ports in shapes]
        if reconnections.start is not None:
            before = list(reconnections.start)
            try:
                states = [self._route(group, wanted, states[group]) for group, wanted in enumerate(before)]
            except BlockedError as error:
                raise BlockedError(f"before the first reconnection: {error}", error.pairs) from error
        for number, event in enumerate(reconnections):
            loads: list[Load] = []
            toggles = 0
            for group, wanted in enumerate(event):
                if wanted is None:
                    continue
                try:
                    new = self._route(group, wanted, states[group])
                except BlockedError as error:
                    raise BlockedError(f"reconnection {number}: {error}", error.pairs) from error
                moved = self._account(group, states[group], new, loads)
                self.moves += int(np.count_nonzero(wanted != before[group]))
                toggles += moved
                states[group], before[group] = new, wanted
            self.toggles.append(toggles)
            for account in self.accounts:
                account.pay(loads)
        self.held = sum(self._held(group, state).sum() for group, state in enumerate(states))

    def _route(self, group: int, wanted: NDArray[np.int64], old: NDArray[Any]) -> NDArray[Any]:
        fabric = self.fabrics[group]
        ports = wanted if wanted.shape[1] == fabric.ports else extend(wanted, fabric.ports)
        return fabric.route_many(ports, old, self.effort, self._cost(group, old))

    def _cost(self, group: int, old: NDArray[Any]) -> NDArray[np.float64] | None:
        """The table to minimise, None where it is toggles or where crosspoints leave no choice."""
        fabric = self.fabrics[group]
        if self.minimised == "toggles" or old.dtype != np.uint8 or old.shape[1:] != (fabric.switches,):
            return None
        switch = self.accounts[0].switch
        if self.minimised == "energy":
            return switching_cost(switch, old, energy=1.0, even=self.lasting, dwell=self.dwell)
        if self.minimised == "loss":
            return switching_cost(switch, old, loss=1.0, toggles=_TIE)
        counts = self.wear[group].counts
        worn = counts if counts.shape == old.shape else None
        # each toggle so far adds the cost of one: a few per cent more life for hardly any more toggles
        return switching_cost(switch, old, toggles=1.0, wear=switch.endurance or 0.0, worn=worn)

    def _held(self, group: int, state: NDArray[Any]) -> NDArray[np.float64]:
        """Switches in cross at a time, float64 (banks,)."""
        return np.asarray(self.fabrics[group].held_many(state) / cycles(self.fabrics[group]), np.float64)

    def _account(self, group: int, old: NDArray[Any], new: NDArray[Any], loads: list[Load]) -> int:
        fabric = self.fabrics[group]
        changed, sets, held = fabric.toggles_many(old, new), fabric.sets_many(old, new), self._held(group, new)
        loads += [
            Load(fabric.configuration_bits, int(sets[b]), int(changed[b] - sets[b]), round(held[b]))
            for b in np.flatnonzero(changed)
        ]
        if cycles(fabric) == 1:
            self.wear[group].count(old, new)
        lossy = [account for account in self.accounts if account.switch.medium == "optical"]
        if lossy:
            paths = fabric.paths_many(new)
            for account in lossy:
                account.lose(paths)
        return int(changed.sum())
