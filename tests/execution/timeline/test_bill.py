"""Time and energy of a run against the closed form: the same where nothing contends, never less where it does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch
from hwsim.execution import Circuits, Sent
from hwsim.execution.timeline import Parts, Simulation, Work, bill, work_of
from hwsim.schedule import Bank, Layout
from tests.execution.timeline import machines

SWITCHES = machines.switches()
PORTS, BANKS, EVENTS = 8, 3, 5


def test_technologies_are_there() -> None:
    assert len(SWITCHES) >= 9
    assert {switch.medium for switch in SWITCHES.values()} == {"electronic", "optical"}


@cache
def works(topology: str) -> list[Work]:
    """Reconnect two layers of real circuits, from power-up on: at random, one of them or both."""
    rng, fabric = np.random.default_rng(0), CROSSBARS[topology].build(PORTS)
    layout = Layout(tuple(Bank(layer, BANKS, PORTS, 0, True) for layer in range(2)))
    circuits = Circuits([fabric, fabric], layout, SWITCHES["eo-mzi-lu-2016"])
    found = []
    for event in range(EVENTS):
        if fabric.blocking == "blocking":  # has no router, but states
            states = [rng.integers(0, 2, (BANKS, fabric.switches), np.uint8) for _ in range(2)]
            straight = np.tile(np.arange(PORTS), (BANKS, 1))
            change = circuits.reconnect([fabric.apply_many(one, straight) for one in states], states)
        else:
            wanted = [np.stack([rng.permutation(PORTS) for _ in range(BANKS)]) for _ in range(2)]
            change = circuits.reconnect([wanted[0], wanted[1] if event % 2 else None])
        found.append(work_of(change, event, event, event % 3, circuits.standing))
    return found


@pytest.mark.parametrize("topology", CROSSBARS)
@pytest.mark.parametrize("technology", SWITCHES)
def test_every_topology_in_every_technology(topology: str, technology: str) -> None:
    """To the last bit; the run's time and energy are the sums of its reconnections'."""
    switch = SWITCHES[technology]
    simulation, end, bits, sets, resets = Simulation(machines.of(switch), 0), 0, 0, 0, 0
    for work in works(topology):
        energy, time = bill(Sent(work.bits, work.sets, work.resets, work.held), work.registers, switch)
        passage = simulation.carry_out(work)
        assert (passage.energy_j, passage.busy_ps, passage.end_ps) == (energy, time, end + time)
        bits, end = bits + int(work.bits.sum()) + 32 * work.registers, end + time
        sets, resets = sets + int(work.sets.sum()), resets + int(work.resets.sum())
    tally = simulation.finish()
    assert sets
    assert tally.watched_ps == end
    assert tally.energy["configuration"] == bits * switch.port_energy
    assert tally.energy["toggling"] == sets * switch.set_energy + resets * switch.reset_energy


def plain(parts: Parts) -> Switch:
    """Return the technology whose plain machine has the same port and switches."""
    port, switching = parts.port, parts.switching
    picosecond = 1e-12
    return Switch(
        "plain",
        "electronic",
        switching.set_ps * picosecond,
        switching.reset_ps * picosecond,
        switching.set_energy,
        switching.reset_energy,
        switching.hold_power,
        0.0,
        0.0,
        port.width,
        1 / (port.clock_ps * picosecond),
        port.bit_energy,
    )


@given(parts=machines.parts(), works=machines.works())
def test_contention_only_adds(parts: Parts, works: list[Work]) -> None:
    """Bursts, checksums, few drivers, a guard, resets first, a double memory: never faster, never for fewer joules."""
    parts = replace(parts, port=replace(parts.port, own_registers=False, loss=0.01))
    switch, simulation = plain(parts), Simulation(parts, 0)
    for work in works:
        energy, time = bill(Sent(work.bits, work.sets, work.resets, work.held), work.registers, switch)
        passage = simulation.carry_out(work)
        assert passage.end_ps - passage.begin_ps >= time
        held = int(work.held.sum()) * switch.hold_power / 10**12
        spent = passage.energy["configuration"] + passage.energy["toggling"]
        assert spent + held * (passage.end_ps - passage.begin_ps) >= energy * (1 - 1e-12)
        assert parts.memory == "double" or passage.energy_j >= energy * (1 - 1e-12)
