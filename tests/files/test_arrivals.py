"""Arrival traces: times to the picosecond, and one clear line for what is wrong."""

from __future__ import annotations

import hashlib
import struct
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.files import DiagnosticError
from hwsim.files.arrivals import HINT, read_arrivals


@given(times=st.lists(st.integers(0, 4 * 10**18), min_size=1, max_size=20).map(sorted))
def test_times_are_read_to_the_picosecond(times: list[int]) -> None:
    """Whole picoseconds up to 4e18 have more digits than a float64."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "a.csv")
        file.write_text("time_s\n" + "".join(f"{t // 10**12}.{t % 10**12:012d}\n" for t in times))
        found = read_arrivals(file)
    assert found.times_ps.dtype == np.int64
    assert found.times_ps.tolist() == times
    assert found.digest == hashlib.sha256(struct.pack(f"<{len(times)}q", *times)).hexdigest()


@given(times=st.lists(st.floats(0, 4e6), min_size=1, max_size=20).map(sorted))
def test_floats_are_rounded_and_never_cut(times: list[float]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "a.csv")
        file.write_bytes(b"\xef\xbb\xbftime_s\r\n" + "\r\n".join(map(repr, times)).encode())
        found = read_arrivals(file).times_ps.tolist()
    assert all(abs(Fraction(repr(t)) * 10**12 - ps) <= Fraction(1, 2) for t, ps in zip(times, found, strict=True))


def test_the_digest_is_of_the_times_alone(tmp_path: Path) -> None:
    texts = ["time_s\n1\n2.50\n", "time_s\r\n1e0\r\n 2.5", "time_s\n1\n2.5000001\n"]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.csv").write_text(text)
    first, second, third = (read_arrivals(tmp_path / f"{number}.csv").digest for number in range(3))
    assert first == second != third


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1:1: the first line must be 'time_s'"),
        (b"0\n1\n", "1:1: the first line must be 'time_s', found '0'"),
        (b"time_s\n", "2:1: an arrival trace needs at least one time"),
        (b"time_s\n0\n2\n1\n", "4:1: times must not fall, found '1'"),
        (b"time_s\n0\n\n1\n", "3:1: a time must be a number"),
        (b"time_s\n0\n1,2\n", "3:1: a time must be a number, found '1,2'"),
        (b"time_s\n-1e-9\n", "2:1: a time must lie between 0 and 4,000,000 s, found '-1e-9'"),
        (b"time_s\n1_0\n", "2:1: a time must be a number, found '1_0'"),
        (b"time_s\nnan\n", "2:1: a time must be a number, found 'nan'"),
        (b"time_s\n1\ninf\n", "3:1: a time must lie between 0 and 4,000,000 s, found 'inf'"),
        (b"time_s\n1\n1e999999999999\n", "3:1: a time must lie between 0 and 4,000,000 s, found '1e999999999999'"),
        (b"time_s\n1\n\xff\n", "3:1: an arrival trace must be UTF-8 text"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(DiagnosticError) as caught:
        read_arrivals(file)
    assert str(caught.value) == f"{file}:{message}, {HINT}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="cannot be read \\(No such file"):
        read_arrivals(tmp_path / "a.csv")


def test_the_first_five_wrong_lines_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time_s\n5\n" + "1\n" * 9)
    with pytest.raises(DiagnosticError) as caught:
        read_arrivals(tmp_path / "a.csv")
    assert [one.line for one in caught.value.diagnostics] == [3, 4, 5, 6, 7]
