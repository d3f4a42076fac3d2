"""Frames: an answer comes out of any noise, and a byte that flipped never passes for one."""

from __future__ import annotations

import binascii
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.boards.frames import ANSWER, crc16, frame, parse, seal
from hwsim.export.netlist import NetlistError
from hwsim.export.rtl.architecture import Beats
from hwsim.export.rtl.board import board
from tests.boards.standing import LOGIC


def answer(turn: int, status: int, payload: bytes) -> bytes:
    body = bytes([turn, status, len(payload)]) + payload
    return bytes([ANSWER]) + body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")


ANSWERS = st.tuples(st.integers(0, 255), st.integers(0, 3), st.binary(max_size=20))


@given(st.binary(max_size=300))
def test_the_crc_is_that_of_the_standard_library(data: bytes) -> None:
    assert crc16(data) == binascii.crc_hqx(data, 0xFFFF)


@given(st.sampled_from("IBWCXAR"), st.integers(0, 255), st.binary(max_size=255))
def test_a_frame_with_its_crc_leaves_no_remainder(kind: str, turn: int, payload: bytes) -> None:
    sent = frame(kind, turn, payload)
    assert sent[:4] == bytes([0xA5, ord(kind), turn, len(payload)])
    assert binascii.crc_hqx(sent[1:], 0xFFFF) == 0


@given(st.binary(max_size=9).filter(lambda noise: ANSWER not in noise), ANSWERS, st.binary(max_size=9))
def test_an_answer_comes_out_of_noise(noise: bytes, told: tuple[int, int, bytes], rest: bytes) -> None:
    found, left = parse(noise + answer(*told) + rest)
    assert found is not None
    assert (found.turn, found.status, found.payload) == told
    assert left == rest


@given(ANSWERS, st.data())
def test_a_flipped_byte_is_no_answer(told: tuple[int, int, bytes], data: st.DataObject) -> None:
    whole = answer(*told)
    at = data.draw(st.integers(0, len(whole) - 1))
    spoilt = bytearray(whole)
    spoilt[at] ^= data.draw(st.integers(1, 255))
    assert parse(bytes(spoilt))[0] is None


def test_the_seal_knows_the_order_of_frames() -> None:
    one, other = frame("W", 1, b"abc"), frame("W", 2, b"abd")
    assert seal(seal(0xFFFF, one), other) != seal(seal(0xFFFF, other), one)


def test_sums_that_no_answer_holds_and_bits_that_no_clock_samples_are_refused() -> None:
    wide = replace(LOGIC, gives=Beats(1, 64, 25))
    with pytest.raises(NetlistError, match="take 256 bytes, and an answer of the board holds 255"):
        board(wide, 4000, baud=1000)
    with pytest.raises(NetlistError, match=r"1000 baud leave 3\.0 clocks a bit; at least 4 are needed"):
        board(LOGIC, 3000, baud=1000)
    assert board(replace(LOGIC, gives=Beats(1, 63, 25)), 4000, baud=1000)
