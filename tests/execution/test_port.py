"""One reconnection through the configuration port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar.technology import Switch
from hwsim.execution.port import Load, simulate

SWITCH = Switch("s", "electronic", 3e-8, 7e-8, 2.0, 5.0, 1e3, 0.0, 0.0, 32, 1e8, 0.5)


def test_by_hand() -> None:
    """33 bits are two words, 20 ns; 1 bit one word; the second bank's RESET ends last: 30 + 70 ns."""
    energy, time = simulate([Load(33, 1, 0, 3), Load(1, 1, 2, 4)], 0, SWITCH)
    assert time == 100_000
    assert energy == pytest.approx(34 * 0.5 + 2 * 2.0 + 2 * 5.0 + 7 * 1e3 * 100e-9)


def test_registers_go_last_and_nothing_is_nothing() -> None:
    assert simulate([], 0, SWITCH) == (0, 0)
    assert simulate([], 3, SWITCH) == (96 * 0.5, 30_000)


@given(st.lists(st.tuples(*[st.integers(0, 200)] * 4), max_size=30), st.integers(0, 5))
def test_the_events_agree_with_the_sum(rows: list[tuple[int, int, int, int]], registers: int) -> None:
    """All banks ask at once, so each starts when the ones before it are loaded."""
    loads = [Load(*row) for row in rows]
    clock, end, last = 10_000, 0, 0
    for load in loads:
        end += -(-load.bits // 32) * clock
        last = max(last, end + max(30_000 * (load.sets > 0), 70_000 * (load.resets > 0)))
    end += -(-registers * 32 // 32) * clock
    energy, time = simulate(loads, registers, SWITCH)
    assert time == max(last, end)
    wanted = (sum(load.bits for load in loads) + 32 * registers) * 0.5
    wanted += sum(2.0 * load.sets + 5.0 * load.resets for load in loads)
    wanted += sum(load.held for load in loads) * 1e3 * time / 1e12
    assert energy == pytest.approx(wanted)
