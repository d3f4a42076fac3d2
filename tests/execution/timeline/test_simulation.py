"""The machine in time against one that is reckoned by hand, and what all machines have in common."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.execution.timeline import Parts, Passage, Simulation, Span, Tally, Work
from tests.execution.timeline import machines
from tests.oracles import machine as oracle

PARTS = {"bits": "configuration", "registers": "configuration", "sets": "toggling", "resets": "toggling"}


def simulate(parts: Parts, works: list[Work], *, keep: bool = True) -> tuple[list[Passage], Tally, list[Span]]:
    """Return what became of every reconnection, the tally and the spans."""
    simulation = Simulation(parts, 0, keep=keep)
    passages = [simulation.carry_out(work) for work in works]
    return passages, simulation.finish(), simulation.spans


class Turn(NamedTuple):
    """Switches that change together: set (1) or reset (-1)."""

    begin: int
    end: int
    way: int
    switches: int


def turns(parts: Parts, spans: list[Span]) -> list[Turn]:
    """Return what spans of switches stand for: as many turns as one switch's time fits in."""
    found = []
    for span in spans:
        if span.what in {"sets", "resets"}:
            one, way = (parts.switching.set_ps, 1) if span.what == "sets" else (parts.switching.reset_ps, -1)
            several, rest = divmod(span.end_ps - span.begin_ps, one)
            count, more = divmod(span.amount, several)
            assert (rest, more) == (0, 0)
            begins = range(span.begin_ps, span.end_ps, one)
            found += [Turn(begin, begin + one, way, count) for begin in begins]
    return found


def changes(parts: Parts, spans: list[Span]) -> list[tuple[int, int]]:
    """Return when every switch begins to change, and which way, in order."""
    return sorted((turn.begin, turn.way) for turn in turns(parts, spans) for _ in range(turn.switches))


@given(parts=machines.parts(), works=machines.works())
def test_the_machine_that_is_reckoned_by_hand(parts: Parts, works: list[Work]) -> None:
    """Word by word and switch by switch, to the picosecond; joules from whole numbers."""
    passages, tally, spans = simulate(parts, works)
    expected = oracle.carry_out(parts, works)
    found = [(passage.begin_ps, passage.end_ps, passage.busy_ps) for passage in passages]
    assert found == [(one.begin, one.end, one.unavailable) for one in expected]
    watched = max([parts.host.length_ps, *[one.end for one in expected]])
    toggles = [toggle for one in expected for toggle in one.toggles]
    assert changes(parts, spans) == sorted(toggles)
    assert [one.end_ps for one in spans if one.resource == "port"] == [end for one in expected for end in one.loads]
    bits = sum(one.bits for one in expected)
    sets, resets = (sum(way == sign for _, way in toggles) for sign in (1, -1))
    assert tally.watched_ps == watched
    assert (tally.port_bits, tally.resent_bits, tally.toggles) == (bits, 0, len(toggles))
    assert tally.energy["configuration"] == bits * parts.port.bit_energy
    switching, held = parts.switching, sum(way * (watched - at) for at, way in toggles)
    assert tally.energy["toggling"] == sets * switching.set_energy + resets * switching.reset_energy
    assert tally.energy["holding"] == held * switching.hold_power / 10**12


@settings(max_examples=200)
@given(
    parts=machines.parts(),
    works=machines.works(),
    drivers=st.integers(2, 6),
)
def test_resets_first_in_turns(parts: Parts, works: list[Work], drivers: int) -> None:
    """Sets of a bank wait for all of its resets, which few drivers do in several turns."""
    switching = replace(parts.switching, drivers=drivers, order="reset-first", guard_ps=0)
    parts = replace(parts, switching=switching, port=replace(parts.port, clock_ps=1, width=40))
    expected = oracle.carry_out(parts, works)
    found, _, spans = simulate(parts, works)
    assert [passage.end_ps for passage in found] == [one.end for one in expected]
    assert changes(parts, spans) == sorted(toggle for one in expected for toggle in one.toggles)


@given(parts=machines.parts(), works=machines.works())
def test_spans_add_up(parts: Parts, works: list[Work]) -> None:
    """Joules of every part, and the share of the time in which a resource was used, are sums over spans."""
    _, tally, spans = simulate(parts, works)
    joules, used = defaultdict[str, float](float), defaultdict[str, float](float)
    for span in spans:
        joules[PARTS.get(span.what, "none")] += span.energy
        used[span.resource] += span.end_ps - span.begin_ps
    for part in ("configuration", "toggling"):
        assert tally.energy[part] == pytest.approx(joules[part], rel=1e-12, abs=1e-30)
    assert joules["none"] == 0
    driving = sum(turn.switches * (turn.end - turn.begin) for turn in turns(parts, spans))
    used["drivers"] = driving / (parts.switching.drivers or 1)
    for resource, share in tally.utilisation.items():
        assert share == pytest.approx(used[resource] / (tally.watched_ps or 1), rel=1e-12)
    assert tally.availability == pytest.approx(1 - used["unavailable"] / (tally.watched_ps or 1), rel=1e-12)
    assert tally.energy["idle"] == pytest.approx(0.25 * tally.watched_ps * 1e-12, rel=1e-12)


@given(parts=machines.parts(), works=machines.works())
def test_no_resource_does_two_things_at_a_time(parts: Parts, works: list[Work]) -> None:
    _, _, spans = simulate(parts, works)
    for resource in ("port", "register port", "reconnection", "unavailable"):
        found = sorted(span[1:3] for span in spans if span.resource == resource)
        assert all(one[1] <= two[0] for one, two in pairwise(found))
    changing = sorted(
        (time, amount)
        for turn in turns(parts, spans)
        for time, amount in ((turn.begin, turn.switches), (turn.end, -turn.switches))
    )
    busy = most = 0
    for _, amount in changing:  # at one time, those that end come first
        busy += amount
        most = max(most, busy)
    assert parts.switching.drivers is None or most <= parts.switching.drivers


@given(parts=machines.parts(), works=machines.works())
def test_the_same_again_whether_looked_at_or_not(parts: Parts, works: list[Work]) -> None:
    lossy = replace(parts, port=replace(parts.port, loss=0.05, width=40))
    first, again, unseen = (simulate(lossy, works, keep=keep) for keep in (True, True, False))
    assert first == again
    assert unseen == (*first[:2], [])
