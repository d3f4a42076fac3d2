"""A bill that rests on assumed costs says so."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hwsim.cli.run import summary
from hwsim.files.library import names


@pytest.mark.parametrize(
    ("sheets", "says"),
    [
        (("reram-wan-2022", "photonic-feldmann-2021"), "photonic-feldmann-2021 (1 of 4), reram-wan-2022 (3 of 3)"),
        (("ideal",), "none"),
    ],
)
def test_a_summary_counts_assumed_costs(sheets: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """Counted by hand in the shipped datasheets, which a run folder holds a copy of."""
    (tmp_path / "devices").mkdir()
    for name in sheets:
        shutil.copy(names("devices")[name], tmp_path / "devices" / f"{name}.toml")
    numbers = ("accuracy", "accuracy_noiseless", "toggles", "moves", "bias_writes", "energy_j", "time_s")
    answer: Any = SimpleNamespace(
        run=tmp_path,
        final=dict.fromkeys(numbers, 0.0),
        rows=[{"switches": "0", "inference_energy_j": "0", "inference_time_s": "0"}],
        events=0,
        tasks=[],
        reference=None,
        resources={},
    )
    lines = summary(answer).splitlines()
    assert [line for line in lines if line.startswith("  assumed")] == [f"  assumed costs {says}"]
