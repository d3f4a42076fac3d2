"""Words on their way through a port: one after another, in bursts, and again where some were lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.execution.timeline.port import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy as np
    from simpy import Environment, Event

    from hwsim.execution.timeline.parts import Port

SELDOM = 1e-3
"""A block that gets through without a loss less often than that is refused: the port would send it for ever."""


class PortError(HwsimError, ValueError):
    """A port that practically never gets its words through; the message says what it was to send."""

    exit_code = BAD_INPUT


class Loading:
    """One port as it sends blocks of words: what a bank is sent, or all registers of a reconnection.

    Word w of a reconnection (from 1 on) is in after w clocks and the pauses before it, one after every full burst. A
    checksum follows every block; where a word of it was lost, the whole block is sent again, until it is in.

    Args:
        env: keeps the clock.
        port: the port.
        name: its name in spans.
        rng: draws which blocks lose a word.
        record: takes spans; None where nobody looks at them.
    """

    def __init__(
        self,
        env: Environment,
        port: Port,
        name: str,
        rng: np.random.Generator,
        record: Callable[[Span], None] | None,
    ) -> None:
        self._env, self._port, self._name, self._rng, self._record = env, port, name, rng, record
        self._words = 0
        self.bits = 0
        """Bits that were sent, checksums and all that was sent again included."""
        self.resent_bits = 0
        """Bits of them that were sent again."""
        self.busy_ps = 0
        """Picoseconds in which it sent, pauses between bursts included."""

    def begin(self) -> None:
        """Begin a reconnection: its first burst."""
        self._words = 0

    def send(self, bits: int, what: str) -> Generator[Event, object, None]:
        """Send a block, until it is in.

        Args:
            bits: its bits without the checksum.
            what: what they are, for spans.

        Raises:
            PortError: it gets through too seldom.
        """
        port, env = self._port, self._env
        sent = bits + port.check_bits
        words = -(-sent // port.width)
        for again in range(self._attempts(words, what) if port.loss else 1):
            begin, clocks = int(env.now), words
            if port.burst:
                before, self._words = self._words, self._words + words
                clocks += (max(self._words - 1, 0) // port.burst - max(before - 1, 0) // port.burst) * port.pause
            duration = clocks * port.clock_ps
            yield env.timeout(duration)
            self.bits += sent
            self.busy_ps += duration
            if again:
                self.resent_bits += sent
            if self._record:
                end = begin + duration
                self._record(
                    Span(self._name, begin, end, f"{what} again" if again else what, sent, sent * port.bit_energy)
                )

    def _attempts(self, words: int, what: str) -> int:
        """Draw how often a block is sent until it is in: geometric, as every word is lost or not on its own."""
        chance = (1 - self._port.loss) ** words
        if chance < SELDOM:
            found = f"{what} of {words} words on a port that loses one in {1 / self._port.loss:.3g}"
            raise PortError(f"{found}: they get through once in {1 / chance if chance else float('inf'):.3g} times")
        return int(self._rng.geometric(chance))
