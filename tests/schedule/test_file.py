"""Schedule files: what goes in comes out, and what is no whole schedule is refused."""

from __future__ import annotations

import functools
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.schedule import Bank, Entry, Fault, Layout, ScheduleError, StorageError, is_blank, open_schedule

LAYOUT = Layout((Bank(0, 2, 4, 3, True), Bank(1, 1, 3, 1, True)))
AGAIN = "what was written before is kept: mend that and give the same command again"


@st.composite
def runs(draw: st.DrawFn) -> tuple[Layout, list[Entry]]:
    """A layout and entries; event 0 has every register, as after power-up."""
    sizes = draw(st.lists(st.tuples(*[st.integers(1, 5)] * 3), min_size=1, max_size=3))
    layout = Layout(tuple(Bank(n, banks, ports, registers, True) for n, (banks, ports, registers) in enumerate(sizes)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    special = draw(st.sampled_from([0.0, -0.0, 1e308, 5e-324]))
    entries = []
    for event in range(draw(st.integers(1, 5))):
        permutations = [
            None if draw(st.booleans()) else np.array([rng.permutation(b.ports) for _ in range(b.banks)])
            for b in layout.layers
        ]
        registers = [rng.choice([special, 1.0, rng.normal()], b.registers) for b in layout.layers]
        faults = [tuple(_fault(layout, rng) for _ in range(draw(st.integers(0, 2)))) for _ in range(2)]
        entries.append(Entry(event, 3 * event, tuple(permutations), tuple(registers), *faults))
    return layout, entries


def _fault(layout: Layout, rng: np.random.Generator) -> Fault:
    bank = layout.layers[int(rng.integers(len(layout.layers)))]
    at = {"layer": bank.layer, "bank": int(rng.integers(bank.banks))}
    if rng.random() < 0.5:
        return Fault(**at, switch=int(rng.integers(9)), state=int(rng.integers(2)))
    return Fault(**at, cell=int(rng.integers(9)), value=float(rng.normal()))


def write(path: Path, layout: Layout, entries: list[Entry], *, reopen: bool = False) -> str:
    """Write a whole schedule, in one go or opening it for every entry; its digest."""
    for group in [[entry] for entry in entries] if reopen else [entries]:
        with open_schedule(path, ("run", layout)) as schedule:
            for entry in group:
                schedule.append(entry, {"event": entry.event, "loss": float("nan")}, bytes([entry.event]))
            digest = schedule.digest()
    return digest


def state(layout: Layout, entries: list[Entry]) -> list[tuple[list[list[list[int]]], list[bytes]]]:
    """Connections and registers after every entry."""
    p = [np.tile(np.arange(b.ports), (b.banks, 1)) for b in layout.layers]
    found = []
    for entry in entries:
        p = [old if new is None else new for old, new in zip(p, entry.permutations, strict=True)]
        found.append(([one.tolist() for one in p], [r.tobytes() for r in entry.registers]))
    return found


@settings(max_examples=12)
@given(runs())
def test_round_trip(run: tuple[Layout, list[Entry]]) -> None:
    layout, entries = run
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "one.sqlite", Path(folder) / "other.sqlite"
        digest = write(one, layout, entries)
        assert write(other, layout, entries, reopen=True) == digest
        with open_schedule(one) as schedule:
            assert schedule.layout == layout
            assert schedule.identity == "run"
            read = list(schedule.entries())
            assert schedule.events() == len(entries)
            assert [row["event"] for row in schedule.scores()] == list(range(len(entries)))
            assert schedule.state() == bytes([len(entries) - 1])
        assert [(e.event, e.batch) for e in read] == [(e.event, e.batch) for e in entries]
        assert [(e.faults, e.found) for e in read] == [(e.faults, e.found) for e in entries]
        assert state(layout, read) == state(layout, entries)


def test_only_changes_are_stored(tmp_path: Path) -> None:
    """What is handed over is not kept by reference: the caller may go on with the same arrays."""
    p, registers = np.array([[1, 0, 2, 3], [0, 1, 2, 3]]), np.array([1.0, 2.0, 3.0])
    with open_schedule(tmp_path / "s", ("run", LAYOUT)) as schedule:
        for event in range(4):
            if event == 3:
                p[1], registers[0] = [3, 2, 1, 0], 9.0
            schedule.append(Entry(event, 0, (p, None), (registers, np.zeros(1))), {}, b"")
    db = sqlite3.connect(tmp_path / "s")
    assert db.execute("select event, layer from connection").fetchall() == [(0, 0), (3, 0)]
    assert db.execute("select event, layer from register").fetchall() == [(0, 0), (0, 1), (3, 0)]
    db.close()


ENTRIES = [
    Entry(0, 0, (None, None), (np.array([0.5, -1.0, 2.0]), np.array([1.0]))),
    Entry(1, 8, (np.array([[1, 0, 2, 3], [3, 2, 1, 0]]), None), (np.array([0.5, -1.0, 2.0]), np.array([1.5]))),
    Entry(2, 16, (np.array([[1, 2, 3, 0], [3, 2, 1, 0]]), np.array([[2, 0, 1]])), (np.zeros(3), np.array([1.5]))),
]


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "schedule.sqlite"
    write(path, LAYOUT, ENTRIES)
    with open_schedule(path, ("run", LAYOUT)) as schedule:
        schedule.finish({"reference": "{}"})
    return path


def test_a_few_lines_read_it_without_this_program(whole: Path) -> None:
    """What the manual promises to other programs and languages."""
    db = sqlite3.connect(whole)
    banks = json.loads(dict(db.execute("select key, value from about"))["layout"])[0]
    query = "select permutation from connection where layer = 0 order by event desc limit 1"
    (blob,) = db.execute(query).fetchone()
    permutation = np.frombuffer(blob, "<u4").reshape(banks["banks"], banks["ports"])
    assert permutation.tolist() == [[1, 2, 3, 0], [3, 2, 1, 0]]
    db.close()


def test_the_end(whole: Path) -> None:
    """One file, no controller's state, the note, and the journal that any reader can open in a read-only folder."""
    assert [path.name for path in whole.parent.iterdir()] == [whole.name]
    assert whole.read_bytes()[18:20] == b"\x01\x01"  # journal versions in the header: 2 would be a WAL file
    with open_schedule(whole) as schedule:
        assert (schedule.complete, schedule.state(), schedule.note("reference")) == (True, None, "{}")
        assert schedule.note("nothing") is None


def test_the_digest_is_of_the_schedule_not_of_the_file(whole: Path, tmp_path: Path) -> None:
    digest = write(tmp_path / "other", LAYOUT, ENTRIES)
    assert (tmp_path / "other").read_bytes() != whole.read_bytes()
    with open_schedule(whole) as schedule:
        assert schedule.digest() == digest
    changed = [*ENTRIES[:2], Entry(2, 17, ENTRIES[2].permutations, ENTRIES[2].registers)]
    assert write(tmp_path / "changed", LAYOUT, changed) != digest


def alter(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path) as db:
        db.execute(statement, values)
    db.close()


def u4(*rows: list[int]) -> bytes:
    return np.array(rows, "<u4").tobytes()


CONNECTION, REGISTER = "update connection set permutation = ? where event = 2 and layer = 0", "update register set "
BAD: list[tuple[str, bytes | int, str]] = [
    (CONNECTION, u4([1, 2, 3, 0])[:-1], "event 2, layer 0 does not fit the schedule's own layout"),
    (CONNECTION, u4([1, 2, 3, 0]), "event 2, layer 0 does not fit the schedule's own layout"),
    (CONNECTION, u4([1, 2, 3, 0], [3, 2, 1, 1]), "event 2, layer 0, bank 1 is no permutation"),
    (CONNECTION, u4([1, 2, 3, 4], [3, 2, 1, 0]), "event 2, layer 0, bank 0 is no permutation"),
    (CONNECTION, u4([1, 2, 3, 2**32 - 1], [3, 2, 1, 0]), "event 2, layer 0, bank 0 is no permutation"),
    (CONNECTION, b"", "event 2, layer 0 does not fit the schedule's own layout"),
    ("update connection set layer = ? where event = 1", 7, "event 1, layer 7 does not fit the schedule's own layout"),
    (f"{REGISTER}content = ? where event = 2", b"12345", "event 2, layer 0 does not fit the schedule's own layout"),
    (f"{REGISTER}content = ? where event = 0 and layer = 1", bytes(16), "event 0, layer 1 does not fit"),
    (f"{REGISTER}layer = ? where event = 0 and layer = 1", 5, "event 0, layer 5 does not fit"),
]


@pytest.mark.parametrize(("statement", "value", "words"), BAD)
def test_entries_that_do_not_fit(whole: Path, statement: str, value: object, words: str) -> None:
    alter(whole, statement, value)
    with open_schedule(whole) as schedule, pytest.raises(ScheduleError) as caught:
        list(schedule.entries())
    assert str(caught.value).startswith(f"{whole}: {words}")


def refused(path: Path) -> str:
    messages = []
    for new in (None, ("run", LAYOUT)):
        with pytest.raises(ScheduleError) as caught, open_schedule(path, new):
            pass
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "\n" not in messages[0]
    return messages[0]


def test_another_version(whole: Path) -> None:
    alter(whole, "update about set value = '2' where key = 'version'")
    assert refused(whole) == f"{whole}: schedule version 2; this hwsim reads version 1"


FOREIGN = ["create table t(x)", "create table about(x)", "create table about(key, value)"]


@pytest.mark.parametrize("statement", FOREIGN)
def test_another_program_s_file(tmp_path: Path, statement: str) -> None:
    alter(tmp_path / "s", statement)
    wanted = f"{tmp_path / 's'}: an SQLite file, but no hwsim schedule; give schedule.sqlite of a run folder"
    assert refused(tmp_path / "s") == wanted


@pytest.mark.parametrize("size", [20, 99, 100, 4096, 8192, -4096, -1])
def test_truncated(whole: Path, size: int) -> None:
    content = whole.read_bytes()
    whole.write_bytes(content[:size])
    assert refused(whole).startswith(f"{whole}: ")


def test_one_byte(tmp_path: Path) -> None:
    """SQLite takes one byte for an empty file; a run may begin in it, but there is nothing to read."""
    (tmp_path / "s").write_bytes(b"S")
    with pytest.raises(ScheduleError, match=f"^{tmp_path / 's'}: "), open_schedule(tmp_path / "s"):
        pass
    write(tmp_path / "s", LAYOUT, ENTRIES)


def test_text(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("event,accuracy\n" * 99)
    assert refused(tmp_path / "s").startswith(f"{tmp_path / 's'}: is no hwsim schedule, or only part of one (")


def test_none(tmp_path: Path) -> None:
    hint = "no schedule here; give the file schedule.sqlite of a run folder"
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ScheduleError, match=f": {hint}$"), open_schedule(path):
            pass


def _empty(path: Path) -> None:
    path.touch()


def _stopped(path: Path) -> None:
    """WAL mode is on, no transaction yet."""
    db = sqlite3.connect(path)
    db.execute("pragma journal_mode = wal")
    db.close()


@pytest.mark.parametrize("leave", [_empty, _stopped])
def test_a_kill_before_the_first_transaction(tmp_path: Path, leave: Callable[[Path], None]) -> None:
    path = tmp_path / "s"
    leave(path)
    assert is_blank(path)
    write(path, LAYOUT, ENTRIES)
    assert not is_blank(path)


WRITER = """
import sys
from pathlib import Path
from tests.schedule.test_file import ENTRIES, LAYOUT, open_schedule
with open_schedule(Path(sys.argv[1]), ("run", LAYOUT)) as schedule:
    for entry in ENTRIES:
        schedule.append(entry, {}, b"")
        print(entry.event, flush=True)
        sys.stdin.readline()
"""


def test_reading_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "s"
    words = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for event in range(len(ENTRIES)):
            assert writer.stdout.readline() == f"{event}\n"
            with open_schedule(path) as schedule:
                assert state(LAYOUT, list(schedule.entries())) == state(LAYOUT, ENTRIES[: event + 1])
                assert not schedule.complete
            writer.stdin.write("\n")
            writer.stdin.flush()
    assert writer.returncode == 0


def test_a_failed_append_leaves_nothing(tmp_path: Path) -> None:
    with open_schedule(tmp_path / "s", ("run", LAYOUT)) as schedule:
        schedule.append(ENTRIES[0], {}, b"before")
        digest, bad = schedule.digest(), {"loss": object()}
        with pytest.raises(TypeError):
            schedule.append(ENTRIES[1], bad, b"after")
        with pytest.raises(sqlite3.IntegrityError):
            schedule.append(Entry(0, 1, ENTRIES[1].permutations, ENTRIES[1].registers), {}, b"after")
        assert (schedule.digest(), schedule.state()) == (digest, b"before")
        schedule.append(ENTRIES[1], {}, b"after")
        assert state(LAYOUT, list(schedule.entries())) == state(LAYOUT, ENTRIES[:2])


def test_a_file_that_another_program_holds(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient: Any = functools.partial(sqlite3.connect, timeout=0)
    holder = sqlite3.connect(whole, isolation_level=None)
    holder.execute("begin exclusive")
    monkeypatch.setattr(sqlite3, "connect", impatient)
    with pytest.raises(StorageError) as caught, open_schedule(whole):
        pass
    assert str(caught.value) == f"{whole}: database is locked; {AGAIN}"
    holder.close()


@pytest.mark.parametrize(
    "change",
    [
        "update fault set state = 2",
        "update fault set bank = 9",
        "update fault set layer = 9",
        "update fault set cell = 3",
        "update fault set number = 1",
        "update fault set found = 2",
        "update fault set switch = 'x'",
    ],
)
def test_a_fault_that_is_none_is_refused(tmp_path: Path, change: str) -> None:
    registers = (np.zeros(3), np.zeros(1))
    entry = Entry(0, 0, (None, None), registers, faults=(Fault(0, 1, switch=4, state=1),))
    path = tmp_path / "schedule.sqlite"
    whole = write(path, LAYOUT, [entry])
    with sqlite3.connect(path) as db:
        db.execute(change)
    with open_schedule(path) as schedule:
        assert schedule.digest() != whole
        with pytest.raises(ScheduleError, match="fault of event 0"):
            list(schedule.entries())


def test_a_file_of_before_has_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "schedule.sqlite"
    whole = write(path, LAYOUT, [Entry(0, 0, (None, None), (np.zeros(3), np.zeros(1)))])
    with sqlite3.connect(path) as db:
        db.execute("drop table fault")
    with open_schedule(path) as schedule:
        assert schedule.digest() == whole
        assert [(entry.faults, entry.found) for entry in schedule.entries()] == [((), ())]
