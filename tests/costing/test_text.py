"""Permutations as people write them: the right answer or one clear line; from files, pipes and standard input."""

from __future__ import annotations

import codecs
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.costing import read_permutations, source
from hwsim.costing.text import MOST_DIAGNOSTICS, parse_permutations
from hwsim.files import DiagnosticError
from hwsim.schedule import ScheduleError

CYCLE = "no permutation: cell 2 stands at positions 0 and 2; give every cell once"


def read(path: Path) -> list[list[int]]:
    found = read_permutations(path)
    return [wanted[0].tolist() for (wanted,) in found.following([]) if wanted is not None]


@pytest.mark.parametrize(
    "content",
    [
        b"2 0 1\n1 0 2\n",
        codecs.BOM_UTF8 + b"2 0 1\n1 0 2\n",
        b"2 0 1\r\n1 0 2\r\n",
        b"2 0 1\r1 0 2",
        b"2\t0\t1\n\n1\t0\t2\n",
        b"2;0;1\n1; 0; 2;\n",
        b"2,0,1\n1, 0, 2,\n",
        b"# two\n2 0 1 # a remark, 3 4\n1 0 2",
        b"[2, 0, 1]\n[1, 0, 2]\n",
        b"[[2, 0, 1], [1, 0, 2]]",
        b"[[2 0\n  1]\n [1 0 2]]\n",
        b"[\n 2,\n 0,\n 1\n]\n1 0 2",
        b"2.0 0.0 1.0\n1. 0e0 +2\n",
        b"2.000000000000000000e+00 0.000000000000000000e+00 1.000000000000000000e+00\n1 0 2",
        b"002 000 00000000000000000000001\n1 0 2",
        "2 0 1\n1\u00a00\u30002\n".encode(),
        "\u0662 \u0660 \u0661\n\uff11 \uff10 \uff12\n".encode(),
        *("2 0 1 # größe\n1 0 2\n".encode(kind) for kind in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
        codecs.BOM_UTF16_BE + "2 0 1\r\n1 0 2\r\n".encode("utf-16-be"),
        codecs.BOM_UTF8 + b"2 0 1\n" + codecs.BOM_UTF8 + b"1 0 2\n",
    ],
)
def test_two_permutations_however_they_are_written(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_bytes(content)
    assert read(tmp_path / "p.txt") == [[2, 0, 1], [1, 0, 2]]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "1:1: no permutation in this file, one per line, for example: 2 0 1 3"),
        (b"# nothing\n[]\n", "1:1: no permutation in this file, one per line, for example: 2 0 1 3"),
        (b"2\n0\n1\n", "1:1: one number per line, where each line is a permutation; write the 3 numbers in one line, "
         "or in brackets [ ]"),
        (b"3\r\n1\r\n2\r\n", "1:1: one number per line, where each line is a permutation; write the 3 numbers in "
         "one line, or in brackets [ ]"),
        (b"3 2 1\n0 5 4\n", "1:1: one permutation of 6 numbers over 2 lines, where each line is a permutation; write "
         "the 6 numbers in one line, or in brackets [ ]"),
        (b"2 3 1\n", "1:1: cells are counted from 0, found 1 to 3, subtract 1 from each number"),
        (b"0 1 2\n2 0 2\n", f"2:1: {CYCLE}"),
        (b"  [2, 0, 2]", f"1:4: {CYCLE}"),
        (b"0 1 2\n1 0\n", "2:1: no permutation: it has 2 numbers where 3 are wanted"),
        (b"1 0.5 0\n", "1:3: not a whole number, found 0.5, cells are counted by whole numbers from 0"),
        (b"1 0 1e400\n", "1:5: a number is too large, found 1e400, cells are counted from 0"),
        (b"1 0 " + b"9" * 5000, f"1:5: a number is too large, found {'9' * 40}..., cells are counted from 0"),
        (b"1 0 9223372036854775808", "1:5: a number is too large, found 9223372036854775808, cells are counted from 0"),
        (b"1 0 nan", "1:5: not a whole number, found nan, write integers apart by spaces or commas"),
        (b"1 0 -1", "1:1: no permutation: position 2 asks for cell -1; use 0 to 2"),
        ("1 0 \u22121".encode(), "1:5: not a whole number, found \u22121, write integers apart by spaces or commas"),
        ("1\u200b 0".encode(), r"1:1: not a whole number, found 1\u200b, write integers apart by spaces or commas"),
        ("1 0 \u00b2".encode(), "1:5: not a whole number, found \u00b2, write integers apart by spaces or commas"),
        (b"1_0 0", "1:1: not a whole number, found 1_0, write integers apart by spaces or commas"),
        (b"(0 2 1)", "1:1: not a whole number, found (0, write square brackets; cycles like (0 2 1) are not read"),
        (b"[2, 0, 1", "1:1: a bracket is never closed, found ["),
        (b"2, 0, 1]", "1:8: a bracket is closed that was never opened, found ]"),
        (b"[0 1 2 ... 7 8]", "1:8: not a whole number, found ..., write integers apart by spaces or commas"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "1:1: neither text nor a schedule, one permutation per line"),
        (bytes(range(256)) * 9, "1:1: neither text nor a schedule, one permutation per line"),
        (b"\0" * 99, "1:1: neither text nor a schedule, one permutation per line"),
        (b"2 0 1\n# gr\xf6sse\n", "2:5: not UTF-8, found the byte 0xf6, save the file as UTF-8"),
        (codecs.BOM_UTF16_LE + b"1\x00 ", "1:1: ends in the middle of a character of UTF-16-LE"),
    ],
)  # fmt: skip
def test_one_clear_line(content: bytes, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_bytes(content)
    with pytest.raises(DiagnosticError) as caught:
        read_permutations(tmp_path / "p.txt")
    assert str(caught.value) == f"{tmp_path / 'p.txt'}:{wanted}"


def test_a_file_of_another_kind_is_not_reported_line_by_line() -> None:
    with pytest.raises(DiagnosticError) as caught:
        parse_permutations("word\n" * 10**5, "p.txt")
    assert len(caught.value.diagnostics) == MOST_DIAGNOSTICS + 1
    assert str(caught.value.diagnostics[-1]) == f"p.txt:{MOST_DIAGNOSTICS + 1}:1: and more like these"


@given(st.lists(st.permutations(range(7)), min_size=1, max_size=4), st.sampled_from([" ", ", ", ";", "\t"]))
def test_what_was_written_is_read(rows: list[list[int]], between: str) -> None:
    plain = "\n".join(between.join(map(str, row)) for row in rows)
    for text in (plain, str(rows), str(np.array(rows)), str(np.array(rows, float).tolist())):
        assert [row.tolist() for row in parse_permutations(text, "p")] == rows


def hwsim(command: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    whole = f"{sys.executable} -m hwsim cost {command}"
    return subprocess.run(["bash", "-c", whole], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="a shell with process substitution")
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("- < p.txt", "standard input"),
        ("/dev/stdin < <(cat p.txt)", "standard input"),
        ("<(sleep 0.3; cat p.txt)", "63"),
        ("pipe & sleep 0.2; cat p.txt > pipe; wait", "pipe"),
    ],
)
def test_pipes(command: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("1 0 2 3\n0 1 2 3\n")
    os.mkfifo(tmp_path / "pipe")
    found = hwsim(command, tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.splitlines()[0] == f"2 reconnections of {name}, from power-up"
    assert "energy         21 pJ a reconnection, 42 pJ in all" in found.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="named pipes")
def test_a_pipe_without_a_writer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DiagnosticError) as caught:
        read_permutations(tmp_path / "pipe")
    what = "a pipe into which no process wrote for 0.1 s, start the one that writes first, or give a file"
    assert str(caught.value) == f"{tmp_path / 'pipe'}:1:1: {what}"


