"""A bill that rests on assumed costs says so."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hwsim.cli.cost import cost
from hwsim.cli.run import summary
from hwsim.errors import HwsimWarning
from hwsim.files.library import names
from tests.conftest import Command


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
        rows=[{"switches": 0, "inference_energy_j": 0.0, "inference_time_s": 0.0}],
        events=0,
        tasks=[],
        reference=None,
        resources={},
        execution={},
        plan=None,
        data={},
        reused=False,
        made_at="",
    )
    lines = summary(answer).splitlines()
    assert [line for line in lines if line.startswith("  assumed")] == [f"  assumed costs {says}"]


def test_cost_names_assumed_costs(tmp_path: Path, hwsim_command: Command) -> None:
    """By hand: the register datasheet assumes three, and one of our own none."""
    (tmp_path / "p.txt").write_text("1 0\n")
    text = names("devices")["fpga-register-ug474-2016"].read_text()
    (tmp_path / "own.toml").write_text(text.replace('status = "assumed"', 'status = "measured"'))
    says = "these numbers rest on assumed costs: fpga-register-ug474-2016: endurance, port_width, port_clock"
    both = hwsim_command("cost", "p.txt", "--technology", "own.toml", "--technology", "fpga-register")
    assert both.stdout.splitlines()[-1] == says, both.stderr
    alone = hwsim_command("cost", "p.txt", "--technology", "own.toml")
    assert (alone.returncode, "assumed" in alone.stdout) == (0, False)


def test_a_failing_picture_costs_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr("hwsim.report.toggles.draw_toggles", fail)
    with pytest.warns(HwsimWarning, match=r"a\.png: no picture \(no ink\); the numbers are not concerned"):
        cost(random=4, count=1, plot=tmp_path / "a.png")
    said = capsys.readouterr()
    assert said.out.startswith("1 random reconnection, seed 0")
    assert said.err == ""
    assert list(tmp_path.iterdir()) == []
