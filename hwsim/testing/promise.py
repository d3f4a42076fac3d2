"""What a check says when a promise is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.errors import HwsimError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ConformanceError(HwsimError, AssertionError):
    """An entry breaks a promise that hwsim builds on; the message names the entry and the promise."""


def hold(kept: Any, entry: str, promise: str) -> None:
    """Raise where a promise is not kept.

    Args:
        kept: whether it is.
        entry: the entry that is checked.
        promise: a sentence that should be true.

    Raises:
        ConformanceError: it is not.

    Example:
        >>> hold(1 > 2, "mine", "one is more than two")
        Traceback (most recent call last):
        ...
        hwsim.testing.promise.ConformanceError: mine breaks a promise: one is more than two
    """
    if not kept:
        raise ConformanceError(f"{entry} breaks a promise: {promise}")


def introduce(plugin: Any) -> str:
    """Return the name of an entry, once it says what it is: a name, and a summary of one line."""
    name = str(getattr(plugin, "name", ""))
    hold(name, repr(plugin), "an entry has a name")
    summary = getattr(plugin, "summary", "")
    hold(isinstance(summary, str) and summary and "\n" not in summary, name, "the summary is one line of text")
    return name


def entry_of(registry: Mapping[str, Any], given: Any) -> Any:
    """Return the entry of a catalogue by its name, or what was given if that is an entry itself.

    Raises:
        KeyError: an unknown name; the message lists the known ones.
    """
    return registry[given] if isinstance(given, str) else given
