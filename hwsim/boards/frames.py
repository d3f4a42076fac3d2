"""Frames between a host and a board: bytes with a turn and a CRC; ``hwsim_host_port.v`` is the other end.

A frame is ``A5 kind turn length payload crc``, an answer ``5A turn status length payload crc``; the CRC-16 (polynomial
1021, start FFFF, high byte first) is of all but the first byte.
"""

from __future__ import annotations

from dataclasses import dataclass

FRAME, ANSWER = 0xA5, 0x5A
MOST = 255
"""Bytes of a payload."""
DONE, BUSY, NOT_WHOLE, UNKNOWN = range(4)
"""Status of an answer."""
_HEAD = 4


def crc16(data: bytes, start: int = 0xFFFF) -> int:
    """Compute a CRC-16 of polynomial 1021 (CRC-16/CCITT-FALSE).

    Example:
        >>> hex(crc16(b"123456789"))
        '0x29b1'
    """
    for byte in data:
        start ^= byte << 8
        for _ in range(8):
            start = (start << 1 ^ 0x1021 if start & 0x8000 else start << 1) & 0xFFFF
    return start


def frame(kind: str, turn: int, payload: bytes = b"") -> bytes:
    """Return the bytes of a frame.

    Example:
        >>> frame("I", 7).hex()
        'a5490700d637'
    """
    body = bytes([ord(kind), turn, len(payload)]) + payload
    return bytes([FRAME]) + body + crc16(body).to_bytes(2, "big")


def seal(before: int, sent: bytes) -> int:
    """Return the seal of a configuration after one more frame of words: turned left by a bit, xored with its CRC."""
    return ((before << 1 | before >> 15) & 0xFFFF) ^ int.from_bytes(sent[-2:], "big")


@dataclass(frozen=True)
class Answer:
    """What a board answers."""

    turn: int
    status: int
    payload: bytes


def parse(data: bytes) -> tuple[Answer | None, bytes]:
    """Take the first whole answer out of what has come; what is no answer is dropped.

    Returns:
        The answer, None where none is whole yet, and the bytes that are left.

    Example:
        >>> body = bytes([7, 0, 1, 42])
        >>> parse(b"noise" + bytes([ANSWER]) + body + crc16(body).to_bytes(2, "big") + b"Z")
        (Answer(turn=7, status=0, payload=b'*'), b'Z')
    """
    while True:
        first = data.find(ANSWER)
        if first < 0:
            return None, b""
        data = data[first:]
        if len(data) < _HEAD:
            return None, data
        end = _HEAD + data[3]
        if len(data) < end + 2:
            return None, data
        if crc16(data[1:end]) == int.from_bytes(data[end : end + 2], "big"):
            return Answer(data[1], data[2], data[_HEAD:end]), data[end + 2 :]
        data = data[1:]
