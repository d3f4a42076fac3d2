"""What a test or a repair loads is carried out at once, and uses up none of the times that the host has for others."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.timeline import Host, Parts, Simulation, Work
from tests.execution.timeline.machines import parts, works


@given(parts=parts(), works=works(), unplanned=st.lists(st.booleans(), min_size=9, max_size=9))
def test_what_is_not_planned_is_issued_at_once_and_not_counted(
    parts: Parts, works: list[Work], unplanned: list[bool]
) -> None:
    given_times = tuple(range(1_000_000, 1_000_000 + 10_000_000 * len(works), 10_000_000))
    machine = Simulation(replace(parts, host=Host("times", times_ps=given_times)), 0)
    planned, bits, toggles = 0, 0, 0
    for work, aside in zip(works, unplanned, strict=False):
        before = machine.now_ps
        passage = machine.carry_out(work, planned=not aside)
        expected = before if aside else (0, *given_times)[planned]
        assert passage.issue_ps == expected
        assert passage.begin_ps >= max(before, expected)
        planned += not aside
        toggles += work.toggles
        bits += int(work.bits.sum())
    tally = machine.finish()
    assert tally.reconnections == planned
    assert tally.toggles == toggles
    assert tally.port_bits >= bits
