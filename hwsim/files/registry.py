"""A catalogue that can be read like a dict: one plug-in per module, found by looking, not by a list kept by hand.

A module of a catalogued package becomes an entry by defining ``PLUGIN``; a third party adds one through an
entry point in the group ``hwsim.<package>`` (for example ``hwsim.device``). Name and summary are read from the text of
a module where they stand there as plain text, so that a list of entries imports none of them; a module is imported
when its entry is asked for. A plug-in that fails to import stops the program with its name: it is never skipped in
silence.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import pkgutil
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast

from hwsim.errors import FAILED, HwsimError


class Plugin(Protocol):
    """A catalogue entry: its name and what it is, in one line."""

    @property
    def name(self) -> str:
        """Return the word that scenarios and commands use."""

    @property
    def summary(self) -> str:
        """Return what it is, in one line."""


P = TypeVar("P", bound=Plugin)


class PluginError(HwsimError):
    """A plug-in could not be loaded; the message names it."""

    exit_code = FAILED


@dataclass(frozen=True)
class _Found(Generic[P]):
    """One entry: where it stands, what it says of itself, and the plug-in where it is loaded already."""

    origin: str
    name: str
    summary: str
    plugin: P | None = None
    added: bool = False
    """Whether a third party adds it."""


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
        self._entries: dict[str, _Found[P]] | None = None

    def summaries(self) -> dict[str, str]:
        """Return every entry's name with its summary.

        Example:
            >>> Registry("export").summaries()["readmemh"][:19]
            'configuration words'
        """
        return {name: found.summary for name, found in self._load().items()}

    def code(self, name: str) -> str:
        """Return SHA-256 of the code of an entry that a third party adds; empty for those of hwsim.

        Raises:
            UndigestedError: its code lies in no file.

        Example:
            >>> Registry("export").code("readmemh")
            ''
        """
        from hwsim.files.code import digest_package

        found = self._load()[name]
        return digest_package(found.origin.partition(":")[0].strip()) if found.added else ""

    def _load(self) -> dict[str, _Found[P]]:
        if self._entries is None:
            entries: dict[str, _Found[P]] = {}
            for found in sorted([*self._shipped(), *self._added()], key=lambda one: one.name):
                if found.name in entries:
                    msg = f"two plug-ins of hwsim.{self._package} are called {found.name!r}; the second is"
                    raise PluginError(f"{msg} {found.origin}")
                entries[found.name] = found
            self._entries = entries
        return self._entries

    def _shipped(self) -> Iterator[_Found[P]]:
        """Yield entries that are modules of the package."""
        spec = importlib.util.find_spec(f"hwsim.{self._package}")
        folders = spec.submodule_search_locations if spec else None
        for origin, text in _modules(f"hwsim.{self._package}", folders or ()):
            if text is not None and "PLUGIN" not in text:
                continue
            told = _told(text) if text is not None else None
            plugin = None if told else self._imported(origin)
            if told:
                yield _Found(origin, *told)
            elif plugin is not None:
                yield _Found(origin, plugin.name, plugin.summary, plugin)

    def _added(self) -> Iterator[_Found[P]]:
        """Yield entries that third parties add."""
        for point in entry_points(group=f"hwsim.{self._package}"):
            try:
                plugin = point.load()
                yield _Found(point.value, plugin.name, plugin.summary, plugin, added=True)
            except Exception as error:
                msg = f"plug-in {point.name} ({point.value}) in group hwsim.{self._package} does not load: {error}"
                raise PluginError(msg) from error

    @staticmethod
    def _imported(origin: str) -> P | None:
        return cast("P | None", getattr(importlib.import_module(origin), "PLUGIN", None))

    def __getitem__(self, name: str) -> P:
        entries = self._load()
        if name not in entries:
            raise KeyError(unknown(self._package, name, entries))
        found = entries[name]
        if found.plugin is None:
            plugin = self._imported(found.origin)
            if plugin is None:
                raise PluginError(f"{found.origin} has no PLUGIN any more")
            found = entries[name] = _Found(found.origin, name, found.summary, plugin)
        return cast("P", found.plugin)

    def __contains__(self, name: object) -> bool:
        return name in self._load()

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


def _modules(package: str, folders: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Yield every module below a package with its text, folder by folder; None if there is no text to read."""
    for found in pkgutil.iter_modules(folders):
        origin = f"{package}.{found.name}"
        names = (f"{found.name}.py", f"{found.name}/__init__.py")
        places = [Path(folder) / name for folder in folders for name in names]
        path = next((one for one in places if one.is_file()), None)
        yield origin, None if path is None else path.read_text("utf-8")
        if path is not None and path.name == "__init__.py":
            yield from _modules(origin, [str(path.parent)])


