"""Families of parts: how Yosys maps to them, what its cells take, and how place and route is called."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from hwsim.boards.parts import Area

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsim.boards.parts import Part

LOGIC, FLIP_FLOPS, MEMORIES, LARGE_MEMORIES, DSPS = range(5)
TRIM = "delete t:$scopeinfo"
"""Remarks on where flattened cells were, which older place and route takes for cells."""
FILES = "--json board.json --report report.json --timing-allow-fail --seed {seed}"


@dataclass(frozen=True)
class Family:
    """What all parts of a family have in common."""

    logic: str
    """What its logic is counted in."""
    synthesis: tuple[str, ...]
    """Commands of Yosys, from the sources that were read to a flat netlist of the family's cells."""
    cells: Mapping[str, tuple[int, int]]
    """What a cell takes, by a pattern of its name; the first that fits counts."""
    place: str = ""
    """Arguments of place and route for a part and a seed, whose result is the file ``placed``; empty where no open
    tool does it."""
    placed: tuple[str, ...] = ()
    """What place and route counts its logic in."""
    ending: str = ""
    """Of bitstreams."""
    shared: bool = False
    """Whether a flip-flop takes a logic cell where no look-up table stands before it."""

    def script(self, part: Part, top: str = "board") -> list[str]:
        """Return the commands of Yosys for a part, behind those that read the sources."""
        ultra = " -dsp -spram" if part.has.large_memories else ""
        return [command.format(top=top, ultra=ultra) for command in (*self.synthesis, TRIM)]

    def arguments(self, part: Part, seed: int) -> list[str]:
        """Return the arguments of place and route."""
        return f"{self.place} {FILES}".format(device=part.device, package=part.package, seed=seed).split()

    def area(self, counts: Mapping[str, int]) -> Area:
        """Return what cells take at least, from how many there are of each.

        Example:
            >>> FAMILIES["ice40"].area({"SB_LUT4": 3, "SB_DFFE": 5, "SB_CARRY": 2})
            Area(logic=5, flip_flops=5, memories=0, large_memories=0, dsps=0)
        """
        taken = [0] * 5
        for cell, count in counts.items():
            kind, each = next((what for pattern, what in self.cells.items() if fnmatchcase(cell, pattern)), (LOGIC, 0))
            taken[kind] += count * each
        if self.shared:
            taken[LOGIC] = max(taken[LOGIC], taken[FLIP_FLOPS])
        return Area(*taken)


FAMILIES = {
    "ice40": Family(
        "logic cells",
        ("synth_ice40 -top {top}{ultra}",),
        {
            "SB_LUT4": (LOGIC, 1),
            "SB_DFF*": (FLIP_FLOPS, 1),
            "SB_RAM40_4K*": (MEMORIES, 1),
            "SB_SPRAM256KA": (LARGE_MEMORIES, 1),
            "SB_MAC16": (DSPS, 1),
        },
        "--{device} --package {package} --pcf pins.pcf --asc placed",
        ("ICESTORM_LC",),
        "bin",
        shared=True,
    ),
    "ecp5": Family(
        "LUT4",
        # mapped module by module and without wide multiplexers, which cost circuits twice the tables and ten times the
        # time (measured on 64-16-10)
        ("synth_ecp5 -top {top} -noflatten -nowidelut", "flatten", "opt_clean"),
        {
            "LUT4": (LOGIC, 1),
            "CCU2C": (LOGIC, 2),
            "TRELLIS_DPR16X4": (LOGIC, 6),
            "TRELLIS_FF": (FLIP_FLOPS, 1),
            "DP16KD": (MEMORIES, 1),
            "PDPW16KD": (MEMORIES, 1),
            "MULT*": (DSPS, 1),
        },
        "--{device} --package {package} --speed 6 --lpf pins.lpf --textcfg placed",
        ("TRELLIS_COMB",),
        "bit",
    ),
    "gowin": Family(
        "LUT4",
        ("synth_gowin -top {top} -nowidelut", "setundef -undriven -params -zero"),  # flat: it puts pads on every module
        {
            "LUT[1234]": (LOGIC, 1),
            "ALU": (LOGIC, 1),
            "RAM16SDP*": (LOGIC, 4),
            "DFF*": (FLIP_FLOPS, 1),
            "SDP*": (MEMORIES, 1),
            "SP*": (MEMORIES, 1),
            "DP*": (MEMORIES, 1),
            "pROM*": (MEMORIES, 1),
            "MULT*": (DSPS, 1),
        },
        "--device {device} --vopt family=GW1N-9C --vopt cst=pins.cst --write placed",
        ("LUT4", "ALU"),
        "fs",
    ),
    "xilinx": Family(
        "LUT6",
        ("synth_xilinx -family xc7 -top {top} -nowidelut", "flatten", "opt_clean"),
        {
            "LUT[123456]": (LOGIC, 1),
            "RAM32M*": (LOGIC, 4),
            "RAM64M*": (LOGIC, 4),
            "SRL*": (LOGIC, 1),
            "FD?E": (FLIP_FLOPS, 1),
            "RAMB18E1": (MEMORIES, 1),
            "RAMB36E1": (MEMORIES, 2),
            "DSP48E1": (DSPS, 1),
        },
    ),
}
"""Families by name."""
