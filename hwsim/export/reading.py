"""Exported configurations are read back: circuits are built again, walked, and held to all that the file says."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.words import read_words
from hwsim.errors import check_type
from hwsim.export import EXPORTS
from hwsim.export.delta import crc_of
from hwsim.files import Diagnostic, DiagnosticError, Refusal
from hwsim.files.checksum import LAST, check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.export.told import Told, ToldLayer

_MARK = re.compile(rb"hwsim export ([a-z0-9-]{1,40}), version \d")
_PLACED = b'\nkind = "placed"\n'
"""In a datasheet that ``hwsim synth`` wrote, which ends as exports do."""
_HEAD = 600
"""Bytes from the beginning, or from the end, within which every file says which format it is."""
_UNREAD = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, NotImplementedError)
"""What a reader meets in a file whose checksum is sound and whose content is not."""


@dataclass(frozen=True)
class ReadLayer:
    """One layer's circuits as a file has them; every state was walked and gives the permutation beside it.

    ``fabric`` has topology, ports and wiring; ``states`` (banks, ...), ``permutations`` (banks, ports); the first
    ``cells`` ports of a bank are cells, others are spare.
    """

    layer: int
    fabric: Fabric
    states: NDArray[Any]
    permutations: NDArray[np.int64]
    cells: int
    bank: int = 0
    """The first of these; files of pictures and graphs hold one of several."""


@dataclass(frozen=True)
class ReadConfiguration:
    """A configuration as an exported file holds it: of which run and event, for which switches, layer by layer."""

    format: str
    run: str
    event: int
    technology: str
    layers: tuple[ReadLayer, ...]


def read_configuration(path: str | Path, base: str | Path | ReadConfiguration | None = None) -> ReadConfiguration:
    """Read a file that ``hwsim export`` wrote, and check that its switches do what it says.

    Its checksum covers every byte. Each circuit is built from its topology and ports, its wiring is compared with the
    file's, and its states are walked: they must realise the permutations that the file tells.

    Args:
        path: a file of a format that ``hwsim help formats`` says is read back.
        base: what a list of changes (format ``delta``) is laid over: the configuration of the event before.

    Raises:
        DiagnosticError: it cannot be read, is of no such format, was changed, or contradicts itself.
    """
    check_type("path", path, "a path")
    file = Path(path)
    name, content = open_export(file)
    plugin = EXPORTS[name]
    if plugin.read is None:
        raise _refused(file, f"is a file of the format {name!r}, which is not read back", "its checksum is sound")
    under = read_configuration(base) if isinstance(base, str | Path) else base
    try:
        told = plugin.read(content)
        layers = tuple(_rebuild(_settled(told, layer, under)) for layer in told.layers)
    except Refusal as error:
        raise _refused(file, error.what, error.hint) from None
    except _UNREAD as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise _refused(file, f"cannot be read as {name}: {why}", "export it again") from error
    return ReadConfiguration(name, told.run, told.event, told.technology, layers)


def is_export(path: Path) -> bool:
    """Tell whether ``hwsim export`` wrote a file: its mark or its last line says so, though a byte may be another."""
    if not path.is_file():
        return False
    content = path.read_bytes()
    ends = content[:_HEAD], content[-_HEAD:]
    return any(_MARK.search(end) for end in ends) or (LAST in ends[1] and _PLACED not in ends[0])


def open_export(path: Path) -> tuple[str, bytes]:
    """Return the format of an exported file, and its content without the line that has its checksum.

    Raises:
        DiagnosticError: it cannot be read, was changed, or no export wrote it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refused(path, f"cannot be read ({error.strerror})", "give a file that hwsim export wrote") from None
    found = _MARK.search(content[:_HEAD]) or _MARK.search(content[-_HEAD:])
    name = found[1].decode() if found else ""
    verify = EXPORTS[name].verify if name in EXPORTS else None
    if verify is not None:
        try:
            verify(path)
        except Refusal as error:
            raise _refused(path, error.what.removeprefix(f"{path}: "), error.hint) from error
        return name, content
    body = check(content, path)
    if name not in EXPORTS:
        what = f"was written by an export {name!r} that is not here" if name else "is no file that hwsim export wrote"
        raise _refused(path, what, "hwsim help formats lists those there are")
    return name, body


def _refused(path: Path, what: str, hint: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(str(path), 1, 1, what, "", hint)])


def _settled(file: Told, told: ToldLayer, base: ReadConfiguration | None) -> ToldLayer:
    """Lay changes, where a layer tells no more, over the words of the event before.

    Raises:
        Refusal: there is nothing to lay them over, or it is another configuration.
    """
    changes = told.changes
    if changes is None:
        return told
    under = next((one for one in base.layers if one.layer == told.layer), None) if base is not None else None
    if base is None or under is None or (under.fabric.topology, under.fabric.ports) != (told.topology, told.ports):
        what = f"holds changes of layer {told.layer} alone"
        raise Refusal(what, "give the configuration of the event before with --base FILE (base=)")
    if (base.run, base.event) != (file.run, file.event - 1):
        what = f"is laid over event {file.event - 1} of run {file.run[:12]}, and its base is another event or run"
        raise Refusal(what, "export that event")
    banks = [[word for word, _ in under.fabric.words(state)] for state in under.states]
    each, words = len(banks[0]), [word for bank in banks for word in bank]
    if crc_of(words, changes.width) != changes.before:
        what = f"changes other words than those of layer {told.layer} in its base"
        raise Refusal(what, "export the event before again")
    for address, word in changes.words.items():
        words[address] = word
    if crc_of(words, changes.width) != changes.after:
        raise ValueError(f"changes of layer {told.layer} lead to other words than it tells")
    return replace(told, words=[words[first : first + each] for first in range(0, len(words), each)])


def _rebuild(told: ToldLayer) -> ReadLayer:
    """Build a layer's circuits, and hold what they do to what is told.

    Raises:
        ValueError: the first contradiction.
    """
    where = f"layer {told.layer}"
    fabric = CROSSBARS[told.topology].build(told.ports)
    if told.wiring is not None and told.wiring != fabric.describe():
        raise ValueError(f"{where}: its wires are not those of {told.topology} circuits of {told.ports} ports")
    if told.words is not None:
        states = np.stack([read_words(fabric, one) for one in told.words])
    else:
        given = np.asarray(told.states)
        states = fabric.check_states("states", given, len(given))
        if not np.array_equal(states, given):
            raise ValueError(f"{where}: states that no switch has")
    straight = np.broadcast_to(np.arange(fabric.ports), (len(states), fabric.ports))
    found = np.asarray(fabric.apply_many(states, straight), np.int64)
    if told.permutations is not None and not np.array_equal(found, told.permutations):
        bank, position = np.argwhere(found != np.asarray(told.permutations).reshape(found.shape))[0]
        raise ValueError(f"{where}, bank {bank}: switches lead cell {found[bank, position]} to position {position}")
    return ReadLayer(told.layer, fabric, states, found, told.cells, told.bank)
