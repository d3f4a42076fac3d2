"""Permutations written as text: one per line, or each in square brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hwsim.crossbar import PermutationError, check_permutation
from hwsim.files import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_DIAGNOSTICS = 20
"""Most diagnostics of one text that are reported; a file of another kind would give one for every line."""
_TOKEN = re.compile(r"[\[\]]|[^\s,;\[\]\ufeff]+")
_WHOLE = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DIGITS = 18
"""Digits of a number that surely fits 64 bits."""
_SHOWN = 40


@dataclass
class _Row:
    """The numbers of one permutation, and where it begins."""

    line: int
    column: int
    numbers: list[int] = field(default_factory=list)


def parse_permutations(text: str, name: str) -> list[NDArray[np.int64]]:
    r"""Read the permutations in a text, int64 (ports,) each: position i is fed by cell p[i], counted from 0.

    A line is one permutation, or each pair of innermost square brackets, which may span lines. Numbers are whole, also
    written ``2.0``, apart by spaces, tabs, commas or semicolons; ``#`` begins a remark.

    Args:
        text: the text.
        name: what diagnostics call it.

    Raises:
        DiagnosticError: what is wrong, each with line and column; only the first 20.

    Example:
        >>> [p.tolist() for p in parse_permutations("2 0 1  # a remark\n[[1, 0, 2],\n [0, 2, 1]]", "p.txt")]
        [[2, 0, 1], [1, 0, 2], [0, 2, 1]]
        >>> parse_permutations("1 2 3", "p.txt")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: p.txt:1:1: cells are counted from 0, found 1 to 3, subtract 1 from ...
    """
    reader = _Reader(name)
    for number, line in enumerate(text.splitlines(), 1):
        reader.read(number, line.partition("#")[0])
        if len(reader.diagnostics) > MOST_DIAGNOSTICS:
            break
    reader.end()
    rows = [] if reader.diagnostics else _checked(reader.rows, name, reader.diagnostics)
    if not rows and not reader.diagnostics:
        reader.diagnostics.append(
            Diagnostic(name, 1, 1, "no permutation in this file", "", "one per line, for example: 2 0 1 3")
        )
    if reader.diagnostics:
        shown = reader.diagnostics[:MOST_DIAGNOSTICS]
        if len(reader.diagnostics) > MOST_DIAGNOSTICS:
            shown.append(Diagnostic(name, reader.diagnostics[MOST_DIAGNOSTICS].line, 1, "and more like these"))
        raise DiagnosticError(shown)
    return rows


class _Reader:
    """Gathers rows of numbers, and what is wrong with them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[_Row] = []
        self.diagnostics: list[Diagnostic] = []
        self._row: _Row | None = None
        self._open: list[tuple[int, int]] = []

    def read(self, number: int, line: str) -> None:
        """Take one line."""
        for found in _TOKEN.finditer(line):
            word, column = found[0], found.start() + 1
            if word == "[":
                self._finish()
                self._open.append((number, column))
            elif word == "]":
                self._finish()
                if not self._open:
                    self._wrong(number, column, "a bracket is closed that was never opened", "]", "")
                    return
                self._open.pop()
            else:
                value = self._value(word, number, column)
                if value is None:
                    return  # one diagnostic per line
                self._row = self._row or _Row(number, column)
                self._row.numbers.append(value)
        if not self._open:
            self._finish()

    def end(self) -> None:
        """Take what is left."""
        self._finish()
        if self._open and not self.diagnostics:
            self._wrong(*self._open[-1], "a bracket is never closed", "[", "")

    def _finish(self) -> None:
        if self._row is not None:
            self.rows.append(self._row)
            self._row = None

    def _value(self, word: str, number: int, column: int) -> int | None:
        if _WHOLE.fullmatch(word):
            if len(word) <= _DIGITS or len(word.lstrip("+-0")) <= _DIGITS:
                return int(word)
        elif _DECIMAL.fullmatch(word):
            value = float(word)
            if value.is_integer() and abs(value) < 10.0**_DIGITS:
                return int(value)
            if not abs(value) >= 10.0**_DIGITS:
                self._wrong(number, column, "not a whole number", word, "cells are counted by whole numbers from 0")
                return None
        else:
            hint = "write integers apart by spaces or commas"
            if word[0] in "({":
                hint = "write square brackets; cycles like (0 2 1) are not read"
            self._wrong(number, column, "not a whole number", word, hint)
            return None
        self._wrong(number, column, "a number is too large", word, "cells are counted from 0")
        return None

    def _wrong(self, number: int, column: int, what: str, found: str, hint: str) -> None:
        shown = found if found.isprintable() else ascii(found)[1:-1]
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
        self.diagnostics.append(Diagnostic(self.name, number, column, what, shown, hint))
        self._row = None


def _checked(rows: list[_Row], name: str, diagnostics: list[Diagnostic]) -> list[NDArray[np.int64]]:
    """Return the permutations that rows of numbers describe; add a diagnostic for each row that is none."""
    found: list[NDArray[np.int64]] = []
    for row in rows:
        numbers = np.array(row.numbers, np.int64)
        try:
            found.append(check_permutation(numbers, len(rows[0].numbers)))
        except PermutationError as error:
            diagnostics.append(Diagnostic(name, row.line, row.column, *_why(numbers, len(rows[0].numbers), str(error))))
            if len(diagnostics) > MOST_DIAGNOSTICS:
                break
    if diagnostics and len(rows) > 1:
        diagnostics[:] = _scattered(rows, name) or diagnostics
    return found


def _why(numbers: NDArray[np.int64], ports: int, refused: str) -> tuple[str, str, str]:
    """Say why a row is not a permutation: what is wrong, what was found, what would work."""
    if len(numbers) == ports and (np.sort(numbers) == np.arange(1, ports + 1)).all():
        return "cells are counted from 0", f"1 to {ports}", "subtract 1 from each number"
    return refused, "", ""


def _scattered(rows: list[_Row], name: str) -> list[Diagnostic]:
    """Return the one diagnostic of a permutation that was written over many lines; an empty list for others."""
    every = np.concatenate([row.numbers for row in rows])
    column = all(len(row.numbers) == 1 for row in rows)
    if not column and (np.sort(every) != np.arange(len(every))).any():
        return []
    where = "one number per line" if column else f"one permutation of {len(every)} numbers over {len(rows)} lines"
    hint = f"write the {len(every)} numbers in one line, or in brackets [ ]"
    return [Diagnostic(name, rows[0].line, rows[0].column, f"{where}, where each line is a permutation; {hint}")]
