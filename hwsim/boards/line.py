"""A serial line to a board: a port that is opened by name (pyserial), and questions that are asked until answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from hwsim.boards.frames import Answer, frame, parse
from hwsim.errors import FAILED, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 5
"""How often a frame is sent before the line counts as dead."""


class BoardError(HwsimError):
    """A board does not answer, answers wrongly, or holds another design."""

    exit_code = FAILED


class Port(Protocol):
    """What is needed of a serial port, as :class:`serial.Serial` has it."""

    def write(self, data: bytes, /) -> Any:
        """Send bytes."""

    def read(self, size: int = 1, /) -> bytes:
        """Return up to so many bytes, those that came before a short time-out."""


def open_port(name: str, baud: int) -> Port:
    """Open a serial port.

    Raises:
        BoardError: pyserial is not installed, or the port cannot be opened.
    """
    try:
        import serial
    except ImportError:
        raise BoardError("a board is reached through pyserial: pip install hwsim[fpga]") from None
    try:
        return serial.Serial(name, baud, timeout=0.02, exclusive=True)  # type: ignore[no-any-return]
    except (OSError, ValueError) as error:
        raise BoardError(
            f"{name}: cannot be opened ({error}); is the board plugged in, and the port its own?"
        ) from None


class Line:
    """Asks a board question by question; a frame that is not answered is sent again under the same turn.

    The board carries a turn out once, so that asking again is safe.

    Args:
        port: the serial port.
        patience: seconds that an answer may take; longer than the board takes to give up a frame cut short.
        clock: time in seconds.
    """

    def __init__(self, port: Port, patience: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._port, self._patience, self._clock = port, patience, clock
        self._turn, self._come = int(time.time() * 1e3) % 256, b""  # hardly the turn that another host ended with
        self.resent = 0
        """Frames that had to be sent again."""

    def ask(self, kind: str, payload: bytes = b"") -> tuple[Answer, bytes]:
        """Send a frame until it is answered.

        Returns:
            The answer, and the frame as it was sent.

        Raises:
            BoardError: no answer after several tries.
        """
        self._turn = (self._turn + 1) % 256
        sent = frame(kind, self._turn, payload)
        for tried in range(TRIES):
            self.resent += tried > 0
            self._write(sent)
            answer = self._wait()
            if answer is not None:
                return answer, sent
        what = f"the board did not answer {kind!r}, sent {TRIES} times"
        raise BoardError(f"{what}; is it configured with the bitstream of this run, and the baud rate the same?")

    def _write(self, sent: bytes) -> None:
        try:
            self._port.write(sent)
        except OSError as error:
            raise BoardError(f"the serial line broke: {error}") from None

    def _wait(self) -> Answer | None:
        """Return the answer of this turn; others are answers to what was asked before, and dropped."""
        end = self._clock() + self._patience
        while self._clock() < end:
            try:
                self._come += self._port.read(256)
            except OSError as error:
                raise BoardError(f"the serial line broke: {error}") from None
            answer, self._come = parse(self._come)
            while answer is not None:
                if answer.turn == self._turn:
                    return answer
                answer, self._come = parse(self._come)
        self._come = b""
        return None
