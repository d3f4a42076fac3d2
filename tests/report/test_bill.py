"""The text of ``hwsim cost``: its columns, its two layouts, its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hwsim.costing.row import COLUMNS
from hwsim.report.bill import bill, number, quantity

GOLDEN = Path(__file__).parent.parent / "golden"


def _row(topology: str, technology: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "topology": topology,
        "technology": technology,
        "effort": "greedy",
        "writes": "full",
        "ports": 1024,
        "switches": 9728,
        "depth": 19,
        "configuration_bits": 9728,
        "reconnections": 20,
        "blocked_share": None,
        "moves_total": 20459,
        "moves_mean": 20459 / 20,
        "toggles_total": 80926,
        "toggles_mean": 4046.3,
        "toggles_p95": 4087.9,
        "toggles_max": 4125,
        "energy_j_total": 8.447e-2,
        "energy_j_mean": 8.447e-2 / 20,
        "time_s_total": 1.0608e-3,
        "time_s_mean": 1.0608e-3 / 20,
        "register_writes_total": None,
        "hold_w": 0.0,
        "loss_db_min": 38.52,
        "loss_db_mean": 58.262,
        "loss_db_max": 77.14,
        "crosstalk_db": 4.79,
        "lifetime_reconnections": 3294.1,
    }
    return {**row, **more}


LOSSES = dict.fromkeys(("loss_db_min", "loss_db_mean", "loss_db_max"))
BITS = {"energy_j_mean": 1.263e-6 / 20, **LOSSES, "crosstalk_db": None, "lifetime_reconnections": None}
NOTHING = dict.fromkeys(key for key in COLUMNS if key.endswith(("_total", "_mean", "_p95", "_max"))) | LOSSES
REGISTERS = {"register_writes_total": 665, "register_energy_j_total": 3.192e-8, "register_time_s_total": 6.6e-6}
ROWS = [
    _row("benes", "pcm-gst-chen-2022"),
    _row("benes", "fpga-register-ug474-2016", **BITS),
    _row("omega", "pcm-gst-chen-2022", **NOTHING, switches=5120, depth=10, blocked="outputs 3 and 9 collide"),
    _row("omega", "fpga-register-ug474-2016", **NOTHING, switches=5120, depth=10, blocked="outputs 3 and 9 collide"),
]


@pytest.mark.parametrize(("name", "rows"), [("cost-table", ROWS), ("cost-column", ROWS[:1])])
def test_golden(name: str, rows: list[dict[str, Any]]) -> None:
    assert bill(rows, "20 random reconnections") + "\n" == (GOLDEN / f"{name}.txt").read_text()


def test_it_fits_a_terminal_of_100_columns() -> None:
    large = _row("odd-even-merge", "mems-crossbar-seok-2016", ports=2**20, switches=2**20 * 190, **LOSSES)
    for rows in (ROWS, [large], [large, ROWS[1]]):
        assert max(map(len, bill(rows, "x").splitlines())) <= 100


def test_every_column_says_of_what_it_is() -> None:
    text = bill(ROWS, "x")
    for word in (
        "Of one reconnection",
        "hold: power",
        "loss: of a path",
        "crosstalk: leaks",
        "lifetime: reconnections",
    ):
        assert word in text
    column = bill(ROWS[:1], "x")
    assert column.count("a reconnection, ") == 4
    assert column.count(" in all") == 4


def test_numbers_have_units_and_no_needless_digits() -> None:
    assert [quantity(v, "energy") for v in (0.0, 1.23456e-12, 2.0, None)] == ["0 J", "1.235 pJ", "2 J", "-"]
    assert [number(v) for v in (0, 3.0, 3.25, 12345.6, 2.0**60, None)] == ["0", "3", "3.2", "12,346", "1.15e+18", "-"]


def test_register_writes_stand_beside_the_circuits() -> None:
    """1.505 and 0.0319 make 1.537 uJ; 80.81 and 6.6 us make 87.41."""
    row = _row("benes", "fpga-register-ug474-2016", **REGISTERS, energy_j_total=1.505e-6, time_s_total=8.081e-5)
    said = "665 writes add 31.92 nJ and 6.6 us; with them, 1.537 uJ and 87.41 us in all"
    assert f"registers      {said}" in bill([row], "x").splitlines()
    assert f"registers with fpga-register-ug474-2016: {said}" in " ".join(bill([row, ROWS[0]], "x").split())


def test_a_share_that_blocks_is_said() -> None:
    row = _row("omega", "fpga-register-ug474-2016", blocked_share=0.8, reconnections=4)
    said = "0.8 of the random reconnections; the other 4 are priced, from straight connections on"
    assert f"blocked        {said}" in bill([row], "x").splitlines()
    assert f"  blocked: {said}" in bill([row, ROWS[0]], "x").splitlines()
