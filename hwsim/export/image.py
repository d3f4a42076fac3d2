"""Memory images in the grammar of Verilog's ``$readmemh``, which several formats share, and how they are read back.

Grammar: white space, ``//`` comments, hexadecimal numbers without prefix, ``@hex`` addresses (IEEE 1364-2005, 17.2.9).
What a word means, and which wires a switch joins, stands in remarks of the form ``key: value``.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hwsim.export.heading import heading, mark
from hwsim.export.snapshot import DIRECTION
from hwsim.files.checksum import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hwsim.export.snapshot import LayerSnapshot, Snapshot

WIDTH = 120
"""Letters of a line of remarks."""
_SCALARS = {"wires", "lanes", "cycles", "may_be_open"}
_FURTHER = "//   "
"""Begins a line that continues a remark."""


@dataclass(frozen=True)
class Image:
    """A memory image as it was read: remarks by key, circuits as ``Fabric.describe`` tells them, words by address."""

    remarks: Mapping[str, str]
    wiring: Mapping[str, Any]
    memory: Mapping[int, int]

    def banks(self) -> list[list[int]]:
        """Return the words of every bank, which lie one after another from address 0.

        Raises:
            ValueError: an address is missing.
        """
        count, each = int(self.remarks["banks"]), int(self.remarks["words per bank"])
        if sorted(self.memory) != list(range(count * each)):
            raise ValueError(f"not {count} banks of {each} words from address 0 on")
        return [[self.memory[bank * each + word] for word in range(each)] for bank in range(count)]


def write_image(
    snapshot: Snapshot,
    layer: LayerSnapshot,
    name: str,
    remarks: Mapping[str, Any],
    words: Iterable[tuple[int, int]],
    width: int,
) -> Iterator[bytes]:
    """Yield a memory image of one layer with its checksum.

    Args:
        snapshot: the run at its event.
        layer: of it.
        name: of the format.
        remarks: what it says of its words, by key; ``words per bank`` is a number.
        words: address and word in ascending order; an address stands in the file where a bank or a gap ends.
        width: bits of a word.
    """
    return checked(_lines(snapshot, layer, name, remarks, words, -(-width // 4)), "verilog")


def _lines(
    snapshot: Snapshot,
    layer: LayerSnapshot,
    name: str,
    remarks: Mapping[str, Any],
    words: Iterable[tuple[int, int]],
    digits: int,
) -> Iterator[bytes]:
    yield f"// {mark(name)}\n".encode()
    for key, value in {**heading(snapshot, layer), **remarks, "direction": DIRECTION}.items():
        lines = textwrap.wrap(
            f"{key}: {value}", WIDTH, initial_indent="// ", subsequent_indent=_FURTHER, break_long_words=False
        )
        yield ("\n".join(lines) + "\n").encode()
    for key, numbers in _listed(layer.fabric.describe()):
        yield _numbers(key, numbers)
    each, expected, bank = remarks["words per bank"], -1, -1
    for address, word in words:
        if address != expected or address // each != bank:
            bank = address // each
            yield f"@{address:x} // bank {bank}\n".encode()
        yield f"{word:0{digits}x}\n".encode()
        expected = address + 1


def _listed(wiring: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Sequence[int]]]:
    """Yield what :meth:`hwsim.crossbar.Fabric.describe` tells, list by list of numbers."""
    for key, value in wiring.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for number, part in enumerate(value):
                yield from _listed(part, f"{prefix}{key.removesuffix('s')} {number} ")
        else:
            yield f"{prefix}{key}", value if isinstance(value, list) else [value]


def _numbers(key: str, numbers: Sequence[int]) -> bytes:
    """Write a remark of many numbers; wrapping them as words would take longer than all else."""
    texts, letters = list(map(str, numbers)), len(str(max(numbers, default=0))) + 1
    first, each = (max((WIDTH - len(begin)) // letters, 1) for begin in (f"// {key}: ", _FURTHER))
    starts = [0, *range(first, len(texts), each), len(texts)]
    lines = [" ".join(texts[begin:end]) for begin, end in pairwise(starts)]
    return f"// {key}: {f'{chr(10)}{_FURTHER}'.join(lines)}\n".encode()


def read_image(content: bytes) -> Image:
    """Read a memory image that :func:`write_image` wrote.

    Raises:
        ValueError: another file.
    """
    remarks: dict[str, str] = {}
    wiring: dict[str, Any] = {"stages": []}
    memory: dict[int, int] = {}
    address = 0
    for line in content.decode("ascii").replace(f"\n{_FURTHER}", " ").split("\n"):
        if (remark := re.fullmatch(r"// ([\w ]+): ?(.*)", line)) is not None:
            _note(remark[1], remark[2], remarks, wiring)
        elif line.startswith("@"):
            address = int(line[1:].split()[0], 16)
        elif line and not line.startswith("//"):
            memory[address] = int(line, 16)
            address += 1
    return Image(remarks, wiring, memory)


def _note(key: str, value: str, remarks: dict[str, str], wiring: dict[str, Any]) -> None:
    """Keep a remark; those of wiring become numbers again."""
    stage = re.fullmatch(r"stage (\d+) (\w+)", key)
    word = stage[2] if stage else key
    if not stage and key not in {"wires", "lanes", "cycles", "inputs", "outputs"}:
        remarks[key] = value
        return
    numbers: Any = list(map(int, value.split()))
    numbers = numbers[0] if word in _SCALARS else numbers
    if not stage:
        wiring[key] = numbers
        return
    if int(stage[1]) == len(wiring["stages"]):
        wiring["stages"].append({})
    wiring["stages"][int(stage[1])][word] = numbers
