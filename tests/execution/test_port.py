"""The configuration port: time and energy of a reconnection in closed form."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar.technology import Switch
from hwsim.execution import Load, Sent
from hwsim.execution.timeline import bill

SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 3e-12, 2e-12, 1e-3, 0.0, 0.0, 4, 1e8, 1e-12)
LOADS = st.lists(
    st.builds(Load, st.integers(0, 99), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=6
)


def simulate(loads: list[Load], writes: int, switch: Switch) -> tuple[float, int]:
    """Joules and picoseconds of one reconnection."""
    rows = np.array([load[:4] for load in loads], np.int64).reshape(-1, 4)
    return bill(Sent(*rows.T), writes, switch)


def clocks(bits: int) -> int:
    return (bits + SWITCH.port_width - 1) // SWITCH.port_width


@given(loads=LOADS, writes=st.integers(0, 5))
def test_one_bank_after_the_other(loads: list[Load], writes: int) -> None:
    """Words share the port; a bank settles while the next one loads; registers come last, a word of 32 bits each."""
    ends, sent = [0], 0
    for load in loads:
        sent += clocks(load.bits) * 10_000
        ends.append(sent + max(7_000 * (load.sets > 0), 5_000 * (load.resets > 0)))
    ends.append(sent + clocks(32 * writes) * 10_000)
    bits = sum(load.bits for load in loads) + 32 * writes
    picojoules = float(bits) + sum(3 * load.sets + 2 * load.resets for load in loads)
    picojoules += sum(load.held for load in loads) * max(ends) / 1000  # 1 mW for a nanosecond is a picojoule
    energy, time = simulate(loads, writes, SWITCH)
    assert type(time) is int
    assert time == max(ends)
    assert energy == pytest.approx(picojoules * 1e-12, rel=1e-12)


@given(loads=LOADS, writes=st.integers(0, 5), seed=st.integers(0, 2**32))
def test_the_order_of_banks(loads: list[Load], writes: int, seed: int) -> None:
    """Without settling, order changes nothing; with it, by no more than one settling, and nothing but the holding."""
    other = random.Random(seed).sample(loads, len(loads))  # noqa: S311 - an order
    calm = replace(SWITCH, set_time=0.0, reset_time=0.0)
    assert simulate(loads, writes, calm)[1] == simulate(other, writes, calm)[1]
    free = replace(SWITCH, hold_power=0.0)
    (energy, time), (again, later) = simulate(loads, writes, free), simulate(other, writes, free)
    assert energy == pytest.approx(again, rel=1e-12)
    assert abs(time - later) <= 7_000


def test_the_order_of_banks_by_hand() -> None:
    """4 bits and 40 bits: the short one first hides its settling behind the long one's words."""
    slow, quick = Load(4, 1, 0, 0), Load(40, 0, 0, 0)
    assert simulate([slow, quick], 0, SWITCH)[1] == 110_000
    assert simulate([quick, slow], 0, SWITCH)[1] == 117_000


def test_nothing_to_do() -> None:
    assert simulate([], 0, SWITCH) == (0.0, 0)


@given(bits=st.integers(1, 1000), width=st.integers(1, 64))
def test_a_wider_port_is_no_slower(bits: int, width: int) -> None:
    one, two = (simulate([Load(bits, 0, 0, 0)], 0, replace(SWITCH, port_width=w))[1] for w in (width, width + 1))
    assert two <= one
    assert one == -(-bits // width) * 10_000
