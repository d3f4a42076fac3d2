from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pydantic
import pytest

from hwsim.files import (
    Diagnostic,
    DiagnosticError,
    Diagnostics,
    Refusal,
    Seconds,
    Section,
    lay_over,
    parse_document,
    parse_setting,
    read_document,
    reference,
    validate,
)
from hwsim.files.library import SIZE_LIMIT


class Cell(Section):
    kind: Literal["cell"]
    write: Seconds = pydantic.Field(gt=0)
    """How long one
    write takes."""


class Table(Section):
    kind: Literal["table"]
    inputs: int = pydantic.Field(default=6, ge=1, le=8)


class Layer(Section):
    width: int = pydantic.Field(ge=1)
    """Units in the layer."""
    scope: Literal["output", "layer"] = "output"


class Pair(Section):
    size: tuple[int, int]


class Scenario(Section):
    device: Annotated[Cell | Table, pydantic.Field(discriminator="kind")]
    layers: tuple[Layer, ...] = pydantic.Field(min_length=1)
    seeds: tuple[int, ...] = (0,)
    rate: float = 0.5
    """Step size."""
    hold: Seconds | Literal["never"] = "never"
    path: Path | None = None
    noisy: bool = True
    table: int = 0

    @pydantic.field_validator("rate")
    @classmethod
    def _check_rate(cls, rate: float) -> float:
        if rate == 7:
            msg = "unlucky"
            raise ValueError(msg)
        if rate > 1:
            what = "is too large"
            raise Refusal(what, "write 1 or less")
        return rate


INVALID = "not valid TOML: "
TIME = 'a time such as "25 ns" (units: s, ms, us, ns, ps)'

GOOD = """\
rate = 1
seeds = [1, 2]
[device]
kind = "cell"
write = "25 ns"
[[layers]]
width = 3
"""


def complaints(text: str) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        validate(parse_document(text, "f.toml"), Scenario)
    return str(caught.value).splitlines()


def test_a_good_file_is_a_value() -> None:
    scenario = validate(parse_document(GOOD + 'scope = "layer"', "f.toml"), Scenario)
    assert scenario.device == Cell.model_construct(kind="cell", write=25e-9)
    assert scenario.layers == (Layer(width=3, scope="layer"),)
    assert (scenario.seeds, scenario.rate) == ((1, 2), 1.0)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("width = 3", "width = 0", "7:1: 'width' must be at least 1, found 0"),
        ("width = 3", 'width = "3"', "7:1: 'width' must be a whole number, found \"3\""),
        ("width = 3", "width = 3.5", "7:1: 'width' must be a whole number, found 3.5"),
        ("width = 3", "width = true", "7:1: 'width' must be a whole number, found true"),
        ("width = 3", "", "6:1: missing key 'width', write a whole number: Units in the layer."),
        (
            "width = 3",
            'width = 3\nscope = "outptu"',
            "8:1: unknown word for 'scope', found \"outptu\", did you mean 'output'? allowed: 'output', 'layer'",
        ),
        (
            "width = 3",
            "width = 3\nwidht = 4",
            "8:1: unknown key 'widht', did you mean 'width'? allowed: 'width', 'scope'",
        ),
        ('"25 ns"', "25", "5:1: 'write' needs a unit, found 25, for example \"25 ns\""),
        (
            '"25 ns"',
            '"3 pJ"',
            "5:1: 'write' is an energy where a time is wanted, found \"3 pJ\", write " + TIME,
        ),
        ('"25 ns"', '"0 s"', "5:1: 'write' must be more than 0 s, found \"0 s\""),
        (
            'write = "25 ns"',
            "",
            f"3:1: missing key 'write', write {TIME}: How long one write takes.",
        ),
        (
            '"cell"',
            '"cel"',
            "4:1: unknown word for 'kind', found \"cel\", did you mean 'cell'? allowed: 'cell', 'table'",
        ),
        ('kind = "cell"', "", "3:1: missing key 'kind', allowed: 'cell', 'table'"),
        ("[1, 2]", '[1, "x"]', "2:13: 'seeds[1]' must be a whole number, found \"x\""),
        ("[1, 2]", "3", "2:1: 'seeds' must be a list of whole numbers, found 3"),
        ("rate = 1", "rate = inf", "1:1: 'rate' must be a finite number, found inf"),
        ("rate = 1", "rate = 7", "1:1: 'rate': unlucky, found 7"),
        ("rate = 1", "rate = 2", "1:1: 'rate' is too large, found 2, write 1 or less"),
        (
            "rate = 1",
            "hold = 3",
            '1:1: \'hold\' must be a time such as "25 ns" (units: s, ms, us, ns, ps) or "never", found 3',
        ),
        ("rate = 1", "noisy = 1", "1:1: 'noisy' must be true or false, found 1"),
        ("[[layers]]\nwidth = 3", "", "1:1: missing key 'layers', write a list of tables"),
        ("rate = 1", "layers = []", "1:1: 'layers' must have at least 1 element, found a list of 0"),
    ],
)
def test_wording(old: str, new: str, complaint: str) -> None:
    text = GOOD.replace(old, new)
    if "layers = []" in new:
        text = text.replace("[[layers]]\nwidth = 3", "")
    assert complaints(text) == [f"f.toml:{complaint}"]


