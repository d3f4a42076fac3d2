"""From Verilog to a bitstream: map for a part, place, route, pack, unpack again; what it takes, and how fast it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.boards.tools import call, version
from hwsim.export.rtl.board import BOARD_TOP
from hwsim.export.rtl.pins import BOARDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hwsim.boards.parts import Part

_MINUTES = 60.0
_LUTS = {"ice40": ("SB_LUT4",), "ecp5": ("LUT4",), "gowin": ("LUT1", "LUT2", "LUT3", "LUT4"), "7-series": ()}
_CARRY = {"ecp5": ("CCU2C", 2), "gowin": ("ALU", 1)}
"""A carry cell takes the place of so many LUTs."""
_BELS = {"ice40": "ICESTORM_LC", "ecp5": "TRELLIS_COMB"}
"""What nextpnr calls the places of LUTs, carries with them."""


@dataclass(frozen=True)
class Mapped:
    """What a design takes of a part once it is mapped: LUTs, flip-flops, memory and DSP blocks."""

    counts: Mapping[str, int]
    cells: Mapping[str, int]
    """Every kind of cell, as Yosys counts it."""


@dataclass(frozen=True)
class Placed:
    """A design in its place."""

    mapped: Mapped
    taken: Mapping[str, int]
    """What it takes of the part, counted in place."""
    clock: float
    """The fastest clock, Hz, after routing."""
    bitstream: Path
    tools: tuple[str, ...]
    seed: int


def map_logic(sources: list[str], part: Part, folder: Path, top: str = BOARD_TOP) -> Mapped:
    """Map Verilog in a folder for a part; writes ``mapped.json`` there.

    Raises:
        ToolFailedError: the logic has a fault, or Yosys has.
    """
    commands = [f"read_verilog {' '.join(sources)}", f"hierarchy -check -top {top}"]
    commands += [command.format(top=top) for command in part.synth]
    commands += ["check -assert", "write_json mapped.json", "tee -o stat.json stat -json"]
    call("yosys", commands, folder, seconds=30 * _MINUTES)
    return Mapped(*_counts(part, json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]))


def _counts(part: Part, cells: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    def some(names: tuple[str, ...]) -> int:
        return sum(cells.get(name, 0) for name in names)

    luts = some(_LUTS[part.family])
    if part.family == "7-series":
        luts = sum(count for name, count in cells.items() if name.startswith("LUT"))
    if part.family in _CARRY:
        name, each = _CARRY[part.family]
        luts += cells.get(name, 0) * each
    prefixes = ("SB_DFF", "TRELLIS_FF", "DFF", "FDRE", "FDSE", "FDCE", "FDPE")
    flip_flops = sum(count for name, count in cells.items() if name.startswith(prefixes))
    found = {"LUT": luts, "FF": flip_flops, "memory": some(part.memories), "DSP": some(part.multipliers)}
    return found, dict(cells)


def overflow(part: Part, counts: Mapping[str, int]) -> list[str]:
    """Tell by how much counts exceed a part, in words; empty where it has room."""
    return [
        f"{counts[kind]:,} {kind} for {part.has[kind]:,} ({counts[kind] / max(part.has[kind], 1):.1f} times)"
        for kind in part.has
        if counts.get(kind, 0) > part.has[kind]
    ]


def place(part: Part, mapped: Mapped, folder: Path, seed: int) -> Placed:
    """Place, route and pack ``mapped.json`` of a folder; the bitstream is unpacked again, and must be read.

    Raises:
        ToolFailedError: a tool failed, or the design cannot be placed or routed.
    """
    pins = BOARDS[part.board]
    (folder / f"pins{pins.suffix}").write_text(pins.constraints())
    name = {"ice40": "nextpnr-ice40", "ecp5": "nextpnr-ecp5", "gowin": "nextpnr-himbaechel-gowin"}[part.family]
    out = {
        "ice40": ["--pcf", "pins.pcf", "--asc", "placed.asc"],
        "ecp5": ["--lpf", "pins.lpf", "--textcfg", "placed.cfg"],
    }
    words = [
        *part.place,
        "--json",
        "mapped.json",
        "--seed",
        str(seed),
        "--report",
        "report.json",
        "--timing-allow-fail",
    ]
    words += out.get(part.family, ["--vopt", "cst=pins.cst", "--write", "placed.json"])
    call(name, words, folder, seconds=80 * _MINUTES)
    report = json.loads((folder / "report.json").read_text())
    clock = 1e6 * min(float(each["achieved"]) for each in report["fmax"].values())
    tools = [version("yosys"), version(name)]
    bitstream = _pack(part, folder, tools)
    return Placed(mapped, _taken(part, mapped, report["utilization"]), clock, bitstream, tuple(tools), seed)


def _taken(part: Part, mapped: Mapped, used: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Count what stands in place: LUTs with all that the tools add."""
    bel = _BELS.get(part.family, "")
    return {**mapped.counts, **({"LUT": used[bel]["used"]} if bel in used else {})}


def _pack(part: Part, folder: Path, tools: list[str]) -> Path:
    """Pack a bitstream, and unpack it again as proof that it can be read."""
    if part.family == "ice40":
        call("icepack", ["placed.asc", "board.bin"], folder, seconds=_MINUTES)
        call("iceunpack", ["board.bin", "unpacked.asc"], folder, seconds=_MINUTES)
        tools.append(version("icepack"))
        return folder / "board.bin"
    if part.family == "ecp5":
        call("ecppack", ["placed.cfg", "board.bit"], folder, seconds=5 * _MINUTES)
        call("ecpunpack", ["board.bit", "unpacked.cfg"], folder, seconds=5 * _MINUTES)
        tools.append(version("ecppack"))
        return folder / "board.bit"
    call("gowin_pack", ["-d", "GW1N-9C", "-o", "board.fs", "placed.json"], folder, seconds=5 * _MINUTES)
    tools.append(version("gowin_pack"))
    return folder / "board.fs"
