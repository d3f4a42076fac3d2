"""A catalogue that can be read like a dict: one plug-in a module, found by looking, not by a list kept by hand.

A module of a catalogued package becomes an entry by defining ``PLUGIN``; a third party adds one through an
entry point in the group ``hwsim.<package>`` (for example ``hwsim.device``). A plug-in that fails to import
stops the program with its name: a broken entry is never skipped in silence.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Generic, Protocol, TypeVar

from hwsim.errors import FAILED, HwsimError


class Plugin(Protocol):
    """What every catalogue entry tells of itself."""

    @property
    def name(self) -> str:
        """The word that scenarios and commands use."""

    @property
    def summary(self) -> str:
        """What it is, in one line."""


P = TypeVar("P", bound=Plugin)


class PluginError(HwsimError):
    """A plug-in could not be loaded; the message names it."""

    exit_code = FAILED


class Registry(Mapping[str, P], Generic[P]):
    """The entries of one catalogued package, by name, in alphabetical order.

    Args:
        package: the noun, for example ``"device"``: modules of ``hwsim.device`` that define ``PLUGIN`` are entries.

    Example:
        >>> from hwsim.crossbar import CROSSBARS
        >>> "benes" in CROSSBARS
        True
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._entries: dict[str, P] | None = None

    def _load(self) -> dict[str, P]:
        if self._entries is None:
            found: list[tuple[str, P]] = []
            package = importlib.import_module(f"hwsim.{self._package}")
            for module_info in pkgutil.iter_modules(package.__path__):
                module = importlib.import_module(f"hwsim.{self._package}.{module_info.name}")
                plugin = getattr(module, "PLUGIN", None)
                if plugin is not None:
                    found.append((module.__name__, plugin))
            for point in entry_points(group=f"hwsim.{self._package}"):
                try:
                    found.append((point.value, point.load()))
                except Exception as error:
                    msg = f"plug-in {point.name} ({point.value}) in group hwsim.{self._package} does not load: {error}"
                    raise PluginError(msg) from error
            entries: dict[str, P] = {}
            for origin, plugin in sorted(found, key=lambda pair: pair[1].name):
                if plugin.name in entries:
                    msg = f"two plug-ins of hwsim.{self._package} are called {plugin.name!r}; the second is {origin}"
                    raise PluginError(msg)
                entries[plugin.name] = plugin
            self._entries = entries
        return self._entries

    def __getitem__(self, name: str) -> P:
        entries = self._load()
        if name not in entries:
            raise KeyError(unknown(self._package, name, entries))
        return entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


def unknown(noun: str, name: str, known: Mapping[str, object] | list[str]) -> str:
    """Say that a name is not in a list, and what would be."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)  # a caller may have given anything
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown {noun} {name!r}; {hint}known: {', '.join(names) or 'none'}"


def complete(name: str, known: Iterable[str]) -> list[str]:
    """The known names that a short one may stand for: itself where it is known, else all that start with it.

    Example:
        >>> complete("eo-mzi", ["eo-mzi-lu-2016", "to-mzi-bogaerts-2020"])
        ['eo-mzi-lu-2016']
        >>> complete("pcm", ["pcm-gst-chen-2022", "pcm-sb2se3-yu-2026"])
        ['pcm-gst-chen-2022', 'pcm-sb2se3-yu-2026']
    """
    names = list(known)
    return [name] if name in names else [one for one in names if name and one.startswith(name)]


def ambiguous(noun: str, name: str, candidates: Iterable[str]) -> str:
    """Say that a short name stands for several things, and which.

    Example:
        >>> ambiguous("technology", "pcm", ["pcm-gst-chen-2022", "pcm-sb2se3-yu-2026"])
        "ambiguous technology 'pcm'; give more of the name: pcm-gst-chen-2022, pcm-sb2se3-yu-2026"
    """
    return f"ambiguous {noun} {name!r}; give more of the name: {', '.join(candidates)}"
