"""The work of a reconnection says what its change says, row by row, and how many switches stand in cross."""

from __future__ import annotations

import numpy as np
import pytest

from hwsim.crossbar import CROSSBARS, crossbar
from hwsim.crossbar.technology import Switch
from hwsim.execution import Circuits
from hwsim.execution.timeline import work_of
from hwsim.schedule import Bank, Layout

SWITCH = Switch("s", "electronic", 1e-8, 1e-8, 2e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)


@pytest.mark.parametrize("topology", sorted(CROSSBARS))
def test_work_has_a_row_for_every_load(topology: str) -> None:
    fabric, rng = crossbar(topology, 8), np.random.default_rng(5)
    if fabric.blocking == "blocking":
        pytest.skip("cannot realise the permutations drawn here")
    layout = Layout((Bank(0, 3, 8, 0, True), Bank(1, 2, 4, 0, False), Bank(2, 2, 5, 0, True)))
    circuits = Circuits([fabric, None, fabric], layout, SWITCH)
    for event in range(4):
        wanted = [np.stack([rng.permutation(8) for _ in range(3)]), None, None]
        if event % 2:
            wanted[2] = np.stack([rng.permutation(5) for _ in range(2)])
        change = circuits.reconnect(wanted)
        work = work_of(change, event, 7, 3, circuits.standing)
        rows = zip(work.bits, work.sets, work.resets, work.held, work.layer, work.bank, strict=True)
        assert [tuple(map(int, row)) for row in rows] == [tuple(load) for load in change.loads]
        assert work.toggles == change.toggles
        assert (work.event, work.batch, work.registers) == (event, 7, 3)
        if topology != "time-multiplexed":  # whose mean over cycles is rounded bank by bank
            assert work.standing == circuits.held
