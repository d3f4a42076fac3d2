"""The host of a board: configure, commit, infer, reconnect, read accumulators, each step sure before the next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from hwsim.boards.frames import BUSY, DONE, MOST, seal
from hwsim.boards.line import BoardError
from hwsim.export.rtl.board import design_digest, sum_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.boards.frames import Answer
    from hwsim.boards.line import Line
    from hwsim.export.netlist import Configuration
    from hwsim.export.rtl.architecture import Architecture

PATIENCE = 20.0
"""Seconds that a board may be busy with one thing."""


class Board:
    """A board on a line, reset, with the logic of one network in it.

    Args:
        line: to the board.
        architecture: the logic that its bitstream was made of.

    Raises:
        BoardError: no board answers, or its bitstream is of another design.
    """

    def __init__(self, line: Line, architecture: Architecture) -> None:
        self._line, self._logic = line, architecture
        found, wanted = self._done("I").payload, design_digest(architecture)
        if found != wanted:
            what = f"the board holds design {found.hex()}, and this run's is {wanted.hex()}"
            raise BoardError(f"{what}; load the bitstream that hwsim synth made of this run with the same options")
        self._done("R")
        self._shadow: NDArray[np.uint64] | None = None
        """What the shadow holds; None where that is not known, and everything is written."""
        self._active: NDArray[np.uint64] | None = None
        self._pending = False

    def configure(self, configuration: Configuration) -> int:
        """Write a configuration into the shadow, and let the next image take it along.

        Only words that differ from what the shadow is known to hold are written.

        Returns:
            The words written.
        """
        words = self._logic.words(configuration)
        held = self._shadow
        places = np.arange(len(words)) if held is None else np.flatnonzero(words != held)
        self._done("B")
        self._shadow, self._pending, mark = None, False, 0xFFFF  # half written until the board says that it is whole
        for first, run in _runs(places, self._most_words):
            sent = self._ask("W", first.to_bytes(3, "little") + self._packed(words[first : first + run]))[1]
            mark = seal(mark, sent)
        self._done("C", mark.to_bytes(2, "big"))
        self._shadow, self._pending = words, True
        return len(places)

    def send(self, codes: NDArray[np.integer]) -> None:
        """Send one image (inputs,); the board works on it while other things are asked. Two may be under way."""
        size = -(-self._logic.takes.bits // 8)
        data = (np.asarray(codes, np.int64) & ((1 << self._logic.takes.bits) - 1)).astype(np.uint32)
        data_bytes = b"".join(int(code).to_bytes(size, "little") for code in data)
        step = (MOST - 1) // size * size
        for first in range(0, len(data_bytes), step):
            self._ask("X", bytes([int(first == 0)]) + data_bytes[first : first + step])
        if self._pending:  # the image took the configuration along; memories swap, or registers are copied
            self._pending = False
            self._shadow, self._active = self._active if self._logic.swaps else self._shadow, self._shadow

    def read(self) -> NDArray[np.int64]:
        """Return the accumulators of the last layer of the oldest image that was not read yet, in stream order."""
        payload = self._ask("A")[0].payload
        size, count = sum_bytes(self._logic), self._logic.gives.values * self._logic.gives.beats
        if len(payload) != size * count:
            raise BoardError(f"the board answered {len(payload)} bytes of sums, and {size * count} were due")
        parts = (payload[n : n + size] for n in range(0, len(payload), size))
        return np.array([int.from_bytes(part, "little", signed=True) for part in parts], np.int64)

    def infer(self, images: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the accumulators of images (images, inputs), int64 (images, outputs)."""
        found = []
        for image in images:
            self.send(image)
            found.append(self.read())
        return np.stack(found) if found else np.zeros((0, self._logic.gives.values * self._logic.gives.beats), np.int64)

    @property
    def _most_words(self) -> int:
        return (MOST - 3) // -(-self._logic.word_bits // 8)

    def _packed(self, words: NDArray[np.uint64]) -> bytes:
        size = -(-self._logic.word_bits // 8)
        return b"".join(int(word).to_bytes(size, "little") for word in words)

    def _ask(self, kind: str, payload: bytes = b"") -> tuple[Answer, bytes]:
        """Ask until the board is not busy.

        Raises:
            BoardError: it is busy for too long, or refuses.
        """
        end = time.monotonic() + PATIENCE
        while True:
            answer, sent = self._line.ask(kind, payload)
            if answer.status == DONE:
                return answer, sent
            if answer.status != BUSY:
                what = "the configuration did not arrive whole and was not committed" if kind == "C" else "refused"
                raise BoardError(f"the board answered {kind!r} with status {answer.status}: {what}; configure again")
            if time.monotonic() > end:
                raise BoardError(f"the board is busy with {kind!r} for {PATIENCE:.0f} s; reset it and start again")

    def _done(self, kind: str, payload: bytes = b"") -> Answer:
        return self._ask(kind, payload)[0]


def _runs(places: NDArray[np.integer], most: int) -> list[tuple[int, int]]:
    """Return runs of addresses, first and length, of at most so many words.

    Example:
        >>> _runs(np.array([3, 4, 5, 9]), 2)
        [(3, 2), (5, 1), (9, 1)]
    """
    found: list[tuple[int, int]] = []
    for place in places.tolist():
        if found and place == sum(found[-1]) and found[-1][1] < most:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((place, 1))
    return found
