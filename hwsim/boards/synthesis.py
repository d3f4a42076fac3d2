"""From Verilog to a bitstream: synthesis, place and route, packing, and the bitstream read back."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwsim.boards.families import FAMILIES
from hwsim.boards.fitting import check_fit
from hwsim.boards.tools import NEXTPNR, PACK, UNPACK, ToolFailedError, results, yosys
from hwsim.files.whole import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hwsim.boards.families import Family
    from hwsim.boards.parts import Area, Part

LARGE = "HWSIM_LARGE"
"""The macro by which what needs no contents at the start goes into large memories, however few its words."""
PROGRESS = ("synthesis (Yosys)", "place and route (nextpnr)", "packing")


@dataclass(frozen=True)
class Placed:
    """What tools made of a design."""

    area: Area
    """What it takes of the part, after place and route where there was any."""
    tables: int
    """Look-up tables after synthesis, carries apart."""
    clock: float | None
    """Hz that the placed design allows, after routing; None where the part is not placed."""
    tools: Mapping[str, str]
    """Versions by tool."""
    bitstream: bytes
    log: str


def synthesise(
    part: Part,
    sources: Mapping[str, str],
    *,
    seed: int,
    seconds: float = 3600.0,
    report: Callable[[str], None] = lambda _: None,
) -> Placed:
    """Make the bitstream of the module ``board`` for a part.

    Args:
        part: with its board, whose pins are used.
        sources: Verilog and memory files by name.
        seed: of place and route.
        seconds: that each tool may take.
        report: told what is done next.

    Raises:
        MissingToolError: a tool is not installed; said before any of them runs.
        FitError: the part has no room for the design.
        ToolFailedError: a tool failed, took too long, or a bitstream does not read back as it was written.
    """
    family = FAMILIES[part.family]
    tools = [] if not part.device else [NEXTPNR[part.family], PACK[part.family]]
    for tool in tools:
        tool.find()
    with tempfile.TemporaryDirectory(prefix="hwsim-synth-") as name:
        folder = Path(name)
        write_all({folder / file: text for file, text in sources.items()})
        report(PROGRESS[0])
        files = [file for file in sources if file.endswith(".v")]
        mapped = _map(part, family, folder, seconds, [f"-D{LARGE}", *files] if part.has.large_memories else files)
        if mapped.area.large_memories > part.has.large_memories:
            mapped = _map(part, family, folder, seconds, files)
        check_fit(part, mapped.area)
        if not part.device:
            return mapped
        (folder / f"pins{_board(part).suffix}").write_text(_board(part).constraints())
        report(PROGRESS[1])
        log = _place(part, mapped.area, folder, seed, seconds)
        found = _report(folder, family)
        report(PROGRESS[2])
        bitstream = _pack(part, folder, seconds)
        version = NEXTPNR[part.family].told_version(folder)
        return replace(
            mapped,
            area=replace(mapped.area, logic=found[0]),
            clock=found[1],
            tools={**mapped.tools, "nextpnr": version, **_packer(part, folder)},
            bitstream=bitstream,
            log=mapped.log + log,
        )


def _board(part: Part) -> Any:
    if part.board is None:
        raise AssertionError("a part that can be placed has a board")
    return part.board


def _map(part: Part, family: Family, folder: Path, seconds: float, files: list[str]) -> Placed:
    """Synthesise, and count the cells of the mapped netlist."""
    script = [f"read_verilog {' '.join(files)}", *family.script(part), "check -assert"]
    log = yosys([*script, "tee -q -o cells.json stat -json", "write_json board.json"], folder, seconds)
    with results("yosys"):
        told = json.loads((folder / "cells.json").read_text())
        counts = {name: int(count) for name, count in told["design"]["num_cells_by_type"].items()}
        version = str(told["creator"]).split()[1]
    tables = sum(count for name, count in counts.items() if name.startswith(("SB_LUT", "LUT")))
    return Placed(family.area(counts), tables, None, {"yosys": version}, b"", log)


def _place(part: Part, area: Area, folder: Path, seed: int, seconds: float) -> str:
    """Place and route; what fails since packed logic is more than the part has is said to be too large."""
    family = FAMILIES[part.family]
    try:
        return NEXTPNR[part.family].run(family.arguments(part, seed), folder, seconds)
    except ToolFailedError as error:
        used = sum(int(count) for name, count in re.findall(r"(\w+): +(\d+)/", error.log) if name in family.placed)
        check_fit(part, replace(area, logic=max(used, area.logic)))
        raise


def _report(folder: Path, family: Family) -> tuple[int, float]:
    """Return the logic that was placed, and the clock after routing, Hz: the report has the last of nextpnr's two."""
    with results("nextpnr"):
        told = json.loads((folder / "report.json").read_text())
        used = sum(int(told["utilization"].get(name, {"used": 0})["used"]) for name in family.placed)
        clock = 1e6 * min(float(one["achieved"]) for one in told["fmax"].values())
        if not 0 < clock < inf:
            raise ValueError(f"no clock, found {clock} Hz")
    return used, clock


def _pack(part: Part, folder: Path, seconds: float) -> bytes:
    """Pack a placed design; what is unpacked from the bitstream must pack to the same bytes."""
    pack = PACK[part.family]
    if part.family == "gowin":
        pack.run(["-d", "GW1N-9C", "-o", "bitstream", "placed"], folder, seconds)
        with results(pack.names[0]):
            return (folder / "bitstream").read_bytes()
    pack.run(["placed", "bitstream"], folder, seconds)
    UNPACK[part.family].run(["bitstream", "unpacked"], folder, seconds)
    pack.run(["unpacked", "again"], folder, seconds)
    with results(pack.names[0]):
        made, again = (folder / "bitstream").read_bytes(), (folder / "again").read_bytes()
    if _body(made, part) != _body(again, part):
        raise ToolFailedError("the bitstream does not read back as it was packed; try other versions of the tools")
    return made


def _body(bitstream: bytes, part: Part) -> bytes:
    """Return a bitstream without the remark at its start, which iCE40's packer takes from its input."""
    return bitstream.partition(b"\xff\x00")[2] if part.family == "ice40" else bitstream


def _packer(part: Part, folder: Path) -> dict[str, str]:
    pack = PACK[part.family]
    return {pack.names[0]: pack.told_version(folder)} if pack.version else {}
