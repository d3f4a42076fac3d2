"""Questions on a serial line that is late or breaks off: an answer counts for the question that it was given to."""

from __future__ import annotations

from collections.abc import Callable

from hwsim.boards.frames import ANSWER, DONE, crc16
from hwsim.boards.line import Line


class Scripted:
    """A port that answers the frames it is sent one after another as it is told; every look at it takes 0.1 s."""

    def __init__(self, *answers: Callable[[bytes], bytes]) -> None:
        self.answers, self.come, self.now = iter(answers), b"", 0.0

    def write(self, data: bytes) -> None:
        self.come += next(self.answers)(data)

    def read(self, _: int = 1) -> bytes:
        self.now += 0.1
        found, self.come = self.come, b""
        return found


def answering(payload: bytes) -> Callable[[bytes], bytes]:
    """Answer a frame under its turn."""

    def answer(sent: bytes) -> bytes:
        body = bytes([sent[2], DONE, len(payload)]) + payload
        return bytes([ANSWER]) + body + crc16(body).to_bytes(2, "big")

    return answer


def test_an_answer_that_comes_twice_is_none_to_the_next_question() -> None:
    port = Scripted(lambda _: b"", lambda sent: answering(b"first")(sent) * 2, answering(b"second"))
    line = Line(port, clock=lambda: port.now)
    assert line.ask("I")[0].payload == b"first"
    assert line.ask("A")[0].payload == b"second"
    assert line.resent == 1


def test_an_answer_that_broke_off_is_waited_for_once() -> None:
    port = Scripted(lambda sent: bytes([ANSWER, sent[2], DONE, 255, 1]), answering(b"whole"))
    assert Line(port, clock=lambda: port.now).ask("I")[0].payload == b"whole"
