"""A schedule as lines of text: every faulty line is told, and every event leaves each bank with a permutation."""

from __future__ import annotations

import csv
import io
import re
from codecs import getincrementaldecoder
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files import Diagnostic, DiagnosticError
from hwsim.files.checksum import check, is_checked
from hwsim.files.memory import refuse_more
from hwsim.schedule.step import Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.model import Model
    from hwsim.schedule.layout import Layout

COLUMNS = ("event", "layer", "bank", "position", "cell")
EXPORTED = b"# hwsim export csv,"
"""Begins a schedule that ``hwsim export`` wrote (:mod:`hwsim.export.schedule_csv`)."""
WORDS = ("bias", "gain", "steps")
"""What may stand for a position."""
MOST_TOLD = 20
"""Faulty lines that are told one by one."""
MOST = float(np.finfo(np.float32).max)
"""Largest register."""
_WHOLE = re.compile(r"\d{1,15}")


@dataclass
class Lines:
    """The lines of a file by kind: whole numbers of connections, and what registers are set to."""

    moves: NDArray[np.int64]
    """(lines, 6): the line's number, then ``COLUMNS``."""
    writes: list[tuple[int, int, int, int, float]]
    """Line, event, layer, number of the register, value."""
    steps: dict[int, tuple[int, int]]
    """By event, line and optimiser steps."""


