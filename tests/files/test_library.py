"""Every file of the library is parsed once, until it changes."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import hwsim
from hwsim.files import DiagnosticError, library, read_document
from hwsim.files.diagnostic import Refusal
from hwsim.scenario.lookup import find_sheet, sheets

SHEET = library.names("devices")["pcm-nandakumar-2019"]
SWITCHES = library.names("devices")["eo-mzi-lu-2016"]


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each text was parsed, from an empty memory on."""
    counts: Counter[str] = Counter()
    real = tomllib.loads

    def counted(text: str) -> dict[str, object]:
        counts[text] += 1
        return real(text)

    monkeypatch.setattr(tomllib, "loads", counted)
    monkeypatch.setattr(library, "_PARSED", {})
    return counts


def test_a_plan_parses_each_file_once_and_no_more_files_than_it_names(texts: Counter[str]) -> None:
    hwsim.load("digits-fpga-laperm").plan()
    hwsim.load("digits-fpga-laperm").plan()
    files = {kind: set(library.names(kind).values()) for kind in ("models", "devices", "scenarios")}
    whole = {path.read_text("utf-8"): path.stem for kind in files for path in files[kind]}
    read = {whole[text]: times for text, times in texts.items() if text in whole}
    named = ("digits-fpga-laperm", "digits-mlp", "fpga-lut-bthowen-2022", "fpga-register-ug474-2016")
    assert read == dict.fromkeys(named, 1)


def test_every_file_is_parsed_once_for_all_lists(texts: Counter[str]) -> None:
    from hwsim.cli.catalogue import CATALOGUE

    for _ in range(2):
        for entries in CATALOGUE.values():
            entries()
        sheets("device"), sheets("switch")
    assert len(texts) > 50
    assert set(texts.values()) == {1}


def test_a_file_that_changed_is_parsed_again(tmp_path: Path, texts: Counter[str]) -> None:
    path = tmp_path / "a.toml"
    path.write_text("x = 1")
    assert library.parsed(path).data == read_document(path).data == {"x": 1}
    path.write_text("x = 2")
    os.utime(path, ns=(1, 1))
    assert library.parsed(path).data == read_document(path, "b").data == {"x": 2}
    assert texts == {"x = 1": 1, "x = 2": 1}
    path.write_text("x = ")
    with pytest.raises(DiagnosticError, match=r"b:1:5: not valid TOML"):
        read_document(path, "b")
    path.unlink()
    with pytest.raises(DiagnosticError, match=r"a.toml:1:1: no such file"):
        read_document(path)


def test_a_datasheet_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "devices" / "mine.toml"
    mine.parent.mkdir()
    shutil.copy(SHEET, mine)
    monkeypatch.chdir(tmp_path)
    assert find_sheet("device", "devices/mine.toml") == ("mine", Path("devices/mine.toml"))
    assert find_sheet("device", "mine")[1].samefile(mine)
    assert find_sheet(None, "mine")[1].samefile(mine)
    with pytest.raises(Refusal, match=r"'devices/mine.toml' is the datasheet of a device, give that of a switch"):
        find_sheet("switch", "devices/mine.toml")
    with pytest.raises(Refusal, match=r"there is no file 'devices/mime.toml'"):
        find_sheet(None, "devices/mime.toml")
    with pytest.raises(Refusal, match=r"unknown switch technology 'mine'"):
        find_sheet("switch", "mine")


def test_own_datasheets_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import nn

    from hwsim.analysis.characterisation import portray

    monkeypatch.chdir(tmp_path)
    shutil.copy(SHEET, "mine.toml")
    shutil.copy(SWITCHES, "light.toml")
    assert portray("mine.toml").rows == portray(SHEET.stem).rows
    mine, theirs = hwsim.cost([1, 0, 3, 2], technology=["light.toml", SWITCHES.stem])
    assert (mine.pop("technology"), theirs.pop("technology")) == ("light", SWITCHES.stem)
    assert mine == theirs
    module = nn.Sequential(nn.Linear(3, 2))
    chips = [
        hwsim.emulate(module, device=name, calibration=[[0, 0, 0], [1, 1, 1]]) for name in ("mine.toml", SHEET.stem)
    ]
    x = [[0.25, 0.5, 1.0]]
    assert (chips[0](x) == chips[1](x)).all()
    (tmp_path / "other").mkdir()
    shutil.copy("light.toml", tmp_path / "other" / "light.toml")
    with pytest.raises(DiagnosticError, match=r"two datasheets are called 'light'"):
        hwsim.cost([1, 0], technology=["light.toml", "other/light.toml"])