def test_a_key_named_like_a_tag_keeps_its_place() -> None:
    text = 'table = "x"\nlayers = [{width = 1}]\n[device]\nkind = "table"\ninputs = 9'
    assert complaints(text) == [
        "f.toml:1:1: 'table' must be a whole number, found \"x\"",
        "f.toml:5:1: 'inputs' must be at most 8, found 9",
    ]


def test_a_missing_element() -> None:
    with pytest.raises(DiagnosticError, match=r"^f.toml:1:1: 'size\[1\]' is missing, write a whole number$"):
        validate(parse_document("size = [1]", "f.toml"), Pair)


def test_a_value_where_a_table_is_wanted() -> None:
    assert complaints("device = 3\n[[layers]]\nwidth = 1") == ["f.toml:1:1: 'device' must be a table, found 3"]


def test_all_faults_come_at_once_in_order() -> None:
    text = GOOD.replace("width = 3", "width = 0").replace("[1, 2]", "[true]").replace('"25 ns"', "1")
    assert [line.split(":")[1] for line in complaints(text)] == ["2", "5", "7"]


def test_a_part_of_a_document() -> None:
    document = parse_document("[a]\n[[a.b]]\nwidth = 0\n[c]", "f.toml")
    with pytest.raises(DiagnosticError, match=r"^f.toml:3:1: 'width' must be at least 1, found 0$"):
        validate(document, Layer, ("a", "b", 0))
    with pytest.raises(DiagnosticError, match=r"^f.toml:1:1: missing key 'x', add the table \[a\.x\]$"):
        validate(document, Layer, ("a", "x"))
    with pytest.raises(DiagnosticError, match=r"^f.toml:4:1: 'width' must be at least 1, found -1$"):
        validate(document, Layer, ("c",), {"width": -1})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            b"a = 1\nb ? 2",
            f"2:3: {INVALID}expected '=' after a key in a key/value pair, found b ? 2, write key = value",
        ),
        (
            b"a = word",
            f'1:5: {INVALID}invalid value, found a = word, write text in quotes, for example name = "value"',
        ),
        (b"a = 1\na = 2", f"2:6: {INVALID}cannot overwrite a value, found a = 2, give each key once"),
        (b'a = "', f'1:6: {INVALID}unterminated string, found a = "'),
        (b"a = 1\n# caf\xe9", "2:6: not UTF-8, found the byte 0xe9, save the file as UTF-8"),
        (b"#" * (SIZE_LIMIT + 1), "1:1: larger than 8 MiB, a file of this kind is short; is it the right one?"),
        (b"a = " + b"[" * 100_000, "1:1: arrays or tables are nested too deeply"),
    ],
    ids=["sign", "word", "twice", "quote", "latin", "large", "deep"],
)
def test_unreadable_text(tmp_path: Path, raw: bytes, message: str) -> None:
    file = tmp_path / "f.toml"
    file.write_bytes(raw)
    with pytest.raises(DiagnosticError) as caught:
        read_document(file, "f.toml")
    assert str(caught.value) == f"f.toml:{message}"


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "adder.toml").write_text("\ufeffa = 1", "utf-8")
    assert read_document(tmp_path / "adder.toml").data == {"a": 1}
    with pytest.raises(DiagnosticError, match=r"^x:1:1: no such file, did you mean 'adder.toml'\?$"):
        read_document(tmp_path / "ader.toml", "x")
    with pytest.raises(DiagnosticError, match=r"^x:1:1: this is a directory, name a file in it$"):
        read_document(tmp_path, "x")
    with pytest.raises(DiagnosticError, match=r"^a\x00b:1:1: cannot be read: "):
        read_document(Path("a\x00b"))


