"""Models and datasheets of one's own that a scenario names by their paths."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim
from hwsim.files import DiagnosticError
from tests.conftest import ROOT, TINY_MODEL, TINY_SCENARIO


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A scenario with its model and its datasheet in a folder of another name."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "net.toml").write_text(TINY_MODEL)
    sheet = (ROOT / "devices" / "fpga-lut-bthowen-2022.toml").read_text()
    (tmp_path / "own" / "ideal.toml").write_text(sheet)  # a shipped sheet has this name too
    text = TINY_SCENARIO.replace('name = "tiny"', 'name = "own/net.toml"')
    text = text.replace('name = "fpga-lut-bthowen-2022"', 'name = "own/ideal.toml"')
    (tmp_path / "tiny.toml").write_text(text)
    return tmp_path / "tiny.toml"


def test_files_are_found_by_path_and_travel_in_the_run_folder(
    beside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = hwsim.load(beside).plan()
    assert plan.technology.name == "fpga-lut"
    assert sorted(plan.files) == ["devices/fpga-register-ug474-2016.toml", "devices/ideal.toml", "models/net.toml"]
    assert plan.resolved["model"] == {"name": "net"}
    assert plan.resolved["device"]["name"] == "ideal"
    # the same files as --set gives them, from the current folder
    monkeypatch.chdir(tmp_path / "own")
    settings = ["model.name=net.toml", "device.name=ideal.toml"]
    assert hwsim.load(beside, settings).plan().identity == plan.identity
    # what lies in a run folder runs again as it stands, with the copies there
    out = tmp_path / "run"
    answer = hwsim.run(hwsim.load(beside, ["controller.epochs=1"]), out)
    assert hwsim.load(out / "scenario.toml").plan().identity == answer.identity


def test_what_is_not_there_is_said_at_its_place(beside: Path) -> None:
    text = beside.read_text().replace("own/net", "own/nett").replace("own/ideal", "own/net")
    beside.write_text(text)
    with pytest.raises(DiagnosticError) as caught:
        hwsim.load(beside).plan()
    lines = str(caught.value).splitlines()
    assert any("nett.toml" in line and "no such file, did you mean 'net.toml'?" in line for line in lines)
    with pytest.raises(DiagnosticError, match="or give the path of a file"):
        hwsim.load(beside, ["model.name=nett"]).plan()
    with pytest.raises(DiagnosticError, match="is the datasheet of a switch"):
        hwsim.load(beside, [f"device.name={ROOT / 'devices' / 'fpga-register-ug474-2016.toml'}"]).plan()
