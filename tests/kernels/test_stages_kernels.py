"""The kernels of stages do what their reference implementations do."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwsim.kernels.routing import stages
from tests.oracles import benes as plain
from tests.oracles import stages as plain_stages


@given(n=st.integers(1, 48), banks=st.integers(0, 5), seed=st.integers(0, 2**32))
def test_passing_signals(n: int, banks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = plain.places(n)
    a, b = [x for _, x, _ in places], [x for _, _, x in places]
    state = rng.integers(0, 2, (banks, len(places))).astype(np.uint8)
    signals = rng.integers(-99, 99, (banks, n)).astype(np.int32)
    wanted = plain_stages.pass_signals(state, a, b, signals)
    stages.pass_signals(n, state.reshape(-1), np.array(a, np.int32), np.array(b, np.int32), signals.reshape(-1))
    assert np.array_equal(signals, wanted)


@given(n=st.integers(1, 40), banks=st.integers(0, 3), seed=st.integers(0, 2**32))
def test_counting_paths(n: int, banks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = plain.places(n)
    depth = places[-1][0] + 1 if places else 0
    state = rng.integers(0, 2, (banks, len(places))).astype(np.uint8)
    table = rng.integers(0, 9, (depth + 1, n)).astype(np.int32)
    rows = np.where(rng.random(depth + 1) < 0.5, -1, np.arange(depth + 1)).astype(np.int32)
    signals = np.array([rng.permutation(n) for _ in range(banks)], np.int32).reshape(banks, n)
    signals[signals % 5 == 4] = -1
    counts = np.zeros((3, banks, n), np.int32)
    ends = signals.copy()
    stages.count_paths(
        n,
        n,
        state.reshape(-1),
        np.array([a for _, a, _ in places], np.int32),
        np.array([b for _, _, b in places], np.int32),
        stages.Gaps(np.searchsorted([stage for stage, _, _ in places], np.arange(depth + 1)), rows, table.reshape(-1)),
        ends.reshape(-1),
        stages.Counts(*(count.reshape(-1) for count in counts)),
    )
    crossings = [table[gap].tolist() if rows[gap] >= 0 else [0] * n for gap in range(depth + 1)]
    for bank in range(banks):
        for wire in range(n):
            signal = signals[bank, wire]
            end, *found = plain_stages.count_paths(state[bank].tolist(), places, crossings, wire)
            assert ends[bank, end] == signal
            assert signal < 0 or counts[:, bank, signal].tolist() == found


@given(n=st.integers(0, 60), seed=st.integers(0, 2**32))
def test_counting_crossings(n: int, seed: int) -> None:
    places = np.random.default_rng(seed).permutation(n).astype(np.int32)
    found = np.empty(n, np.int32)
    stages.count_crossings(places, np.full(n + 1, 7, np.int32), found)
    assert found.tolist() == plain_stages.count_crossings(places.tolist())