def test_gathering_faults() -> None:
    diagnostics = Diagnostics()
    diagnostics.check()
    late, early = Diagnostic("b", 1, 1, "late"), Diagnostic("a", 2, 1, "early")
    assert diagnostics.attempt(lambda: 3) == 3

    def fail() -> None:
        raise DiagnosticError([late])

    assert diagnostics.attempt(fail) is None
    diagnostics.extend([early, late])
    with pytest.raises(DiagnosticError) as caught:
        diagnostics.check()
    assert caught.value.diagnostics == (early, late)


def test_reference() -> None:
    page = reference(Scenario, "scenario").splitlines()
    assert page[:2] == ["scenario", "========"]
    found = [" ".join(line.split()) for line in page]
    assert "device table required" in found
    assert 'with kind = "cell":' in found
    assert "write time required How long one write takes. (more than 0 s)" in found
    assert "inputs whole number 6 (at least 1, at most 8)" in found
    assert "layers list of tables required (at least 1 long)" in found
    assert "seeds list of whole numbers [0]" in found
    assert 'hold time or "never" "never"' in found
    assert "path path none" in found


@pytest.mark.parametrize(
    ("text", "where", "shown"),
    [
        ("[a]\nx = 3", (2, 5), ["    2 | x = 3", "      |     ^"]),
        ("日本 = 3", (1, 6), ["    1 | 日本 = 3", "      |        ^"]),  # these letters take two columns
        ("\tx = 3", (1, 2), ["    1 |  x = 3", "      |  ^"]),
        ("x = 3", (1, 6), ["    1 | x = 3", "      |      ^"]),  # behind the end
        ("x = 3", (1, 9), []),
        ("", (1, 1), []),
        ("y" * 300, (1, 250), [f"    1 | {'y' * 100}", f"      | {' ' * 50}^"]),
    ],
)
def test_a_diagnostic_points_at_its_place(text: str, where: tuple[int, int], shown: list[str]) -> None:
    line, column = where
    source = (text.splitlines() or [""])[line - 1]
    told = DiagnosticError([Diagnostic("a.toml", line, column, "wrong", source=source)]).told().splitlines()
    assert told == [f"a.toml:{line}:{column}: wrong", *shown]


def test_what_a_command_prints_has_the_line_of_the_file_and_of_a_setting() -> None:
    document = lay_over(parse_document("[task]\r\nseed = 3\r\nname = 'x'", "a.toml"), [parse_setting("task.seed = 4 ")])
    told = [document.diagnostic(("task", key), "wrong").pointed() for key in ("seed", "name")]
    assert told == [
        "--set:1:1: wrong\n    1 | task.seed=4\n      | ^",
        "a.toml:3:1: wrong\n    3 | name = 'x'\n      | ^",
    ]
