"""What effects cost: sums that must come out, and the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hwsim
from hwsim.analysis.ablation import account, active, final_state, without
from hwsim.device import DEVICES, datasheet_values, read_datasheet
from hwsim.files import read_document
from hwsim.files.library import names
from hwsim.pipeline.fabrication import assemble, initial_values
from hwsim.scenario.lookup import sheet_kind
from hwsim.schedule import Fault
from hwsim.score import evaluate
from tests.conftest import Command, answer

BROKEN = """
[execution]
issue = "steps"
step_time = "1 ms"
reference = false
[execution.faults]
test = "none"
[[fault]]
at = "1 ms"
layer = 0
bank = 2
switch = 180
stuck = "cross"
[[fault]]
at = "1 ms"
layer = 0
bank = 1
cell = 20
reads = 0.25
"""
PHOTONIC = ["device.name=photonic-feldmann-2021", "controller.epochs=12", "controller.batch=32"]


def test_the_ends_of_an_account(tiny: Path, tmp_path: Path) -> None:
    """Without any effect it is the exact network of the run's last state; costs are differences of what is named."""
    scenario = hwsim.load(tiny, PHOTONIC)
    found = account(scenario, 1, tmp_path / "run")
    plan = scenario.plan()
    assert {item.effect for item in found.items} == set(active(plan))
    task = plan.task.load(plan.task_parameters)
    values, state = initial_values(plan, task), final_state(tmp_path / "run")
    exact = assemble(without(plan, active(plan)), task, values)
    exact.execute(state)
    assert not exact.chip.noisy
    assert found.nothing == evaluate(task, exact.infer(task.test_x, None)).metric
    assert found.nothing >= found.everything


@pytest.mark.slow
def test_an_account_again(tiny: Path, tmp_path: Path) -> None:
    """The same chips give the same means and errors, to the last bit."""
    scenario = hwsim.load(tiny, PHOTONIC)
    assert account(scenario, 2, tmp_path / "run") == account(scenario, 2, tmp_path / "run")


def test_the_last_state_of_a_run(tiny: Path, tmp_path: Path) -> None:
    """One reconnection from power-up to where the run ended: the score without noise is the run's own."""
    scenario = hwsim.load(tiny, PHOTONIC)
    done = hwsim.run(scenario, tmp_path / "run")
    plan = scenario.plan()
    task = plan.task.load(plan.task_parameters)
    machine = assemble(plan, task, initial_values(plan, task))
    machine.execute(final_state(tmp_path / "run"))
    assert evaluate(task, machine.infer(task.test_x, None)).metric == done.final["accuracy_noiseless"]


def test_the_last_state_of_a_run_whose_parts_broke(tiny: Path, tmp_path: Path) -> None:
    """Stuck switches lead elsewhere than was asked for, and dead cells stay dead, on chips that are made anew."""
    tiny.write_text(tiny.read_text() + BROKEN)
    scenario = hwsim.load(tiny, ["controller.epochs=3"])
    done = hwsim.run(scenario, tmp_path / "run")
    plan = scenario.plan()
    task = plan.task.load(plan.task_parameters)
    values = initial_values(plan, task)
    machine, fresh = assemble(plan, task, values), assemble(plan, task, values)
    state = final_state(tmp_path / "run", machine)
    assert state.faults == (Fault(0, 1, cell=20, value=0.25),)
    fresh.execute(state, machine.circuits.states)
    outputs = fresh.infer(task.test_x, None)
    assert evaluate(task, outputs).metric == done.final["accuracy_noiseless"]
    assert (outputs == machine.infer(task.test_x, None)).all()
    asked = assemble(plan, task, values)
    asked.execute(final_state(tmp_path / "run"))
    assert (asked.infer(task.test_x, None) != outputs).any()


@pytest.mark.parametrize("name", [n for n, path in names("devices").items() if sheet_kind(path) == "device"])
def test_effects_of_every_device(name: str) -> None:
    """Numbers that switch effects off can be laid over a sheet's; in the end no device has an effect left."""
    document = read_document(names("devices")[name])
    technology = DEVICES[document.data["technology"]]
    values = datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ())
    built = technology.build(values)
    for neutral in technology.effects.values():
        values.update(neutral)
        technology.build(values)
    quiet = technology.build(values)
    assert all(technology.build({**values, **neutral}) == quiet for neutral in technology.effects.values())
    assert (built == quiet) == (not technology.effects)


def _fields(sheet: Any, section: str) -> set[str]:
    return set(sheet.model_fields[section].annotation.model_fields)


def test_symbols_name_numbers() -> None:
    for technology in DEVICES.values():
        sections = [f for f in ("chip", "event", "cost") if f in technology.datasheet.model_fields]
        known = {key for s in sections for key in _fields(technology.datasheet, s)}
        assert set(technology.symbols) <= known


def test_command(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    settings = [word for text in PHOTONIC for word in ("--set", text)]
    common = ("ablate", tiny, *settings, "--chips", "1", "--out", tmp_path / "run", "--quiet")
    found = answer(hwsim_command(*common, "--json"))
    assert found["metric"] == "accuracy"
    assert Path(found["picture"]).read_bytes().startswith(b"\x89PNG")
    printed = hwsim_command(*common, "--picture", tmp_path / "b.svg")
    assert printed.returncode == 0, printed.stderr
    assert "drive error" in printed.stdout
    assert (tmp_path / "b.svg").read_text().startswith("<?xml")


def test_nothing_to_account_for(tiny: Path, hwsim_command: Command) -> None:
    ideal = hwsim_command("ablate", tiny, "--set", "device.name=ideal", "--quiet")
    assert ideal.returncode == 2
    assert ideal.stderr == "device ideal has no effects that can be switched off: there is nothing to account for\n"
    none = hwsim_command("ablate", tiny, "--chips", "0", "--quiet")
    assert (none.returncode, none.stderr) == (2, "an ablation over 0 chips says nothing; give --chips 1 or more\n")


def test_without_changes_the_device_alone(tiny: Path) -> None:
    plan = hwsim.load(tiny, PHOTONIC).plan()
    changed = without(plan, ["ADC"])
    assert replace(changed, device=plan.device) == plan
    assert changed.device != plan.device
