"""The controller ``constructive`` in runs, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.controller.constructive import DomainError
from hwsim.files import DiagnosticError
from tests.conftest import run_here

CALM = ("model.width=24",)


def test_one_reconnection(tmp_path: Path) -> None:
    found = run_here(_scenario(), tmp_path / "run", *CALM)
    assert found["events"] == 1
    assert found["final"]["max_error"] < 0.05


def _scenario() -> Path:
    return Path(hwsim.__file__).parents[1] / "scenarios" / "papers" / "constructive-sine.toml"


def test_registers_that_are_fixed(tmp_path: Path) -> None:
    """Without gain and shift to write, the bias that was drawn stays (Theorem 2.2)."""
    model = Path(hwsim.__file__).parents[1] / "models" / "papers" / "cai-equidistant.toml"
    (tmp_path / "models").mkdir()
    (tmp_path / "scenarios").mkdir()
    text = model.read_text().replace('bias = "uniform"\n', 'bias = "zero"\nregisters = "fixed"\n')
    (tmp_path / "models" / "cai-equidistant.toml").write_text(text)
    (tmp_path / "scenarios" / "s.toml").write_text(_scenario().read_text())
    found = run_here(tmp_path / "scenarios" / "s.toml", tmp_path / "run", "model.width=100")
    assert found["final"]["max_error"] < 0.03


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("task.name=sine-2d", "takes a function of one number"),
        ("model.name=digits-mlp", "a hidden layer of activation 'relu' and weights 'signs'"),
    ],
)
def test_other_tasks_and_models(setting: str, message: str) -> None:
    with pytest.raises(DiagnosticError, match=message):
        hwsim.load(_scenario(), [setting]).plan()


def test_a_target_that_leaves_the_domain(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="the target leaves the domain: it is wanted over -1 to 1, but the basis has"):
        run_here(_scenario(), tmp_path / "run", "model.name=cai-random5", "model.width=320")


def test_the_same_again(tmp_path: Path) -> None:
    one, two = (run_here(_scenario(), tmp_path / name, *CALM) for name in ("one", "two"))
    assert one["schedule_digest"] == two["schedule_digest"]
    assert np.isfinite(one["final"]["loss"])
