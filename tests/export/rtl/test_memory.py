"""Files of memory contents, read by the grammar of ``$readmemh`` and by what their remarks say alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.export.rtl.memory import pack, write_memory


def read(text: str) -> list[int]:
    """Words of a file whose count and width are as its last remark says."""
    told = re.findall(r"^// (\d+) words of (\d+) bits$", text, re.MULTILINE)
    count, bits = told[-1]
    words = re.sub(r"//[^\n]*", "", text).split()
    assert len(words) == int(count)
    assert {len(word) for word in words} <= {-(-int(bits) // 4)}
    assert max(map(len, (line for line in text.splitlines() if line.startswith("//"))), default=0) <= 120
    return [int(word, 16) for word in words]


@given(st.integers(1, 700).flatmap(lambda w: st.tuples(st.just(w), st.lists(st.integers(0, (1 << w) - 1)))), st.text())
def test_words_and_any_remark(content: tuple[int, list[int]], remark: str) -> None:
    bits, words = content
    assert read(write_memory(words, bits, ["first", remark])) == words


@pytest.mark.parametrize("word", [-1, 8])
def test_a_word_that_is_too_wide(word: int) -> None:
    with pytest.raises(ValueError, match=f"word 1, {word}, does not fit into 3 bits"):
        write_memory([0, word], 3, [])


@given(st.integers(1, 6), st.integers(2, 24), st.data())
def test_values_side_by_side(count: int, bits: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1), min_size=count, max_size=count))
    (word,) = pack(np.array([values]), bits)
    text = f"{word:0{bits * count}b}"
    found = [int(text[len(text) - (k + 1) * bits : len(text) - k * bits], 2) for k in range(count)]
    assert [v - (1 << bits) if v >> (bits - 1) else v for v in found] == values
