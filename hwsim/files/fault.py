"""What is wrong with a file, and where: the one shape of every diagnostic about text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong at one place: what, what was found there, what would work.

    Args:
        file: the file as the user gave it.
        line: counted from 1.
        column: counted from 1, in characters.
        what: what is wrong.
        found: what stands there, or nothing.
        cure: what would work, or nothing.

    Raises:
        Nothing.

    Example:
        >>> print(Fault("a.toml", 3, 1, "'width' must be at least 1", "0", "write a whole number"))
        a.toml:3:1: 'width' must be at least 1, found 0, write a whole number

    """

    file: str
    line: int
    column: int
    what: str
    found: str = ""
    cure: str = ""

    def __str__(self) -> str:
        """Give the fault on one line."""
        found = f"found {self.found}" if self.found else ""
        return f"{self.file}:{self.line}:{self.column}: " + ", ".join(filter(None, (self.what, found, self.cure)))


class FaultError(HwsimError, ValueError):
    """All that is wrong with some text, sorted by file, line and column; the message has one fault a line.

    Raises:
        Nothing.

    Example:
        >>> print(FaultError([Fault("a.toml", 9, 1, "late"), Fault("a.toml", 2, 1, "early")]))
        a.toml:2:1: early
        a.toml:9:1: late

    """

    exit_code = BAD_INPUT

    faults: tuple[Fault, ...]

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Sort the faults and drop repeated ones."""
        self.faults = tuple(sorted(dict.fromkeys(faults)))
        super().__init__("\n".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[type[FaultError], tuple[tuple[Fault, ...]]]:
        """Travel whole between processes."""
        return type(self), (self.faults,)


class Refusal(HwsimError, ValueError):  # noqa: N818 - a noun of the house; it never reaches the user as such
    """Why a value is refused and what would work, raised by a validator that does not know the place.

    `validate` turns it into a fault that begins with the key: ``'key' <what>, found <value>, <cure>``.

    Raises:
        Nothing.

    Example:
        >>> str(Refusal("must be a power of two", "write 64 or 128"))
        'must be a power of two, write 64 or 128'

    """

    exit_code = BAD_INPUT

    def __init__(self, what: str, cure: str = "") -> None:
        """Say why, and what would work."""
        self.what = what
        self.cure = cure
        super().__init__(", ".join(filter(None, (what, cure))))

    def __reduce__(self) -> tuple[type[Refusal], tuple[str, str]]:
        """Travel whole between processes."""
        return type(self), (self.what, self.cure)


@dataclass
class Faults:
    """Gathers faults, so that all are reported at once.

    Raises:
        FaultError: by `check`, when any was gathered.

    Example:
        >>> faults = Faults()
        >>> faults.add(Fault("a.toml", 1, 1, "no task"))
        >>> faults.attempt(lambda: 3)
        3
        >>> faults.check()
        Traceback (most recent call last):
        ...
        hwsim.files.fault.FaultError: a.toml:1:1: no task

    """

    found: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Gather one."""
        self.found.append(fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Gather several."""
        self.found.extend(faults)

    def attempt(self, action: Callable[[], T]) -> T | None:
        """Do something; give its result, or None when it raised FaultError, whose faults are gathered."""
        try:
            return action()
        except FaultError as error:
            self.extend(error.faults)
            return None

    def check(self) -> None:
        """Raise FaultError if anything was gathered."""
        if self.found:
            raise FaultError(self.found)
