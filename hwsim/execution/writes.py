"""How the configuration of a bank is sent: whole, by the port words that change, or by the bits that flip.

The configuration of a bank is an image (:meth:`hwsim.crossbar.Fabric.image_many`). What is sent of it is a number of
entries, alike in size, one after another and each from its lowest bit on; port words are cut from that, and a checksum
follows without a gap:

* ``full``: one entry, the image;
* ``addressed``: for each word of the image, as wide as the port, that changes: its number, then the word;
* ``delta``: for each bit that flips, its number.

A bank that stays as it is, is sent nothing. Assumed: number of the bank, way, and number of entries travel on command
lines of the port beside the words, as the bank's number alone does where everything is sent full; they are not counted.
A bank that was never configured is sent the image, whatever is asked for.
"""

from __future__ import annotations

import binascii
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric

    Bits = NDArray[np.uint8]

WAYS = ("full", "addressed", "delta")
WRITES = {
    "full": "the whole image of every bank that changes",
    "addressed": "port words that change, with their addresses; the image where that takes no more port clocks",
    "delta": "addresses of the bits that flip; the image where that takes no more port clocks",
    "shortest": "of these three what takes the fewest port clocks; the image of several, or else port words",
}
"""What may be asked for, and what is sent then."""
CHECKS = (0, 16, 32)
"""Bits of a checksum: none, CRC-16 (CCITT, from ones) or CRC-32 (as of zlib).

Each finds every error that lies within as many bits of the stream, so every wrong word of a port that is no wider, and
of other errors all but one in 2**bits.
"""


class Burst(NamedTuple):
    """Port words that a bank is sent, and what the command lines tell of them."""

    way: str
    entries: int
    words: list[int]


