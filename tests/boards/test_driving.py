"""The command that drives a board, on a simulated one: a run's own reconnections, and what it says when sums differ."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hwsim.export.logic import netlist_of
from hwsim.export.rtl.board import board
from hwsim.export.verilog import architecture_of
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.replay import configured
from tests.boards.simulated import DIVIDER, simulated
from tests.conftest import run_here

if TYPE_CHECKING:
    from tests.conftest import Command

pytest.importorskip("serial", reason="pyserial is not installed: pip install hwsim[fpga]")


@pytest.fixture
def finished(tiny: Path, tmp_path: Path) -> Path:
    run_here(tiny, tmp_path / "run")
    return tmp_path / "run"


def sources(run: Path) -> dict[str, str]:
    logic = architecture_of(netlist_of(configured(plan_of(run), run / "schedule.sqlite", 0)), "folded")
    return {**logic.sources, **logic.memories, **board(logic, 1000 * DIVIDER, baud=1000, silence=0.2)}


def test_a_run_on_a_board(finished: Path, hwsim_command: Command, tmp_path: Path) -> None:
    with simulated(sources(finished), tmp_path / "sim") as (_, port):
        done = hwsim_command("board", port, str(finished), "--images", "3", "--arch", "folded")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(r"event \d+: [\d,]+ words loaded in .* s; 3 images in .* s, 0 of \d+ sums differ .*", line)


def test_a_wrong_constant_ends_with_exit_code_1(finished: Path, hwsim_command: Command, tmp_path: Path) -> None:
    """The constant is changed behind the design's name, as radiation or a bad cell would."""
    made = sources(finished)
    weights = made["weights0.mem"].splitlines()
    at = max(n for n, line in enumerate(weights) if re.match(r"[0-9a-f]+$", line))
    weights[at] = f"{int(weights[at], 16) ^ 4:x}"
    with simulated({**made, "weights0.mem": "\n".join(weights)}, tmp_path / "sim") as (_, port):
        done = hwsim_command("board", port, str(finished), "--images", "3", "--arch", "folded")
    assert done.returncode == 1, done.stderr
    assert re.search(r"[1-9]\d* of \d+ sums differ", done.stdout)


def test_events_that_are_not_there(finished: Path, hwsim_command: Command) -> None:
    done = hwsim_command("board", "/dev/null", str(finished), "--event", "99")
    assert done.returncode == 2
    assert "the schedule holds events 0 to" in done.stderr
