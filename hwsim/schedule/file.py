"""The schedule file: SQLite in WAL mode, one transaction per reconnection.

Chosen because a transaction keeps a reconnection, its score and the controller's state together whatever kills the
process, and because every language can read the file. Tables:

* ``about(key, value)``: format, version, identity of the run, layout (JSON), and ``complete`` when the run ended;
* ``event(event, batch, score)``: one row per reconnection, its score as JSON;
* ``connection(event, layer, permutation)``: banks x ports little-endian uint32, only where connections changed;
* ``register(event, layer, content)``: little-endian float64, only where a layer's registers changed;
* ``fault(event, found, number, layer, bank, switch, state, cell, value)``: what broke at an event (``found`` 0), what
  the host got to know of at it (1), each numbered from 0 on; files of before had no such table, and nothing broke;
* ``progress(only, state)``: the controller's state after the last event, gone when the run is complete.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import BAD_INPUT, FAILED, HwsimError
from hwsim.schedule.fault import Fault
from hwsim.schedule.layout import Bank, Entry, Follower, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

FORMAT = "hwsim schedule"
VERSION = "1"

_TABLES = """
create table about(key text primary key, value text not null) without rowid;
create table event(event integer primary key, batch integer not null, score text not null);
create table connection(
    event integer, layer integer, permutation blob not null, primary key(event, layer)) without rowid;
create table register(event integer, layer integer, content blob not null, primary key(event, layer)) without rowid;
create table fault(
    event integer, found integer, number integer, layer integer, bank integer, switch integer, state integer,
    cell integer, value real, primary key(event, found, number)) without rowid;
