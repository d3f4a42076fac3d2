"""The manual: every topic has a page, and no field, unit or column is missing from it."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from hwsim.controller import CONTROLLERS
from hwsim.crossbar.technology import SwitchSheet
from hwsim.device import DEVICES
from hwsim.manual import page, topics
from hwsim.model import ModelFile
from hwsim.scenario import DIMENSIONS
from hwsim.scenario.reference import _models
from hwsim.scenario.schema import ScenarioFile
from hwsim.scenario.section import field_type
from hwsim.score import Score
from hwsim.task import TASKS
from tests.conftest import Command


def fields(schema: type[pydantic.BaseModel]) -> dict[str, str]:
    """Every key of a file and what its docstring says of it, tables inside tables included."""
    found: dict[str, str] = {}
    for name, field in schema.model_fields.items():
        found[name] = " ".join((field.description or "").split())
        for inner in _models(field_type(field)):
            found |= fields(inner)
    return found


@pytest.mark.parametrize("topic", topics())
def test_every_topic_prints(topic: str) -> None:
    text = page(topic)
    assert len(text.splitlines()) >= 3
    assert text == text.strip("\n")
    assert topics()[topic]
    assert "\n" not in topics()[topic]
    assert "  None" not in text


def schemas() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("scenario", ScenarioFile), ("model", ModelFile), ("switch", SwitchSheet)]
    found += [(f"device/{name}", one.sheet) for name, one in DEVICES.items()]
    found += [(f"task/{name}", one.parameters) for name, one in TASKS.items()]
    return found + [(f"controller/{name}", one.parameters) for name, one in CONTROLLERS.items()]


@pytest.mark.parametrize(("topic", "schema"), schemas(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_field_is_explained(topic: str, schema: type[pydantic.BaseModel]) -> None:
    text = page(topic)
    lines = [line.strip() for line in text.splitlines()]
    for name, meaning in fields(schema).items():
        assert any(line.startswith(f"{name}  ") for line in lines)
        assert meaning
        assert meaning in lines


def test_every_unit() -> None:
    text = page("units")
    for dimension in DIMENSIONS.values():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{dimension.name}  ")]
        assert ", ".join(dimension.units) in line
        assert f'"{dimension.example}"' in line


def test_every_column() -> None:
    """The names that stand in score.csv."""
    columns = page("score").rpartition("Columns: ")[2].split(", ")
    row = Score(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0.0, 0, 0, 0.0, 0.0, "any", "a", 0.0, 0.0, 1)
    assert columns == list(row.row("accuracy"))


def test_there_is_a_page_for_every_entry() -> None:
    for noun, registry in (("device", DEVICES), ("task", TASKS), ("controller", CONTROLLERS)):
        assert {f"{noun}/{name}" for name in registry} <= set(topics())


def test_help_of_a_noun_lists_its_entries(hwsim_command: Command) -> None:
    found = hwsim_command("help", "controller")
    assert found.returncode == 0
    assert [line.split()[0] for line in found.stdout.splitlines()[1:]] == [
        f"controller/{name}" for name in ("bias-only", "constructive", "laperm", "none")
    ]
    assert hwsim_command("help", "controllers").returncode == 2
