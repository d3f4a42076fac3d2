"""What events moved, counted again from the permutations; reproductions in the catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwsim.cli.catalogue import CATALOGUE
from hwsim.files import parse_document, read_document
from hwsim.files.library import names
from hwsim.schedule import open_schedule
from hwsim.study import (
    compare,
    plan_jobs,
    read_activity,
    read_reproduction,
    run_sweep,
    schedule_path,
    values,
)
from tests.study.conftest import ElsewherePool

FILE = """
title = "Events"
source = "nobody"
scenario = "short"
seeds = [1]
metric = "moved"
picture = "activity"
set = ["controller.learning_rate=0.1"]
[x]
key = "event"
label = "event"
values = [0, 1, 3]
[[curve]]
name = "a"
[[expect]]
least = 0
"""


def test_moves_of_single_events(short: Path, tmp_path: Path) -> None:
    found = read_reproduction(parse_document(FILE, str(short)), short)
    (job,) = plan_jobs(found)
    done = run_sweep(found, [job], tmp_path / "out", ElsewherePool())
    schedule = schedule_path(tmp_path / "out", job)
    moved, scores = read_activity(schedule, 3)
    counted = [0]
    with open_schedule(schedule) as file:
        before = np.arange(8)
        for entry in list(file.entries())[1:]:
            now = before if entry.permutations[1] is None else entry.permutations[1][0]
            counted.append(int((now != before).sum()))
            before = now
    assert len(counted) == 5
    assert sum(counted) > 0
    assert moved.sum(axis=1).tolist() == counted[1:4]
    assert [score["event"] for score in scores] == [1, 2, 3]
    assert values(done.runs) == {("a", str(e), 1): float(counted[e]) for e in (0, 1, 3)}
    assert compare(found, values(done.runs)).verdicts[0].met
    # without the schedule that the picture needs, the run is carried out again
    schedule.unlink()
    run_sweep(found, [job], tmp_path / "out", ElsewherePool())
    assert schedule.is_file()


def test_the_catalogue_tells_scenarios_and_reproductions_apart() -> None:
    scenarios, figures = CATALOGUE["scenarios"](), CATALOGUE["reproductions"]()
    assert set(scenarios) | set(figures) == set(names("scenarios"))
    assert not set(scenarios) & set(figures)
    assert {"cai-sine", "digits-fpga-laperm"} <= set(scenarios)
    assert figures["cai-fig4"].endswith("(long)")
    assert not figures["cai-fig2a"].endswith("(long)")


def test_shipped_reproductions_name_what_is_there() -> None:
    """Every run can be planned; two points of each, the first and the last."""
    for name in CATALOGUE["reproductions"]():
        path = names("scenarios")[name]
        found = read_reproduction(read_document(path), path)
        first, last = found.file.curve[0], found.file.curve[-1]
        wanted = [(first.name, found.places(first)[0]), (last.name, found.places(last)[-1])]
        assert plan_jobs(found, only=wanted)
