"""Estimates: of a run they are its own numbers, of a scenario what random reconnections take, and why others lack."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hwsim
from docs import time_worth
from hwsim.cli.glossary import glossary
from hwsim.controller.multi_task import reconnects
from hwsim.pipeline.estimate import estimate_plan
from hwsim.schedule import open_schedule
from hwsim.task.loading import load_task
from tests.conftest import Command, run_here

WHOLE = {
    "reconnections",
    "port_bits",
    "toggles",
    "makespan_s",
    "watched_s",
    "availability",
    "utilisation.port",
    "energy_j.configuration",
    "energy_j.toggling",
    "energy_j.holding",
    "energy_j.idle",
}
"""Numbers of a whole run."""
IN_TIME = (
    "execution.issue=steps",
    'execution.step_time="100 ns"',
    'execution.guard="7 ns"',
    'execution.length="1 ms"',
    "execution.port.burst=8",
    "execution.port.check_bits=16",
    "execution.port.registers=own",
)


def told(scenario: Path, *settings: str) -> dict[str, tuple[float | None, str]]:
    lines = hwsim.estimate(hwsim.load(scenario, list(settings)))
    assert len({line.key for line in lines}) == len(lines)
    return {line.key: (line.value, line.why) for line in lines}


def flat(found: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(found, dict):
        for name, value in found.items():
            yield from flat(value, f"{key}.{name}" if key else name)
    else:
        yield key, found


@pytest.mark.parametrize(
    "settings", [(), IN_TIME, (*IN_TIME, "execution.memory=double")], ids=["plain", "single", "double"]
)
def test_of_a_run_it_is_what_was_simulated(tiny: Path, tmp_path: Path, settings: tuple[str, ...]) -> None:
    """To the last bit, but for means of joules, which are added in another order."""
    answer = dict(flat(run_here(tiny, tmp_path / "run", *settings)["execution"]))
    found = {line.key: line.value for line in hwsim.estimate(tmp_path / "run")}
    shared = {key for key in found if key in answer}
    assert shared >= WHOLE
    for key in shared:
        exact = key in WHOLE or key.startswith("lifetime")
        assert found[key] == (answer[key] if exact else pytest.approx(answer[key], rel=1e-12)), key
    assert {key for key in found if key.startswith(("paid_off", "break_even", "reconnection."))} & shared


def test_a_scenario_reconnects_as_often_as_its_run(tiny: Path, tmp_path: Path) -> None:
    """Random permutations move nearly everything, more than training does."""
    answer = dict(flat(run_here(tiny, tmp_path / "run", *IN_TIME)["execution"]))
    found = told(tiny, *IN_TIME)
    assert found["reconnections"][0] == answer["reconnections"]
    for key in ("toggles", "port_bits", "energy_j.toggling"):
        assert answer[key] * 0.9 < (found[key][0] or 0) < answer[key] * 4, key
    assert "random permutations" in found["reconnection.toggles"][1]


MANY = ('task={name="digits", pixels=["plain", "permuted"]}', "controller.epochs=3", "controller.period=2")


@pytest.mark.parametrize(
    "settings",
    [
        MANY,
        (*MANY, "controller.name=bias-only"),
        ("controller.epochs=7", "controller.period=3", "controller.period_logic=as-published"),
        ("controller.epochs=3", "controller.growth=1.5"),
        ("controller.epochs=2", "controller.period=9", "controller.period_unit=batches"),
        ("controller={name='none'}",),
    ],
)
def test_methods_reconnect_when_they_say(tiny: Path, tmp_path: Path, settings: tuple[str, ...]) -> None:
    plan = hwsim.load(tiny, list(settings)).plan()
    run_here(tiny, tmp_path / "run", *settings, "execution.reference=false", "execution.scores=last")
    steps = reconnects(plan.controller, plan.controller_parameters, load_task(plan.task, plan.task_parameters))
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        assert list(steps or ()) == [entry.batch for entry in schedule.entries()][1:]


def test_where_parts_break_only_the_simulation_speaks(tiny: Path, tmp_path: Path) -> None:
    broken = "execution.faults.test=read-back"
    found = told(tiny, broken)
    assert {found[key] for key in WHOLE} == {(None, "parts break and are searched for in their time")}
    run_here(tiny, tmp_path / "run", broken, "controller.epochs=2")
    of_run = {line.key: (line.value, line.why) for line in hwsim.estimate(tmp_path / "run")}
    assert {of_run[key] for key in WHOLE} == {found[key] for key in WHOLE}


def test_where_switches_wear_out_only_the_simulation_speaks(tiny: Path, tmp_path: Path) -> None:
    """Of 6 reconnections the third is the last that every switch survives."""
    short = ("crossbar.endurance=3", "execution.minimise=wear")
    assert {told(tiny, *short)[key] for key in WHOLE} == {
        (None, "a switch that toggles every time wears out on the way")
    }
    run_here(tiny, tmp_path / "run", *short)
    found = {line.key: line.value for line in hwsim.estimate(tmp_path / "run")}
    assert {found[key] for key in WHOLE} == {None}
    assert told(tiny, "crossbar.endurance=6", "execution.minimise=wear")["makespan_s"][0]
    assert told(tiny, "crossbar.endurance=3")["makespan_s"][0]  # wear is counted where a scenario speaks of time


def test_wear_is_that_of_the_run(tiny: Path, tmp_path: Path) -> None:
    light = ("device.name=photonic-feldmann-2021", "crossbar.technology=pcm-gst-chen-2022", "controller.epochs=2")
    worn = (*light, "execution.minimise=wear")
    answer = run_here(tiny, tmp_path / "run", *worn)["execution"]["lifetime"]
    found = {line.key: line.value for line in hwsim.estimate(tmp_path / "run")}
    assert {key: found[f"lifetime.{key}"] for key in answer} == answer
    assert 2800 <= (answer["switch_reconnections"] or 0) < 10 * 2800  # toggles that a switch survives


def test_where_switches_contend_only_the_simulation_speaks(tiny: Path) -> None:
    found, plain = told(tiny, "execution.drivers.count=2"), told(tiny)
    assert found["makespan_s"][0] is None
    assert "wait for 2 drivers" in found["makespan_s"][1]
    assert found["availability"][0] is found["energy_j.holding"][0] is found["reconnection.time_s"][0] is None
    for key in ("reconnections", "port_bits", "toggles", "energy_j.configuration", "energy_j.toggling"):
        assert found[key] == plain[key]


def test_lost_words_leave_bits_open(tiny: Path) -> None:
    found = told(tiny, "execution.port.loss=1e-6")
    assert found["port_bits"] == (None, "words are lost by chance and sent again")
    assert found["toggles"][0]


def test_requests(tiny: Path) -> None:
    load = "execution.requests.load=0.5"
    met = told(tiny, load)
    assert met["latency_p99_s"] == (None, "requests meet a machine that reconnects")
    assert met["inference.latency_s"][0]
    often = told(tiny, load, "execution.memory=double")
    assert often["wait_mean_s"] == (None, "requests meet a machine that reconnects")
    seldom = told(tiny, load, "execution.memory=double", "execution.issue=steps", 'execution.step_time="1 ms"')
    wait, why = seldom["wait_mean_s"]
    interval = seldom["inference.interval_s"][0]
    assert wait == pytest.approx((interval or 0) / 2)
    assert why.startswith("M/D/1, but for swaps, ")
    assert seldom["inferences"][0] == pytest.approx(0.5 * (seldom["watched_s"][0] or 0) / (interval or 1))
    assert told(tiny, load, "execution.requests.queue=3")["wait_mean_s"] == (None, "the queue is finite")


def test_a_stream_beside_a_run_that_swaps(tiny: Path, tmp_path: Path) -> None:
    """Eleven million requests at 80 % load: the mean wait has a standard error of 0.3 %, of which six are allowed."""
    settings = ("execution.requests.load=0.8", "execution.memory=double", "execution.issue=steps")
    answer = run_here(tiny, tmp_path / "run", *settings, 'execution.step_time="1 ms"')["execution"]
    found = {line.key: line.value for line in hwsim.estimate(tmp_path / "run")}
    assert answer["inferences"] > 10_000_000
    for key in ("wait_mean_s", "latency_mean_s", "latency_p50_s", "latency_p99_s", "throughput", "inferences"):
        assert found[key] == pytest.approx(answer[key], rel=0.018), key
    assert found["energy_j.compute"] == pytest.approx(answer["energy_j"]["compute"], rel=0.018)


def test_a_method_that_decides_as_it_works(tiny: Path) -> None:
    plan = hwsim.load(tiny).plan()
    plan = replace(plan, controller=replace(plan.controller, name="mine", reconnects=None))
    found = {line.key: (line.value, line.why) for line in estimate_plan(plan)}
    assert {found[key] for key in WHOLE} == {(None, "mine says only as it works how often it reconnects")}
    assert found["reconnection.toggles"] == told(tiny)["reconnection.toggles"]
    assert found["lifetime.switch_years"][0] is None


def test_the_committed_break_even_is_what_estimates_say() -> None:
    """Two cases of ``python -m docs.time_worth``."""
    table = Path(time_worth.__file__).with_suffix(".txt").read_text("utf-8").splitlines()
    assert len(table) == 1 + len(time_worth.CASES)
    assert [time_worth.row(*case) for case in time_worth.CASES[:2]] == table[1:3]


def test_registers_are_all_written(tiny: Path) -> None:
    """Of one word of 32 bits each; where connections stay, there is nothing else."""
    alone = told(tiny, "controller.name=bias-only")
    registers = sum(layer.units for layer in hwsim.load(tiny).plan().model.layers)
    assert alone["reconnection.port_bits"] == (32 * registers, "all registers")
    assert alone["reconnection.toggles"][0] == alone["reconnection.moves"][0] == 0


def test_nothing_is_trained(tiny: Path) -> None:
    """Values that were trained before fabrication are taken as drawn, and the line that rests on them says so."""
    trained = told(tiny, "fabrication.values=trained", "fabrication.epochs=1000000")
    drawn = told(tiny)
    assert trained["inference.energy_j"] == (
        drawn["inference.energy_j"][0],
        "with drawn values in place of trained ones",
    )


def test_the_command(hwsim_command: Command, tiny: Path, tmp_path: Path) -> None:
    rows = json.loads(hwsim_command("estimate", str(tiny), "--json").stdout)
    assert {row["key"]: row["unit"] for row in rows}["makespan_s"] == "s"
    again = list(csv.DictReader(io.StringIO(hwsim_command("estimate", str(tiny), "--csv").stdout)))
    assert [row["key"] for row in again] == [row["key"] for row in rows]
    assert [row["value"] for row in again] == ["" if row["value"] is None else str(row["value"]) for row in rows]
    table = hwsim_command("estimate", str(tiny), "--set", "execution.drivers.count=2")
    assert "wait for 2 drivers" in table.stdout
    explained = {name.split(".")[0] for name in glossary()}
    assert {row["key"].split(".")[0] for row in rows} <= explained
    run_here(tiny, tmp_path / "run")
    assert "makespan_s" in hwsim_command("estimate", str(tmp_path / "run")).stdout
    wrong = hwsim_command("estimate", str(tmp_path / "run"), "--seed", "3")
    assert wrong.returncode == 2
    assert "a run is what it is" in wrong.stderr
    assert hwsim_command("estimate", str(tiny), "--json", "--csv").returncode == 2
