"""Parts that designs are synthesised for: what each has, and the names that its tools have for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.export.rtl.pins import BOARDS
from hwsim.files.diagnostic import Diagnostic, DiagnosticError
from hwsim.files.registry import unknown

if TYPE_CHECKING:
    from hwsim.export.rtl.pins import BoardPins


@dataclass(frozen=True)
class Area:
    """What a design takes of a part, or a part has."""

    logic: int
    """Look-up tables with what is built like them: logic cells of iCE40, LUT4 of ECP5 and Gowin, LUT6 of 7-series."""
    flip_flops: int
    memories: int
    """Block memories."""
    large_memories: int = 0
    """Single-port memories of 256 kbit (iCE40 UltraPlus)."""
    dsps: int = 0
    """Multipliers."""


@dataclass(frozen=True)
class Part:
    """One target of ``hwsim synth``."""

    name: str
    title: str
    family: str
    """``ice40``, ``ecp5``, ``gowin`` or ``xilinx`` (:mod:`hwsim.boards.families`)."""
    device: str
    """What place and route calls it; empty where no open tool places it."""
    package: str
    has: Area
    memory_bits: int
    """Of one block memory."""
    source: str
    """Where the counts stand."""

    @property
    def board(self) -> BoardPins | None:
        """Return the board whose pins and clock are used; None where there is none."""
        return next((board for board in BOARDS.values() if board.part == self.name), None)

    @property
    def bits(self) -> int:
        """Return what all memories hold together."""
        return self.has.memories * self.memory_bits + self.has.large_memories * LARGE


LARGE = 1 << 18
"""Bits of a large memory."""
_LATTICE, _ECP5 = "Lattice iCE40 UltraPlus Family Data Sheet (FPGA-DS-02008)", "Lattice ECP5 Data Sheet (FPGA-DS-02012)"
_ALL = (
    Part("up5k", "iCE40 UP5K-SG48", "ice40", "up5k", "sg48", Area(5280, 5280, 30, 4, 8), 4096, _LATTICE),
    Part(
        "hx8k",
        "iCE40 HX8K-CT256",
        "ice40",
        "hx8k",
        "ct256",
        Area(7680, 7680, 32),
        4096,
        "Lattice iCE40 LP/HX Family Data Sheet (FPGA-DS-02029)",
    ),
    Part("ecp5-25k", "ECP5 LFE5U-25F-6BG381", "ecp5", "25k", "CABGA381", Area(24288, 24288, 56, 0, 28), 18432, _ECP5),
    Part("ecp5-85k", "ECP5 LFE5U-85F-6BG381", "ecp5", "85k", "CABGA381", Area(83640, 83640, 208, 0, 156), 18432, _ECP5),
    Part(
        "gw1nr-9",
        "Gowin GW1NR-LV9QN88PC6/I5",
        "gowin",
        "GW1NR-LV9QN88PC6/I5",
        "QN88P",
        Area(8640, 6480, 26, 0, 20),
        18432,
        "Gowin GW1NR series Data Sheet (DS117)",
    ),
    Part(
        "7-series",
        "7-series XC7Z020 (counts alone: no open tool that can be installed here places it)",
        "xilinx",
        "",
        "",
        Area(53200, 106400, 280, 0, 220),
        18432,
        "Xilinx DS190, Zynq-7000 SoC Data Sheet: Overview, Z-7020: 140 blocks of 36 kbit",
    ),
)
PARTS = {part.name: part for part in _ALL}
"""Parts by the name of the target; the order is that in which they are recommended."""


def find_part(name: str) -> Part:
    """Return the part of a target.

    Raises:
        DiagnosticError: there is none of that name.
    """
    if name in PARTS:
        return PARTS[name]
    what, _, hint = unknown("target", name, PARTS).partition("; ")
    raise DiagnosticError([Diagnostic("--target", 1, 1, what, "", hint)])
