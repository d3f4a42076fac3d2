"""``[model] hidden``: a dense network that fits its task, and is a model file once it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim
from hwsim.files import DiagnosticError
from tests.conftest import run_here


def _without_model(scenario: Path, line: str) -> Path:
    """The same scenario, its network given by another line."""
    scenario.write_text(scenario.read_text().replace('name = "tiny"', line))
    return scenario


def test_it_is_the_network_that_a_file_would_describe(tiny: Path, tmp_path: Path) -> None:
    named = run_here(tiny, tmp_path / "named", "controller.epochs=1")
    hidden = run_here(_without_model(tiny, "hidden = [12]"), tmp_path / "hidden", "controller.epochs=1")
    assert hidden["final"] == named["final"]
    assert (tmp_path / "hidden" / "models" / "dense-64-12-10.toml").is_file()


def test_the_run_folder_holds_a_scenario_that_names_the_file(tiny: Path, tmp_path: Path) -> None:
    first = run_here(_without_model(tiny, "hidden = []"), tmp_path / "run", "controller.epochs=1")
    kept = hwsim.load(tmp_path / "run" / "scenario.toml")
    assert kept.document.data["model"] == {"name": "dense-64-10"}
    assert "tiny.toml:" in (tmp_path / "run" / "scenario.toml").read_text().partition("dense-64-10")[2].splitlines()[0]
    assert kept.plan().identity == first["identity"]


@pytest.mark.parametrize("hidden", [[], [7], [9, 8, 7]])
def test_inputs_and_outputs_are_those_of_the_task(tiny: Path, hidden: list[int]) -> None:
    model = hwsim.load(tiny, [f"model={{hidden={hidden}}}"]).plan().model
    assert [model.inputs, *(layer.units for layer in model.layers)] == [64, *hidden, 10]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('name = "tiny"\nhidden = [3]', "has 'name' and 'hidden'"),
        ("width = 3", "has neither 'name' nor 'hidden'"),
        ("hidden = [3]\nwidth = 3", "leave width out"),
        ("hidden = [3, 0]", "at least 1"),
        ("hidden = 3", "list"),
    ],
)
def test_what_is_no_network_is_refused(tiny: Path, line: str, said: str) -> None:
    with pytest.raises(DiagnosticError, match=said):
        hwsim.load(_without_model(tiny, line)).plan()


def test_a_sequence_wants_a_recurrent_network() -> None:
    with pytest.raises(DiagnosticError, match=r"the task is a sequence.*'rnn' layer"):
        hwsim.load("lorenz-bias", ["model={hidden=[3]}"]).plan()
