"""Where each key of a TOML text stands; the standard parser does not tell."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]

_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\n]|\\.)*"|'[^'\n]*'""")
_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_TEXT = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|"(?!"")(?:[^"\\]|\\.)*"'''  # basic, of many lines or one
    r"""|'''.*?'{3,5}|'(?!'')[^']*'""",  # literal
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


def read_key(text: str, start: int) -> tuple[list[tuple[str, int]], int]:
    """Read a dotted key: its parts with the offset of each, and the offset after it.

    Args:
        text: the text.
        start: the offset of the first character of the key.

    Raises:
        ValueError: no key there; its first argument is what is missing, its second the offset.

    Example:
        >>> read_key('a."b.c" = 1', 0)
        ([('a', 0), ('b.c', 2)], 7)

    """
    parts: list[tuple[str, int]] = []
    at = start
    while True:
        part = _PART.match(text, at)
        if part is None:
            msg = "a key is missing"
            raise ValueError(msg, at)
        word = part.group()
        parts.append((tomllib.loads(f"k={word}")["k"] if word[0] in "\"'" else word, at))
        dot = _blank(text, part.end())
        if not text.startswith(".", dot):
            return parts, part.end()
        at = _blank(text, dot + 1)


def _blank(text: str, start: int) -> int:
    match = _BLANK.match(text, start)
    return match.end() if match else start


class _Scanner:
    """Walks a valid text once; `at` is the offset of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[KeyPath, Place] = {(): (1, 1)}
        self.counts: dict[KeyPath, int] = {}
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> Place:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def pass_over(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def peek(self) -> str:
        self.pass_over(_GAP)
        return self.text[self.at : self.at + 1]

    def document(self) -> None:
        table: KeyPath = ()
        while first := self.peek():
            if first == "[":
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> KeyPath:
        place = self.place(self.at)
        double = self.text.startswith("[[", self.at)
        parts, end = read_key(self.text, _blank(self.text, self.at + 1 + double))
        self.at = _blank(self.text, end) + 1 + double
        path: KeyPath = ()
        for part, _ in parts[:-1]:
            path = (*path, part)
            self.places.setdefault(path, place)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        path = (*path, parts[-1][0])
        if double:
            self.places.setdefault(path, place)
            self.counts[path] = self.counts.get(path, 0) + 1
            path = (*path, self.counts[path] - 1)
        self.places[path] = place
        return path

    def pair(self, table: KeyPath) -> None:
        parts, end = read_key(self.text, self.at)
        path = table
        for part, offset in parts:
            path = (*path, part)
            self.places.setdefault(path, self.place(offset))
        self.at = _blank(self.text, _blank(self.text, end) + 1)
        self.value(path)

    def value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self.pass_over(_TEXT)
        elif first == "[":
            self.items(path, "]")
        elif first == "{":
            self.items(path, "}")
        else:
            self.pass_over(_SCALAR)

    def items(self, path: KeyPath, close: str) -> None:
        self.at += 1
        index = 0
        while (first := self.peek()) != close:
            if first == ",":
                self.at += 1
            elif close == "}":
                self.pair(path)
            else:
                self.places[(*path, index)] = self.place(self.at)
                self.value((*path, index))
                index += 1
        self.at += 1


def scan(text: str) -> dict[KeyPath, Place]:
    r"""Map every key path of a TOML text to its line and column, both counted from 1.

    A table that has a header stands at the header's bracket, a dotted key at the part that names it, an element
    of an array where it begins. The empty path is the document, at (1, 1).

    Args:
        text: a whole document.

    Raises:
        tomllib.TOMLDecodeError: the text is not valid TOML.

    Example:
        >>> scan("a = 1\n[[b]]\nc.d = [2, 3]\n")[("b", 0, "c", "d", 1)]
        (3, 11)

    """
    tomllib.loads(text)
    return dict(Places(text))


class Places(Mapping[KeyPath, Place]):
    """The places of a TOML text that is known to be valid, found when one of them is first asked for.

    Example:
        >>> Places("a = 1")[("a",)]
        (1, 1)

    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _places(self) -> dict[KeyPath, Place]:
        scanner = _Scanner(self._text)
        scanner.document()
        return scanner.places

    def __getitem__(self, path: KeyPath) -> Place:
        return self._places[path]

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
