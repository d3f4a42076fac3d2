"""The manual: every topic has a page, and no field, unit or column is missing from it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pydantic
import pytest

from hwsim.cli.manual import find, page, topics
from hwsim.controller import CONTROLLERS
from hwsim.costing.row import COLUMNS, EACH_COLUMNS
from hwsim.costing.trace import MINIMISED
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.routing.effort import EFFORT_LINES
from hwsim.crossbar.technology import SwitchDatasheet
from hwsim.device import DEVICES
from hwsim.export import EXPORTS
from hwsim.files import DIMENSIONS
from hwsim.files.fields import models_in
from hwsim.files.section import field_type
from hwsim.model import ModelFile
from hwsim.model.layer import Activation, Kind
from hwsim.scenario.schema import ScenarioFile
from hwsim.score import Score, columns
from hwsim.task import TASKS
from tests.conftest import Command


def fields(schema: type[pydantic.BaseModel]) -> dict[str, str]:
    """Every key of a file and what its docstring says of it, tables inside tables included."""
    found: dict[str, str] = {}
    for name, field in schema.model_fields.items():
        found[name] = " ".join((field.description or "").split())
        for inner in models_in(field_type(field)):
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
    found: list[tuple[str, Any]] = [("scenario", ScenarioFile), ("model", ModelFile), ("switch", SwitchDatasheet)]
    found += [(f"device/{name}", one.datasheet) for name, one in DEVICES.items()]
    found += [(f"task/{name}", one.parameters) for name, one in TASKS.items()]
    return found + [(f"controller/{name}", one.parameters) for name, one in CONTROLLERS.items()]


@pytest.mark.parametrize(("topic", "schema"), schemas(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_field_is_explained(topic: str, schema: type[pydantic.BaseModel]) -> None:
    lines = [line.strip() for line in page(topic, 4000).splitlines()]
    for name, meaning in fields(schema).items():
        assert meaning
        assert any(line.startswith(f"{name}  ") and meaning in line for line in lines), name


@pytest.mark.parametrize("width", [80, 120])
def test_pages_fit_a_terminal(width: int) -> None:
    for topic in topics():
        assert max(map(len, page(topic, width).splitlines())) <= (120 if topic == "schedule" else width)
    for topic in (name for name, _ in schemas()):
        assert max(map(len, page(topic, width).splitlines())) <= width


def test_a_datasheet_is_a_table() -> None:
    """One row for each number; what all numbers have in common stands once."""
    text = page("device/photonic-pcm", 120)
    assert text.count("Where the number stands") == 1
    numbers = sum(
        set(one.model_fields) == {"value", "status", "source"} for one in _numbers_of(DEVICES["photonic-pcm"])
    )
    assert 20 < numbers <= 60
    assert len(text.splitlines()) < 4 * numbers


def _numbers_of(device: Any) -> list[type[pydantic.BaseModel]]:
    def walk(schema: type[pydantic.BaseModel]) -> list[type[pydantic.BaseModel]]:
        inner = [one for field in schema.model_fields.values() for one in models_in(field_type(field))]
        return [*inner, *(deep for one in inner for deep in walk(one))]

    return walk(device.datasheet)


def test_every_word_of_every_table_is_explained(hwsim_command: Command) -> None:
    """Columns of the score and of prices, headings of both layouts of hwsim cost, and what scenarios choose by."""
    words = [*columns("accuracy").values(), *columns("max_error").values(), *COLUMNS, *EACH_COLUMNS, "blocked"]
    words += [*CROSSBARS, *EXPORTS, *EFFORT_LINES, *MINIMISED, "effort", "scope", "equivalence", "router", "relabelled"]
    words += ["bank", "cell", "topology", "cost", "crossbar", "export", "readmemh", "json"]
    one = hwsim_command("cost", "--random", "4", "--count", "3").stdout.split("\n\n")[1]
    rows = [line for line in one.splitlines() if not line.startswith("these numbers rest on assumed costs: ")]
    words += [line.split("  ")[0].strip() for line in rows]
    several = hwsim_command("cost", "--random", "4", "--topology", "benes", "--topology", "crossbar").stdout
    words += several.split("\n\n")[1].replace("(min/mean/max)", "").split("fpga")[0].splitlines()[0].split()
    words += several.split("\n\n")[1].replace("(min/mean/max)", "").splitlines()[1].split()
    shown = hwsim_command("show", "model", "digits-mlp").stdout.splitlines()
    words += [word for column in re.split(r"\s{2,}", shown[2]) for word in column.split(" x ")]
    assert len(set(words)) > 80
    lacking = [word for word in dict.fromkeys(words) if word and find(word) is None]
    assert lacking == []


def test_every_word_that_show_prints_is_explained(hwsim_command: Command, tmp_path: Path) -> None:
    """Labels and headings of a run and of a model on hardware, kinds and activations; keys and status of datasheets."""
    hwsim_command("run", "digits-fpga-laperm", "--set", "controller.epochs=1", "--out", str(tmp_path / "run"))
    shown = hwsim_command("show", str(tmp_path / "run")).stdout.splitlines()
    words = shown[0].split()
    words += [line[:16].strip() for line in shown[shown.index("") + 1 :]]
    taken = hwsim_command("show", "model", "digits-mlp", "--device", "fpga-lut-bthowen-2022").stdout.splitlines()
    words += [line[:16].strip() for line in taken[taken.index("", 2) + 1 :] if re.match(r"(  )?[a-z]+ {4}", line)]
    words += [*get_args(Kind), *get_args(Activation), "output", "layer", "fit", "not modelled", "picture"]
    for sheet in ("photonic-feldmann-2021", "fpga-lut-bthowen-2022", "pcm-nandakumar-2019"):
        rows = json.loads(hwsim_command("show", "device", sheet, "--json", "--picture", str(tmp_path / "p.png")).stdout)
        words += [word for row in rows["numbers"] for word in (row["key"], row["status"])]
    assert len(set(words)) > 100
    assert [word for word in dict.fromkeys(words) if word and find(word) is None] == []


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Cells", "cell: "),
        ("topologies", "topology: "),
        ("Hold power", "hold power: "),
        ("quux", ""),
        ("laperm", "[controller]"),
    ],
)
def test_other_ways_to_ask(asked: str, answer: str, hwsim_command: Command) -> None:
    found = hwsim_command("help", asked)
    assert found.returncode == (0 if answer else 2)
    assert found.stdout.startswith(answer)


def test_an_unknown_topic_suggests_one(hwsim_command: Command) -> None:
    found = hwsim_command("help", "permutatoin")
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.splitlines() == [
        "unknown topic 'permutatoin'; did you mean 'permutation'?",
        "hwsim help lists the topics, hwsim help words the words",
    ]


def test_every_unit() -> None:
    text = page("units", 200)
    for dimension in DIMENSIONS.values():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{dimension.name}  ")]
        assert ", ".join(dimension.units) in line
        assert "for example" not in line
        assert f'"{dimension.example}"' in line


def test_every_column() -> None:
    """The names that stand in score.csv."""
    lines = page("score", 200).rpartition("column ")[2].splitlines()[1:]
    row = Score(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0.0, 0, 0, 0.0, 0.0, "any", "a", 0.0, 0.0, 1, "b")
    assert [line.split()[0] for line in lines] == list(row.row("accuracy"))
    assert all(len(line.split()) > 2 for line in lines)


def test_there_is_a_page_for_every_entry() -> None:
    for noun, registry in (("device", DEVICES), ("task", TASKS), ("controller", CONTROLLERS)):
        assert {f"{noun}/{name}" for name in registry} <= set(topics())


def test_help_of_a_noun_lists_its_entries(hwsim_command: Command) -> None:
    found = hwsim_command("help", "controller")
    assert found.returncode == 0
    assert [line.split()[0] for line in found.stdout.splitlines() if line.startswith("  controller/")] == [
        f"controller/{name}" for name in ("bias-only", "constructive", "laperm", "none", "python", "replay")
    ]
    assert hwsim_command("help", "controllers").stdout == hwsim_command("help", "controller").stdout