def entry_bits(way: str, bits: int, width: int) -> int:
    """Return the bits of one entry.

    Args:
        way: one of :data:`WAYS`.
        bits: of the image.
        width: of the port, bits.

    Example:
        >>> [entry_bits(way, 100, 32) for way in WAYS]
        [100, 34, 7]
    """
    if way == "full":
        return bits
    if way == "addressed":
        return (-(-bits // width) - 1).bit_length() + width
    return max((bits - 1).bit_length(), 1)


def bits_sent(
    fabric: Fabric, old: NDArray[Any], new: NDArray[Any], writes: str, width: int, check_bits: int = 0
) -> NDArray[np.int64]:
    """Count the bits that every bank is sent, without checksums: the length of what :func:`encode` sends.

    Args:
        fabric: circuit of the banks.
        old: their states before, one row per bank.
        new: their states afterwards.
        writes: one of :data:`WRITES`.
        width: of the port, bits.
        check_bits: bits of the checksum, which take port clocks too.

    Returns:
        int64 (banks,); 0 where nothing changes.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("benes", 64)
        >>> old, new = fabric.power_up(2), fabric.power_up(2)
        >>> new[0, [3, 5, 300]] = 1
        >>> [bits_sent(fabric, old, new, writes, 32).tolist() for writes in WRITES]
        [[352, 0], [72, 0], [27, 0], [27, 0]]
    """
    found = np.zeros(len(new), np.int64)
    banks = np.flatnonzero((old != new).any(axis=1))
    found[banks] = fabric.configuration_bits
    if writes == "full" or not banks.size:
        return found
    try:
        before = fabric.image_many(old[banks])
    except ValueError:  # of some bank, whose crosspoints were never configured
        rows = [slice(bank, bank + 1) for bank in banks] if banks.size > 1 else []
        for row in rows:
            found[row] = bits_sent(fabric, old[row], new[row], writes, width, check_bits)
        return found
    flipped = before != fabric.image_many(new[banks])
    found[banks] = _choose(flipped, writes, width, check_bits)[1]
    return found


def _choose(
    flipped: NDArray[np.bool_], writes: str, width: int, check_bits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose a way for every bank: return numbers of :data:`WAYS` and bits, (banks,) each."""
    banks, bits = flipped.shape
    way, sent = np.zeros(banks, np.int64), np.full(banks, bits, np.int64)
    for number, name in enumerate(WAYS[1:], start=1):
        if writes in {name, "shortest"}:
            entries = _changed_words(flipped, width) if name == "addressed" else np.count_nonzero(flipped, axis=1)
            length = entries * entry_bits(name, bits, width)
            better = -(-(length + check_bits) // width) < -(-(sent + check_bits) // width)
            way, sent = np.where(better, number, way), np.where(better, length, sent)
    return way, sent


def _changed_words(flipped: NDArray[np.bool_], width: int) -> NDArray[np.int64]:
    """Count the port words of every image in which a bit flips."""
    banks, bits = flipped.shape
    bank, bit = np.divmod(np.flatnonzero(flipped), bits)
    word = bank * -(-bits // width) + bit // width  # never falls
    first = np.diff(word, prepend=-1) > 0
    return np.bincount(bank[first], minlength=banks)


def encode(old: Bits | None, new: Bits, writes: str, width: int, check_bits: int = 0) -> Burst:
    """Send a bank from one image to another.

    Args:
        old: the image that stands there, 0 or 1, uint8 (bits,); None where none was ever sent.
        new: the image that is wanted.
        writes: one of :data:`WRITES`.
        width: of the port, bits.
        check_bits: one of :data:`CHECKS`.

    Example:
        >>> old, new = np.zeros((2, 100), np.uint8)
        >>> new[[3, 70]] = 1
        >>> encode(old, new, "delta", 8)  # 3 and 70, seven bits each
        Burst(way='delta', entries=2, words=[3, 35])
    """
    flipped = np.ones(new.shape, np.bool_) if old is None else old != new
    if not flipped.any():
        return Burst("full", 0, [])
    asked = "full" if old is None else writes
    way = WAYS[int(_choose(flipped[None, :], asked, width, check_bits)[0][0])]
    entries = [new] if way == "full" else _entries(flipped, new, way, width)
    stream = np.concatenate(entries)
    stream = np.concatenate([stream, checksum(stream, check_bits)])
    return Burst(way, len(entries), cut(stream, width))


def _entries(flipped: NDArray[np.bool_], new: Bits, way: str, width: int) -> list[Bits]:
    size, places = entry_bits(way, new.size, width), np.flatnonzero(flipped).tolist()
    if way == "delta":
        return [_digits(place, size) for place in places]
    image = np.concatenate([new, np.zeros(-new.size % width, np.uint8)]).reshape(-1, width)
    numbers = dict.fromkeys(place // width for place in places)
    return [np.concatenate([_digits(number, size - width), image[number]]) for number in numbers]


def decode(old: Bits, burst: Burst, width: int, check_bits: int = 0) -> Bits:
    """Return the image that stands in a bank once it has taken what came.

    Args:
        old: the image before; anything of the right size where none was ever sent.
        burst: what came: a word that was lost is not among the words, or another one is in its place.
        width: of the port, bits.
        check_bits: one of :data:`CHECKS`.

    Raises:
        ValueError: another number of words than the command lines tell, or the checksum is wrong; the bank keeps what
            it has, and must be sent everything again.

    Example:
        >>> decode(np.zeros(100, np.uint8), Burst("delta", 2, [3, 35]), 8).nonzero()[0].tolist()
        [3, 70]
        >>> decode(np.zeros(100, np.uint8), Burst("delta", 2, [3]), 8)
        Traceback (most recent call last):
        ...
        ValueError: 1 of 2 words came
    """
    size = entry_bits(burst.way, old.size, width)
    length = burst.entries * size
    wanted = -(-(length + check_bits) // width) if burst.entries else 0
    if len(burst.words) != wanted:
        raise ValueError(f"{len(burst.words)} of {wanted} words came")
    stream = np.array([word >> bit & 1 for word in burst.words for bit in range(width)], np.uint8)
    payload, check = stream[:length], stream[length : length + check_bits]
    if burst.entries and (checksum(payload, check_bits) != check).any():
        raise ValueError(f"a checksum of {check_bits} bits is wrong")
    return _take(old, payload.reshape(burst.entries, size), burst.way, width)


def _take(old: Bits, entries: Bits, way: str, width: int) -> Bits:
    """Return an image as entries, one row each, leave it."""
    image = np.concatenate([old, np.zeros(-old.size % width, np.uint8)])
    for entry in entries:
        if way == "full":
            image[: old.size] = entry
        elif way == "delta":
            image[_number(entry)] ^= 1
        else:
            begin = _number(entry[:-width]) * width
            image[begin : begin + width] = entry[-width:]
    return image[: old.size]


def checksum(stream: Bits, check_bits: int) -> Bits:
    """Return the checksum of a stream of bits, as bits in the order in which they are sent.

    Raises:
        ValueError: a checksum of another size than :data:`CHECKS`.

    Example:
        >>> _number(checksum(np.unpackbits(np.frombuffer(b"123456789", np.uint8), bitorder="little"), 32)) == 0xCBF43926
        True
    """
    padded = np.concatenate([np.zeros(-stream.size % 8, np.uint8), stream])  # in front: errors stay as near together
    if check_bits == 0:
        return np.zeros(0, np.uint8)
    if check_bits == 16:  # noqa: PLR2004 - CRC-16
        return _digits(binascii.crc_hqx(np.packbits(padded).tobytes(), 0xFFFF), 16)[::-1]
    if check_bits == 32:  # noqa: PLR2004 - CRC-32
        return _digits(zlib.crc32(np.packbits(padded, bitorder="little").tobytes()), 32)
    raise ValueError(f"a checksum of {check_bits} bits is not known; use {', '.join(map(str, CHECKS))}")


def cut(stream: Bits, width: int) -> list[int]:
    """Cut a stream of bits into port words, the first bit lowest; zeros fill up the last word."""
    words = np.concatenate([stream, np.zeros(-stream.size % width, np.uint8)]).reshape(-1, width)
    return [_number(word) for word in words]


def _digits(number: int, size: int) -> Bits:
    return np.array([number >> bit & 1 for bit in range(size)], np.uint8)


def _number(digits: Sequence[int] | Bits) -> int:
    return int("".join(map(str, np.asarray(digits)[::-1].tolist())) or "0", 2)
