"""The host drives a simulated board through a pseudo-terminal, over lines that are sound and lines that are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.boards import host
from hwsim.boards.frames import DONE, Answer, frame, seal
from hwsim.boards.host import Board
from hwsim.boards.line import BoardError, Line, open_port
from hwsim.export.rtl.board import board, design_digest
from tests.boards.simulated import DIVIDER, Simulated, Spoil, simulated
from tests.boards.standing import INPUTS, LOGIC, configuration, expected

pytest.importorskip("serial", reason="pyserial is not installed: pip install hwsim[fpga]")
CLOCK = 1000 * DIVIDER


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulated, str]]:
    sources = {**LOGIC.sources, **board(LOGIC, CLOCK, baud=1000, silence=0.2)}
    with simulated(sources, tmp_path_factory.mktemp("board")) as found:
        yield found


@pytest.fixture
def line(bridge: tuple[Simulated, str]) -> Line:
    bridge[0].to_board = bridge[0].to_host = bytes
    return Line(open_port(bridge[1], 115_200), patience=0.3)


def images(seed: int, count: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, INPUTS))


def spoiling(every: int, what: str) -> Spoil:
    """Spoil one byte in so many: lose it, flip bits of it, or put another before it."""
    seen = iter(range(10**9))
    changed: dict[str, Spoil] = {
        "lost": lambda _: b"",
        "flipped": lambda byte: bytes([byte[0] ^ 0x41]),
        "noise": lambda byte: b"\xa5" + byte,
    }

    def spoil(byte: bytes) -> bytes:
        return changed[what](byte) if next(seen) % every == every - 1 else byte

    return spoil


def test_configure_infer_reconnect(line: Line) -> None:
    line = Line(line._port, patience=5.0)  # a busy machine is no poor line
    rng, x = np.random.default_rng(1), images(1)
    first, second = configuration(rng), configuration(rng, 1)
    driven = Board(line, LOGIC)
    for now in (first, second):
        assert driven.configure(now) == len(now.biases[0])
        np.testing.assert_array_equal(driven.infer(x), expected(now, x))
    for count, places in ((1, [0, 7, 0, 0]), (2, [7, 7, 7, 0])):  # in one frame, and in two
        changed = replace(second, biases=(second.biases[0] + np.array(places),))
        assert driven.configure(changed) == count  # only the words that differ
        np.testing.assert_array_equal(driven.infer(x[:3]), expected(changed, x[:3]))
    assert line.resent == 0


def test_a_reconnection_while_an_image_computes(line: Line) -> None:
    rng, x = np.random.default_rng(2), images(2)
    first, second = configuration(rng), configuration(rng, 1)
    driven = Board(line, LOGIC)
    driven.configure(first)
    driven.send(x[0])
    driven.configure(second)
    driven.send(x[1])
    np.testing.assert_array_equal(driven.read(), expected(first, x[:1])[0])
    np.testing.assert_array_equal(driven.read(), expected(second, x[1:2])[0])


@pytest.mark.parametrize("what", ["lost", "flipped", "noise"])
@pytest.mark.parametrize("way", ["to_board", "to_host"])
def test_a_poor_line_costs_time_and_no_number(line: Line, bridge: tuple[Simulated, str], what: str, way: str) -> None:
    rng, x = np.random.default_rng(3), images(3, 5)
    given = configuration(rng)
    driven = Board(line, LOGIC)
    setattr(bridge[0], way, spoiling(37, what))
    driven.configure(given)
    np.testing.assert_array_equal(driven.infer(x), expected(given, x))
    assert what == "noise" or line.resent > 0


@pytest.mark.parametrize("byte", [1, 2, 3, -1, -2])
def test_a_frame_with_a_flipped_bit_is_not_answered(line: Line, byte: int) -> None:
    sent = frame("I", line._turn)
    spoilt = bytearray(sent)
    spoilt[byte] ^= 4
    line._write(bytes(spoilt))
    assert line._wait() is None
    line._write(sent)
    assert line._wait() is not None


def test_a_dead_line_is_one_clear_error(line: Line, bridge: tuple[Simulated, str]) -> None:
    driven = Board(line, LOGIC)
    bridge[0].to_board = lambda _: b""
    with pytest.raises(BoardError, match=r"did not answer 'B', sent 5 times; is it configured with the bitstream"):
        driven.configure(configuration(np.random.default_rng(4)))


def test_half_a_configuration_is_never_used(line: Line) -> None:
    """The line dies between words; images that come later meet the configuration that was whole."""
    rng, x = np.random.default_rng(5), images(5, 3)
    first, second = configuration(rng), configuration(rng, 1)
    driven = Board(line, LOGIC)
    driven.configure(first)
    np.testing.assert_array_equal(driven.infer(x[:1]), expected(first, x[:1]))
    driven._done("B")
    driven._ask("W", bytes(3) + bytes([1, 2, 3, 4]))
    with pytest.raises(BoardError, match=r"status 2: the configuration did not arrive whole and was not committed"):
        driven._ask("C", b"\0\0")
    np.testing.assert_array_equal(driven.infer(x), expected(first, x))
    driven._shadow = None
    driven.configure(second)
    np.testing.assert_array_equal(driven.infer(x), expected(second, x))


@pytest.mark.parametrize("flipped", [0x0001, 0x0100])
def test_after_a_configuration_that_was_not_whole_all_words_are_written(
    line: Line, monkeypatch: pytest.MonkeyPatch, flipped: int
) -> None:
    rng, x = np.random.default_rng(8), images(8, 3)
    first, second = configuration(rng), configuration(rng, 1)
    driven = Board(line, LOGIC)
    driven.configure(first)
    with monkeypatch.context() as patch:
        patch.setattr(host, "seal", lambda before, sent: seal(before, sent) ^ flipped)
        with pytest.raises(BoardError, match="did not arrive whole"):
            driven.configure(second)
    assert driven.configure(first) == len(first.biases[0])
    np.testing.assert_array_equal(driven.infer(x), expected(first, x))


def test_another_design_is_refused(line: Line) -> None:
    other = replace(LOGIC, memories={"weights0.mem": "1"})
    assert design_digest(other) != design_digest(LOGIC)
    with pytest.raises(BoardError, match=r"holds design .* and this run's is .*; load the bitstream that hwsim synth"):
        Board(line, other)


def test_three_images_at_once_wait(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "PATIENCE", 0.5)
    driven = Board(line, LOGIC)
    driven.configure(configuration(np.random.default_rng(6)))
    driven.send(images(6)[0])
    driven.send(images(6)[1])
    with pytest.raises(BoardError, match=r"busy with 'X'"):
        driven.send(images(6)[2])


def test_a_host_that_comes_after_one_that_broke_off(line: Line) -> None:
    """Sums that nobody read, a configuration that no image took along and half an image are forgotten."""
    rng, x = np.random.default_rng(7), images(7, 3)
    first, second = configuration(rng), configuration(rng, 1)
    broken = Board(line, LOGIC)
    broken.configure(first)
    broken.send(x[0])
    broken.configure(second)  # takes longer than the image
    broken._ask("X", bytes([1, 5, 6]))
    driven = Board(line, LOGIC)
    driven.configure(first)
    np.testing.assert_array_equal(driven.infer(x), expected(first, x))


def test_sums_that_are_too_few_are_no_numbers() -> None:
    class Short:
        """A line to a board that answers all questions well, and sums by a byte too few."""

        def ask(self, kind: str, _: bytes = b"") -> tuple[Answer, bytes]:
            payloads = {"I": design_digest(LOGIC), "A": bytes(11)}
            return Answer(0, DONE, payloads.get(kind, b"")), b""

    line: Any = Short()
    with pytest.raises(BoardError, match="the board answered 11 bytes of sums, and 12 were due"):
        Board(line, LOGIC).read()


def test_words_wait_until_an_image_took_the_configuration_along(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "PATIENCE", 0.2)
    given, x = configuration(np.random.default_rng(9)), images(9, 1)
    driven = Board(line, LOGIC)
    driven.configure(given)
    with pytest.raises(BoardError, match="busy with 'W'"):
        driven._ask("W", bytes(3) + bytes([1, 2]))
    np.testing.assert_array_equal(driven.infer(x), expected(given, x))


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(BoardError, match=r"cannot be opened .*; is the board plugged in"):
        open_port(str(Path("no") / "such" / "port"), 115_200)
