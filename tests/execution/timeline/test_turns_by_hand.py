"""Two drivers and two banks, reckoned by hand: who goes first where several wait."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from hwsim.execution import Load
from hwsim.execution.timeline import Parts, Port, Simulation, Switching
from tests.execution.timeline import machines

SET, RESET = 100, 300
PARTS = Parts(Port(32, 10, 0.0), Switching(SET, RESET, 0.0, 0.0, 0.0, drivers=2), machines.COMPUTE, "double")
WORK = machines.work([Load(32, 3, 1, 0), Load(32, 1, 2, 0)])
"""Both banks are loaded at 20 ps, and swap then: 3 sets and a reset, a set and 2 resets."""


@pytest.mark.parametrize(
    ("order", "turns"),
    [
        ("together", [(20, "sets", 0, 2), (120, "resets", 0, 1), (120, "sets", 0, 1), (220, "sets", 1, 1)]),
        ("reset-first", [(20, "resets", 0, 1), (20, "resets", 1, 1), (320, "resets", 1, 1), (320, "sets", 0, 1)]),
    ],
)
def test_who_goes_first(order: Literal["together", "reset-first"], turns: list[tuple[int, str, int, int]]) -> None:
    """Bank after bank, and of one bank the sets, then the resets; or the resets of both, before sets that they free."""
    simulation = Simulation(replace(PARTS, switching=replace(PARTS.switching, order=order)), 0, keep=True)
    end = simulation.carry_out(WORK).end_ps
    found = sorted((span.begin_ps, span.what, span.resource[-1:], span.amount) for span in simulation.spans)
    changes = [(begin, what, int(bank), amount) for begin, what, bank, amount in found if what in {"sets", "resets"}]
    assert changes[:4] == turns
    assert end == 720  # either way
