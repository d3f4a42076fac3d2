"""The JSON Schemas take every file that hwsim takes, and notice what an editor can notice."""

from __future__ import annotations

import copy
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from hwsim.files import DIMENSIONS
from hwsim.files.quantity import QuantityError, parse
from hwsim.scenario.completion import FileKind, json_schema
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FILES: list[tuple[FileKind, Path]] = [
    *(("scenario", path) for path in sorted(ROOT.glob("scenarios/*.toml"))),
    *(("model", path) for path in sorted(ROOT.glob("models/**/*.toml"))),
    *(("device", path) for path in sorted(ROOT.glob("devices/*.toml"))),
]


@cache
def _validator(kind: FileKind) -> Any:
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _wrong(kind: FileKind, data: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Where a file is wrong."""
    return {tuple(error.absolute_path) for error in _validator(kind).iter_errors(data)}


TIME = """
[execution]
issue = "times"
issue_times = ["1 ms", "2 ms"]
memory = "double"
guard = "10 ns"
[execution.port]
writes = "delta"
loss = 1e-6
[execution.drivers]
power = "0.5 W"
[execution.requests]
rate = "20 kHz"
queue = 100
[execution.faults]
hazard = "1e-3 Hz"
[[fault]]
at = "3 ms"
layer = 1
bank = 7
switch = 12
stuck = "bar"
[expect]
accuracy = 0.9
toggles = "<= 2e6"
"""
WRONG_TIMES = [
    ('"10 ns"', "10", ("execution", "guard")),
    ('"delta"', '"deltas"', ("execution", "port", "writes")),
    ("1e-6", "1.5", ("execution", "port", "loss")),
    ('"0.5 W"', '"0.5 V"', ("execution", "drivers", "power")),
    ("queue = 100", "queue = -1", ("execution", "requests", "queue")),
    ("queue = 100", "queu = 100", ("execution", "requests")),
    ("bank = 7\n", "", ("fault", 0)),
    ('"2 ms"', '"2 m"', ("execution", "issue_times", 1)),
    ("toggles =", "togles =", ("expect",)),
]


def test_keys_of_the_machine_in_time() -> None:
    whole = next(path for _, path in FILES if path.stem == "digits-fpga-laperm").read_text() + TIME
    assert not _wrong("scenario", tomllib.loads(whole))
    for old, new, where in WRONG_TIMES:
        assert _wrong("scenario", tomllib.loads(whole.replace(old, new))) == {where}


@pytest.mark.parametrize(("kind", "path"), FILES, ids=[path.stem for _, path in FILES])
def test_every_shipped_file_is_taken(kind: FileKind, path: Path) -> None:
    assert _wrong(kind, tomllib.loads(path.read_text())) == set()


def _digits() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads((ROOT / "scenarios/digits-fpga-laperm.toml").read_text()))


@pytest.mark.parametrize(
    ("table", "key", "value", "where"),
    [
        ("task", "name", "digitz", ("task", "name")),
        ("controller", "name", "lapern", ("controller", "name")),
        ("controller", "perod", 3, ("controller",)),  # a key that this controller does not have
        ("controller", "epochs", 0, ("controller", "epochs")),
        ("controller", "epochs", "3", ("controller", "epochs")),
        ("device", "weight_bits", "3 bits", ("device", "weight_bits")),
        ("device", "weight_bits", 3, ("device", "weight_bits")),  # a quantity needs its unit
        ("device", "weight_bits", "3 ns", ("device", "weight_bits")),
        ("device", "extinction", "3 dB", ("device",)),  # a number of another datasheet
        ("crossbar", "topology", "bene", ("crossbar", "topology")),
        ("crossbar", "effort", "most", ("crossbar", "effort")),
    ],
)
def test_what_is_wrong_in_a_scenario_is_seen_at_its_place(
    table: str, key: str, value: object, where: tuple[str, ...]
) -> None:
    data = _digits()
    data[table][key] = value
    assert where in _wrong("scenario", data)


@pytest.mark.parametrize("table", ["task", "model", "device", "crossbar", "controller"])
def test_a_table_that_is_missing_is_seen(table: str) -> None:
    data = _digits()
    del data[table]
    assert _wrong("scenario", data) == {()}


def test_names_of_own_files_and_short_names_are_left_to_check() -> None:
    data = _digits()
    data["device"] = {"name": "mine", "anything": "5 GHz"}
    data["crossbar"]["technology"] = "eo-mzi"
    assert _wrong("scenario", data) == set()


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_quantity_is_taken_as_the_reader_takes_it(name: str) -> None:
    """The pattern and the reader agree on every unit, with and without a space, and on what is none."""
    dimension = DIMENSIONS[name]
    rule = jsonschema.Draft202012Validator(dimension.__get_pydantic_json_schema__(None, None))
    numbers = ("3", "-2.5", "1e-3", ".5", "1_0")
    texts = [f"{number}{space}{unit}" for number in numbers for space in ("", " ") for unit in dimension.units]
    texts += [dimension.example.replace("u", "µ"), "3", "", "ns", "3 parsec", "1__0 s", "nan s", "3 J s", "3 dB"]
    for text in texts:
        try:
            parse(text, name)
            good = True
        except QuantityError:
            good = False
        assert rule.is_valid(text) == good, text


def test_every_table_says_what_it_is() -> None:
    schema = json_schema("scenario")
    for one in schema["properties"].values():
        named = schema["$defs"][one["$ref"].rpartition("/")[2]] if "$ref" in one else {}
        assert one.get("description") or named.get("description")
