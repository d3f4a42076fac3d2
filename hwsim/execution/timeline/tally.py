"""What a machine in time was worth: how busy its parts were, how long it was available, and its joules by part."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple


class Passage(NamedTuple):
    """One thing that was carried out: a reconnection, or a test.

    Args:
        issue_ps: when it was issued.
        begin_ps: when it began: its first word, or its first test pattern.
        end_ps: when everything had settled and reads were valid again.
        busy_ps: for how long of that inferences could not be made.
        energy: joules by part. ``holding`` is that of the banks that change, while inferences cannot be made: what a
            score bills.
    """

    issue_ps: int
    begin_ps: int
    end_ps: int
    busy_ps: int
    energy: dict[str, float]

    @property
    def energy_j(self) -> float:
        """Sum the joules of all parts."""
        return sum(self.energy.values())


@dataclass(frozen=True)
class Tally:
    """A machine in time, summed up.

    Args:
        watched_ps: for how long it was watched, from the end of power-up on.
        reconnections: how many were carried out.
        port_bits: bits that ports sent, all told.
        resent_bits: bits of them that were sent again.
        toggles: switches that changed.
        utilisation: per resource (``port``, ``register port``, ``drivers``, ``compute``), the share of the watched time
            in which it was in use; of drivers, the mean over all of them. What a machine has without limit is left out.
        availability: share of the watched time in which inferences could be made, or were being ended so that the
            machine can change.
        energy: joules by part, over the whole watched time: ``configuration``, ``toggling``, ``holding``, ``compute``,
            ``conversion``, ``idle``.
        tests: inferences of test patterns.
        inferences: requests whose inference began.
        dropped: requests that were refused.
        waiting: requests that waited at the end.
        throughput: requests whose inference began, a second.
        latency_mean_s: seconds from a request to its answer; this and those below are None where nobody was served.
        latency_p50_s: the latency that half of them did not exceed.
        latency_p99_s: likewise 99 of 100.
        wait_mean_s: seconds from a request to the beginning of its inference.
    """

    watched_ps: int
    reconnections: int
    port_bits: int
    resent_bits: int
    toggles: int
    utilisation: dict[str, float]
    availability: float
    energy: dict[str, float]
    tests: int
    inferences: int
    dropped: int
    waiting: int
    throughput: float
    latency_mean_s: float | None
    latency_p50_s: float | None
    latency_p99_s: float | None
    wait_mean_s: float | None

    @property
    def energy_j(self) -> float:
        """Sum the joules of all parts."""
        return sum(self.energy.values())

    def row(self) -> dict[str, Any]:
        """Return the numbers for JSON."""
        return asdict(self)
