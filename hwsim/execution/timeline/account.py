"""The account of a machine in time: what its parts did, in whole numbers, becomes joules and shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.execution.timeline.port import PICOSECONDS
from hwsim.execution.timeline.tally import Tally

if TYPE_CHECKING:
    from hwsim.execution.timeline.latencies import StreamTally
    from hwsim.execution.timeline.parts import Parts


class Account:
    """Counts of what a machine did, and the laws by which they are paid.

    Args:
        parts: the machine.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.reconnections = 0
        self.bits = 0
        """Bits that ports sent, checksums and all that was sent again included."""
        self.resent_bits = 0
        """Bits of them that were sent again."""
        self.sets = 0
        self.resets = 0
        self.unavailable_ps = 0
        """Picoseconds in which no inference could be made."""
        self.tests = 0
        """Inferences of test patterns."""
        self.testing_ps = 0

    def reconnecting(self, bits: int, sets: int, resets: int, switch_ps: float) -> dict[str, float]:
        """Return the joules of configuration, toggling and holding.

        Args:
            bits: that ports sent.
            sets: switches that went from bar to cross.
            resets: switches that went back.
            switch_ps: switches in cross times picoseconds.
        """
        port, switching = self._parts.port, self._parts.switching
        return {
            "configuration": bits * port.bit_energy,
            "toggling": sets * switching.set_energy + resets * switching.reset_energy,
            "holding": switch_ps * switching.hold_power / PICOSECONDS,
        }

    def computing(self, inferences: int) -> dict[str, float]:
        """Return the joules of inferences, and those of their conversions apart."""
        compute = self._parts.compute
        return {
            "compute": inferences * (compute.energy - compute.conversion),
            "conversion": inferences * compute.conversion,
        }

    def close(self, watched: int, switch_ps: float, used: dict[str, float], stream: StreamTally | None) -> Tally:
        """Sum up.

        Args:
            watched: picoseconds for which the machine was watched.
            switch_ps: switches in cross times picoseconds.
            used: picoseconds in which each resource was in use.
            stream: the requests, where there were any.
        """
        served = stream.served if stream else 0
        energy = self.reconnecting(self.bits, self.sets, self.resets, switch_ps) | self.computing(served + self.tests)
        energy["idle"] = self._parts.compute.idle_power * watched / PICOSECONDS
        return Tally(
            watched_ps=watched,
            reconnections=self.reconnections,
            port_bits=self.bits,
            resent_bits=self.resent_bits,
            toggles=self.sets + self.resets,
            utilisation={name: spent / watched if watched else 0.0 for name, spent in used.items()},
            availability=1 - self.unavailable_ps / watched if watched else 1.0,
            energy=energy,
            tests=self.tests,
            inferences=served,
            dropped=stream.dropped if stream else 0,
            waiting=stream.waiting if stream else 0,
            throughput=served / watched * PICOSECONDS if watched else 0.0,
            **_latencies(stream if served else None),
        )


def _latencies(stream: StreamTally | None) -> dict[str, float | None]:
    """Return what requests met, in seconds; None where nobody was served."""
    names = ("latency_mean_s", "latency_p50_s", "latency_p99_s", "wait_mean_s")
    if stream is None:
        return dict.fromkeys(names)
    times = (stream.latency_mean_ps, stream.latency_ps(0.5), stream.latency_ps(0.99), stream.wait_mean_ps)
    return dict(zip(names, (time / PICOSECONDS for time in times), strict=True))
