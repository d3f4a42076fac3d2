"""The machine in time against closed forms, and against a naive simulation of its port."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hwsim.crossbar.technology import Switch
from hwsim.execution import Load, Sent
from hwsim.execution.timeline import Simulation, bill
from tests.execution.timeline import machines
from tests.oracles import port

SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 3e-12, 2e-12, 1e-3, 0.0, 0.0, 4, 1e8, 1e-12)


@given(loads=machines.LOADS, writes=st.integers(0, 5))
def test_spans_are_those_of_a_naive_simulation(loads: list[Load], writes: int) -> None:
    numbered = [load._replace(layer=number % 2, bank=number) for number, load in enumerate(loads)]
    machine = Simulation(machines.of(SWITCH), 0, keep=True)
    machine.carry_out(machines.work(numbered, writes))
    found = [tuple(span)[:5] for span in machine.spans if span.resource not in {"reconnection", "unavailable"}]
    assert sorted(found) == sorted(one for one in port.simulate(numbered, writes, SWITCH) if one[3] != "holds")


@given(several=st.lists(st.tuples(machines.LOADS, st.integers(0, 5)), max_size=4))
def test_the_plain_machine_is_the_bill(several: list[tuple[list[Load], int]]) -> None:
    """To the last bit, one reconnection after another."""
    machine, now = Simulation(machines.of(SWITCH), 0), 0
    for loads, writes in several:
        work = machines.work(loads, writes)
        energy, time = bill(Sent(work.bits, work.sets, work.resets, work.held), writes, SWITCH)
        passage = machine.carry_out(work)
        assert (passage.energy_j, passage.busy_ps) == (energy, time)
        assert (passage.begin_ps, passage.end_ps) == (now, now + time)
        now += time
    tally = machine.finish()
    assert (tally.watched_ps, tally.reconnections) == (now, len(several))
