"""Synthesis with stand-ins for the tools: what goes wrong is told, and nothing passes for a bitstream that is none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from hwsim.boards.fitting import FitError
from hwsim.boards.parts import PARTS
from hwsim.boards.synthesis import synthesise
from hwsim.boards.tools import MissingToolError, ToolFailedError

REPORT = {
    "utilization": {"ICESTORM_LC": {"used": 31}},
    "fmax": {"a": {"achieved": 20.5}, "b": {"achieved": 19.5}},
}
PLACE = f"echo '{json.dumps(REPORT)}' > report.json; echo placed > placed"
PACK = """printf 'remark\\377\\000' > $2
cat $1 >> $2
"""
UNPACK = "tail -n 1 $1 | tail -c 7 > $2"


class Stand:
    """Tools that stand in for real ones, as scripts of a shell."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setattr("hwsim.boards.synthesis.yosys", self._yosys)
        for name, text in (("nextpnr-ice40", PLACE), ("icepack", PACK), ("iceunpack", UNPACK)):
            self.put(name, text)

    def put(self, name: str, text: str) -> None:
        """Put a tool there; asked for its version, it tells one."""
        (self.folder / name).write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "Version 7.5" && exit\n{text}\n')
        (self.folder / name).chmod(0o755)

    @staticmethod
    def _yosys(script: Iterable[str], folder: Path, seconds: float) -> str:
        assert (folder / "a.v").read_text() == "logic"
        assert (folder / "a.mem").is_file()
        assert next(iter(script)).endswith(" a.v")
        cells = {"SB_LUT4": 20, "SB_DFFE": 30, "SB_CARRY": 4}
        told = {"creator": "Yosys 0.7 (x)", "design": {"num_cells_by_type": cells}}
        (folder / "cells.json").write_text(json.dumps(told))
        return f"{seconds}"


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Tools that all do well."""
    return Stand(tmp_path, monkeypatch)


@pytest.mark.usefixtures("stand")
def test_what_tools_tell_is_taken_from_their_last_word() -> None:
    steps: list[str] = []
    found = synthesise(PARTS["up5k"], {"a.v": "logic", "a.mem": "0"}, seed=3, report=steps.append)
    assert (found.area.logic, found.area.flip_flops, found.tables) == (31, 30, 20)
    assert found.clock == 19.5e6
    assert found.tools == {"yosys": "0.7", "nextpnr": "7.5"}
    assert found.bitstream == b"remark\xff\x00placed\n"
    assert len(steps) == 3


def test_a_missing_tool_is_told_before_any_runs(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(stand.folder / "none"))
    with pytest.raises(MissingToolError, match="nextpnr-ice40 is not installed: apt install nextpnr-ice40"):
        synthesise(PARTS["up5k"], {}, seed=1, report=lambda _: pytest.fail("something ran"))


def test_packed_logic_that_is_too_much_does_not_fit(stand: Stand) -> None:
    stand.put("nextpnr-ice40", "echo 'Info:  ICESTORM_LC:  5601/ 5280   106%'; echo 'ERROR: no BELs remaining'; exit 1")
    with pytest.raises(FitError, match=r"does not fit up5k: 5,601 logic cells of 5,280 .*--target hx8k has room"):
        synthesise(PARTS["up5k"], {"a.v": "logic", "a.mem": "0"}, seed=1)
    stand.put("nextpnr-ice40", "echo 'Info:  ICESTORM_LC:  5001/ 5280    94%'; echo 'ERROR: cannot route'; exit 1")
    with pytest.raises(ToolFailedError, match="nextpnr-ice40 failed: ERROR: cannot route"):
        synthesise(PARTS["up5k"], {"a.v": "logic", "a.mem": "0"}, seed=1)


def test_a_bitstream_that_reads_back_otherwise_is_refused(stand: Stand) -> None:
    stand.put("iceunpack", "echo other > $2")
    with pytest.raises(ToolFailedError, match="does not read back as it was packed"):
        synthesise(PARTS["up5k"], {"a.v": "logic", "a.mem": "0"}, seed=1)
