"""Schedules made elsewhere, as steps: what of connections and registers changes, event by event.

**CSV**: the first line is ``event,layer,bank,position,cell``, in any order; then a line for every position that is fed
by another cell from this event on. Positions that are left out keep their cell. Events are 1, 2, 3, ...; banks are
output units (one bank where ``crossbar.scope = "layer"``), everything is counted from 0. Three further kinds of line
have a word as their ``position``: ``bias`` (``cell`` is the new bias of unit ``bank``), ``gain`` (likewise), and
``steps`` (``cell`` optimiser steps were taken by then; layer and bank stay empty).

**NPZ**: arrays ``permutations`` of shape (events, banks, ports), or ``permutations/0`` and so on by number of layer;
``biases`` (events, units) or ``biases/0``, and ``steps`` (events,), where there are any.

**Parquet** (``pip install 'hwsim[parquet]'``): columns ``event``, ``kind``, ``layer``, ``bank``, ``position``, ``cell``
and ``value``; ``kind`` is ``cell`` for a position that is fed by another cell, ``bias`` or ``gain`` (``bank`` is the
unit, ``value`` the new value), or ``steps`` (``cell`` optimiser steps were taken by then). What a kind does not need is
null.

**SQLite**: ``schedule.sqlite`` of a run folder.

A schedule that was cut short is carried out up to its last whole event, and the answer says ``schedule cut short after
event N``. That can be told of an SQLite file whose run has not ended, in which events are whole or not there; and of a
CSV file whose last line does not end (one that is whole must end with a line break), or which was exported and lacks
its checksum. Lines may have been lost of the last event that such a file begins, so it does not count. Parquet and NPZ
files keep where their parts lie in their last bytes, and nothing can be read without those; an SQLite file that lacks
pages lacks them anywhere. Such files are refused.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files import Refusal
from hwsim.files.numpy_file import Archive
from hwsim.files.parquet import MAGIC
from hwsim.schedule.columns import ColumnReader
from hwsim.schedule.file import open_schedule
from hwsim.schedule.layout import layout
from hwsim.schedule.lines import MOST, LineReader
from hwsim.schedule.recorded import check_recorded
from hwsim.schedule.step import Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.model import Model
    from hwsim.schedule.layout import Bank, Layout

_SQLITE = b"SQLite format 3\0"
_NAME = re.compile(r"(permutations|biases)(?:/(\d+))?")


def read_steps(path: Path, model: Model, scope: str) -> list[Step]:
    """Read a schedule made elsewhere, and hold it against the banks that are to carry it out.

    Args:
        path: a file of one of the kinds above, told by its content.
        model: the network.
        scope: its banks, ``output`` or ``layer``.

    Raises:
        DiagnosticError: lines of a CSV file, or rows of a Parquet file, that are wrong, all of them.
        Refusal: anything else that is wrong with the file.
        ScheduleError: an SQLite file that is no whole schedule.
    """
    if path.is_dir():
        path /= "schedule.sqlite"
    banks = layout(model, scope)
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except FileNotFoundError:
        raise Refusal(
            f"there is no schedule {path}", "give a .csv, .npz, .parquet or .sqlite file, or a run folder"
        ) from None
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}") from None
    if head == _SQLITE:
        return _recorded(path, banks)
    if head.startswith(b"PK"):
        return _arrays(Archive(path), model, banks)
    return (ColumnReader if head.startswith(MAGIC) else LineReader)(path, model, banks).read()


def _recorded(path: Path, banks: Layout) -> list[Step]:
    with open_schedule(path) as schedule:
        check_recorded(path, schedule)
        pairs = zip(schedule.layout.layers, banks.layers, strict=False)
        sizes = [[(one.banks, one.ports, one.registers) for one in half.layers] for half in (schedule.layout, banks)]
        if sizes[0] != sizes[1]:
            found, wanted = (", ".join(f"{b} banks x {p}" for b, p, _ in half) for half in sizes)
            raise Refusal(f"{path} is of {found}, and the scenario has {wanted}", "give a schedule of this network")
        fixed = [new.layer for old, new in pairs if old.learned and not new.learned]
        if fixed:
            raise Refusal(f"{path} reconnects layer {fixed[0]}, whose connections are fixed", "choose another model")
        steps = []
        for entry in schedule.entries():
            everything = {n: (np.arange(len(values)), values) for n, values in enumerate(entry.registers)}
            steps.append(Step(entry.batch, entry.permutations, everything))
        whole = schedule.complete
    if not steps[1:]:
        hint = "" if whole else "; while its run has not ended, a part of it lies in the file with -wal after its name"
        raise Refusal(f"{path} holds no reconnection", f"give a schedule with events{hint}")
    if any(rows is not None for rows in steps[0].permutations):
        raise Refusal(f"{path} reconnects at event 0, the chip as fabricated", "give a schedule of another run")
    steps[-1] = replace(steps[-1], cut="" if whole else "its run has not ended")
    return steps[1:]


def _arrays(archive: Archive, model: Model, banks: Layout) -> list[Step]:
    learned = [bank.layer for bank in banks.layers if bank.learned]
    parts: dict[str, dict[int, NDArray[Any]]] = {"permutations": {}, "biases": {}}
    steps: NDArray[Any] | None = None
    for name in archive.names:
        found = _NAME.fullmatch(name)
        if name == "steps":
            steps = archive.read(name)
            continue
        if not found:
            hint = "arrays are permutations, biases (or permutations/0 ... by layer) and steps"
            raise Refusal(f"{archive.path} has an array {name!r}", hint)
        kind, digits = found.groups()
        only = learned if kind == "permutations" else range(len(model.layers))
        if digits is None and len(only) != 1:
            raise Refusal(f"{archive.path}: {name!r} of which layer?", f"name it {name}/N; layers are {list(only)}")
        layer = int(digits) if digits is not None else only[0]
        if layer not in only:
            raise Refusal(f"{archive.path}: there is no layer {layer} for {name!r}", f"layers are {list(only)}")
        parts[kind][layer] = archive.read(name)
    name = str(archive.path)
    _check_counts(name, [*parts["permutations"].values(), *parts["biases"].values()], steps)
    for layer, rows in parts["permutations"].items():
        _check_rows(name, rows, banks.layers[layer])
    for layer, values in parts["biases"].items():
        _check_biases(name, values, layer, model.layers[layer].units)
    return [
        Step(
            int(steps[event]) if steps is not None else 0,
            tuple(
                parts["permutations"][n][event].astype(np.int64) if n in parts["permutations"] else None
                for n in range(len(model.layers))
            ),
            {n: (np.arange(one.shape[1]), one[event].astype(np.float64)) for n, one in parts["biases"].items()},
        )
        for event in range(len(next(iter([*parts["permutations"].values(), *parts["biases"].values()]))))
    ]


def _check_counts(name: str, arrays: Sequence[NDArray[Any]], steps: NDArray[Any] | None) -> None:
    """Refuse arrays that are not of the same events, at least one."""
    counts = {len(one) if one.ndim else 0 for one in [*arrays, *([steps] if steps is not None else [])]}
    if not arrays or len(counts) != 1 or not max(counts):
        what = f"{name}: arrays of {', '.join(map(str, sorted(counts))) or 'no'} events"
        raise Refusal(what, "give one entry for each event in every array")
    if steps is not None and (steps.dtype.kind not in "iu" or steps.ndim != 1 or (np.diff(steps, prepend=0) < 0).any()):
        what = f"{name}: steps are {steps.dtype} of shape {steps.shape}"
        raise Refusal(what, "whole numbers that never fall are wanted, one for each event")


def _check_biases(name: str, values: NDArray[Any], layer: int, units: int) -> None:
    sound = values.dtype.kind in "iuf" and values.ndim == 2 and values.shape[1] == units  # noqa: PLR2004 - events
    if not sound or not (np.abs(values) <= MOST).all():
        what = f"{name}: biases of layer {layer} are {values.dtype} of shape {values.shape}"
        raise Refusal(what, f"finite numbers (events, units) = (events, {units}) are wanted")


def _check_rows(name: str, rows: NDArray[Any], bank: Bank) -> None:
    wanted = (bank.banks, bank.ports)
    if rows.dtype.kind not in "iu" or rows.shape[1:] != wanted:
        what = f"{name}: permutations of layer {bank.layer} are {rows.dtype} of shape {rows.shape}"
        raise Refusal(what, f"whole numbers (events, banks, ports) = (events, {wanted[0]}, {wanted[1]}) are wanted")
    wrong = np.argwhere((np.sort(rows, axis=2) != np.arange(bank.ports)).any(axis=2))
    if len(wrong):
        event, row = wrong[0]
        what = f"{name}: event {event + 1}, layer {bank.layer}, bank {row} is no permutation of its {bank.ports} cells"
        raise Refusal(what, f"{len(wrong):,} rows are wrong; each cell must feed one position")
