"""The compute pipeline of a machine as the timeline needs it: its inference bill in whole picoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.execution.timeline import PICOSECONDS, Compute

if TYPE_CHECKING:
    from hwsim.execution.machine import Machine


def compute_of(machine: Machine) -> Compute:
    """Return the compute pipeline of a machine as it is connected now.

    A placed design that is free for the next image a clock after its last result counts as busy up to then.
    """
    bill = machine.inference_bill()
    interval = round(bill.interval_s * PICOSECONDS)
    latency = max(round(bill.time_s * PICOSECONDS), interval)
    return Compute(latency, interval, bill.energy_j, bill.conversion_j, bill.idle_w)
