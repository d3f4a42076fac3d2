"""What reconnecting is worth, reckoned by hand on a machine of round numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from hwsim.execution.break_even import YEAR
from hwsim.pipeline.worth import Means, worth

MEANS = Means(count=4, energy_j=1e-6, time_s=2e-6, moves=200.0)


def _value(value: Any) -> Any:
    return SimpleNamespace(value=value)


CELLS = SimpleNamespace(
    write_energy=_value(1e-8), write_time=_value(1e-7), writes_at_once=_value(1), write_endurance=_value(1000), never=""
)
"""10 nJ and 100 ns a cell, one at a time, 1,000 times."""


def _worth(means: Means = MEANS, rewriting: Any = CELLS, worn: int | None = 10) -> dict[str, Any]:
    """Of 4 switches in cross of 50 mW, 1,000 cells, and an image every 10 ns, each of which takes 30 ns and 5 nJ.

    Its core alone takes 10 ns and 2 nJ. So what holds switches takes 4 x 50 mW x 10 ns = 2 nJ an inference.
    """
    whole = SimpleNamespace(energy_j=5e-9, time_s=30e-9, interval_s=10e-9, conversion_j=1e-9, idle_w=3.0)
    core = SimpleNamespace(energy_j=2e-9, time_s=10e-9)
    chip = SimpleNamespace(inference_bill=lambda: core, resources=lambda: SimpleNamespace(cells=1000))
    machine = SimpleNamespace(chip=chip, inference_bill=lambda: whole, circuits=SimpleNamespace(standing=4))
    plan = SimpleNamespace(rewriting=rewriting, switch=SimpleNamespace(hold_power=0.05, endurance=5000))
    return worth(cast("Any", plan), cast("Any", machine), means, worn, seconds=8.0)


def test_an_inference_pays_for_itself_for_what_holds_switches_and_for_its_reconnection() -> None:
    """5 + 2 nJ, and its share of 1 uJ."""
    found = _worth()["paid_off_j"]
    assert found == {
        "1": pytest.approx(1.007e-6),
        "1000": pytest.approx(8e-9),
        "1000000": pytest.approx(7.001e-9),
        "1000000000": pytest.approx(7.000001e-9),
    }


def test_circuits_take_what_the_whole_takes_beyond_its_core_and_what_holds_them() -> None:
    """5 - 2 + 2 = 5 nJ and 30 - 10 = 20 ns an inference; a reconnection 1 uJ and 2 us.

    All cells: 10 uJ and 100 us, so 9 uJ / 5 nJ and 98 us / 20 ns. The 200 that change: 2 uJ and 20 us.
    """
    told = {
        (of, unit): (row["rewriting"], row["reconnecting"], row["reconnections"], row["inferences"])
        for of, rows in _worth()["break_even"].items()
        for unit, row in rows.items()
    }
    assert told == {
        ("all", "joules"): pytest.approx((1e-5, 1e-6, 10, 1800)),
        ("all", "seconds"): pytest.approx((1e-4, 2e-6, 50, 4900)),
        ("changed", "joules"): pytest.approx((2e-6, 1e-6, 2, 200)),
        ("changed", "seconds"): pytest.approx((2e-5, 2e-6, 10, 900)),
    }


def test_switches_and_cells_last_as_long_as_their_sheets_say() -> None:
    """10 toggles in 4 reconnections, one in 2 s; a switch survives 5,000 toggles, a cell 1,000 writes."""
    assert _worth()["lifetime"] == {
        "switch_reconnections": pytest.approx(2000),
        "switch_years": pytest.approx(4000 / YEAR),
        "cell_reconnections": pytest.approx(1000),
        "cell_years": pytest.approx(2000 / YEAR),
    }


def test_what_cannot_be_reckoned_is_left_out_or_says_why() -> None:
    assert _worth(means=Means(0, 0.0, 0.0, 0.0)) == {}
    assert "lifetime" not in _worth(worn=None)
    silent = _worth(rewriting=None)
    assert silent["break_even"] == "the datasheet does not say what writing a cell takes"
    assert set(silent["lifetime"]) == {"switch_reconnections", "switch_years"}
    assert _worth(worn=0)["lifetime"]["switch_reconnections"] is None
