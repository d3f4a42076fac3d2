"""Several files are written together or not at all, and nothing that is there is lost."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.files import DiagnosticError
from hwsim.files.whole import write_all

if TYPE_CHECKING:
    from hwsim.files.whole import Content


def below(folder: Path) -> dict[str, bytes | None]:
    """Everything under a folder: files with what they hold, folders with None."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def breaks(error: BaseException) -> Iterator[bytes]:
    yield b"a part"
    raise error


def test_text_bytes_and_parts(tmp_path: Path) -> None:
    files: dict[Path, Content] = {
        tmp_path / "a": "ä\n",
        tmp_path / "in" / "b": b"\0\r\n",
        tmp_path / "c": (bytes([n]) for n in range(3)),
    }
    assert write_all(files) == list(files)
    assert below(tmp_path) == {"a": "ä\n".encode(), "in": None, "in/b": b"\0\r\n", "c": b"\0\1\2"}


def test_what_is_there_stays_without_force(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    before = below(tmp_path)
    with pytest.raises(DiagnosticError, match=r"b:1:1: is there already, give another place, or --force"):
        write_all({tmp_path / "a": "x", tmp_path / "b": "x"})
    assert below(tmp_path) == before
    write_all({tmp_path / "a": "x", tmp_path / "b": "x"}, force=True)
    assert below(tmp_path) == {"a": b"x", "b": b"x"}
    with pytest.raises(DiagnosticError, match=r"a:1:1: is there already, and so is 1 more"):
        write_all({tmp_path / "a": "y", tmp_path / "b": "y"})
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DiagnosticError, match="broken:1:1: is there already"):
        write_all({tmp_path / "broken": "y"})


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(DiagnosticError, match="a:1:1: is a folder"):
        write_all({tmp_path / "a": "x"}, force=True)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    for force in (False, True):
        with pytest.raises(DiagnosticError, match="a:1:1: is a file, where a folder is needed, give another place"):
            write_all({tmp_path / "a" / "b": "x"}, force=force)
    assert below(tmp_path) == {"a": b"mine"}


def test_a_file_that_comes_while_others_are_written(tmp_path: Path) -> None:
    def slowly() -> Iterator[bytes]:
        yield b"x"
        (tmp_path / "a").write_text("another program's")

    with pytest.raises(DiagnosticError, match="a:1:1: is there already"):
        write_all({tmp_path / "a": slowly()})
    assert below(tmp_path) == {"a": b"another program's"}


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_content_that_breaks_off_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "old").write_text("old")
    before = below(tmp_path)
    with pytest.raises(type(error)) as told:
        write_all({tmp_path / "old": "new", tmp_path / "x" / "y" / "b": breaks(error)}, force=True)
    assert below(tmp_path) == before
    if isinstance(error, OSError):
        assert str(tmp_path / "x" / "y" / "b") in str(told.value)


@given(fails=st.integers(0, 3), there=st.sets(st.integers(0, 3)))
def test_a_move_that_fails_puts_everything_back(
    tmp_path_factory: pytest.TempPathFactory, fails: int, there: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("move")
    for number in there:
        (folder / f"f{number}").write_text(f"old {number}")
    before, move = below(folder), Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.startswith(".part.") and target.name == f"f{fails}":
            raise PermissionError(1, "Operation not permitted")
        return move(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(OSError, match=f"f{fails}"):
            write_all({folder / f"f{number}": "new" for number in range(4)}, force=True)
    assert below(folder) == before


def test_a_link_is_a_link_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "far").write_text("far")
    (tmp_path / "link").symlink_to("far")
    move = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.startswith(".part."):
            raise PermissionError(1, "Operation not permitted")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="link"):
        write_all({tmp_path / "link": "new"}, force=True)
    assert (tmp_path / "link").readlink() == Path("far")
    assert below(tmp_path) == {"far": b"far", "link": b"far"}


def test_parts_do_not_pile_up_in_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        write_all({tmp_path / "a": (b"x" * 2**16 for _ in range(400))})
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert (tmp_path / "a").stat().st_size == 400 * 2**16


def write_often(folder: Path, letter: str, seconds: float) -> None:
    """Replace three files by ones of a letter, slowly, until the time is over; fail where one cannot be."""

    def slowly() -> Iterator[bytes]:
        for _ in range(3):
            yield letter.encode() * 1000
            time.sleep(0.001)

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        write_all({folder / str(number): slowly() for number in range(3)}, force=True)


def test_processes_that_write_to_one_folder_keep_their_files_whole_and_together(tmp_path: Path) -> None:
    write_all({tmp_path / str(number): "a" * 3000 for number in range(3)})
    fork = multiprocessing.get_context("fork")
    others = [fork.Process(target=write_often, args=(tmp_path, letter, 1.0)) for letter in "ab"]
    for other in others:
        other.start()
    found = set()
    while any(other.is_alive() for other in others):
        found |= {(tmp_path / str(number)).read_bytes() for number in range(3)}
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0]
    assert found <= {b"a" * 3000, b"b" * 3000}
    assert sorted(below(tmp_path)) == ["0", "1", "2"]
    assert len(set(below(tmp_path).values())) == 1


def test_files_are_moved_while_the_folder_is_locked(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl", reason="folders are locked on POSIX systems")
    (tmp_path / "a").write_text("old")
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    writer = threading.Thread(target=write_all, args=({tmp_path / "a": "new"},), kwargs={"force": True})
    writer.start()
    writer.join(0.2)
    assert writer.is_alive()
    assert (tmp_path / "a").read_text() == "old"
    os.close(held)
    writer.join(20)
    assert below(tmp_path) == {"a": b"new"}
