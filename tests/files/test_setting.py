from __future__ import annotations

import copy
from typing import Any

import pytest

from hwsim.files import DiagnosticError, Section, lay_over, override, parse_document, parse_setting, validate

CURE = "write key=value, for example controller.epochs=20"
CLOSE = "close its quotes and brackets, and quote the text in it"


class Layer(Section):
    width: int


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("controller.epochs=20", ("controller", "epochs"), 20),
        (" a . \"b=c\" = 'x' ", ("a", "b=c"), "x"),
        ("device.name=abc", ("device", "name"), "abc"),
        ("crossbar.hold=3 ns", ("crossbar", "hold"), "3 ns"),
        ("a=[1, 2]", ("a",), [1, 2]),
        ("a={b = 1}", ("a",), {"b": 1}),
        ("a=x=y", ("a",), "x=y"),
        ("a=1\nb=2", ("a",), "1\nb=2"),
        ('a=""', ("a",), ""),
        ("layers.0.width=true", ("layers", "0", "width"), True),
    ],
)
def test_reads(text: str, path: tuple[str, ...], value: Any) -> None:
    assert parse_setting(text) == (path, value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--set:1:1: a key is missing, found '', write key=value, for example controller.epochs=20"),
        ("a..b=1", "--set:1:3: a key is missing, found 'a..b=1', write key=value, for example controller.epochs=20"),
        ("a b", f"--set:1:3: '=' is missing after the key, found 'a b', {CURE}"),
        ("a= ", "--set:1:3: 'a' has no value, write a=\"\" for an empty text"),
        ("a= [1", f"--set:1:4: the value of 'a' is not valid TOML, found [1, {CLOSE}"),
    ],
)
def test_wording(text: str, message: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        parse_setting(text)
    assert str(caught.value) == message


def test_override_leaves_the_data_alone() -> None:
    data = {"a": {"b": 1}, "list": [{"w": 1}, {"w": 2}]}
    before = copy.deepcopy(data)
    result, done = override(data, map(parse_setting, ["a.b=5", "new.key=x", "list.1.w=7"]))
    assert result == {"a": {"b": 5}, "list": [{"w": 1}, {"w": 7}], "new": {"key": "x"}}
    assert done == {("a", "b"), ("new", "key"), ("list", 1, "w")}
    assert data == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["a.b=1", "a.b=1"], "--set:1:1: 'a.b' is set twice, give each key once"),
        (["a={}", "a.b=1"], "--set:1:1: 'a.b' and 'a' set the same key, give each key once"),
        (["a.b=1", "a={}"], "--set:1:1: 'a' and 'a.b' set the same key, give each key once"),
        (["x.y=1"], "--set:1:1: 'x' is not a table, found 'x.y'"),
        (["l.2=1"], "--set:1:1: 'l' is an array of 2: its elements are 0 to 1, found 'l.2'"),
        (["l.w=1"], "--set:1:1: 'l' is an array of 2: its elements are 0 to 1, found 'l.w'"),
    ],
)
def test_override_wording(settings: list[str], message: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        override({"a": {}, "x": 3, "l": [1, 2]}, map(parse_setting, settings))
    assert str(caught.value) == message


def test_faults_of_set_values_point_at_the_command_line() -> None:
    document = lay_over(parse_document("[layer]\nwidth = 3", "f.toml"), [parse_setting("layer.width=x")])
    with pytest.raises(DiagnosticError, match=r"^--set:1:1: 'width' must be a whole number, found \"x\"$"):
        validate(document, Layer, ("layer",))
