"""Which layer goes on which hardware: patterns of names, and what is wrong with them, all at once."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.files import DiagnosticError
from hwsim.pipeline.hardware import Hardware

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hwsim.nn.leaves import Leaf
    from hwsim.pipeline.hardware import Prepared

WORDS = ("device", "crossbar", "technology", "effort", "calibrated", "settings")
"""Keys of an entry of ``layers`` that are arguments of ``convert``; all others are settings of the device."""


class ConversionError(HwsimError, ValueError):
    """What keeps a network from being converted as asked; one line for each fault."""

    exit_code = BAD_INPUT

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def matches(name: str, pattern: str) -> bool:
    """Tell whether a pattern means a module, or something that it is a part of.

    Example:
        >>> matches("blocks.0.fc", "blocks.*.fc"), matches("blocks.0.fc", "blocks.0"), matches("blocks.0.fc", "fc")
        (True, True, False)
    """
    parts = name.split(".")
    return any(fnmatchcase(".".join(parts[:end]), pattern) for end in range(1, len(parts) + 1))


def exact(pattern: str) -> bool:
    """Tell whether a pattern is the name of one module."""
    return not any(sign in pattern for sign in "*?[")


def named(leaf: Leaf, pattern: str) -> bool:
    """Tell whether a pattern means a leaf by any of its names."""
    return any(matches(name, pattern) for name in leaf.names)


def choose(
    leaves: list[Leaf],
    modules: Iterable[str],
    default: Hardware,
    layers: Mapping[str, Any],
    skip: Iterable[str],
    faults: list[str],
) -> list[Hardware | None]:
    """Choose the hardware of every leaf; None if it stays in torch by wish.

    Args:
        leaves: all modules that weigh.
        modules: names of all modules, which patterns of ``skip`` may mean.
        default: where no pattern says otherwise.
        layers: pattern to the name of a device, or a table; the last that means a leaf decides.
        skip: patterns of what stays in torch.
        faults: one line is added for each fault.
    """
    names = list(modules)
    faults += [
        f"skip: no module is named {pattern!r}; modules are {_some(names)}"
        for pattern in skip
        if not any(matches(name, pattern) for name in names)
    ]
    found: list[Hardware | None] = [default] * len(leaves)
    for pattern, entry in layers.items():
        meant = [number for number, leaf in enumerate(leaves) if named(leaf, pattern)]
        if not meant:
            faults.append(f"layers: no layer is named {pattern!r}; layers are {_some([leaf.name for leaf in leaves])}")
            continue
        refused = [leaves[number] for number in meant if leaves[number].why]
        if refused and (len(refused) == len(meant) or exact(pattern)):
            faults += [
                f"layers: {pattern!r} asks for {leaf.words}, which cannot go on a chip: {leaf.why}" for leaf in refused
            ]
        wish = _wish(pattern, entry, default, faults)
        for number in meant:
            found[number] = wish
    for number, leaf in enumerate(leaves):
        if any(named(leaf, pattern) for pattern in skip):
            found[number] = None
    return found


def _wish(pattern: str, entry: Any, default: Hardware, faults: list[str]) -> Hardware:
    """Return the hardware of one entry; what it leaves out is the default's, settings only on the same device."""
    if isinstance(entry, str):
        entry = {"device": entry}
    if not isinstance(entry, dict):
        faults.append(f"layers: {pattern!r} must be the name of a device or a table, found {type(entry).__name__}")
        return default
    given = {word: entry[word] for word in WORDS if word in entry}
    own = {**given.pop("settings", {}), **{key: value for key, value in entry.items() if key not in WORDS}}
    same = given.get("device", default.device) == default.device
    base = {word: getattr(default, word) for word in WORDS if word != "settings"}
    return Hardware(**{**base, **given}, settings={**(default.settings if same else {}), **own})


def prepare(wishes: Iterable[Hardware | None], faults: list[str]) -> dict[str, Prepared]:
    """Read the datasheets of every hardware once, by :func:`key`; report each fault once."""
    found: dict[str, Prepared] = {}
    seen = set()
    for wish in wishes:
        if wish is None or key(wish) in seen:
            continue
        seen.add(key(wish))
        try:
            wish.check()
            found[key(wish)] = wish.prepare()
        except (ValueError, TypeError, DiagnosticError) as error:
            faults += [line for line in str(error).splitlines() if line not in faults]
    return found


def key(wish: Hardware) -> str:
    """Return a key that tells wishes apart."""
    return repr(
        (wish.device, wish.crossbar, wish.technology, wish.effort, wish.calibrated, sorted(wish.settings.items()))
    )


def _some(names: list[str], most: int = 12) -> str:
    shown = [repr(name) for name in names if name][:most]
    return ", ".join(shown) + (", ..." if len(names) > most else "") if shown else "none"