create table progress(only integer primary key check (only = 0), state blob not null);
"""


class ScheduleError(HwsimError, ValueError):
    """A file that is no whole schedule; the message names it and says what would work."""

    exit_code = BAD_INPUT


class StorageError(HwsimError):
    """The file system or another process is in the way of a schedule; the message names the file and what to do."""

    exit_code = FAILED


@contextmanager
def _stored(path: Path) -> Iterator[None]:
    """Name the file where SQLite only says what is wrong: a full disk, no access, a lock."""
    try:
        yield
    except sqlite3.OperationalError as error:
        hint = "what was written before is kept: mend that and give the same command again"
        raise StorageError(f"{path}: {error}; {hint}") from error


class ScheduleFile:
    """An open schedule; use :func:`open_schedule`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, patience: float = 0.0) -> None:
        self.path = path
        self._db = connection
        self._patience, self._written = patience, time.monotonic()
        about = dict(self._db.execute("select key, value from about"))
        try:
            self.identity = str(about["identity"])
            self.layout = Layout.from_json(about["layout"])
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            what = f"lacks {error}" if isinstance(error, KeyError) else f"has a layout that cannot be read ({error})"
            raise ScheduleError(f"{path}: the schedule {what}; run its scenario again") from error
        self.complete = about.get("complete") == "yes"
        tables = self._db.execute("select 1 from sqlite_master where type = 'table' and name = 'fault'")
        self._breaks = tables.fetchone() is not None

    def append(self, entry: Entry, score: Mapping[str, Any], state: bytes | Callable[[], bytes]) -> None:
        """Add one reconnection, its score and the controller's state, all or nothing.

        With patience, reconnections are written together once so many seconds have passed, with the last one's state.
        """
        before, before_registers = self._last_state()
        permutations, registers = list(before), dict(before_registers)
        due = time.monotonic() - self._written >= self._patience
        with self._db if due else nullcontext():
            self._db.execute(
                "insert into event values (?, ?, ?)", (entry.event, entry.batch, json.dumps(score, allow_nan=True))
            )
            for layer, permutation in enumerate(entry.permutations):
                if permutation is not None and not np.array_equal(permutation, before[layer]):
                    content = np.ascontiguousarray(permutation, "<u4").tobytes()
                    self._db.execute("insert into connection values (?, ?, ?)", (entry.event, layer, content))
                    permutations[layer] = permutation.copy()
            for layer, values in enumerate(entry.registers):
                if layer not in before_registers or not np.array_equal(values, before_registers[layer]):
                    content = np.ascontiguousarray(values, "<f8").tobytes()
                    self._db.execute("insert into register values (?, ?, ?)", (entry.event, layer, content))
                    registers[layer] = values.copy()
            for found, faults in enumerate((entry.faults, entry.found)):
                for number, fault in enumerate(faults):
                    row = (entry.event, found, number, *astuple(fault))
                    self._db.execute("insert into fault values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            if due:
                self._db.execute(
                    "insert or replace into progress values (0, ?)", (state() if callable(state) else state,)
                )
                self._written = time.monotonic()
        self._last = permutations, registers  # only what is in the file: a failed append leaves nothing behind

    def _last_state(self) -> tuple[list[np.ndarray], dict[int, np.ndarray]]:
        if not hasattr(self, "_last"):
            follower = Follower(self.layout)
            for entry in self.entries():
                follower.execute(entry)
            self._last = (follower.permutations, dict(enumerate(follower.registers)))
        return self._last

    def events(self) -> int:
        """Count the rows in the schedule, the state after power-up among them."""
        return int(self._db.execute("select count(*) from event").fetchone()[0])

    def scores(self) -> list[dict[str, Any]]:
        """Return the score of every event in order."""
        found = self._db.execute("select event, score from event order by event").fetchall()
        return [self._score(event, text) for event, text in found]

    def _score(self, event: object, text: str) -> dict[str, Any]:
        """Read a score row from its text."""
        try:
            found = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ScheduleError(f"{self.path}: the score of event {event} cannot be read; run its scenario again")
        return found

    def last(self) -> tuple[int, float]:
        """Return number and epoch of the last event."""
        event, score = self._db.execute("select event, score from event order by event desc limit 1").fetchone()
        return int(event), float(self._score(event, score).get("epoch", 0.0))

    def state(self) -> bytes | None:
        """Return the controller's state after the last event; None before the first and after the end."""
        row = self._db.execute("select state from progress").fetchone()
        return None if row is None else bytes(row[0])

    def entries(self) -> Iterator[Entry]:
        """Yield every reconnection in order; registers are carried forward if they did not change.

        Raises:
            ScheduleError: connections or registers do not fit the layout, or a permutation is none.
        """
        registers: dict[int, np.ndarray] = {}
        found = self._db.execute("select event, batch from event order by event").fetchall()
        for number, (event, batch) in enumerate(found):
            if event != number or not isinstance(batch, int) or batch < 0:
                raise ScheduleError(f"{self.path}: event {number} is missing or damaged; run its scenario again")
            permutations: list[np.ndarray | None] = [None] * len(self.layout.layers)
            query = "select layer, permutation from connection where event = ?"
            for layer, content in self._db.execute(query, (event,)):
                permutations[layer] = self._permutation(event, layer, content)
            for layer, content in self._db.execute("select layer, content from register where event = ?", (event,)):
                registers[layer] = self._registers(event, layer, content)
            if sorted(registers) != list(range(len(self.layout.layers))):
                raise ScheduleError(f"{self.path}: event {event} lacks registers of its layers; run its scenario again")
            known = tuple(registers[i] for i in range(len(registers)))
            yield Entry(event, batch, tuple(permutations), known, *self._faults(event))

    def _faults(self, event: int) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
        """Read what broke at an event and what was found at it.

        Raises:
            ScheduleError: a row says no fault, or of a bank that is not there.
        """
        faults: tuple[list[Fault], list[Fault]] = ([], [])
        if not self._breaks:
            return (), ()
        columns = "found, number, layer, bank, switch, state, cell, value"
        query = f"select {columns} from fault where event = ? order by found, number"  # noqa: S608 - fixed names
        for found, number, *values in self._db.execute(query, (event,)):
            try:
                fault, kept = Fault(*values), faults[found]
                sound = fault.bank < self.layout.layers[fault.layer].banks and number == len(kept)
            except (ValueError, IndexError, TypeError):
                sound = False
            if not sound:
                raise ScheduleError(f"{self.path}: a fault of event {event} cannot be read; run its scenario again")
            kept.append(fault)
        return tuple(faults[0]), tuple(faults[1])

    def _bank(self, event: int, layer: int, content: bytes, size: Callable[[Bank], int]) -> Bank:
        """Return the layout of a layer, if so many bytes fit it."""
        bank = self.layout.layers[layer] if layer in range(len(self.layout.layers)) else None
        if bank is None or not isinstance(content, bytes) or len(content) != size(bank):
            raise ScheduleError(f"{self.path}: event {event}, layer {layer} does not fit the schedule's own layout")
        return bank

    def _registers(self, event: int, layer: int, content: bytes) -> np.ndarray:
        self._bank(event, layer, content, lambda bank: 8 * bank.registers)
        return np.frombuffer(content, "<f8").astype(np.float64)

    def _permutation(self, event: int, layer: int, content: bytes) -> np.ndarray:
        bank = self._bank(event, layer, content, lambda bank: 4 * bank.banks * bank.ports)
        rows = np.frombuffer(content, "<u4").astype(np.int64).reshape(bank.banks, bank.ports)
        wrong = np.flatnonzero((np.sort(rows, axis=1) != np.arange(bank.ports)).any(axis=1))
        if wrong.size:
            raise ScheduleError(f"{self.path}: event {event}, layer {layer}, bank {wrong[0]} is no permutation")
        return rows

    def digest(self) -> str:
        """Compute SHA-256 over schedule and scores: equal runs have equal digests, whatever the bytes of the file."""
        total = hashlib.sha256(self.layout.to_json().encode())
        for table in ("event", "connection", "register", *(("fault",) if self._breaks else ())):
            for row in self._db.execute(f"select * from {table} order by 1, 2, 3"):  # noqa: S608 - fixed names
                for cell in row:
                    total.update(cell if isinstance(cell, bytes) else repr(cell).encode())
                    total.update(b"\0")
        return total.hexdigest()

    def note(self, key: str) -> str | None:
        """Return a note in ``about``, or None if there is none."""
        row = self._db.execute("select value from about where key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def finish(self, notes: Mapping[str, str], score: Mapping[str, Any] | None = None) -> None:
        """Mark the run complete, drop the controller's state, and fold the log into the one file.

        Args:
            notes: added to ``about``.
            score: what the last event's score is replaced by, where it was not evaluated before.
        """
        with self._db:
            if score is not None:
                query = "update event set score = ? where event = (select max(event) from event)"
                self._db.execute(query, (json.dumps(score, allow_nan=True),))
            self._db.executemany("insert or replace into about values (?, ?)", [*notes.items(), ("complete", "yes")])
            self._db.execute("delete from progress")
        with suppress(sqlite3.OperationalError):  # a reader holds the file: it is whole all the same, in two parts
            self._db.execute("vacuum")
            self._db.execute("pragma journal_mode = delete")
        self.complete = True

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _create(path: Path, identity: str, layout: Layout) -> None:
    with _stored(path), closing(sqlite3.connect(path, isolation_level="IMMEDIATE")) as db:
        db.execute("pragma journal_mode = wal")
        about = {"format": FORMAT, "version": VERSION, "identity": identity, "layout": layout.to_json()}
        with db:
            for statement in _TABLES.strip().split(";\n"):
                db.execute(statement.rstrip(";"))
            db.executemany("insert into about values (?, ?)", about.items())


def is_blank(path: Path) -> bool:
    """Tell whether a kill left a file before its first transaction."""
    try:
        with closing(sqlite3.connect(path)) as db:
            return not db.execute("select 1 from sqlite_master limit 1").fetchall()
    except sqlite3.DatabaseError:
        return False


def _examine(path: Path, db: sqlite3.Connection) -> None:
    """Refuse what is no whole schedule, before anything is written to it."""
    size, logged = path.stat().st_size, path.with_name(f"{path.name}-wal").exists()
    try:
        check = db.execute("pragma quick_check").fetchone()[0]
        if size % db.execute("pragma page_size").fetchone()[0] and not logged:
            check = "its last page is not whole"  # SQLite would fill it up in silence
        about = dict(db.execute("select key, value from about")) if check == "ok" else {}
    except sqlite3.OperationalError as error:
        if not str(error).startswith("no such"):  # table or column: an SQLite file of something else
            raise
        about = {}
    except sqlite3.DatabaseError as error:
        what = "is no hwsim schedule, or only part of one"
        raise ScheduleError(f"{path}: {what} ({error}); give the file schedule.sqlite of a run folder") from error
    if check != "ok":
        raise ScheduleError(f"{path}: the schedule is damaged or cut short ({check}); run its scenario again")
    if about.get("format") != FORMAT:
        raise ScheduleError(f"{path}: an SQLite file, but no hwsim schedule; give schedule.sqlite of a run folder")
    if about.get("version") != VERSION:
        raise ScheduleError(f"{path}: schedule version {about.get('version')}; this hwsim reads version {VERSION}")


@contextmanager
def open_schedule(path: Path, new: tuple[str, Layout] | None = None, patience: float = 0.0) -> Iterator[ScheduleFile]:
    """Open a schedule, or create it first where ``new`` gives identity and layout and there is none.

    Args:
        path: the file.
        new: what makes it writable.
        patience: seconds of work that may be lost; 0 writes every reconnection at once.

    Raises:
        ScheduleError: the file is missing, truncated, of another format or version.
        StorageError: the disk is full or another process is in the way, here or at any use until it is closed.
    """
    if new is not None and (not path.exists() or is_blank(path)):
        _create(path, *new)
    if not path.is_file():
        raise ScheduleError(f"{path}: no schedule here; give the file schedule.sqlite of a run folder")
    writable = new is not None
    where = path if writable else f"{path.resolve().as_uri()}?mode=ro"
    with _stored(path), closing(sqlite3.connect(where, uri=not writable)) as db:
        _examine(path, db)
        if writable:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
        schedule = ScheduleFile(path, db, patience)
        if new is not None and schedule.layout != new[1]:
            raise ScheduleError(f"{path}: the schedule is of a chip with another layout; run its scenario elsewhere")
        yield schedule
