"""Reconnections carried out on one list of circuits: every one routed once, priced for several technologies."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.crossbar import BlockedError
from hwsim.execution import Circuits, UnroutedError
from hwsim.execution.timeline import bill
from hwsim.schedule import Bank, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hwsim.costing.steps import Event, Reconnections
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


class Step(NamedTuple):
    """The changes by one event: its number, positions moved, switches toggled, bits sent to them, registers written.

    A ``reconnection`` asks for permutations, or joins at power-up what is open; other events write registers alone.
    """

    event: int
    reconnection: bool
    moves: int
    toggles: int
    bits: int
    writes: int


class Payment(NamedTuple):
    """The cost of one event: joules and picoseconds of its circuits, and what its register writes add to them."""

    energy: float
    time: int
    register_energy: float
    register_time: int


@dataclass
class Account:
    """The account of one switch technology: a payment for each step, decibels over all paths."""

    switch: Switch
    payments: list[Payment] = field(default_factory=list)
    least: float = math.inf
    most: float = -math.inf
    total: float = 0.0
    paths: int = 0

    def pay(self, change: Change, writes: int) -> None:
        """Bill one event. Registers are written while the last switches settle, so they add less time than alone."""
        sent = change.sent
        joules, picoseconds = bill(sent, 0, self.switch)
        with_writes = bill(sent, writes, self.switch) if writes else (joules, picoseconds)
        self.payments.append(Payment(joules, picoseconds, with_writes[0] - joules, with_writes[1] - picoseconds))

    def lose(self, paths: Paths) -> None:
        """Add the losses of the paths of banks that were reconnected."""
        loss = paths.loss(self.switch)
        self.least, self.most = min(self.least, float(loss.min())), max(self.most, float(loss.max()))
        self.total += float(loss.sum())
        self.paths += loss.size

    @property
    def loss(self) -> dict[str, float] | None:
        """Return least, mean and most over all paths after every reconnection; None where signals are bits."""
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
        writes: how configurations are sent, a key of :data:`hwsim.execution.writes.WRITES`; other than ``full`` it
            needs accounts whose ports are equally wide.
    """

    def __init__(
        self,
        fabrics: Sequence[Fabric],
        accounts: Sequence[Account],
        effort: str,
        minimised: str = "toggles",
        dwell: float = 0.0,
        writes: str = "full",
    ) -> None:
        self.fabrics, self.accounts, self.effort, self.writes = fabrics, accounts, effort, writes
        self._minimised, self._dwell = minimised, dwell
        self.held, self.worn = 0.0, 0
        """Switches in cross at the end; toggles of the switch that toggled most."""
        self.steps: list[Step] = []
        self.blocked = 0
        """Reconnections that were left out, since the topology cannot realise them."""

    @property
    def blocking(self) -> bool:
        """Tell whether some circuit cannot realise every permutation."""
        return any(fabric.blocking == "blocking" for fabric in self.fabrics)

    @property
    def reconnections(self) -> list[Step]:
        """Return the steps that are more than register writes."""
        return [step for step in self.steps if step.reconnection]

    def run(self, reconnections: Reconnections) -> None:
        """Route, count and pay one event after another.

        Raises:
            BlockedError: a reconnection that a blocking topology cannot realise, with its number; of those that may be
                left out, where none is left.
            ValueError: an effort that the topology does not offer.
        """
        shapes = enumerate(reconnections.shapes)
        groups = tuple(Bank(group, banks, ports, registers=0, learned=True) for group, (banks, ports) in shapes)
        self._circuits = Circuits(
            self.fabrics,
            Layout(groups),
            self.accounts[0].switch,
            self.effort,
            writes=self.writes,
            aim=self._minimised,
            dwell=self._dwell,
            counted=len(reconnections),
        )
        connected = self._begin(reconnections)
        first = ""
        for number, event in enumerate(reconnections.following(connected)):
            writes = reconnections.writes[number] if reconnections.writes is not None else 0
            try:
                self._step(number, event, writes)
            except BlockedError as error:
                if not reconnections.skips:
                    raise
                self.blocked += 1
                first = first or str(error)
                continue
            connected[:] = [p if p is not None else before for p, before in zip(event, connected, strict=True)]
        if not self.steps:
            raise BlockedError(f"all {self.blocked} are blocked, the first: {first}")
        self.held = self._circuits.held
        self.worn = self._circuits.worn or 0

    def _begin(self, reconnections: Reconnections) -> list[NDArray[np.int64]]:
        """Configure what is connected before the first reconnection, unpaid; returns it.

        A blocking circuit can do hardly any random permutation, and begins from straight connections.
        """
        straight = [np.tile(np.arange(ports), (banks, 1)) for banks, ports in reconnections.shapes]
        if reconnections.start is None:
            return straight
        start = straight if self.blocking else list(reconnections.start)
        with _said("before the first reconnection"):
            self._circuits.prepare(start)
        return start

    def _step(self, number: int, event: Event, writes: int) -> None:
        """Carry out one event on the circuits, and let every technology pay for it."""
        with _said(f"reconnection {number}"):
            change = self._circuits.reconnect(event)
        # where nothing is asked for, open crosspoints may be closed all the same
        sent = change.sent.bits
        reconnection = bool(sent.size) or any(permutation is not None for permutation in event)
        if not reconnection and not writes:
            return
        self.steps.append(Step(number, reconnection, change.moves, change.toggles, int(sent.sum()), writes))
        for account in self.accounts:
            account.pay(change, writes)
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
