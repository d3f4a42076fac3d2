"""A remark made of any text is one line in which no language finds anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.files.remark import LONGEST, one_line

ENDS = [
    "*/",
    "/*",
    "--",
    "//",
    "]]>",
    "`",
    "\\",
    '"',
    "'",
    "<",
    ">",
    "&",
    "{",
    "}",
    "$",
    "@",
    "#",
    "|",
    "?",
    "\n",
    "\r",
]


@given(st.lists(st.one_of(st.text(), st.sampled_from([*ENDS, "\u2028", "\x85", "\x00", "\ud800", "-", "/"]))))
def test_nothing_that_ends_a_remark_is_left(parts: list[str]) -> None:
    line = one_line("".join(parts))
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= LONGEST
    assert len(line.splitlines()) <= 1
    assert not [end for end in ENDS if end in line]
    assert line == line.strip(" -")
    assert one_line(line) == line


@pytest.mark.parametrize("text", ["64-128-10 digits, 8 bit (LaPerm)", "fpga-register-ug474-2016", "a/b: 3 = 7%; x"])
def test_harmless_text_stays(text: str) -> None:
    assert one_line(text) == text