class LineReader:
    """One file, and what is wrong with it."""

    def __init__(self, path: Path, model: Model, layout: Layout) -> None:
        self.path, self.model, self.layout = path, model, layout
        self.faults: list[Diagnostic] = []
        self.untold = 0
        self.cut: tuple[str, str] | None = None
        """Of a file that was cut short, what tells so and what there is of its last line."""

    def fault(self, line: int, what: str, found: str = "", hint: str = "") -> None:
        """Keep what is wrong with a line, and count what goes beyond the first ones."""
        if len(self.faults) < MOST_TOLD:
            self.faults.append(Diagnostic(str(self.path), line, 1, what, found, hint))
        else:
            self.untold += 1

    def check(self) -> None:
        """Raise all of it."""
        if self.untold:
            last = self.faults[-1].line
            self.faults.append(Diagnostic(str(self.path), last + 1, 1, f"{self.untold:,} further faults follow"))
        if self.faults:
            raise DiagnosticError(self.faults)

    def rows(self) -> list[tuple[int, list[str]]]:
        """Return lines that are not empty, with their numbers, columns in order."""
        try:
            refuse_more(4 * self.path.stat().st_size, f"{self.path}: its text, four times,")
            text = self._whole_lines(self.path.read_bytes()).decode("utf-8-sig")
            found = list(self._split(io.StringIO(text, newline="")))
        except (UnicodeDecodeError, MemoryError, csv.Error) as error:
            what = (
                "neither text nor any other kind of schedule" if isinstance(error, UnicodeDecodeError) else str(error)
            )
            self.fault(1, what, "", f"give lines of {','.join(COLUMNS)}")
            self.check()
        if not found or sorted(found[0][1]) != sorted(COLUMNS):
            head = ",".join(found[0][1])[:60] if found else "an empty file"
            self.fault(1, "the first line must name the columns", head, f"write {','.join(COLUMNS)}")
            self.check()
        order = [found[0][1].index(name) for name in COLUMNS]
        rows = []
        for line, row in self._before_the_cut(found[1:], order[0]) if self.cut else found[1:]:
            if len(row) != len(COLUMNS):
                self.fault(line, f"{len(COLUMNS)} columns are wanted", f"{len(row)}")
            else:
                rows.append((line, [row[n] for n in order]))
        return rows

    def _whole_lines(self, content: bytes) -> bytes:
        """Return all lines that end; what follows them tells that the file was cut short."""
        exported = content.startswith(EXPORTED)  # its last line has its checksum; what people write has none
        end = content.rfind(b"\n") + 1
        last = getincrementaldecoder("utf-8")().decode(content[end:])  # a letter may be cut too
        if exported and is_checked(content):
            check(content, self.path, "export it again, or remove its first line if you changed it")
        elif exported:
            self.cut = "its checksum is missing; if you changed it, remove its first line", last
        elif last.strip() and end and not last.lstrip().startswith("#"):
            self.cut = "its last line does not end; if it is whole, end it with a line break", last
        return content[:end] if self.cut else content

    @staticmethod
    def _split(text: io.StringIO) -> Any:
        reader = csv.reader(text, strict=True)
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) and not cells[0].startswith("#"):
                yield reader.line_num, cells

    def _before_the_cut(self, rows: list[tuple[int, list[str]]], column: int) -> list[tuple[int, list[str]]]:
        """Leave out the lines of the event in which a file was cut: nobody knows how many there were."""
        why, last = self.cut or ("", "")
        if last.lstrip().startswith("#"):
            return rows  # a remark, which follows the last line of the last event
        told = [(line, cells[column]) for line, cells in rows if column < len(cells)]
        begun = [(line, int(cell)) for line, cell in told if _WHOLE.fullmatch(cell)]
        *ended, _ = [cell.strip() for cell in last.split(",")]
        if column < len(ended) and _WHOLE.fullmatch(ended[column]):
            begun.append((rows[-1][0] + 1 if rows else 2, int(ended[column])))
        if any(later < event for (_, event), (_, later) in pairwise(begun)):
            what = "cut short, and its lines are not in the order of their events"
            self.fault(begun[-1][0], what, "", f"sort them, so that whole events can be told; {why}")
            self.check()
        cut = begun[-1][1] if begun else 1
        lost = {line for line, event in begun if event >= cut}
        if cut <= 1:
            self.fault(1, "cut short within its first event", "", why)
            self.check()
        return [row for row in rows if row[0] not in lost]

    def parsed(self) -> Lines:
        """Read every line by its kind; report those that cannot be read."""
        moves, writes, steps = [], [], {}
        for line, cells in self.rows():
            word = cells[3]
            if word == "steps":
                if (numbers := self._whole(line, [cells[0], cells[4]], ("event", "cell"))) is not None:
                    steps[numbers[0]] = line, numbers[1]
            elif word in WORDS:
                if (write := self._write(line, cells)) is not None:
                    writes.append(write)
            elif (numbers := self._whole(line, cells, COLUMNS)) is not None:
                moves.append([line, *numbers])
        return Lines(np.array(moves, np.int64).reshape(-1, 6), writes, steps)

    def _whole(self, line: int, cells: list[str], names: tuple[str, ...]) -> list[int] | None:
        for cell, name in zip(cells, names, strict=True):
            if not _WHOLE.fullmatch(cell):
                hint = f"write a whole number{' or ' + ', '.join(WORDS) if name == 'position' else ''}"
                self.fault(line, f"'{name}' is no whole number", repr(cell[:20]), hint)
                return None
        return list(map(int, cells))

    def _write(self, line: int, cells: list[str]) -> tuple[int, int, int, int, float] | None:
        """Read a line that sets a register."""
        numbers = self._whole(line, cells[:3], COLUMNS[:3])
        if numbers is None:
            return None
        try:
            value = float(cells[4].replace("_", "?"))
        except ValueError:
            value = float("nan")
        return self.register(line, cells[3], numbers, value, repr(cells[4][:20]))

    def register(
        self, line: int, word: str, numbers: list[int], value: float, found: str = ""
    ) -> tuple[int, int, int, int, float] | None:
        """Return line, event, layer, number of the register and value; report what no register can be set to.

        Args:
            line: where it stands.
            word: ``bias`` or ``gain``.
            numbers: event, layer and unit.
            value: the value.
            found: how the value is written.
        """
        event, layer, unit = numbers
        if not abs(value) <= MOST:
            self.fault(line, f"the {word} is no number that a device can hold", found or repr(value))
            return None
        if layer >= len(self.layout.layers):
            self.fault(line, "there is no such layer", str(layer), f"layers are 0 to {len(self.layout.layers) - 1}")
            return None
        made = self.model.layers[layer]
        first, count = (made.units, made.gains) if word == "gain" else (0, made.units)
        if unit >= count:
            hint = f"layer {layer} has {count}" if count else f"layer {layer} has none"
            self.fault(line, f"there is no such {word}", str(unit), hint)
            return None
        return line, event, layer, first + unit, value

    # events

    def read(self) -> list[Step]:
        """Return the events in order.

        Raises:
            DiagnosticError: every faulty line.
        """
        lines = self.parsed()
        self.in_range(lines)
        self.numbered(lines)
        self.doubled(lines)
        self.check()
        found = self.steps(lines)
        self.check()
        if self.cut:
            found[-1] = replace(found[-1], cut=self.cut[0])
        return found

    def in_range(self, lines: Lines) -> None:
        """Report layers, banks, positions and cells that do not exist."""
        moves, banks = lines.moves, self.layout.layers
        layers = np.minimum(moves[:, 2], len(banks) - 1)
        sizes = np.array([[bank.banks, bank.ports, bank.ports] for bank in banks])[layers]
        learned = np.array([bank.learned for bank in banks])[layers]
        for row in np.flatnonzero(moves[:, 2] >= len(banks)):
            hint = f"layers are 0 to {len(banks) - 1}"
            self.fault(int(moves[row, 0]), "there is no such layer", str(moves[row, 2]), hint)
        for row in np.flatnonzero((moves[:, 2] < len(banks)) & ~learned):
            self.fault(int(moves[row, 0]), "this layer has fixed connections", f"layer {moves[row, 2]}")
        beyond = (moves[:, 3:] >= sizes) & ((moves[:, 2] < len(banks)) & learned)[:, None]
        for row, column in np.argwhere(beyond):
            noun, most = COLUMNS[2 + column], sizes[row, column] - 1
            hint = f"layer {moves[row, 2]} has 0 to {most}"
            self.fault(int(moves[row, 0]), f"there is no such {noun}", str(moves[row, 3 + column]), hint)

    def numbered(self, lines: Lines) -> None:
        """Report missing events, and counts of optimiser steps that fall."""
        places = {event: line for event, (line, _) in lines.steps.items()}
        for line, event, *_ in lines.writes:
            places.setdefault(event, line)
        events, first = np.unique(lines.moves[:, 1], return_index=True)
        for event, row in zip(events.tolist(), first.tolist(), strict=True):
            places.setdefault(event, int(lines.moves[row, 0]))
        if 0 in places:
            self.fault(places.pop(0), "event 0 is the chip as it leaves fabrication", "", "number events from 1")
        if not places and not self.faults:
            self.fault(1, "no line follows the names of columns", "", "give at least one event")
        missing = first_missing(sorted(places))
        if missing is not None:
            later = min(event for event in places if event > missing)
            self.fault(places[later], f"event {missing} is missing", f"event {later}", "number events 1, 2, 3, ...")
        before = 0
        for _, (line, count) in sorted(lines.steps.items()):
            if count < before:
                self.fault(line, "fewer optimiser steps than before", str(count))
            before = count

    def doubled(self, lines: Lines) -> None:
        """Report positions and registers that one event sets twice."""
        moves = lines.moves[np.lexsort((lines.moves[:, 0], *lines.moves[:, [4, 3, 2, 1]].T))]
        same = np.flatnonzero((np.diff(moves[:, 1:5], axis=0) == 0).all(axis=1)) + 1
        for row in same:
            what = f"position {moves[row, 4]} of this bank is set twice in event {moves[row, 1]}"
            self.fault(int(moves[row, 0]), what, "", f"the first is in line {moves[row - 1, 0]}")
        seen: dict[tuple[int, int, int], int] = {}
        for line, event, layer, number, _ in lines.writes:
            if (event, layer, number) in seen:
                what = f"a register is set twice in event {event}"
                self.fault(line, what, "", f"the first is in line {seen[event, layer, number]}")
            seen[event, layer, number] = line

    def steps(self, lines: Lines) -> list[Step]:
        """Return the events in order; report banks that are left without a permutation."""
        last = max([*lines.moves[:, 1].tolist(), *(write[1] for write in lines.writes), *lines.steps], default=0)
        moves = lines.moves[np.argsort(lines.moves[:, 1], kind="stable")]
        ends = np.searchsorted(moves[:, 1], np.arange(1, last + 2))
        writes: dict[int, list[tuple[int, int, float]]] = {}
        for _, event, layer, number, value in lines.writes:
            writes.setdefault(event, []).append((layer, number, value))
        now = [np.tile(np.arange(bank.ports), (bank.banks, 1)) for bank in self.layout.layers]
        found, taken = [], 0
        for event in range(1, last + 1):
            part = moves[ends[event - 1] : ends[event]]
            rows: list[NDArray[np.int64] | None] = [None] * len(now)
            for layer in np.unique(part[:, 2]):
                now[layer] = rows[layer] = self._connected(now[layer], part[part[:, 2] == layer])
            taken = lines.steps.get(event, (0, taken))[1]
            found.append(Step(taken, tuple(rows), _by_layer(writes.get(event, []))))
        return found

    def _connected(self, before: NDArray[np.int64], part: NDArray[np.int64]) -> NDArray[np.int64]:
        after = before.copy()
        after[part[:, 3], part[:, 4]] = part[:, 5]
        touched = np.unique(part[:, 3])
        wrong = touched[(np.sort(after[touched], axis=1) != np.arange(after.shape[1])).any(axis=1)]
        for bank in wrong:
            line, event, layer = part[part[:, 3] == bank][0, :3]
            counts = np.bincount(after[bank], minlength=after.shape[1])
            cell = int(np.argmax(counts))
            places = np.flatnonzero(after[bank] == cell)[:2]
            what = f"after event {event}, bank {bank} of layer {layer} is no permutation"
            found = f"cell {cell} at positions {places[0]} and {places[1]}, cell {int(np.argmin(counts))} at none"
            self.fault(int(line), what, found, "list every position that gets another cell")
        return after if not len(wrong) else before


def _by_layer(writes: list[tuple[int, int, float]]) -> dict[int, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    found = {}
    for layer in sorted({write[0] for write in writes}):
        pairs = sorted((number, value) for one, number, value in writes if one == layer)
        found[layer] = np.array([n for n, _ in pairs], np.int64), np.array([v for _, v in pairs], np.float64)
    return found


def first_missing(numbers: Sequence[int]) -> int | None:
    """Return the first of 1, 2, 3, ... that is not among sorted numbers, or None if none is missing.

    Example:
        >>> first_missing([1, 2, 4]), first_missing([1, 2])
        (3, None)
    """
    return next((wanted for wanted, found in enumerate(numbers, start=1) if wanted != found), None)
