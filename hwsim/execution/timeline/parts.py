"""The machine in time, as numbers: its port, memory, switches, compute pipeline, host and requests.

Durations are integer picoseconds, energies joules, powers watts. What a scenario leaves out has the value that changes
nothing: one reconnection after another through one port, in front of banks whose switches change together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Writes = Literal["full", "addressed", "delta", "shortest"]
Policy = Literal["wait", "drop", "old"]
Issue = Literal["done", "steps", "times"]
Order = Literal["together", "reset-first"]


@dataclass(frozen=True)
class Port:
    """The configuration port.

    Args:
        width: bits that it takes in one clock.
        clock_ps: its period.
        bit_energy: joules of one bit.
        writes: how the configuration of a bank is sent (:mod:`hwsim.execution.writes`).
        burst: words of a reconnection that it takes without a pause; None where it never pauses.
        pause: clocks between two bursts.
        loss: probability that a word is lost on its way.
        check_bits: bits of the checksum that follows what each bank is sent, and all registers; 0 for none.
        own_registers: whether registers have a port of their own, as wide and as fast.
    """

    width: int
    clock_ps: int
    bit_energy: float
    writes: Writes = "full"
    burst: int | None = None
    pause: int = 1
    loss: float = 0.0
    check_bits: int = 0
    own_registers: bool = False


@dataclass(frozen=True)
class Switching:
    """The switches as they change.

    Args:
        set_ps: time from bar to cross.
        reset_ps: time back.
        set_energy: joules from bar to cross.
        reset_energy: joules back.
        hold_power: watts of one switch in cross.
        drivers: switches that may change at a time; None for any number. A budget of watts is a number of drivers.
        order: whether sets and resets of a bank go ``together``, or all resets first.
        guard_ps: time after the last switch has settled before reads are valid.
    """

    set_ps: int
    reset_ps: int
    set_energy: float
    reset_energy: float
    hold_power: float
    drivers: int | None = None
    order: Order = "together"
    guard_ps: int = 0


@dataclass(frozen=True)
class Compute:
    """The compute pipeline.

    Args:
        latency_ps: time of one inference.
        interval_ps: time until the next one may begin; at most the latency.
        energy: joules of one inference, all told.
        conversion: joules of it that converters between signals and numbers take.
        idle_power: watts that the machine takes all the time, busy or not.
    """

    latency_ps: int
    interval_ps: int
    energy: float
    conversion: float = 0.0
    idle_power: float = 0.0


@dataclass(frozen=True, eq=False)
class Requests:
    """A stream of inference requests.

    Args:
        arrivals: ``poisson`` at ``rate``, ``closed`` for clients that each wait for their answer and ask again after
            ``think_ps``, or ``trace`` for given times.
        rate: requests a second.
        clients: of a closed loop.
        think_ps: time from an answer to the next request of the same client.
        times_ps: arrivals of a trace, int64 (requests,), never falling (:func:`hwsim.files.arrivals.read_arrivals`).
        queue: requests that may wait; more are dropped. None for any number.
        policy: what becomes of requests while the machine reconnects: they ``wait``, are dropped (``drop``), or are
            answered from the ``old`` configuration for as long as it stands, which takes a double-buffered memory.
        exponential: whether service times are drawn from an exponential distribution about the interval, in place of
            being all alike.
        traced: most requests that are simulated one by one in SimPy; longer streams are reckoned by the compiled
            recursion between changes.
    """

    arrivals: Literal["poisson", "closed", "trace"]
    rate: float = 0.0
    clients: int = 1
    think_ps: int = 0
    times_ps: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    queue: int | None = None
    policy: Policy = "wait"
    exponential: bool = False
    traced: int = 10_000


@dataclass(frozen=True)
class Host:
    """The host that issues reconnections.

    Args:
        issue: ``done`` as soon as the last one is done, ``steps`` at its training step, ``times`` at given times.
        step_ps: time of one training step.
        times_ps: when reconnections 1, 2, ... are issued; those beyond are issued when the last one is done.
        length_ps: for how long the machine is watched at least; to the end of the last reconnection when 0.
    """

    issue: Issue = "done"
    step_ps: int = 0
    times_ps: tuple[int, ...] = ()
    length_ps: int = 0

    def issue_ps(self, batch: int, number: int, now: int) -> int:
        """Return when a reconnection is issued; it may have to wait for the one before.

        Args:
            batch: optimiser steps before it.
            number: reconnections before it.
            now: when the one before is done.

        Example:
            >>> host = Host("times", times_ps=(70,))
            >>> [host.issue_ps(0, number, now=50) for number in (0, 1, 2)]
            [0, 70, 50]
        """
        if self.issue == "steps":
            return batch * self.step_ps
        if self.issue == "times" and number <= len(self.times_ps):
            return self.times_ps[number - 1] if number else 0
        return now


@dataclass(frozen=True)
class Parts:
    """All parts of a machine in time."""

    port: Port
    switching: Switching
    compute: Compute
    memory: Literal["single", "double"] = "single"
    host: Host = field(default_factory=Host)
    requests: Requests | None = None
