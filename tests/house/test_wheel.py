"""The wheel carries models, datasheets and scenarios, and works away from the checkout."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hwsim

ROOT = Path(hwsim.__file__).parent.parent
PLURAL = ("models", "devices", "scenarios")
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed"),
    pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="this is no checkout"),
]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of a wheel built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "content")
    return folder / "content"


def test_what_it_carries(unpacked: Path) -> None:
    for kind in PLURAL:
        there = {path.relative_to(ROOT / kind): path.read_bytes() for path in (ROOT / kind).rglob("*.toml")}
        shipped = unpacked / "hwsim" / "shipped" / kind
        assert there == {path.relative_to(shipped): path.read_bytes() for path in shipped.rglob("*.toml")}
    logic = {path.relative_to(ROOT): path.read_bytes() for path in (ROOT / "hwsim").rglob("*.v")}
    assert logic == {path.relative_to(unpacked): path.read_bytes() for path in unpacked.rglob("*.v")} != {}
    assert (unpacked / "hwsim" / "py.typed").is_file()
    assert {path.name for path in unpacked.iterdir() if path.suffix != ".dist-info"} == {"hwsim"}


def test_it_works_away_from_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    def call(*words: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(unpacked)}
        command = [sys.executable, "-P", "-m", "hwsim", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    listed = call("list")
    for kind in PLURAL:
        for path in (ROOT / kind).rglob("*.toml"):
            assert path.stem in listed
    shipped = unpacked / "hwsim" / "shipped" / "scenarios" / "digits-fpga-laperm.toml"
    call("check", str(shipped))