@pytest.mark.skipif(sys.platform != "linux", reason="named pipes")
def test_a_long_text_through_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    row = np.random.default_rng(0).permutation(200_000)
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text(" ".join(map(str, row))))
    writer.start()
    assert read(tmp_path / "pipe") == [row.tolist()]
    writer.join()


def test_what_never_ends_or_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LIMIT", 2**21)
    (tmp_path / "long.txt").write_bytes(b"1 0\n" * 2**20)
    with pytest.raises(DiagnosticError, match=r"long\.txt:1:1: longer than 1 GiB, give fewer permutations at a time"):
        read_permutations(tmp_path / "long.txt")
    with pytest.raises(DiagnosticError, match=":1:1: this is a directory"):
        read_permutations(tmp_path)
    if sys.platform == "linux":
        with pytest.raises(DiagnosticError, match="/dev/zero:1:1: neither text nor a schedule"):
            read_permutations(Path("/dev/zero"))


def test_the_schedule_of_a_run_under_way_does_not_come_by_a_pipe(tmp_path: Path) -> None:
    head = b"SQLite format 3\0\x10\0\2\2" + bytes(80)
    with (
        (tmp_path / "log").open("wb+") as file,
        pytest.raises(ScheduleError, match="standard input: the schedule of a run under way"),
    ):
        source._spool(head, file, "standard input")
