"""Where permutations come from: a file, a pipe or standard input, read once; a schedule is told from a text."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from hwsim.files import Diagnostic, DiagnosticError
from hwsim.schedule import ScheduleError

LIMIT = 2**30
"""Bytes that a text may have."""
PATIENCE = 5.0
"""Seconds until a named pipe that no process writes into is given up."""
_CHUNK = 2**20
_STANDARD_INPUT = ("-", "/dev/stdin")
_SCHEDULE = b"SQLite format 3\0"
_LOGGED = b"\2\2"
"""Bytes 18 and 19 of an SQLite file whose last writes may stand in another file."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = "\0\1\2\3\4\5\6\7\b\x0e\x0f"
_NEITHER = "neither text nor a schedule"
_CURE = "one permutation per line"
_MOST = 0.8
"""Share of null bytes among the upper halves, from which a text is taken for UTF-16: remarks may be in any script."""


@dataclass(frozen=True)
class Source:
    """A source of permutations: a text, or the path of a schedule if ``text`` is None; and what to call it."""

    name: str
    path: Path
    text: str | None = None
    keeper: object = None
    """What keeps a temporary file until it is no longer in use."""


def read_source(path: Path) -> Source:
    """Read a file, a pipe, or standard input (``-``), from its beginning to its end, once.

    Raises:
        DiagnosticError: it cannot be read, is longer than 1 GiB, is neither text nor a schedule, or is a named pipe
            that no process writes into.
        ScheduleError: the schedule of a run under way, by a pipe: its last reconnections are in another file.

    Example:
        >>> from pathlib import Path
        >>> read_source(Path("no-such.txt"))
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: no-such.txt:1:1: cannot be read: No such file or directory
    """
    standard = str(path) in _STANDARD_INPUT
    name = "standard input" if standard else path.name
    try:
        if standard:
            return _standard_input(path, name)
        with _open_pipe(path) if path.is_fifo() else path.open("rb") as file:
            return _take(file, path, name)
    except OSError as error:
        what = "this is a directory" if isinstance(error, IsADirectoryError) else f"cannot be read: {error.strerror}"
        raise DiagnosticError([Diagnostic(str(path), 1, 1, what)]) from None


def _standard_input(path: Path, name: str) -> Source:
    if sys.stdin is None:  # closed by whoever started this
        raise DiagnosticError(
            [Diagnostic(str(path), 1, 1, "standard input is closed", "", "pipe something in, or give a file")]
        )
    return _take(sys.stdin.buffer, path, name)


def _open_pipe(path: Path) -> IO[bytes]:
    """Open a pipe for reading, without waiting for ever for somebody who writes into it."""
    given_up = time.monotonic() + PATIENCE
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    named = Path(os.path.realpath(path)).is_fifo()  # the other kind had its writer before we came
    first = b""
    try:
        while named and not (first := os.read(pipe, _CHUNK)):
            if time.monotonic() > given_up:
                os.close(pipe)
                what = f"a pipe into which no process wrote for {PATIENCE:g} s"
                raise DiagnosticError(
                    [Diagnostic(str(path), 1, 1, what, "", "start the one that writes first, or give a file")]
                )
            time.sleep(0.02)
    except BlockingIOError:
        pass  # a writer is there and has not yet written
    os.set_blocking(pipe, True)
    rest = os.fdopen(pipe, "rb")
    return rest if not first else cast("IO[bytes]", io.BufferedReader(_Joined(first, rest)))


class _Joined(io.RawIOBase):
    """A stream that gives what was read already, and then the rest."""

    def __init__(self, first: bytes, rest: IO[bytes]) -> None:
        self._first, self._rest = first, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given = self._first[: len(buffer)] or self._rest.read(len(buffer))
        self._first = self._first[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)

    def close(self) -> None:
        self._rest.close()
        super().close()


def _take(file: IO[bytes], path: Path, name: str) -> Source:
    """Tell what it is by its first bytes, and read the rest of it."""
    head = file.read(_CHUNK)
    if head.startswith(_SCHEDULE):
        if path.is_file() and str(path) not in _STANDARD_INPUT:
            return Source(name, path)
        return _spool(head, file, name)
    mark, encoding = next((pair for pair in _MARKS if head.startswith(pair[0])), (b"", _guess(head)))
    decoder = codecs.getincrementaldecoder(encoding)()
    parts: list[str] = []
    total = 0
    chunk = head[len(mark) :]
    while chunk:
        try:
            parts.append(decoder.decode(chunk))
        except UnicodeDecodeError as error:
            raise DiagnosticError([_undecodable(str(path), "".join(parts), error, encoding)]) from None
        total += len(chunk)
        if any(control in parts[-1] for control in _CONTROLS):
            raise DiagnosticError([Diagnostic(str(path), 1, 1, _NEITHER, "", _CURE)])
        if total > LIMIT:
            raise DiagnosticError(
                [Diagnostic(str(path), 1, 1, "longer than 1 GiB", "", "give fewer permutations at a time")]
            )
        chunk = file.read(_CHUNK)
    if decoder.getstate()[0]:
        raise DiagnosticError([Diagnostic(str(path), 1, 1, f"ends in the middle of a character of {encoding.upper()}")])
    return Source(name, path, "".join(parts))


def _guess(head: bytes) -> str:
    """Guess the encoding: UTF-16 without its mark has a null byte in every number; all else is taken for UTF-8."""
    even, odd = head[::2], head[1::2]
    if odd and odd.count(0) > len(odd) * _MOST and not even.count(0):
        return "utf-16-le"
    if even and even.count(0) > len(even) * _MOST and not odd.count(0):
        return "utf-16-be"
    return "utf-8"


def _undecodable(path: str, before: str, error: UnicodeDecodeError, encoding: str) -> Diagnostic:
    before += error.object[: error.start].decode(encoding, "replace")
    if any(control in before or ord(control) in error.object for control in _CONTROLS):
        return Diagnostic(path, 1, 1, _NEITHER, "", _CURE)
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    found = f"the byte 0x{error.object[error.start]:02x}"
    return Diagnostic(path, line, column, f"not {encoding.upper()}", found, "save the file as UTF-8")


def _spool(head: bytes, file: IO[bytes], name: str) -> Source:
    """Put a schedule that came by a pipe where SQLite can read it."""
    if head[18:20] == _LOGGED:
        raise ScheduleError(f"{name}: the schedule of a run under way, of which a pipe carries a part; give its path")
    keeper = tempfile.TemporaryDirectory(prefix="hwsim-")
    path = Path(keeper.name) / "schedule.sqlite"
    with path.open("wb") as copy:
        copy.write(head)
        shutil.copyfileobj(file, copy)
    return Source(name, path, None, keeper)
