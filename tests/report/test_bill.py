"""The text of ``hwsim cost``: its columns, its two layouts, its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hwsim.report.bill import bill, number, quantity

GOLDEN = Path(__file__).parent.parent / "golden"


def _row(topology: str, technology: str, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "topology": topology,
        "technology": technology,
        "effort": "greedy",
        "ports": 1024,
        "switches": 9728,
        "depth": 19,
        "configuration_bits": 9728,
        "moves": 20459,
        "toggles": {"mean": 4046.3, "p95": 4087.9, "max": 4125},
        "energy_j": 8.447e-2,
        "time_s": 1.0608e-3,
        "hold_w": 0.0,
        "loss_db": {"min": 38.52, "mean": 58.262, "max": 77.14},
        "crosstalk_db": 4.79,
        "lifetime_reconnections": 3294.1,
    }
    return {**row, **more}


BITS = {"energy_j": 1.263e-6, "loss_db": None, "crosstalk_db": None, "lifetime_reconnections": None}
NOTHING = dict.fromkeys(("moves", "toggles", "energy_j", "time_s", "hold_w", "loss_db", "crosstalk_db"))
ROWS = [
    _row("benes", "pcm-gst-chen-2022"),
    _row("benes", "fpga-register-ug474-2016", **BITS),
    _row("omega", "pcm-gst-chen-2022", **NOTHING, switches=5120, depth=10, blocked="outputs 3 and 9 collide"),
    _row("omega", "fpga-register-ug474-2016", **NOTHING, switches=5120, depth=10, blocked="outputs 3 and 9 collide"),
]


@pytest.mark.parametrize(("name", "rows", "count"), [("cost-table", ROWS, 20), ("cost-column", ROWS[:1], 20)])
def test_golden(name: str, rows: list[dict[str, Any]], count: int) -> None:
    assert bill(rows, count, "20 random reconnections") + "\n" == (GOLDEN / f"{name}.txt").read_text()


def test_it_fits_a_terminal_of_100_columns() -> None:
    large = _row("odd-even-merge", "mems-crossbar-seok-2016", ports=2**20, switches=2**20 * 190, loss_db=None)
    for rows in (ROWS, [large], [large, ROWS[1]]):
        assert max(map(len, bill(rows, 20, "x").splitlines())) <= 100


def test_every_column_says_of_what_it_is() -> None:
    text = bill(ROWS, 20, "x")
    for word in (
        "Of one reconnection",
        "hold: power",
        "loss: of a path",
        "crosstalk: leaks",
        "lifetime: reconnections",
    ):
        assert word in text
    column = bill(ROWS[:1], 20, "x")
    assert column.count("a reconnection, ") == 4
    assert column.count(" in all") == 4


def test_numbers_have_units_and_no_needless_digits() -> None:
    assert [quantity(v, "energy") for v in (0.0, 1.23456e-12, 2.0, None)] == ["0 J", "1.235 pJ", "2 J", "-"]
    assert [number(v) for v in (0, 3.0, 3.25, 12345.6, 2.0**60, None)] == ["0", "3", "3.2", "12,346", "1.15e+18", "-"]
