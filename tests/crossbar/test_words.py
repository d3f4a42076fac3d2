"""Configuration words are read back as the state that they are of, and others are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.words import read_words


@pytest.mark.parametrize("name", CROSSBARS)
@given(data=st.data(), size=st.sampled_from([1, 2, 5, 8, 13, 16]), seed=st.integers(0, 2**32 - 1))
def test_read_back(name: str, data: st.DataObject, size: int, seed: int) -> None:
    try:
        fabric = CROSSBARS[name].build(size)
    except ValueError:  # a power of two is wanted
        fabric = CROSSBARS[name].build(8)
    rng = np.random.default_rng(seed)
    if fabric.blocking == "blocking":
        state = rng.integers(0, 2, fabric.switches).astype(np.uint8)
    else:
        state = fabric.route(rng.permutation(fabric.ports)).state
    pairs = fabric.words(state)
    words = [value for value, _ in pairs]
    assert np.array_equal(read_words(fabric, words), state)
    if not words:
        return
    at = data.draw(st.integers(0, len(words) - 1))
    for wrong in ([*words, 0], words[:-1], [*words[:at], 1 << pairs[at][1], *words[at + 1 :]]):
        with pytest.raises(ValueError, match=rf"no configuration of an? {name} of"):
            read_words(fabric, wrong)
    changed = [*words[:at], data.draw(st.integers(0, (1 << pairs[at][1]) - 1)), *words[at + 1 :]]
    try:
        other = read_words(fabric, changed)
    except ValueError:
        return
    assert [value for value, _ in fabric.words(other)] == changed
