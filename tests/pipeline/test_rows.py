"""Score rows for Python: numbers as numbers, the same that stand in the schedule."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import hwsim
from hwsim.score import read_table

KINDS = {
    "event": int,
    "epoch": float,
    "accuracy": float,
    "accuracy_low": float,
    "accuracy_high": float,
    "accuracy_noiseless": float,
    "loss": float,
    "moves": int,
    "toggles": int,
    "bias_writes": int,
    "energy_j": float,
    "time_s": float,
    "switches": int,
    "inference_energy_j": float,
    "inference_time_s": float,
    "router": str,
}


def _in_the_schedule(run: Path) -> list[dict[str, object]]:
    with closing(sqlite3.connect(run / "schedule.sqlite")) as db:
        return [json.loads(text) for (text,) in db.execute("select score from event order by event")]


@pytest.mark.parametrize("settings", [(), ("execution.scores='last'", "execution.reference=false")])
def test_rows_hold_numbers(tiny: Path, tmp_path: Path, settings: tuple[str, ...]) -> None:
    answer = hwsim.run(hwsim.load(tiny, ["controller.epochs=3", *settings]), tmp_path / "run")
    assert len(answer.rows) == answer.events + 1
    for row in answer.rows:
        assert list(row) == list(KINDS)
        assert {name: type(value) for name, value in row.items() if value is not None}.items() <= KINDS.items()
    written = _in_the_schedule(tmp_path / "run")
    assert [{name: value for name, value in row.items() if value is not None} for row in answer.rows] == written
    judged = [row["accuracy"] is not None for row in answer.rows]
    assert judged == ([True, False, False, True] if settings else [True] * 4)
    last = answer.rows[-1]
    assert {name: last[name] for name in answer.final} == answer.final


def test_a_row_that_lacks_something_is_none_of_numbers() -> None:
    """Words per column; counts are whole, and what is blank is None where it may be."""
    row = {name: "7" if kind is int else "0.5" if kind is float else "greedy" for name, kind in KINDS.items()}
    more = {**row, "task": "rotated", "saturated_registers": "3"}
    less = {**row, "task": "", "saturated_registers": "", "accuracy": "", "accuracy_low": ""}

    def table(*rows: dict[str, str]) -> str:
        return "\n".join([",".join(rows[0]), *(",".join(one.values()) for one in rows)]) + "\n"

    found = read_table(table(more, less, more))
    assert (found[0]["task"], found[0]["saturated_registers"], found[0]["energy_j"]) == ("rotated", 3, 0.5)
    assert [found[1][name] for name in ("task", "saturated_registers", "accuracy", "accuracy_low")] == [None] * 4
    for name in ("moves", "inference_energy_j", "epoch"):
        with pytest.raises(ValueError, match=f"line 3 has '' for {name}"):
            read_table(table(more, {**more, name: ""}))
    with pytest.raises(ValueError, match=r"line 2 has '0\.5' for toggles"):
        read_table(table({**more, "toggles": "0.5"}))
    with pytest.raises(ValueError, match="line 4 has '' for accuracy"):
        read_table(table(more, less, less))


def test_the_table_holds_every_digit(tiny: Path, tmp_path: Path) -> None:
    """A float written as its shortest text reads back as itself."""
    answer = hwsim.run(hwsim.load(tiny, ["controller.epochs=1"]), tmp_path / "run")
    with (tmp_path / "run" / "score.csv").open(newline="") as file:
        texts = list(csv.DictReader(file))
    assert [row["energy_j"] for row in texts] == [repr(row["energy_j"]) for row in answer.rows]
