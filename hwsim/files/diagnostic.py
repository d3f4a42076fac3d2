"""Diagnostics: what is wrong with a text, where, and what would work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from unicodedata import east_asian_width

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
SHOWN_LETTERS = 100
"""Letters of a line that are shown under a diagnostic."""


@dataclass(frozen=True, order=True)
class Diagnostic:
    """One thing wrong at one place: what, what was found there, what would work.

    Args:
        file: the file as the user gave it.
        line: counted from 1.
        column: counted from 1, in characters.
        what: what is wrong.
        found: what stands there, or nothing.
        hint: what would work, or nothing.
        source: the line of the file at which it points, or nothing; it is shown, and tells no two diagnostics apart.

    Example:
        >>> print(Diagnostic("a.toml", 3, 1, "'width' must be at least 1", "0", "write a whole number"))
        a.toml:3:1: 'width' must be at least 1, found 0, write a whole number

    """

    file: str
    line: int
    column: int
    what: str
    found: str = ""
    hint: str = ""
    source: str = field(default="", compare=False)

    def __str__(self) -> str:
        """Give the diagnostic on one line."""
        found = f"found {self.found}" if self.found else ""
        return f"{self.file}:{self.line}:{self.column}: " + ", ".join(filter(None, (self.what, found, self.hint)))

    def pointed(self) -> str:
        """Show the diagnostic with the line that it is about below it, and a caret under the place.

        A long line is cut around the place. Without a source it is the one line alone.

        Example:
            >>> print(Diagnostic("a.toml", 3, 9, "'width' must be at least 1", "0", source="width = 0").pointed())
            a.toml:3:9: 'width' must be at least 1, found 0
                3 | width = 0
                  |         ^

        """
        text = "".join(letter if letter.isprintable() else " " for letter in self.source.rstrip())
        place = self.column - 1
        if not text.strip() or not 0 <= place <= len(text):
            return str(self)
        start = 0 if place < SHOWN_LETTERS else place - SHOWN_LETTERS // 2
        shown = text[start : start + SHOWN_LETTERS]
        before = shown[: place - start]
        blank = len(before) + sum(east_asian_width(letter) in "WF" for letter in before)  # these take two columns
        return f"{self}\n{self.line:>5} | {shown}\n      | {' ' * blank}^"


class DiagnosticError(HwsimError, ValueError):
    """Everything that is wrong with a text, sorted by file, line and column; the message has one diagnostic per line.

    Example:
        >>> print(DiagnosticError([Diagnostic("a.toml", 9, 1, "late"), Diagnostic("a.toml", 2, 1, "early")]))
        a.toml:2:1: early
        a.toml:9:1: late

    """

    exit_code = BAD_INPUT

    diagnostics: tuple[Diagnostic, ...] = ()

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Sort the diagnostics and drop repeated ones."""
        self.diagnostics = tuple(sorted(dict.fromkeys(diagnostics)))
        super().__init__("\n".join(map(str, self.diagnostics)))

    def told(self) -> str:
        """Tell every diagnostic, each with the line that it is about."""
        return "\n".join(one.pointed() for one in self.diagnostics)

    def __reduce__(self) -> tuple[type[DiagnosticError], tuple[tuple[Diagnostic, ...]]]:
        """Travel whole between processes."""
        return type(self), (self.diagnostics,)


class Refusal(HwsimError, ValueError):  # noqa: N818 - a noun of the house; it never reaches the user as such
    """Why a value is refused and what would work, raised by a validator that does not know the place.

    `validate` turns it into a diagnostic that begins with the key: ``'key' <what>, found <value>, <hint>``.

    Example:
        >>> str(Refusal("must be a power of two", "write 64 or 128"))
        'must be a power of two, write 64 or 128'

    """

    exit_code = BAD_INPUT

    def __init__(self, what: str, hint: str = "") -> None:
        """Say why, and what would work."""
        self.what = what
        self.hint = hint
        super().__init__(", ".join(filter(None, (what, hint))))

    def __reduce__(self) -> tuple[type[Refusal], tuple[str, str]]:
        """Travel whole between processes."""
        return type(self), (self.what, self.hint)


@dataclass
class Diagnostics:
    """Gathers diagnostics, so that all are reported at once.

    Raises:
        DiagnosticError: by `check`, when any was gathered.

    Example:
        >>> diagnostics = Diagnostics()
        >>> diagnostics.add(Diagnostic("a.toml", 1, 1, "no task"))
        >>> diagnostics.attempt(lambda: 3)
        3
        >>> diagnostics.check()
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: a.toml:1:1: no task

    """

    found: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        """Gather one."""
        self.found.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Gather several."""
        self.found.extend(diagnostics)

    def attempt(self, action: Callable[[], T]) -> T | None:
        """Call a function and return its result; None where it raised DiagnosticError, whose diagnostics are kept."""
        try:
            return action()
        except DiagnosticError as error:
            self.extend(error.diagnostics)
            return None

    def check(self) -> None:
        """Raise DiagnosticError if anything was gathered."""
        if self.found:
            raise DiagnosticError(self.found)
