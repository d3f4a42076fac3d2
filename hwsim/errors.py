"""The one base of every error that hwsim raises on purpose; no error of a single room stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar

FAILED_EXPECTATION, BAD_INPUT, FAILED, INTERRUPTED = 1, 2, 3, 130
"""Exit codes of the command line; 0 is success."""
NUMBA_WARNING = "Environment variable 'NUMBA_"
"""How Numba begins a warning about a value that it cannot read."""


class HwsimError(Exception):
    """Something that hwsim foresees goes wrong; the message is for people and says what would help.

    Every error class of the package derives from this one and says with ``exit_code`` how a command ends by it:
    2 where the input or its use is wrong, 3 where a run failed. Most keep a second base, for example ValueError.

    Example:
        >>> import hwsim
        >>> try:
        ...     hwsim.crossbar("benes", 4).route([0, 0, 1, 2])
        ... except hwsim.HwsimError as error:
        ...     print(type(error).__name__, error.exit_code)
        PermutationError 2
    """

    exit_code: ClassVar[int] = FAILED

    def told(self) -> str:
        """Tell what went wrong as a command prints it; the message alone, where a class has no more to show."""
        return str(self)


class ArgumentError(HwsimError, TypeError):
    """A function of the public face was given a value of the wrong type; the message names the argument."""

    exit_code = BAD_INPUT


_KINDS: dict[str, Callable[[Any], bool]] = {
    "a whole number": lambda value: isinstance(value, Integral) and not isinstance(value, bool),
    "a number": lambda value: isinstance(value, Real) and not isinstance(value, bool),
    "a text": lambda value: isinstance(value, str),
    "a path": lambda value: isinstance(value, str | Path) and str(value) != "",
    "a list of texts": lambda value: isinstance(value, list | tuple) and all(isinstance(one, str) for one in value),
    "a list of whole numbers": lambda value: (
        isinstance(value, list | tuple) and all(isinstance(one, Integral) for one in value)
    ),
    "a table": lambda value: isinstance(value, Mapping),
}


def check_type(name: str, value: Any, *kinds: str, none: bool = False) -> None:
    """Refuse an argument of a type that a function cannot take.

    Args:
        name: what the caller calls the argument.
        value: what was given.
        kinds: what would be taken, in words: ``a whole number``, ``a number``, ``a text``, ``a path``,
            ``a list of texts``, ``a list of whole numbers``, ``a table``.
        none: whether None is taken too.

    Raises:
        ArgumentError: the value is none of them.

    Example:
        >>> check_type("random", "5", "a whole number", none=True)
        Traceback (most recent call last):
        ...
        hwsim.errors.ArgumentError: random must be a whole number or None, found '5' of type str
    """
    if (value is None and none) or any(_KINDS[kind](value) for kind in kinds):
        return
    wanted = " or ".join([*kinds, *(["None"] if none else [])])
    found = "None" if value is None else f"{str(value)[:40]!r} of type {type(value).__name__}"
    raise ArgumentError(f"{name} must be {wanted}, found {found}")


class HwsimWarning(UserWarning):
    """Something that a person should know and that stops nothing; the command line shows it as one line."""