def _told(text: str) -> tuple[str, str] | None:
    r"""Name and summary of a module's plug-in, read from its text; None where they do not stand there plainly.

    They are the keywords or the first two texts of the call that makes ``PLUGIN`` (or of the call inside it), or
    attributes of the class that it is an instance of.

    Example:
        >>> _told('import x\nPLUGIN = Maker(name="straight", summary="wires", build=x.f)')
        ('straight', 'wires')
        >>> _told('import x\nPLUGIN = x.made()') is None
        True
    """
    if "\nPLUGIN" not in text:
        return None
    statement = ast.parse(text[text.rindex("\nPLUGIN") :]).body[0]
    call = getattr(statement, "value", None)
    while isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Call):
        call = call.args[0]
    if not isinstance(call, ast.Call):
        return None
    given: dict[str, ast.expr | None] = dict(zip(("name", "summary"), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    start = text.find(f"\nclass {call.func.id}") if isinstance(call.func, ast.Name) else -1
    if not given and start >= 0:
        body = getattr(ast.parse(text[start:]).body[0], "body", [])
        given = {ast.unparse(line.targets[0]): line.value for line in body if isinstance(line, ast.Assign)}
    texts = [node.value for key in ("name", "summary") if isinstance(node := given.get(key), ast.Constant)]
    name, summary = [text for text in texts if isinstance(text, str)] if len(texts) == 2 else (None, None)  # noqa: PLR2004 - both
    return (name, summary) if name is not None and summary is not None else None


def unknown(noun: str, name: str, known: Mapping[str, object] | list[str]) -> str:
    """Say that a name is not in a list, and what would be."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)  # a caller may have given anything
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown {noun} {name!r}; {hint}known: {', '.join(names) or 'none'}"


def complete(name: str, known: Iterable[str]) -> list[str]:
    """List the known names that a short one may stand for: itself if it is known, else all that start with it.

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


NOUNS = ("controller", "crossbar", "device", "export", "task")
"""The catalogued packages, to each of which third parties may add entries."""


def _homes() -> dict[str, list[str]]:
    """Return entries of third parties by the module that they name."""
    homes: dict[str, list[str]] = {}
    for noun in NOUNS:
        for point in entry_points(group=f"hwsim.{noun}"):
            homes.setdefault(point.value.partition(":")[0].strip(), []).append(f"{point.name!r} (hwsim.{noun})")
    return homes


def maker(thing: object) -> str:
    """Say whose an object is: the entries of the plug-in that its class stands in, else the class.

    Example:
        >>> maker(PluginError())
        'hwsim.files.registry.PluginError'
    """
    module = type(thing).__module__
    for home, names in _homes().items():
        if module == home or module.startswith(f"{home}."):
            return f"plug-in {' or '.join(names)}"
    return f"{module}.{type(thing).__qualname__}"


def blame(error: BaseException) -> str:
    """Name the plug-in of a third party in whose code an error came up, in one line; empty where it was in none.

    Args:
        error: as it was caught; its traceback tells the way.

    Example:
        >>> blame(ValueError("of this program"))
        ''
    """
    homes = _homes()
    steps = [(frame.f_globals.get("__name__", ""), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    for module, line in reversed(steps):
        for home, names in homes.items():
            if module == home or module.startswith(f"{home}."):
                what = " ".join(traceback.format_exception_only(error)[-1].split())
                return f"plug-in {' or '.join(names)} failed: {what} (in {module}, line {line})"
    # an entry that lacks what its protocol has fails in our code, on their object
    maker = getattr(getattr(error, "obj", None), "__module__", None) if isinstance(error, AttributeError) else None
    return f"plug-in {' or '.join(homes[maker])} failed: {error}" if maker in homes else ""
