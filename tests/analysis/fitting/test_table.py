"""Tables of measurements: what is read, what is refused with its line, and what a datasheet then says of itself."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

import hwsim
from hwsim.cli import fit as verb
from hwsim.cli.ending import ending
from hwsim.files import DiagnosticError
from hwsim.scenario import check_file

BASE = "pcm-nandakumar-2019"
GOOD = (
    "target [uS],value [uS],device\n5,5.1,a\n5,4.8,b\n5,5.3,c\n20,20.5,a\n20,19.1,b\n20,21.0,c\n12,12.5,a\n12,11.9,b\n"
)


def call(*words: str) -> tuple[int, str]:
    app = Typer()
    app.command()(ending(verb.fit))
    found = CliRunner().invoke(app, list(words))
    return found.exit_code, found.output


def fitted(folder: Path, content: str | bytes, *words: str, base: str | None = BASE) -> tuple[int, str, Path]:
    table, out = folder / "mine.csv", folder / "mine.toml"
    table.write_bytes(content.encode() if isinstance(content, str) else content)
    given = ["--base", base] if base else []
    code, said = call(str(table), "--technology", "resistive", "--out", str(out), *given, *words)
    return code, said, out


def test_a_datasheet_names_its_table_and_is_sound(tmp_path: Path) -> None:
    code, said, out = fitted(tmp_path, GOOD)
    assert code == 0, said
    text = out.read_text()
    assert hashlib.sha256(GOOD.encode()).hexdigest() in text
    assert "mine.csv" in text
    assert check_file(out) == ("device datasheet", None)
    assert "kept from pcm-nandakumar-2019" in text
    assert "drift_mean" in said.split("kept from")[1]
    assert "noise of the read is in it" in text


def test_nothing_is_overwritten_unless_asked_for(tmp_path: Path) -> None:
    code, _, out = fitted(tmp_path, GOOD)
    first = out.read_bytes()
    other = GOOD.replace("20.5", "20.9")
    code, said, _ = fitted(tmp_path, other)
    assert (code, out.read_bytes()) == (2, first)
    assert "is there already" in said
    code, said, _ = fitted(tmp_path, other, "--force")
    assert code == 0, said
    assert out.read_bytes() != first


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(".", "§").replace(",", ";").replace("§", ",").encode(),
        GOOD.replace(",", "\t").encode(),
        ("# by hand\n\n" + GOOD).encode(),
        GOOD.replace("[uS]", "(µS)").encode(),
        GOOD.replace(" [uS]", "_uS").encode(),
        GOOD.replace("target [uS],value [uS]", "Target [uS],VALUE [uS]").encode(),
        "\n".join([GOOD.splitlines()[0], *reversed(GOOD.splitlines()[1:])]).encode(),
    ],
    ids=["BOM", "UTF-16", "CRLF", "semicolon", "tab", "remark", "micro", "underscore", "capitals", "unsorted"],
)
def test_the_same_table_in_other_clothes(tmp_path: Path, content: bytes) -> None:
    table = tmp_path / "mine.csv"
    table.write_bytes(GOOD.encode())
    plain = hwsim.fit(table, "resistive", base=BASE)
    table.write_bytes(content)
    found = hwsim.fit(table, "resistive", base=BASE)
    assert [number.key for number in found.numbers] == [number.key for number in plain.numbers]
    for one, other in zip(found.numbers, plain.numbers, strict=True):
        for name, value in one.estimates.items():
            assert value == pytest.approx(other.estimates[name], rel=1e-9)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["mine.csv:1:1", "is empty"]),
        ("target [uS],value [uS]\n", ["mine.csv:1:1", "no rows"]),
        (GOOD.replace("4.8", "nan").replace("19.1", "-19.1"), ["mine.csv:3:2", "finite", "mine.csv:6:2", "below 0"]),
        (
            GOOD.replace("4.8", "x").replace("11.9,b", "11.9"),
            ["mine.csv:3:2", "not a number", ":9:1", "2 fields"],
        ),
        (GOOD + "30,30.1,a\n", ["mine.csv:10:1", "level 30 has one cell"]),
        (GOOD + "5,4.8,b\n", ["mine.csv:10:1", "repeats line 3"]),
        (GOOD.replace("value [uS]", "value [V]"), ["mine.csv:1:2", "'V'", "not a unit of conductance"]),
        (GOOD.replace("value [uS]", "value"), ["mine.csv:1:2", "no unit", "--unit value=uS"]),
        (GOOD.replace("value [uS]", "value [nS]"), ["mine.csv:1:1", "one of the units is wrong"]),
        (GOOD.replace("value [uS]", "reading"), ["mine.csv:1:1", "no column 'value'", "--column"]),
        (GOOD.replace("device", "value [uS]"), ["mine.csv:1:3", "there twice"]),
        (GOOD.replace("device", "time [s]").replace(",a", ",1").replace(",b", ",2").replace(",c", ",3"), ["'device'"]),
        (GOOD.encode()[:40] + b"\xff\xfe" + GOOD.encode()[40:], ["mine.csv:3:1", "not UTF-8"]),
        (GOOD.replace(",a", ",a\0"), ["zero bytes"]),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, content: str | bytes, words: list[str]) -> None:
    code, said, out = fitted(tmp_path, content)
    assert code == 2, said
    assert [word for word in words if word not in said] == []
    assert not out.exists()


def test_many_faults_are_counted(tmp_path: Path) -> None:
    code, said, _ = fitted(tmp_path, "target [uS],value [uS]\n" + "5,-1\n" * 500)
    assert code == 2
    assert len(said.splitlines()) == 51
    assert "and 450 faults more" in said


def test_a_table_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    table = tmp_path / "huge.csv"
    with table.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DiagnosticError, match="too large a table"):
        hwsim.fit(table, "resistive", base=BASE)


def test_what_a_table_cannot_say_is_listed(tmp_path: Path) -> None:
    code, said, out = fitted(tmp_path, GOOD, base=None)
    assert code == 0
    kept = next(line for line in said.splitlines() if line.startswith("kept from "))
    assert kept.startswith(f"kept from {BASE}, since no --base was named: ")
    assert all(word in kept for word in ("drift_mean", "flicker", "adc_energy"))
    written = out.read_text()
    out.unlink()
    assert fitted(tmp_path, GOOD)[2].read_text() == written  # the same as where the base is named
    out.unlink()
    code, said, _ = fitted(tmp_path, GOOD, base="photonic-feldmann-2021")
    assert code == 2
    assert "photonic-pcm" in said


def test_columns_and_units_by_option(tmp_path: Path) -> None:
    table = GOOD.replace("target [uS],value [uS]", "G_set,G_read")
    options = ("--column", "target=G_set", "--column", "value=G_read", "--unit", "target=uS", "--unit", "value=uS")
    code, said, _ = fitted(tmp_path, table, *options)
    assert code == 0, said
    code, said, _ = fitted(tmp_path, table, "--column", "worth=G_set", "--force")
    assert code == 2
    assert "known: target, level, value" in said


def test_named_levels_have_their_mean_for_a_target() -> None:
    table: dict[str, Any] = {"level": ["low"] * 3 + ["high"] * 3, "value [nS]": [900, 1000, 1100, 9000, 9900, 9600]}
    found = hwsim.fit(table, "resistive", base=BASE)
    assert found.levels.target.tolist() == pytest.approx([1.0, 9.5])
    assert found.levels.mean_error[0] == pytest.approx(np.std([0.9, 1.0, 1.1], ddof=1) / np.sqrt(3))


def test_a_photonic_table_that_brightens_is_refused() -> None:
    table: dict[str, list[float]] = {"target": [], "value": [], "time [s]": [], "device": []}
    rng = np.random.default_rng(0)
    for level in (0.3, 0.9):
        for device in range(20):
            for time in (1.0, 100.0, 1e4):
                value = level * time**0.01 * (1 + 0.001 * rng.standard_normal())
                for name, number in zip(table, (level, value, time, device), strict=True):
                    table[name].append(float(number))
    with pytest.raises(DiagnosticError, match="clearer with time"):
        hwsim.fit(table, "photonic-pcm", base="photonic-feldmann-2021")
