"""The committed table of other people's machines is what its script prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import time_peers

TABLE = Path(time_peers.__file__).with_suffix(".txt")


def test_the_table_is_the_scripts() -> None:
    assert list(time_peers.lines()) == TABLE.read_text("utf-8").splitlines()


def test_our_numbers_by_hand() -> None:
    """A word of 32 bits takes 10 ns, a thermo-optic switch 20 us and, in cross, 10 mW; HERMES reads in 512 ns."""
    rows = {(row.what, row.how): row.ours for make in (time_peers.mesh, time_peers.thermal) for row in make()}
    together = rows["56 x 56 mesh, reconfigured", "Benes of 288 switches, any number of drivers"]
    assert together == pytest.approx(288 / 32 * 10e-9 + 20e-6)
    in_turns = rows["56 x 56 mesh, reconfigured", "2,000 switches, one driver"]
    assert in_turns == pytest.approx(2000 / 32 // 1 * 10e-9 + 10e-9 + 2000 * 20e-6)
    assert min(value for (what, _), value in rows.items() if what.startswith("32 x 32")) == pytest.approx(32 * 10e-3)
    four, one, _ = (row.ours for row in time_peers.memory())
    assert four == one == pytest.approx(64 * 2 * 256**2 / 512e-9)
