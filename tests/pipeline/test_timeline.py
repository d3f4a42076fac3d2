"""A run in time: the bill where nothing contends, the same trace whatever happens, numbers that traces do not touch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import hwsim
from hwsim.execution import ExecutionError
from hwsim.execution.timeline.trace import read_trace
from tests.conftest import Command, run_here

IN_TIME = (
    "execution.memory=double",
    "execution.issue=steps",
    'execution.step_time="100 ns"',
    "execution.drivers.count=40",
    "execution.port.writes=full",
    "execution.port.loss=0.02",
    "execution.requests.load=0.8",
)


def test_without_a_word_about_time_the_run_is_its_bill(tiny: Path, tmp_path: Path) -> None:
    answer = run_here(tiny, tmp_path / "run")
    in_time, final = answer["execution"], answer["final"]
    assert in_time["makespan_s"] == in_time["watched_s"] == final["time_s"]
    assert sum(in_time["energy_j"].values()) == pytest.approx(final["energy_j"], rel=1e-12)
    assert in_time["toggles"] == final["toggles"]
    assert in_time["reconnections"] == answer["events"] + 1  # the state after power-up among them
    assert in_time["availability"] == 0  # one reconnection follows the other
    assert not (tmp_path / "run" / "trace.jsonl").exists()


@pytest.mark.parametrize("setting", ["drivers.count=2", 'guard="3 ns"', "port.loss=0.02", "port.registers=own"])
def test_a_score_bills_reconnections_as_they_went(tiny: Path, tmp_path: Path, setting: str) -> None:
    plain = run_here(tiny, tmp_path / "plain", "execution.port.writes=full")
    found = run_here(tiny, tmp_path / "run", "execution.port.writes=full", f"execution.{setting}")
    assert found["final"]["time_s"] == found["execution"]["makespan_s"] != plain["final"]["time_s"]
    assert found["final"]["energy_j"] == pytest.approx(sum(found["execution"]["energy_j"].values()), rel=1e-12)
    assert (found["final"]["energy_j"] > plain["final"]["energy_j"]) == setting.startswith("port.loss")
    same = ("accuracy", "toggles", "moves", "bias_writes")
    assert [found["final"][key] for key in same] == [plain["final"][key] for key in same]


def test_traces_touch_no_number(tiny: Path, tmp_path: Path) -> None:
    plain = run_here(tiny, tmp_path / "plain", *IN_TIME)
    traced = run_here(tiny, tmp_path / "traced", *IN_TIME, "execution.trace=true")
    assert plain["execution"] == traced["execution"]
    assert plain["final"] == traced["final"]
    assert plain["execution"]["inferences"] > 0
    assert plain["execution"]["resent_bits"] > 0


class HaltedError(Exception):
    """Raised where a run is to end early."""


@pytest.mark.parametrize("stage", ["training", "writing"])
def test_a_run_that_is_taken_up_again_leaves_the_same_traces(tiny: Path, tmp_path: Path, stage: str) -> None:
    settings = [*IN_TIME, "execution.trace=true"]
    run_here(tiny, tmp_path / "whole", *settings)
    rows = 0

    def stop(now: str, share: float, row: dict[str, Any] | None) -> None:
        nonlocal rows
        rows += row is not None
        if now == stage and (stage == "writing" or rows == 3):
            raise HaltedError(share)

    with pytest.raises(HaltedError):
        hwsim.run(hwsim.load(tiny, settings), tmp_path / "halted", stop)
    assert not (tmp_path / "halted" / "answer.json").exists()
    run_here(tiny, tmp_path / "halted", *settings)
    for name in ("trace.jsonl", "trace.json"):
        assert (tmp_path / "halted" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_spans_of_a_run_add_up_to_its_numbers(tiny: Path, tmp_path: Path) -> None:
    answer = run_here(tiny, tmp_path / "run", *IN_TIME, "execution.trace=true")["execution"]
    spans = read_trace(tmp_path / "run" / "trace.jsonl")[1]
    assert sum(span.amount for span in spans if span.what in {"sets", "resets"}) == answer["toggles"]
    busy = sum(span.end_ps - span.begin_ps for span in spans if span.resource == "port")
    assert busy / 1e12 == pytest.approx(answer["utilisation"]["port"] * answer["watched_s"], rel=1e-12)


@pytest.mark.parametrize("given", ["load=0.5", "clients=2"])
def test_a_load_needs_inferences_that_take_time(tiny: Path, tmp_path: Path, given: str) -> None:
    settings = ["device.name=ideal", "crossbar.technology=fpga-bitwise-yosys-2026", f"execution.requests.{given}"]
    with pytest.raises(ExecutionError, match=rf"execution\.requests\.{given[:4]}\w*: an inference .* give a rate"):
        run_here(tiny, tmp_path / "run", *settings)


def test_a_summary_says_what_requests_met(tiny: Path, hwsim_command: Command) -> None:
    plain = hwsim_command("run", tiny, "--quiet", "--out", "plain")
    assert "in time" not in plain.stdout
    settings = [word for setting in IN_TIME for word in ("--set", setting)]
    told = hwsim_command("run", tiny, "--quiet", "--out", "told", *settings).stdout
    assert re.search(
        r"in time +available for 0\.\d+ of \S+ us, 99 of 100 requests answered within \S+ us; .* told", told
    )
