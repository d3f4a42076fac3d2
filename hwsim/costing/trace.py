"""Reconnections carried out on one list of circuits: every one routed once, priced for several technologies."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.crossbar import BlockedError
from hwsim.execution import Circuits, UnroutedError, replay
from hwsim.execution.timeline import bill, spans
from hwsim.schedule import Bank, Entry, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsim.costing.steps import Reconnections
    from hwsim.crossbar import Fabric, Paths
    from hwsim.crossbar.technology import Switch
    from hwsim.execution import Change

MINIMISED = {
    "toggles": "switches that change, the same for every technology",
    "energy": "SET and RESET energy (their mean, where several reconnections are priced), hold power times dwell",
    "loss": "loss in decibels, summed over all switches; and toggles where it is equal",
    "wear": "toggles, those of a worn switch costing more",
}
"""What a router may be asked to spend little of."""


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

    def pay(self, change: Change) -> None:
        """One reconnection."""
        joules, picoseconds = bill(spans(change.loads, 0, self.switch), self.switch)
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


class Trace:
    """One pass of all reconnections through circuits of one topology.

    Args:
        fabrics: circuit of the banks of each group.
        accounts: one per switch technology.
        effort: how hard the router tries.
        minimised: a key of ``MINIMISED``; other than toggles it needs exactly one account.
        dwell: seconds that a configuration stands, for the energy of holding it.
    """

    def __init__(
        self,
        fabrics: Sequence[Fabric],
        accounts: Sequence[Account],
        effort: str,
        minimised: str = "toggles",
        dwell: float = 0.0,
    ) -> None:
        self.fabrics, self.accounts, self.effort = fabrics, accounts, effort
        self._minimised, self._dwell = minimised, dwell
        self.moves, self.held, self.worn = 0, 0.0, 0
        """Positions moved in all; switches in cross at the end; toggles of the switch that toggled most."""
        self.toggles: list[int] = []
        """Toggles of each reconnection."""

    def run(self, reconnections: Reconnections) -> None:
        """Route, count and pay one reconnection after another.

        Raises:
            BlockedError: one that a blocking topology cannot realise, with its number.
            ValueError: an effort that the topology does not offer.
        """
        shapes = enumerate(reconnections.shapes)
        groups = tuple(Bank(group, banks, ports, registers=0, learned=True) for group, (banks, ports) in shapes)
        self._circuits = Circuits(
            self.fabrics,
            Layout(groups),
            self.accounts[0].switch,
            self.effort,
            aim=self._minimised,
            dwell=self._dwell,
            counted=len(reconnections),
        )
        if reconnections.start is not None:
            with _said("before the first reconnection"):
                self._circuits.prepare(reconnections.start)
        replay((Entry(number, 0, event, ()) for number, event in enumerate(reconnections)), self)
        self.held = self._circuits.held
        self.worn = max(wear.most for wear in self._circuits.wear or ())

    def execute(self, entry: Entry) -> None:
        """Carry out one reconnection on the circuits, and let every technology pay for it."""
        with _said(f"reconnection {entry.event}"):
            change = self._circuits.reconnect(entry.permutations)
        if not change.toggles and all(permutation is None for permutation in entry.permutations):
            return  # nothing is asked for, and no open crosspoint had to be closed
        self.moves += change.moves
        self.toggles.append(change.toggles)
        for account in self.accounts:
            account.pay(change)
        lossy = [account for account in self.accounts if account.switch.medium == "optical"]
        for layer in change.layers if lossy else ():
            if layer is not None:
                paths = self.fabrics[layer.layer].paths_many(layer.new)
                for account in lossy:
                    account.lose(paths)


@contextmanager
def _said(where: str) -> Iterator[None]:
    """Name the reconnection that a topology cannot do; what is wrong with an effort stands for all of them."""
    try:
        yield
    except UnroutedError as error:
        if isinstance(error.__cause__, BlockedError):
            raise BlockedError(f"{where}: {error}", error.__cause__.pairs) from error
        raise
