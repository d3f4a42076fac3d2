"""Words on their way through a port: one after another, in bursts, and again where some were lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.crossbar.technology import SELDOM, intact
from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from hwsim.execution.timeline.account import Account
    from hwsim.execution.timeline.parts import Port
    from hwsim.execution.timeline.port import Record


class PortError(HwsimError, ValueError):
    """A port that practically never gets its words through; the message says what it was to send."""

    exit_code = BAD_INPUT


class Loading:
    """A port as it sends blocks of words: what each bank is sent, or all registers of a reconnection.

    Word w of a reconnection (from 1 on) is in after w clocks and the pauses before it, one after every full burst. A
    checksum follows every block; where a word of it was lost, the whole block is sent again, until it is in. Nobody
    but the reconnection uses the port, so that when its blocks are in is known as soon as it begins.

    Args:
        port: the port.
        account: is told the bits that it sends.
        name: its name in spans.
        rng: draws which blocks lose a word.
        record: takes spans; None where nobody looks at them.

    Example:
        >>> from hwsim.execution.timeline import Compute, Parts, Port, Switching
        >>> from hwsim.execution.timeline.account import Account
        >>> from hwsim.stream import stream
        >>> port = Port(8, 100, 0.0, burst=2)
        >>> account = Account(Parts(port, Switching(0, 0, 0.0, 0.0, 0.0), Compute(0, 0, 0.0)))
        >>> loading = Loading(port, account, "port", stream(0, "a"), None)
        >>> loading.send([8, 9], "bits", 5000)  # one word, and two with a pause between them
        [5100, 5400]
        >>> account.bits
        17
    """

    def __init__(
        self, port: Port, account: Account, name: str, rng: np.random.Generator, record: Record | None
    ) -> None:
        self._port, self._account, self._name, self._rng, self._record = port, account, name, rng, record
        self._words = 0
        self.busy_ps = 0
        """Picoseconds in which it sent, pauses between bursts included."""

    def begin(self) -> None:
        """Begin a reconnection: its first burst."""
        self._words = 0

    def send(self, blocks: Sequence[int], what: str, begin: int) -> list[int]:
        """Send blocks, each until it is in.

        Args:
            blocks: bits of each, without its checksum.
            what: what they are, for spans.
            begin: picoseconds, when the first may begin.

        Returns:
            When each is in.

        Raises:
            PortError: one gets through too seldom.
        """
        port, record, now, ends = self._port, self._record, begin, list[int]()
        width, clock, check, name, joules = port.width, port.clock_ps, port.check_bits, self._name, port.bit_energy
        for block in blocks:
            sent = block + check
            words = -(-sent // width)
            start, now = now, now + (self._clocks(words) if port.burst else words) * clock
            if record:
                record((name, start, now, what, sent, sent * joules))
            if port.loss:
                now = self._send_again(sent, words, what, now)
            ends.append(now)
        self._account.bits += sum(blocks) + check * len(blocks)
        self.busy_ps += now - begin
        return ends

    def _clocks(self, words: int) -> int:
        """Count the clocks of the next words, and of the pauses before them."""
        burst, pause, before = self._port.burst or 0, self._port.pause, self._words
        self._words = after = before + words
        return words + (max(after - 1, 0) // burst - max(before - 1, 0) // burst) * pause

    def _send_again(self, sent: int, words: int, what: str, now: int) -> int:
        """Send a block until no word of it is lost, after it was sent once; returns when it is in.

        How often is drawn from a geometric distribution, as every word is lost or not on its own.
        """
        port = self._port
        chance = intact(words, port.loss)
        if chance < SELDOM:
            found = f"{what} of {words} words, each lost with probability {port.loss:g}"
            raise PortError(f"{found}: they get through in less than one of {1 / SELDOM:g} tries; a wider port helps")
        for _ in range(int(self._rng.geometric(chance)) - 1):
            start, now = now, now + (self._clocks(words) if port.burst else words) * port.clock_ps
            self._account.bits += sent
            self._account.resent_bits += sent
            if self._record:
                self._record((self._name, start, now, f"{what} again", sent, sent * port.bit_energy))
        return now
