"""A double configuration memory: a load that fits between two reconnections costs no time, and no more is saved.

The machine is to compute for a given time between the end of one reconnection and the moment from which the next one
makes it unavailable. With a single memory the host issues the next reconnection when that time is over; with a double
one so much earlier that its last word is in just then, if it can.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.timeline import Host, Parts, Passage, Simulation, Work
from tests.execution.timeline import machines


def carried_out(parts: Parts, works: list[Work], host: Host) -> list[Passage]:
    simulation = Simulation(replace(parts, host=host), 0)
    return [simulation.carry_out(work) for work in works]


def at_times(parts: Parts, works: list[Work], times: list[int]) -> list[Passage]:
    """The first at 0, the others when they are told to."""
    return carried_out(parts, works, Host("times", times_ps=tuple(times)))


def loads(passages: list[Passage]) -> list[int]:
    """Picoseconds of loading, of passages through a double memory that nothing had to wait for."""
    return [one.end_ps - one.begin_ps - one.busy_ps for one in passages]


@given(parts=machines.parts(), works=machines.works(), compute=st.integers(0, 20_000))
def test_loads_are_off_the_critical_path(parts: Parts, works: list[Work], compute: int) -> None:
    """From one end to the next there is the longer of computing and loading, and then the swap, to the picosecond."""
    single, double = (replace(parts, memory=memory) for memory in ("single", "double"))
    alone = carried_out(double, works, Host())
    load, swap = loads(alone), [one.busy_ps for one in alone]
    whole = [one.busy_ps for one in carried_out(single, works, Host())]

    early, late = [], []
    ends = [load[0] + swap[0], whole[0]] if works else []
    for number in range(1, len(works)):
        early.append(ends[0] + max(compute - load[number], 0))
        late.append(ends[1] + compute)
        ends[0] += max(compute, load[number]) + swap[number]
        ends[1] += compute + whole[number]
    found, plain = at_times(double, works, early), at_times(single, works, late)

    assert [one.end_ps for one in (*found[-1:], *plain[-1:])] == ends
    assert [one.busy_ps for one in found] == swap
    available = [two.end_ps - two.busy_ps - one.end_ps for one, two in pairwise(found)]
    assert available == [max(compute, one) for one in load[1:]]  # all of the load is hidden where it is less
    if parts.switching.drivers is None or parts.switching.order == "together":  # else turns may fall otherwise
        for one, two, three in zip(load, swap, whole, strict=True):
            saved = compute + three - max(compute, one) - two
            assert saved <= min(compute, one)
            if three == one + two:  # no bank's switches settled while others were loaded
                assert saved == min(compute, one)


@given(parts=machines.parts(), works=machines.works())
def test_it_is_never_available_for_less(parts: Parts, works: list[Work]) -> None:
    """Whenever reconnections are issued: a swap is no longer than what a single memory would be unavailable for."""
    single, double = (replace(parts, memory=memory) for memory in ("single", "double"))
    one, two = (carried_out(machine, works, parts.host) for machine in (single, double))
    in_order = parts.switching.drivers is None or parts.switching.order == "together"
    for plain, swap in zip(one, two, strict=True):
        assert swap.busy_ps <= plain.busy_ps or not in_order
        assert swap.energy["configuration"] == plain.energy["configuration"]
        assert swap.energy["toggling"] == plain.energy["toggling"]
